/**
 * One run of an app in this tab: its renders, and what the user does in them. No React here; the hooks in
 * `components/hooks.ts` subscribe to it. A restart makes a new one.
 */
import type {
  BrowserEvent,
  LoadingProperties,
  PageConfig,
  PageQuery,
  SdkEvent,
  Stale,
  Upload,
} from "../protocol/events";
import { type FormState, freshInput, type InputState, RenderState, type TableState } from "./render";
import { localError } from "./rules";
import { answers } from "./table/paging";
import { type Schedule, Topics } from "./topics";
import type { ComponentNode, ConfirmProperties, InputType, Json, Opt } from "./types";
import {
  type InputNode,
  type InputValue,
  initialWire,
  isInput,
  type SentFile,
  valueFromWire,
  wireValue,
} from "./values";

/** What an execution needs from outside. */
export interface Outside {
  /** Sends an event; the bytes of `uploads` go before it. */
  send(event: BrowserEvent, uploads?: Upload[]): void;
  /** Toasts, downloads, links and restarts belong to the page, not to the run. */
  onPageEvent(event: PageEvent): void;
  schedule: Schedule;
  /** A random UUID. */
  uuid(): string;
  /** True while what was sent has not left yet, as with large files: nobody can have answered it. */
  isSending(): boolean;
  /** Calls `run` after `milliseconds`; answers how to call it off. */
  after(milliseconds: number, run: () => void): () => void;
}

export type PageEvent = Extract<SdkEvent, { type: "au" | "be" | "bl" | "ba" | "bc" | "ay" }>;

/** How long a click, a submit or a table page may stay without an answer before the page says so. */
export const ANSWER_LIMIT = 30_000;
/** How often such a wait looks whether files are still on their way. */
const ANSWER_STEP = 5_000;
/** A click has no answer of its own: its mark ends at any sign of life, or after this long. */
export const CLICK_MARK = 10_000;

export interface Loading {
  text: string;
  disableInteraction: boolean;
}
export interface Confirm extends ConfirmProperties {
  id: string;
}

/** What the page as a whole shows. Immutable. */
export interface PageState {
  /** Ids of renders in the page, by position. */
  renderIds: string[];
  /** Ids of open modals, the newest last. */
  modalIds: string[];
  config: PageConfig;
  loading: Loading | null;
  confirm: Confirm | null;
  /** True once the first render or config has come. */
  started: boolean;
}

export const topic = {
  page: "page",
  root: (renderId: string) => `root ${renderId}`,
  node: (renderId: string, id: string) => `node ${renderId} ${id}`,
  input: (renderId: string, id: string) => `input ${renderId} ${id}`,
  form: (renderId: string, id: string) => `form ${renderId} ${id}`,
  table: (renderId: string, id: string) => `table ${renderId} ${id}`,
  pending: (renderId: string, id: string) => `pending ${renderId} ${id}`,
};

/** Something that the user typed or chose and did not send, to be put back into the next run. */
export interface Carried {
  idx: number;
  id: string;
  type: string;
  /** JSON of the initial value that it replaced; another one means that the app wants to start afresh. */
  initial: string;
  value: InputValue;
}

export class Execution {
  readonly topics: Topics;
  private readonly renders = new Map<string, RenderState>();
  private readonly closedModals = new Set<string>();
  private readonly waits = new Map<string, () => void>();
  private readonly pendingMarks = new Map<string, () => void>();
  private state: PageState = {
    renderIds: [],
    modalIds: [],
    config: {},
    loading: null,
    confirm: null,
    started: false,
  };

  constructor(
    readonly executionId: string,
    private readonly outside: Outside,
    private carried: readonly Carried[] = [],
  ) {
    this.topics = new Topics(outside.schedule);
  }

  // Reading

  get page(): PageState {
    return this.state;
  }
  render(renderId: string): RenderState | undefined {
    return this.renders.get(renderId);
  }
  node(renderId: string, id: string): ComponentNode | undefined {
    return this.renders.get(renderId)?.nodes.get(id);
  }
  input(renderId: string, id: string): InputState | undefined {
    return this.renders.get(renderId)?.inputs.get(id);
  }
  form(renderId: string, id: string): FormState | undefined {
    return this.renders.get(renderId)?.forms.get(id);
  }
  table(renderId: string, id: string): TableState | undefined {
    return this.renders.get(renderId)?.tables.get(id);
  }
  isPending(renderId: string, id: string): boolean {
    return this.pendingMarks.has(key(renderId, id));
  }
  /** What the user has typed or chosen and not sent. */
  unsentInput(): Carried[] {
    const unsent: Carried[] = [];
    for (const render of this.renders.values()) {
      for (const [id, input] of render.inputs) {
        const node = render.nodes.get(id);
        if (!input.dirty || !node || !isInput(node)) continue;
        unsent.push({ idx: render.idx, id, type: node.type, initial: initialText(node), value: input.value });
      }
    }
    // What waits for a render that has not come yet is not lost either.
    return [...unsent, ...this.carried];
  }

