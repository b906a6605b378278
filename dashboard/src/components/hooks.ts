/** What a component uses: its input, form or table state, and what it may do. All by fine-grained subscription. */
import { createContext, useCallback, useContext, useMemo, useSyncExternalStore } from "react";
import type { Execution } from "../model/execution";
import type { PageState } from "../model/page";
import type { FormState, TableState } from "../model/render";
import { topic } from "../model/topic";
import type { ComponentNode, InputType, InputValues } from "../model/types";
import { type InputNode, labelOf } from "../model/values";
import type { PageQuery } from "../protocol/events";

export interface PageContextValue {
  execution: Execution;
  /** Why nothing can be sent now ("The app's server is not connected"), or null. Show it at disabled controls. */
  blocked: string | null;
  /** Shows a short message of our own (a failed copy, a refused file). */
  toast(message: string, appearance?: "info" | "success" | "warning" | "error"): void;
  /** Saves bytes to the user's disk. */
  download(name: string, bytes: BlobPart, mime?: string): void;
  /** Bytes handed to the socket and not sent yet: how far an upload is. */
  unsent(): number;
}

export const PageContext = createContext<PageContextValue | null>(null);
/** The render that a component is in. */
export const RenderContext = createContext<string>("");

export function usePageContext(): PageContextValue {
  const page = useContext(PageContext);
  if (!page) throw new Error("a component of an app is outside of the app's page");
  return page;
}

export function useRenderId(): string {
  return useContext(RenderContext);
}

/** Reads something of the execution and follows it. `read` must answer the same object while nothing changed. */
export function useTopic<T>(name: string, read: (execution: Execution) => T): T {
  const { execution } = usePageContext();
  const subscribe = useCallback(
    (listener: () => void) => execution.topics.subscribe(name, listener),
    [execution, name],
  );
  const snapshot = () => read(execution);
  return useSyncExternalStore(subscribe, snapshot, snapshot);
}

/** The renders, config, loading and confirm of the page. */
export function usePageState(): PageState {
  return useTopic(topic.page, (execution) => execution.page);
}

export function useNode(id: string): ComponentNode | undefined {
  const renderId = useRenderId();
  return useTopic(topic.node(renderId, id), (execution) => execution.node(renderId, id));
}

export interface InputBinding<T extends InputType> {
  value: InputValues[T];
  /**
   * The user changed it; a remote error goes. Errors show from now on, after `"typing"` when the focus leaves:
   * nobody wants to hear that half a word is no e-mail address.
   */
  setValue(value: InputValues[T], how?: "typing"): void;
  /** Call when the focus leaves. */
  onBlur(): void;
  /** The author's label or one made from the id; null for tables without one. */
  label: string | null;
  description: string | null;
  required: boolean;
  /** What to show now: the browser's own error and the app's, none before the user has touched it. */
  errors: string[];
  invalid: boolean;
  /** Sent and not yet answered by any sign of life. */
  pending: boolean;
}

const NO_ERRORS: string[] = [];

/** The state of an input. */
export function useInput<T extends InputType>(node: ComponentNode<T>): InputBinding<T> {
  const renderId = useRenderId();
  const { execution } = usePageContext();
  const id = node.model.id;
  const state = useTopic(topic.input(renderId, id), (from) => from.input(renderId, id));
  const pending = usePending(id);
  const input = node as unknown as InputNode;
  const errors = useMemo(() => {
    if (!state) return NO_ERRORS;
    const local = state.touched ? execution.localErrorOf(renderId, input) : null;
    const both = [local, state.remoteError].filter((error): error is string => error !== null && error !== "");
    return both.length === 0 ? NO_ERRORS : both;
  }, [execution, renderId, input, state]);
  return {
    value: state?.value as InputValues[T],
    setValue: useCallback(
      (value, how) => execution.setValue(renderId, id, value, how === "typing"),
      [execution, renderId, id],
    ),
    onBlur: useCallback(() => {
      if (execution.input(renderId, id)?.dirty) execution.touch(renderId, id);
    }, [execution, renderId, id]),
    label: labelOf(input),
    description: node.model.description || null,
    required: node.model.required ?? true,
    errors,
    invalid: errors.length > 0,
    pending,
  };
}

