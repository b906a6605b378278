/** Which rows are selected: toggling, ranges, all, and the limits (CM 10.6). Ids keep their JSON type: 1 is not "1". */
import { NO_LIMIT } from "../files";
import type { RowId, TableProperties } from "../types";

export interface SelectionLimits {
  min: number;
  max: number;
}

/** Limits as an author means them. */
export function limitsOf(properties: Pick<TableProperties, "minSelections" | "maxSelections">): SelectionLimits {
  return { min: properties.minSelections ?? 0, max: properties.maxSelections ?? NO_LIMIT };
}

export function isSingle(limits: SelectionLimits): boolean {
  return limits.max === 1;
}

/** The selection after a click on one row. With room for one only, the new one takes the place of the old. */
export function toggled(selection: readonly RowId[], id: RowId, limits: SelectionLimits): RowId[] {
  if (selection.includes(id)) return selection.filter((other) => other !== id);
  return isSingle(limits) ? [id] : [...selection, id];
}

/** The selection after a Shift-click: everything between the two rows, as they are sorted and filtered now. */
export function ranged(selection: readonly RowId[], shown: readonly RowId[], anchor: RowId, id: RowId): RowId[] {
  const from = shown.indexOf(anchor);
  const to = shown.indexOf(id);
  if (from < 0 || to < 0) return [...selection, id];
  const selected = new Set(selection);
  for (const between of shown.slice(Math.min(from, to), Math.max(from, to) + 1)) selected.add(between);
  return [...selected];
}

export type AllState = "none" | "some" | "all";

/** The state of the heading's box, which stands for the rows that pass the filters. */
export function allState(selected: ReadonlySet<RowId>, shown: readonly RowId[]): AllState {
  if (shown.length === 0) return "none";
  const count = shown.reduce<number>((sum, id) => sum + (selected.has(id) ? 1 : 0), 0);
  return count === 0 ? "none" : count === shown.length ? "all" : "some";
}

/** The selection after a click on the heading's box. Rows that the filters hide keep their state. */
export function toggledAll(selection: readonly RowId[], shown: readonly RowId[]): RowId[] {
  const selected = new Set(selection);
  if (allState(selected, shown) === "all") {
    const gone = new Set(shown);
    return selection.filter((id) => !gone.has(id));
  }
  for (const id of shown) selected.add(id);
  return [...selected];
}
