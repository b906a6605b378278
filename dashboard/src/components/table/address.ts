/** The fragment of the page's address, where tables say how they are set up. */
import { type TableLink, writeLink } from "../../model/table/link";

/** Browsers refuse an address that changes with each keystroke (ms). */
const PAUSE = 400;

const waiting = new Map<string, TableLink | null>();
let timer: number | undefined;
/** The page that they are of. */
let of = "";

/** Writes what a table says, soon. */
export function noteLink(id: string, link: TableLink | null): void {
  waiting.set(id, link);
  if (timer !== undefined) return;
  of = location.pathname;
  timer = window.setTimeout(flushLinks, PAUSE);
}

/** Writes now what waits. */
export function flushLinks(): void {
  window.clearTimeout(timer);
  timer = undefined;
  const links = [...waiting];
  waiting.clear();
  // Another page may have come meanwhile.
  if (location.pathname !== of) return;
  const fragment = links.reduce((before, [id, link]) => writeLink(before, id, link), location.hash);
  if (fragment === location.hash) return;
  const address = location.pathname + location.search + fragment;
  // Not through the router, which would take it for a step of the person: nothing is opened, and no question is asked.
  History.prototype.replaceState.call(history, history.state, "", address);
}
