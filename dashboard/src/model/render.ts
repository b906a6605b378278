/** The state kept for one render (CM 7.2) and how it is made and changed (CM 7.3). */
import type { ModalWidth, PageQuery, RenderDiff, Stale, TablePage } from "../protocol/events";
import type { ComponentNode, ComponentType, Json, WireComponent } from "./types";
import { type InputNode, type InputValue, initialValue, initialWire, isInput } from "./values";

/** Immutable: a change makes a new one. */
export interface InputState {
  value: InputValue;
  /** Changed by the user, or asked to show its errors by Enter or a submit. */
  touched: boolean;
  /** Changed by the user since the initial value was set. */
  dirty: boolean;
  /** From a validate function of the app; null when none. */
  remoteError: string | null;
}

export interface FormState {
  /** From the submit until it is accepted, refused or given up. */
  submitting: boolean;
  error: string | null;
}

/** Rows and query of a table as last told by the app; of a table that is not paged: the model's. */
export interface TableState {
  page: TablePage & { pageSize: number };
  /** `false` idle · `INITIALLY_STALE` no page yet · `UPDATE_DISABLED` waits for a page · `UPDATE_NOT_DISABLED` refreshes. */
  stale: Stale;
  /** The query that the user has asked for and that `page` does not answer yet; null when it does. */
  asked: PageQuery | null;
  /** Why the last page did not come; null when it did. Offer "try again". */
  failed: string | null;
}

export interface ModalProps {
  header: string | null;
  width: ModalWidth;
}

interface Kept {
  node: ComponentNode;
  input?: InputState;
  form?: FormState;
}

export class RenderState {
  rootId = "";
  readonly nodes = new Map<string, ComponentNode>();
  readonly inputs = new Map<string, InputState>();
  readonly forms = new Map<string, FormState>();
  readonly tables = new Map<string, TableState>();

  constructor(
    readonly renderId: string,
    readonly idx: number,
    readonly modal: ModalProps | null,
  ) {}

  /** A first render. */
  static from(renderId: string, idx: number, modal: ModalProps | null, root: WireComponent): RenderState {
    const render = new RenderState(renderId, idx, modal);
    render.rootId = root.model.id;
    render.insert(root, null);
    return render;
  }

  /** Adds a component with all below it. */
  insert(component: WireComponent, formId: string | null): void {
    const { id, children } = component.model;
    const ownForm = component.type === "layout-form" ? id : formId;
    const list = childList(children);
    const model = list ? { ...component.model, children: list.map((child) => child.model.id) } : component.model;
    const node = {
      type: component.type as ComponentType,
      interactionType: component.interactionType,
      model: model as unknown as ComponentNode["model"],
      formId: ownForm,
    } as ComponentNode;
    this.nodes.set(id, node);
    if (isInput(node)) this.inputs.set(id, freshInput(node));
    if (node.type === "layout-form") this.forms.set(id, { submitting: false, error: null });
    if (node.type === "input-table") this.tables.set(id, tableState(node as ComponentNode<"input-table">));
    for (const child of list ?? []) this.insert(child, ownForm);
  }