  /** True when a form holds something that leaving would lose. Single inputs are mostly searches: nobody misses them. */
  get hasUnsentForm(): boolean {
    for (const render of this.renders.values()) {
      for (const [id, input] of render.inputs) if (input.dirty && render.nodes.get(id)?.formId) return true;
    }
    return false;
  }

  // Frames of the SDK

  receive(event: SdkEvent): void {
    this.endClickMarks();
    switch (event.type) {
      case "av":
        this.addRender(event);
        break;
      case "bf":
        for (const [renderId, diff] of Object.entries(event.diff)) this.update(renderId, diff, event.v === 2 ? 2 : 1);
        break;
      case "ax":
        this.setPage({ config: { ...this.state.config, ...dropEmpty(event.config) } });
        break;
      case "az":
        this.changeInput(event.renderId, event.componentId, { remoteError: event.error ?? null, touched: true }, true);
        break;
      case "aw":
        this.refuseForm(event);
        break;
      case "bb":
        this.acceptForm(event.renderId, event.formComponentId);
        break;
      case "bd":
        this.setPage({
          confirm: { ...(event.component.model.properties as ConfirmProperties), id: event.component.model.id },
        });
        break;
      case "bg":
        this.setInputs(event.inputs);
        break;
      case "bh":
        this.dropModal(event.renderId);
        break;
      case "bi":
        this.setLoading(event.value, event.properties);
        break;
      case "bj": {
        const { type: _, renderId, componentId, stale, ...page } = event;
        const table = this.table(renderId, componentId);
        if (!table) break;
        // Answers can overtake each other: while one is waited for, only that one counts.
        if (table.asked && this.waits.has(key(renderId, componentId)) && !answers(table.asked, page)) break;
        this.endWait(key(renderId, componentId));
        this.changeTable(renderId, componentId, {
          page: { ...table.page, ...page, pageSize: table.asked?.pageSize ?? table.page.pageSize },
          stale: stale ?? false,
          asked: null,
          failed: null,
        });
        break;
      }
      case "bk":
        this.setStale(event.renderId, event.componentId, event.stale);
        break;
      case "au":
        if ((event.severity ?? "error") === "error") this.setLoading(false, null);
        this.endAllWaits(event.errorMessage);
        this.outside.onPageEvent(event);
        break;
      default:
        this.outside.onPageEvent(event);
    }
  }

  // What the user does

  setValue<T extends InputType>(
    renderId: string,
    id: string,
    value: InputValue & (T extends T ? unknown : never),
    typing = false,
  ): void {
    const touched = !typing || this.input(renderId, id)?.touched === true;
    this.changeInput(renderId, id, { value, touched, dirty: true, remoteError: null });
  }

  /** Shows the errors of an input that the user has left or tried to send. */
  touch(renderId: string, id: string): void {
    const input = this.input(renderId, id);
    if (input && !input.touched) this.changeInput(renderId, id, { touched: true });
  }

  /** The error of the browser's own rules, or null. */
  localErrorOf(renderId: string, node: InputNode): string | null {
    const input = this.input(renderId, node.model.id);
    return input ? localError(node, input.value) : null;
  }

  click(renderId: string, id: string): void {
    this.mark(renderId, id);
    this.outside.send({ type: "ab", renderId, componentId: id });
  }

  /** Enter in an input. Sends only what is locally valid and has a hook; answers whether it was sent. */
  enter(renderId: string, id: string): boolean {
    return this.sendInput("af", renderId, id);
  }

  /** After a choice has changed. */
  select(renderId: string, id: string): boolean {
    return this.sendInput("ag", renderId, id);
  }

  /** After the files of a file drop have changed. */
  fileChange(renderId: string, id: string): boolean {
    return this.sendInput("ah", renderId, id);
  }

  /** `position`: index in the loaded data plus the page's offset, never the sorted position. */
  rowAction(renderId: string, id: string, actionIdx: number, position: number): void {
    this.mark(renderId, id);
    this.outside.send({ type: "ai", renderId, componentId: id, actionIdx, value: position });
  }

