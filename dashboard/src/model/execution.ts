/**
 * One run of an app in this tab: its renders, and what the user does in them. No React here; the hooks in
 * `components/hooks.ts` subscribe to it. A restart makes a new one.
 */
import type { BrowserEvent, PageQuery, SdkEvent, Upload } from "../protocol/events";
import { type Carried, dirtyInputs, putBack } from "./carried";
import { FormSubmits } from "./form-submits";
import type { Outside } from "./outside";
import { Page, type PageState } from "./page";
import { type FormState, freshInput, type InputState, RenderState, type TableState } from "./render";
import { Renders } from "./renders";
import { localError } from "./rules";
import { valueToSend } from "./sending";
import { TablePages } from "./table-pages";
import { topic } from "./topic";
import { Topics } from "./topics";
import type { ComponentNode, ConfirmProperties, InputType, Json } from "./types";
import { type InputNode, type InputValue, isInput, valueFromWire } from "./values";
import { ClickMarks, Waits } from "./waits";

export class Execution {
  readonly topics: Topics;
  private readonly renders: Renders;
  private readonly shown: Page;
  private readonly waits: Waits;
  private readonly clicks: ClickMarks;
  private readonly forms: FormSubmits;
  private readonly tables: TablePages;
  private readonly closedModals = new Set<string>();

  constructor(
    readonly executionId: string,
    private readonly outside: Outside,
    private carried: readonly Carried[] = [],
  ) {
    this.topics = new Topics(outside.schedule);
    this.renders = new Renders(this.topics);
    this.shown = new Page(this.topics);
    this.waits = new Waits(outside);
    this.clicks = new ClickMarks(this.topics, outside);
    this.forms = new FormSubmits(this.renders, this.waits, outside);
    this.tables = new TablePages(this.renders, this.waits);
  }

  // Reading

  get page(): PageState {
    return this.shown.state;
  }
  render(renderId: string): RenderState | undefined {
    return this.renders.get(renderId);
  }
  node(renderId: string, id: string): ComponentNode | undefined {
    return this.renders.get(renderId)?.nodes.get(id);
  }
  input(renderId: string, id: string): InputState | undefined {
    return this.renders.input(renderId, id);
  }
  form(renderId: string, id: string): FormState | undefined {
    return this.renders.get(renderId)?.forms.get(id);
  }
  table(renderId: string, id: string): TableState | undefined {
    return this.renders.table(renderId, id);
  }
  isPending(renderId: string, id: string): boolean {
    return this.clicks.has(renderId, id);
  }
  /** What the user has typed or chosen and no form has taken yet. */
  enteredInput(): Carried[] {
    // What waits for a render that has not come yet is not lost either.
    return [...dirtyInputs(this.renders.all.values()), ...this.carried];
  }

  /** True when a form holds something that leaving would lose. Single inputs are mostly searches: nobody misses them. */
  get hasUnsentForm(): boolean {
    for (const render of this.renders.all.values()) {
      for (const [id, input] of render.inputs) if (input.dirty && render.nodes.get(id)?.formId) return true;
    }
    return false;
  }

  // Frames of the SDK

