/**
 * The focus stays where the person was: when an update of the app moves an input elsewhere, which makes a new element of it,
 * and when another run takes the place of this one.
 */
import { focusInput } from "../components/hooks";

/** The input that has the focus, or had it until it was taken out of the page. */
let focused: { anchor: HTMLElement; element: HTMLElement } | null = null;

/** Follows the focus within the area of an app. Answers how to stop. */
export function keepFocus(area: HTMLElement): () => void {
  giveBackAfterRun(area);
  area.addEventListener("focusin", remember);
  area.addEventListener("focusout", forget);
  const moves = new MutationObserver(() => giveBackAfterMove(area));
  moves.observe(area, { childList: true, subtree: true });
  return () => {
    moves.disconnect();
    area.removeEventListener("focusin", remember);
    area.removeEventListener("focusout", forget);
  };
}

function remember({ target }: FocusEvent): void {
  const element = target as HTMLElement;
  const anchor = element.closest<HTMLElement>("[data-input]");
  focused = anchor && { anchor, element };
}

/** Who leaves an input has left it; who is in another window has not, and who was thrown out has not either. */
function forget({ target }: FocusEvent): void {
  const element = target as HTMLElement;
  // An element that is being taken away may still be there.
  queueMicrotask(() => {
    if (focused?.element !== element || !element.isConnected) return;
    if (document.activeElement !== element && !element.closest("[inert]")) focused = null;
  });
}

function lost(): { anchor: HTMLElement; element: HTMLElement } | null {
  return focused && !focused.element.isConnected && document.activeElement === document.body ? focused : null;
}

/** The same input in another place. */
function giveBackAfterMove(area: HTMLElement): void {
  const was = lost();
  const name = was?.anchor.dataset.input;
  const anchor = name && area.querySelector<HTMLElement>(`[data-input="${CSS.escape(name)}"]`);
  if (!was || !anchor) return;
  const inside = (of: HTMLElement) => [...of.querySelectorAll<HTMLElement>("*")];
  const twin = inside(anchor)[inside(was.anchor).indexOf(was.element)];
  if (twin?.tagName !== was.element.tagName) return;
  twin.focus();
  if (isText(twin) && isText(was.element)) {
    const { selectionStart, selectionEnd, selectionDirection } = was.element;
    // Some kinds of inputs have no selection.
    if (selectionStart !== null) twin.setSelectionRange(selectionStart, selectionEnd, selectionDirection ?? undefined);
  }
}

/** An input of the same id: a render that comes again has another id. */
function giveBackAfterRun(area: HTMLElement): void {
  const was = lost();
  focused = null;
  const name = was?.anchor.dataset.input ?? "";
  const id = name.slice(name.indexOf(" ") + 1);
  if (!was || id === "") return;
  const found = area.querySelector<HTMLElement>(`[data-input$=${JSON.stringify(` ${id}`)}]`)?.dataset.input;
  if (found) focusInput(found.slice(0, found.indexOf(" ")), id);
}

const isText = (element: HTMLElement) => element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement;