  /** Asks for a page of a paged table. The table is busy until it comes. */
  changePage(renderId: string, id: string, query: PageQuery): void {
    this.changeTable(renderId, id, { stale: "UPDATE_DISABLED", asked: query, failed: null }, false);
    this.waitForPage(renderId, id);
    const { viewBy, ...rest } = query;
    // Without a view the key is absent: the server's check of events takes text only.
    this.outside.send({ type: "am", renderId, componentId: id, ...rest, ...(viewBy ? { viewBy } : {}) });
  }

  /** Answers the id of the first wrong field, for the focus; null when the form was sent or has nothing to send. */
  submit(renderId: string, formId: string): string | null {
    const render = this.renders.get(renderId);
    const form = render?.nodes.get(formId) as ComponentNode<"layout-form"> | undefined;
    if (!render || !form || form.type !== "layout-form" || render.forms.get(formId)?.submitting) return null;
    const fields = render.fieldsOf(formId);
    let firstWrong: string | null = null;
    for (const field of fields) {
      this.touch(renderId, field.model.id);
      if (firstWrong === null && this.localErrorOf(renderId, field) !== null) firstWrong = field.model.id;
    }
    if (firstWrong !== null || !form.model.properties.hasOnSubmitHook) return firstWrong;

    const uploads: Upload[] = [];
    // Without a prototype, so that an input with the id "__proto__" is a field like others.
    const formData: Record<string, Json> = Object.create(null);
    for (const field of fields) {
      const id = field.model.id;
      if (this.input(renderId, id)?.remoteError) this.changeInput(renderId, id, { remoteError: null });
      formData[id] = this.valueToSend(renderId, field, uploads);
    }
    this.changeForm(renderId, formId, { submitting: true, error: null });
    this.startWait(key(renderId, formId), () =>
      this.changeForm(renderId, formId, {
        submitting: false,
        error: "No answer from the app for 30 seconds. It may still be at work; you can try again.",
      }),
    );
    this.outside.send({ type: "ac", renderId, formComponentId: formId, formData }, uploads);
    return null;
  }

  /** The user closed a modal. */
  closeModal(renderId: string): void {
    if (!this.state.modalIds.includes(renderId)) return;
    this.outside.send({ type: "al", renderId });
    this.dropModal(renderId);
  }

  answerConfirm(response: boolean): void {
    const confirm = this.state.confirm;
    if (!confirm) return;
    this.setPage({ confirm: null }, true);
    this.outside.send({ type: "aj", componentId: confirm.id, response });
  }

  /** An event did not leave this browser: what waits for its answer waits no longer. */
  notSent(event: BrowserEvent, reason: string): void {
    if (!("renderId" in event)) return;
    const { renderId } = event;
    if (event.type === "ac") {
      this.endWait(key(renderId, event.formComponentId));
      this.changeForm(renderId, event.formComponentId, { submitting: false, error: `Not sent: ${reason}` });
      return;
    }
    if (!("componentId" in event)) return;
    this.endWait(key(renderId, event.componentId));
    this.pendingMarks.get(key(renderId, event.componentId))?.();
    if (event.type === "am") this.failTable(renderId, event.componentId, reason);
  }

  /** Ends every wait, when the run is over. */
  dispose(): void {
    for (const stop of [...this.waits.values(), ...this.pendingMarks.values()]) stop();
    this.waits.clear();
    this.pendingMarks.clear();
  }

  // Inside

  private addRender(event: Extract<SdkEvent, { type: "av" }>): void {
    if (this.closedModals.has(event.renderId)) return;
    const known = this.renders.get(event.renderId);
    const modal =
      event.appearance === "modal" ? { header: event.modalHeader ?? null, width: event.modalWidth ?? "md" } : null;
    const taken = [...this.renders.values()].find((render) => render.idx === event.idx);
    if (taken && taken !== known) {
      this.outside.onPageEvent({
        type: "au",
        severity: "warning",
        errorMessage: `Two parts of the page have position ${event.idx}; the second one is not shown.`,
      });
      return;
    }
    // The same render again (a replay): what is shown stays.
    if (known) return;
    const idx = event.idx ?? 1 + Math.max(-1, ...[...this.renders.values()].map((render) => render.idx));
    const render = RenderState.from(event.renderId, idx, modal, event.ui);
    this.renders.set(event.renderId, render);
    this.putBack(render);
    for (const [id, table] of this.renders.get(event.renderId)?.tables ?? []) {
      if (table.stale !== false) this.waitForPage(event.renderId, id);
    }
    this.placeRenders();
  }