  /** Applies an update; answers the ids whose node, input, form or table changed. */
  apply(diff: RenderDiff, version: 1 | 2): Set<string> {
    const changed = new Set<string>();
    const gone = new Map<string, Kept>();

    for (const id of diff.delete ?? []) {
      for (const below of this.subtree(id)) {
        this.keepAside(below, gone);
        this.nodes.delete(below);
        this.inputs.delete(below);
        this.forms.delete(below);
        this.tables.delete(below);
        changed.add(below);
      }
    }

    for (const component of Object.values(diff.add ?? {})) {
      // A diff that comes twice adds what is already there: that counts as moved, too.
      for (const id of this.subtree(component.model.id)) this.keepAside(id, gone);
      this.insert(component, null);
      for (const id of this.subtree(component.model.id)) {
        changed.add(id);
        const before = gone.get(id);
        const node = this.nodes.get(id);
        if (!before || !node || before.node.type !== node.type) continue;
        // It only moved: what the user typed stays.
        if (before.input && isInput(node) && isInput(before.node) && sameInitial(before.node, node)) {
          this.inputs.set(id, before.input);
        }
        if (before.form) this.forms.set(id, before.form);
      }
    }

    for (const [id, model] of Object.entries(diff.update ?? {})) {
      const before = this.nodes.get(id);
      if (!before) continue;
      const node = { ...before, model: { ...model, id } as unknown as ComponentNode["model"] } as ComponentNode;
      this.nodes.set(id, node);
      changed.add(id);
      if (isInput(node) && isInput(before) && version >= 2 && !sameInitial(before, node)) {
        this.inputs.set(id, freshInput(node));
      }
      if (node.type === "input-table") {
        const table = node as ComponentNode<"input-table">;
        const old = this.tables.get(id);
        this.tables.set(id, {
          ...tableState(table),
          stale: old?.stale ?? false,
          asked: old?.asked ?? null,
          failed: null,
        });
      }
    }

    for (const [id, { formId }] of Object.entries(diff.metadata ?? {})) {
      const node = this.nodes.get(id);
      if (!node || node.formId === (formId ?? null)) continue;
      this.nodes.set(id, { ...node, formId: formId ?? null });
      changed.add(id);
    }

    this.rootId = diff.rootId;
    return changed;
  }

  private keepAside(id: string, kept: Map<string, Kept>): void {
    const node = this.nodes.get(id);
    if (node && !kept.has(id)) kept.set(id, { node, input: this.inputs.get(id), form: this.forms.get(id) });
  }

  /** The inputs of a form, at any depth, in the order of the tree. */
  fieldsOf(formId: string): InputNode[] {
    const fields: InputNode[] = [];
    for (const id of this.subtree(this.rootId)) {
      const node = this.nodes.get(id);
      if (node && node.formId === formId && isInput(node)) fields.push(node);
    }
    return fields;
  }

  /** An id and all below it, in the order of the tree. */
  subtree(id: string): string[] {
    const ids: string[] = [];
    const seen = new Set<string>();
    const open = [id];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      ids.push(next);
      const model = this.nodes.get(next)?.model as { children?: unknown } | undefined;
      const children = model?.children;
      if (Array.isArray(children)) for (const child of [...children].reverse()) open.push(child as string);
    }
    return ids;
  }
}

export function freshInput(node: InputNode): InputState {
  return { value: initialValue(node), touched: false, dirty: false, remoteError: null };
}

function tableState(node: ComponentNode<"input-table">): TableState {
  const properties = node.model.properties;
  const page = {
    data: properties.data ?? [],
    totalRecords: properties.paged ? (properties.totalRecords ?? null) : (properties.data ?? []).length,
    offset: properties.offset ?? 0,
    pageSize: properties.pageSize ?? 100,
    searchQuery: properties.searchQuery ?? null,
    sortBy: properties.sortBy ?? null,
    filterBy: properties.filterBy ?? null,
    viewBy: properties.viewBy ?? null,
  };
  // Python announces no first page of a manual table; an empty model with a total of 0 means that one follows.
  const waits = properties.paged === true && page.data.length === 0 && page.totalRecords === 0;
  return { page, stale: waits ? "INITIALLY_STALE" : false, asked: null, failed: null };
}

function sameInitial(before: InputNode, after: InputNode): boolean {
  if (after.type === "input-file-drop") return true;
  const text = (node: InputNode) => JSON.stringify((initialWire(node) ?? null) as Json);
  return text(before) === text(after);
}

function childList(children: unknown): WireComponent[] | null {
  if (children === null || children === undefined) return null;
  return (Array.isArray(children) ? children : [children]) as WireComponent[];
}
