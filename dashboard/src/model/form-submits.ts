/** Forms on their way to the app: from the submit until they are accepted, refused or given up. */
import type { SdkEvent, Upload } from "../protocol/events";
import type { Outside } from "./outside";
import { freshInput } from "./render";
import type { Renders } from "./renders";
import { localError } from "./rules";
import { valueToSend } from "./sending";
import type { ComponentNode, Json } from "./types";
import type { Waits } from "./waits";

export class FormSubmits {
  constructor(
    private readonly renders: Renders,
    private readonly waits: Waits,
    private readonly outside: Outside,
  ) {}

  /** Answers the id of the first wrong field; null when the form was sent or has nothing to send. */
  submit(renderId: string, formId: string): string | null {
    const { renders } = this;
    const render = renders.get(renderId);
    const form = render?.nodes.get(formId) as ComponentNode<"layout-form"> | undefined;
    if (!render || !form || form.type !== "layout-form" || render.forms.get(formId)?.submitting) return null;
    const fields = render.fieldsOf(formId);
    let firstWrong: string | null = null;
    for (const field of fields) {
      const { id } = field.model;
      const input = render.inputs.get(id);
      if (input && !input.touched) renders.changeInput(renderId, id, { touched: true }, "now");
      if (firstWrong === null && input && localError(field, input.value) !== null) firstWrong = id;
    }
    if (firstWrong !== null || !form.model.properties.hasOnSubmitHook) return firstWrong;

    const uploads: Upload[] = [];
    // Without a prototype, so that an input with the id "__proto__" is a field like others.
    const formData: Record<string, Json> = Object.create(null);
    for (const field of fields) {
      const { id } = field.model;
      if (render.inputs.get(id)?.remoteError) renders.changeInput(renderId, id, { remoteError: null }, "now");
      formData[id] = valueToSend(render, field, uploads, this.outside.uuid);
    }
    renders.changeForm(renderId, formId, { submitting: true, error: null }, "now");
    this.waits.start(renderId, formId, () =>
      this.end(renderId, formId, "No answer from the app for 30 seconds. It may still be at work; you can try again."),
    );
    this.outside.send({ type: "ac", renderId, formComponentId: formId, formData }, uploads);
    return null;
  }

  /** The app does not take it, and says why. */
  refuse({ renderId, formComponentId, inputComponentErrors, formError }: Extract<SdkEvent, { type: "aw" }>): void {
    this.waits.end(renderId, formComponentId);
    for (const [id, error] of Object.entries(inputComponentErrors ?? {})) {
      this.renders.changeInput(renderId, id, { remoteError: error, touched: true }, "later");
    }
    this.renders.changeForm(renderId, formComponentId, { submitting: false, error: formError ?? null }, "later");
  }

  accept(renderId: string, formId: string): void {
    this.waits.end(renderId, formId);
    this.renders.changeForm(renderId, formId, { submitting: false, error: null }, "later");
    const render = this.renders.get(renderId);
    const form = render?.nodes.get(formId) as ComponentNode<"layout-form"> | undefined;
    if (!render || !form) return;
    for (const field of render.fieldsOf(formId)) {
      const { id } = field.model;
      const input = render.inputs.get(id);
      if (!input) continue;
      const next = form.model.properties.clearOnSubmit ? freshInput(field) : { ...input, dirty: false };
      this.renders.setInput(renderId, id, next, "later");
    }
  }

  /** It did not leave this browser. */
  notSent(renderId: string, formId: string, reason: string): void {
    this.waits.end(renderId, formId);
    this.end(renderId, formId, `Not sent: ${reason}`);
  }

  /** Whatever the app has to say came with something else. */
  endAll(): void {
    for (const [renderId, { forms }] of this.renders.all) {
      for (const [id, form] of forms) {
        if (form.submitting) this.renders.changeForm(renderId, id, { submitting: false }, "later");
      }
    }
  }

  private end(renderId: string, formId: string, error: string): void {
    this.renders.changeForm(renderId, formId, { submitting: false, error }, "now");
  }
}