  /** Puts back what was typed in the run before. */
  private putBack(render: RenderState): void {
    const left: Carried[] = [];
    for (const carried of this.carried) {
      const node = render.nodes.get(carried.id);
      const input = render.inputs.get(carried.id);
      const same = carried.idx === render.idx && node && isInput(node) && input && node.type === carried.type;
      if (!same) left.push(carried);
      else if (initialText(node) === carried.initial) {
        render.inputs.set(carried.id, { ...input, value: carried.value, touched: true, dirty: true });
      }
    }
    this.carried = left;
  }

  private update(renderId: string, diff: Extract<SdkEvent, { type: "bf" }>["diff"][string], version: 1 | 2): void {
    const render = this.renders.get(renderId);
    if (!render) {
      if (this.closedModals.has(renderId)) return;
      this.outside.onPageEvent({
        type: "au",
        severity: "warning",
        errorMessage: "The app changed a part of the page that is not there. Restart the app if something is missing.",
      });
      return;
    }
    const before = render.rootId;
    for (const id of render.apply(diff, version)) {
      this.topics.later(topic.node(renderId, id));
      this.topics.later(topic.input(renderId, id));
      this.topics.later(topic.form(renderId, id));
      this.topics.later(topic.table(renderId, id));
    }
    if (render.rootId !== before) this.topics.later(topic.root(renderId));
  }

  private placeRenders(): void {
    const sorted = [...this.renders.values()].sort((a, b) => a.idx - b.idx);
    this.setPage({
      started: true,
      renderIds: sorted.filter((render) => !render.modal).map((render) => render.renderId),
      modalIds: sorted.filter((render) => render.modal).map((render) => render.renderId),
    });
  }

  private dropModal(renderId: string): void {
    const render = this.renders.get(renderId);
    if (!render?.modal) return;
    this.renders.delete(renderId);
    this.closedModals.add(renderId);
    this.setPage({ modalIds: this.state.modalIds.filter((id) => id !== renderId) }, true);
  }

  private setInputs(inputs: Record<string, Json>): void {
    for (const [renderId, render] of this.renders) {
      for (const [id, wire] of Object.entries(inputs)) {
        const node = render.nodes.get(id);
        if (!node || !isInput(node) || node.type === "input-file-drop") continue;
        render.inputs.set(id, { ...freshInput(node), value: valueFromWire(node.type, wire) });
        this.topics.later(topic.input(renderId, id));
      }
    }
  }

  private setLoading(value: boolean, properties: Opt<LoadingProperties>): void {
    if (!value) {
      this.setPage({ loading: null });
      return;
    }
    const before = this.state.loading ?? { text: "Loading…", disableInteraction: false };
    this.setPage({
      loading: {
        text: properties?.text ?? before.text,
        disableInteraction: properties?.disableInteraction ?? before.disableInteraction,
      },
    });
  }

  private refuseForm(event: Extract<SdkEvent, { type: "aw" }>): void {
    this.endWait(key(event.renderId, event.formComponentId));
    for (const [id, error] of Object.entries(event.inputComponentErrors ?? {})) {
      this.changeInput(event.renderId, id, { remoteError: error, touched: true }, true);
    }
    this.changeForm(event.renderId, event.formComponentId, { submitting: false, error: event.formError ?? null }, true);
  }

  private acceptForm(renderId: string, formId: string): void {
    this.endWait(key(renderId, formId));
    this.changeForm(renderId, formId, { submitting: false, error: null }, true);
    const render = this.renders.get(renderId);
    const form = render?.nodes.get(formId) as ComponentNode<"layout-form"> | undefined;
    if (!render || !form) return;
    for (const field of render.fieldsOf(formId)) {
      const input = render.inputs.get(field.model.id);
      if (!input) continue;
      const next = form.model.properties.clearOnSubmit ? freshInput(field) : { ...input, dirty: false };
      render.inputs.set(field.model.id, next);
      this.topics.later(topic.input(renderId, field.model.id));
    }
  }

  private sendInput(type: "af" | "ag" | "ah", renderId: string, id: string): boolean {
    const node = this.node(renderId, id);
    if (!node || !isInput(node)) return false;
    this.touch(renderId, id);
    const properties = node.model.properties as Record<string, unknown>;
    const hook = { af: "hasOnEnterHook", ag: "hasOnSelectHook", ah: "hasOnFileChangeHook" }[type];
    if (!properties[hook] || this.localErrorOf(renderId, node) !== null) return false;
    if (this.input(renderId, id)?.remoteError) this.changeInput(renderId, id, { remoteError: null });
    const uploads: Upload[] = [];
    const value = this.valueToSend(renderId, node, uploads);
    const input = this.input(renderId, id);
    if (type === "af" && input?.dirty) this.changeInput(renderId, id, { dirty: false });
    this.mark(renderId, id);
    this.outside.send({ type, renderId, componentId: id, value }, uploads);
    return true;
  }

