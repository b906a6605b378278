/** What the user has typed or chosen, carried from a run that was lost into the one that takes its place. */
import type { RenderState } from "./render";
import { type InputNode, type InputValue, initialWire, isInput } from "./values";

/** One input's value, to be put back into the next run. */
export interface Carried {
  idx: number;
  id: string;
  type: string;
  /** JSON of the initial value that it replaced; another one means that the app wants to start afresh. */
  initial: string;
  value: InputValue;
}

export function dirtyInputs(renders: Iterable<RenderState>): Carried[] {
  const dirty: Carried[] = [];
  for (const render of renders) {
    for (const [id, input] of render.inputs) {
      const node = render.nodes.get(id);
      if (!input.dirty || !node || !isInput(node)) continue;
      dirty.push({ idx: render.idx, id, type: node.type, initial: initialText(node), value: input.value });
    }
  }
  return dirty;
}

/** Puts into a new render what belongs there; answers what is left for later ones. */
export function putBack(render: RenderState, carried: readonly Carried[]): Carried[] {
  return carried.filter(({ idx, id, type, initial, value }) => {
    const node = render.nodes.get(id);
    const input = render.inputs.get(id);
    if (idx !== render.idx || !node || !isInput(node) || !input || node.type !== type) return true;
    if (initialText(node) === initial) render.inputs.set(id, { ...input, value, touched: true, dirty: true });
    return false;
  });
}

function initialText(node: InputNode): string {
  return JSON.stringify(initialWire(node) ?? null);
}