/** Whether something was sent for a component (a click, a row action, an Enter) and no sign of life has come yet. */
export function usePending(id: string): boolean {
  const renderId = useRenderId();
  return useTopic(topic.pending(renderId, id), (execution) => execution.isPending(renderId, id));
}

export function useForm(formId: string | null): FormState | undefined {
  const renderId = useRenderId();
  return useTopic(topic.form(renderId, formId ?? ""), (execution) => execution.form(renderId, formId ?? ""));
}

export function useTable(id: string): TableState | undefined {
  const renderId = useRenderId();
  return useTopic(topic.table(renderId, id), (execution) => execution.table(renderId, id));
}

/** Why nothing can be sent now, or null. Controls that send are disabled then and tell it. */
export function useBlocked(): string | null {
  return usePageContext().blocked;
}

export interface Actions {
  click(id: string): void;
  /** Enter in an input (Ctrl/Cmd+Enter in one of several lines). In a form it submits; else it sends if valid. */
  enter(node: ComponentNode): void;
  /** Call after `setValue` of a choice; sends if the author asked for it and the value is valid. */
  select(id: string): void;
  /** Call after `setValue` of a file drop. */
  fileChange(id: string): void;
  /** `position`: index in the loaded data plus the page's offset. */
  rowAction(id: string, actionIdx: number, position: number): void;
  changePage(id: string, query: PageQuery): void;
  /** Submits a form, or moves the focus to the first wrong field. */
  submit(formId: string): void;
  closeModal(): void;
}

export function useActions(): Actions {
  const renderId = useRenderId();
  const { execution, blocked, toast } = usePageContext();
  return useMemo(() => {
    /** Refuses with the reason while nothing can be sent. */
    const guarded = (run: () => void) => {
      if (blocked) toast(blocked, "warning");
      else run();
    };
    const submit = (formId: string) =>
      guarded(() => {
        const wrong = execution.submit(renderId, formId);
        if (wrong !== null) focusInput(renderId, wrong);
      });
    return {
      click: (id) => guarded(() => execution.click(renderId, id)),
      enter: (node) => {
        if (node.formId) submit(node.formId);
        else guarded(() => execution.enter(renderId, node.model.id));
      },
      select: (id) => {
        if (!blocked) execution.select(renderId, id);
        else toast(blocked, "warning");
      },
      fileChange: (id) => guarded(() => execution.fileChange(renderId, id)),
      rowAction: (id, actionIdx, position) => guarded(() => execution.rowAction(renderId, id, actionIdx, position)),
      changePage: (id, query) => guarded(() => execution.changePage(renderId, id, query)),
      submit,
      closeModal: () => execution.closeModal(renderId),
    };
  }, [execution, renderId, blocked, toast]);
}

/** Put on the outer element of every input, so that the first wrong field can be found. */
export function inputAnchor(renderId: string, id: string): { "data-input": string } {
  return { "data-input": `${renderId} ${id}` };
}

/** Moves the focus to an input, after the errors are on the page: to its `data-focus-first`, else to what comes first. */
export function focusInput(renderId: string, id: string): void {
  requestAnimationFrame(() => {
    const outer = document.querySelector<HTMLElement>(`[data-input="${CSS.escape(`${renderId} ${id}`)}"]`);
    const marked = outer?.querySelector<HTMLElement>("[data-focus-first]");
    const inner =
      marked ??
      outer?.querySelector<HTMLElement>(
        'input:not([type="hidden"]):not([disabled]), textarea, select, [role="spinbutton"], [role="grid"], button, [tabindex="0"]',
      );
    (inner ?? outer)?.focus();
    outer?.scrollIntoView({ block: "nearest" });
  });
}
