/** The renders of a run, and each change in them told to whoever follows it. */
import type { FormState, InputState, RenderState, TableState } from "./render";
import { topic } from "./topic";
import type { Topics } from "./topics";

/** When a change is told: with the next frame, as what the SDK sends, or at once, as what the user does. */
export type When = "later" | "now";

export class Renders {
  readonly all = new Map<string, RenderState>();

  constructor(private readonly topics: Topics) {}

  get(renderId: string): RenderState | undefined {
    return this.all.get(renderId);
  }
  input(renderId: string, id: string): InputState | undefined {
    return this.all.get(renderId)?.inputs.get(id);
  }
  table(renderId: string, id: string): TableState | undefined {
    return this.all.get(renderId)?.tables.get(id);
  }

  changeInput(renderId: string, id: string, change: Partial<InputState>, when: When): void {
    const before = this.input(renderId, id);
    if (before) this.setInput(renderId, id, { ...before, ...change }, when);
  }

  setInput(renderId: string, id: string, state: InputState, when: When): void {
    this.all.get(renderId)?.inputs.set(id, state);
    this.topics[when](topic.input(renderId, id));
  }

  changeForm(renderId: string, id: string, change: Partial<FormState>, when: When): void {
    const forms = this.all.get(renderId)?.forms;
    const before = forms?.get(id);
    if (!forms || !before) return;
    forms.set(id, { ...before, ...change });
    this.topics[when](topic.form(renderId, id));
  }

  changeTable(renderId: string, id: string, change: Partial<TableState>, when: When): void {
    const tables = this.all.get(renderId)?.tables;
    const before = tables?.get(id);
    if (!tables || !before) return;
    tables.set(id, { ...before, ...change });
    this.topics[when](topic.table(renderId, id));
  }

  /** Everything about some components may have changed. */
  tellOf(renderId: string, ids: Iterable<string>): void {
    for (const id of ids) {
      this.topics.later(topic.node(renderId, id));
      this.topics.later(topic.input(renderId, id));
      this.topics.later(topic.form(renderId, id));
      this.topics.later(topic.table(renderId, id));
    }
  }
}