  receive(event: SdkEvent): void {
    this.clicks.endAll();
    switch (event.type) {
      case "av":
        this.addRender(event);
        break;
      case "bf":
        for (const [renderId, diff] of Object.entries(event.diff)) this.update(renderId, diff, event.v === 2 ? 2 : 1);
        break;
      case "ax":
        this.shown.configure(event.config);
        break;
      case "az": {
        const change = { remoteError: event.error ?? null, touched: true };
        this.renders.changeInput(event.renderId, event.componentId, change, "later");
        break;
      }
      case "aw":
        this.forms.refuse(event);
        break;
      case "bb":
        this.forms.accept(event.renderId, event.formComponentId);
        break;
      case "bd": {
        const { id, properties } = event.component.model;
        this.shown.change({ confirm: { ...(properties as ConfirmProperties), id } });
        break;
      }
      case "bg":
        this.setInputs(event.inputs);
        break;
      case "bh":
        this.dropModal(event.renderId);
        break;
      case "bi":
        this.shown.setLoading(event.value, event.properties);
        break;
      case "bj":
        this.tables.take(event);
        break;
      case "bk":
        this.tables.setStale(event.renderId, event.componentId, event.stale);
        break;
      case "au":
        if ((event.severity ?? "error") === "error") this.shown.setLoading(false, null);
        // An error may be the only answer to anything: nothing waits on.
        this.waits.endAll();
        this.forms.endAll();
        this.tables.failAll(event.errorMessage);
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
    this.renders.changeInput(renderId, id, { value, touched, dirty: true, remoteError: null }, "now");
  }

  /** Shows the errors of an input that the user has left or tried to send. */
  touch(renderId: string, id: string): void {
    if (this.input(renderId, id)?.touched === false) this.renders.changeInput(renderId, id, { touched: true }, "now");
  }

  /** The error of the browser's own rules, or null. */
  localErrorOf(renderId: string, node: InputNode): string | null {
    const input = this.input(renderId, node.model.id);
    return input ? localError(node, input.value) : null;
  }

  click(renderId: string, id: string): void {
    this.clicks.set(renderId, id);
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
    this.clicks.set(renderId, id);
    this.outside.send({ type: "ai", renderId, componentId: id, actionIdx, value: position });
  }

  /** Asks for a page of a paged table. The table is busy until it comes. */
  changePage(renderId: string, id: string, query: PageQuery): void {
    this.tables.ask(renderId, id, query);
    const { viewBy, ...rest } = query;
    // Without a view the key is absent: the server's check of events takes text only.
    this.outside.send({ type: "am", renderId, componentId: id, ...rest, ...(viewBy ? { viewBy } : {}) });
  }

  /** Answers the id of the first wrong field, for the focus; null when the form was sent or has nothing to send. */
  submit(renderId: string, formId: string): string | null {
    return this.forms.submit(renderId, formId);
  }

  /** The user closed a modal. */
  closeModal(renderId: string): void {
    if (!this.page.modalIds.includes(renderId)) return;
    this.outside.send({ type: "al", renderId });
    this.dropModal(renderId);
  }

  answerConfirm(response: boolean): void {
    const { confirm } = this.page;
    if (!confirm) return;
    this.shown.change({ confirm: null }, true);
    this.outside.send({ type: "aj", componentId: confirm.id, response });
  }

  /** An event did not leave this browser: what waits for its answer waits no longer. */
  notSent(event: BrowserEvent, reason: string): void {
    if (!("renderId" in event)) return;
    const { renderId } = event;
    if (event.type === "ac") this.forms.notSent(renderId, event.formComponentId, reason);
    if (!("componentId" in event)) return;
    this.waits.end(renderId, event.componentId);
    this.clicks.end(renderId, event.componentId);
    if (event.type === "am") this.tables.fail(renderId, event.componentId, reason);
  }

  /** Ends every wait, when the run is over. */
  dispose(): void {
    this.waits.endAll();
    this.clicks.endAll();
  }

  // Inside

  private addRender({ renderId, idx, ui, ...event }: Extract<SdkEvent, { type: "av" }>): void {
    if (this.closedModals.has(renderId)) return;
    const known = this.renders.get(renderId);
    const others = [...this.renders.all.values()];
    const taken = others.find((render) => render.idx === idx);
    if (taken && taken !== known) {
      this.warn(`Two parts of the page have position ${idx}; the second one is not shown.`);
      return;
    }
    // The same render again (a replay): what is shown stays.
    if (known) return;
    const modal =
      event.appearance === "modal" ? { header: event.modalHeader ?? null, width: event.modalWidth ?? "md" } : null;
    const position = idx ?? 1 + Math.max(-1, ...others.map((render) => render.idx));
    const render = RenderState.from(renderId, position, modal, ui);
    this.renders.all.set(renderId, render);
    this.carried = putBack(render, this.carried);
    this.tables.waitForFirst(renderId);
    this.shown.place(this.renders.all.values());
  }

  private update(renderId: string, diff: Extract<SdkEvent, { type: "bf" }>["diff"][string], version: 1 | 2): void {
    const render = this.renders.get(renderId);
    if (!render) {
      if (this.closedModals.has(renderId)) return;
      this.warn("The app changed a part of the page that is not there. Restart the app if something is missing.");
      return;
    }
    const before = render.rootId;
    this.renders.tellOf(renderId, render.apply(diff, version));
    if (render.rootId !== before) this.topics.later(topic.root(renderId));
  }

  private warn(errorMessage: string): void {
    this.outside.onPageEvent({ type: "au", severity: "warning", errorMessage });
  }

  private dropModal(renderId: string): void {
    if (!this.renders.get(renderId)?.modal) return;
    this.renders.all.delete(renderId);
    this.closedModals.add(renderId);
    this.shown.change({ modalIds: this.page.modalIds.filter((id) => id !== renderId) }, true);
  }

  private setInputs(inputs: Record<string, Json>): void {
    for (const [renderId, render] of this.renders.all) {
      for (const [id, wire] of Object.entries(inputs)) {
        const node = render.nodes.get(id);
        if (!node || !isInput(node) || node.type === "input-file-drop") continue;
        this.renders.setInput(renderId, id, { ...freshInput(node), value: valueFromWire(node.type, wire) }, "later");
      }
    }
  }

  private sendInput(type: "af" | "ag" | "ah", renderId: string, id: string): boolean {
    const render = this.renders.get(renderId);
    const node = render?.nodes.get(id);
    if (!render || !node || !isInput(node)) return false;
    this.touch(renderId, id);
    const properties = node.model.properties as Record<string, unknown>;
    const hook = { af: "hasOnEnterHook", ag: "hasOnSelectHook", ah: "hasOnFileChangeHook" }[type];
    if (!properties[hook] || this.localErrorOf(renderId, node) !== null) return false;
    if (this.input(renderId, id)?.remoteError) this.renders.changeInput(renderId, id, { remoteError: null }, "now");
    const uploads: Upload[] = [];
    const value = valueToSend(render, node, uploads, this.outside.uuid);
    this.clicks.set(renderId, id);
    this.outside.send({ type, renderId, componentId: id, value }, uploads);
    return true;
  }
}