  private valueToSend(renderId: string, node: InputNode, uploads: Upload[]): Json {
    const value = this.input(renderId, node.model.id)?.value ?? null;
    if (node.type !== "input-file-drop") {
      return wireValue(node, value, { page: this.table(renderId, node.model.id)?.page });
    }
    // The SDK forgets the bytes once an event has used them, so every event brings them again under new ids.
    const sentFiles: SentFile[] = (value as { file: File }[]).map(({ file }) => {
      const fileId = this.outside.uuid();
      uploads.push({ fileId, file });
      return { fileId, fileName: file.name, fileSize: file.size, fileType: file.type };
    });
    return wireValue(node, value, { sentFiles });
  }

  private changeInput(renderId: string, id: string, change: Partial<InputState>, byFrame = false): void {
    const inputs = this.renders.get(renderId)?.inputs;
    const before = inputs?.get(id);
    if (!inputs || !before) return;
    inputs.set(id, { ...before, ...change });
    this.tell(topic.input(renderId, id), byFrame);
  }

  private changeForm(renderId: string, id: string, change: Partial<FormState>, byFrame = false): void {
    const forms = this.renders.get(renderId)?.forms;
    const before = forms?.get(id);
    if (!forms || !before) return;
    forms.set(id, { ...before, ...change });
    this.tell(topic.form(renderId, id), byFrame);
  }

  private changeTable(renderId: string, id: string, change: Partial<TableState>, byFrame = true): void {
    const tables = this.renders.get(renderId)?.tables;
    const before = tables?.get(id);
    if (!tables || !before) return;
    tables.set(id, { ...before, ...change });
    this.tell(topic.table(renderId, id), byFrame);
  }

  /** What the app says of a table's rows. A quiet refresh does not end the wait for a page that was asked for. */
  private setStale(renderId: string, id: string, stale: Stale): void {
    if (stale === "UPDATE_NOT_DISABLED" && this.waits.has(key(renderId, id))) return;
    this.changeTable(renderId, id, { stale });
    if (stale === false) this.endWait(key(renderId, id));
    else this.waitForPage(renderId, id);
  }

  private waitForPage(renderId: string, id: string): void {
    this.startWait(key(renderId, id), () => this.failTable(renderId, id, "No answer from the app for 30 seconds."));
  }

  private failTable(renderId: string, id: string, reason: string): void {
    const table = this.table(renderId, id);
    if (table && table.stale !== false) this.changeTable(renderId, id, { stale: false, failed: reason });
  }

  private setPage(change: Partial<PageState>, now = false): void {
    this.state = { ...this.state, ...change };
    this.tell(topic.page, !now);
  }

  private tell(name: string, byFrame: boolean): void {
    if (byFrame) this.topics.later(name);
    else this.topics.now(name);
  }

  private startWait(name: string, run: () => void): void {
    this.endWait(name);
    const look = (quiet: number) => {
      const stop = this.outside.after(ANSWER_STEP, () => {
        // While large files are still leaving, nobody can have answered.
        const now = this.outside.isSending() ? 0 : quiet + ANSWER_STEP;
        if (now < ANSWER_LIMIT) return look(now);
        this.waits.delete(name);
        run();
      });
      this.waits.set(name, stop);
    };
    look(0);
  }

  private endWait(name: string): void {
    this.waits.get(name)?.();
    this.waits.delete(name);
  }

  /** An error may be the only answer to anything: nothing waits on. */
  private endAllWaits(reason: string): void {
    for (const stop of this.waits.values()) stop();
    this.waits.clear();
    for (const [renderId, render] of this.renders) {
      for (const [id, form] of render.forms)
        if (form.submitting) this.changeForm(renderId, id, { submitting: false }, true);
      for (const [id, table] of render.tables) if (table.stale !== false) this.failTable(renderId, id, reason);
    }
  }

  private mark(renderId: string, id: string): void {
    const name = key(renderId, id);
    this.pendingMarks.get(name)?.();
    const end = () => {
      stop();
      this.pendingMarks.delete(name);
      this.topics.later(topic.pending(renderId, id));
    };
    const stop = this.outside.after(CLICK_MARK, end);
    this.pendingMarks.set(name, end);
    this.topics.now(topic.pending(renderId, id));
  }

  private endClickMarks(): void {
    for (const end of [...this.pendingMarks.values()]) end();
  }
}

function initialText(node: InputNode): string {
  return JSON.stringify(initialWire(node) ?? null);
}

function key(renderId: string, id: string): string {
  return `${renderId} ${id}`;
}

function dropEmpty(config: PageConfig): PageConfig {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== null && value !== undefined));
}
