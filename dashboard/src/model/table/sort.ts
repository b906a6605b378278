/** Sorting: what a cell is sorted by, which way a first click goes, and rules to and from the grid engine's form. */
import type { Json, Opt, SortRule } from "../types";
import { isEmptyCell } from "./cells";
import type { TableColumn } from "./columns";
import { numberOf, plainText, timeOf } from "./plain";

/** One collator for all: making one for each comparison costs more than the comparison. */
const COLLATOR = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

/** What a cell is sorted by; undefined for empty cells, which come last in both directions. */
export function sortKey(value: Json | undefined, column: Pick<TableColumn, "format">): number | string | undefined {
  if (column.format === "boolean") return value === null || value === undefined ? undefined : value ? 1 : 0;
  if (isEmptyCell(value)) return undefined;
  switch (column.format) {
    case "date":
    case "datetime":
      return timeOf(value) ?? plainText(value);
    case "number":
    case "currency":
      return numberOf(value) ?? plainText(value);
    case "tag":
    case "json":
      return JSON.stringify(value);
    default:
      return typeof value === "number" ? value : plainText(value);
  }
}

/** Ascending order of two sort keys: numbers before texts. */
export function compareKeys(a: number | string, b: number | string): number {
  if (typeof a === "number") return typeof b === "number" ? a - b : -1;
  return typeof b === "number" ? 1 : COLLATOR.compare(a, b);
}

const DESCENDING_FIRST: ReadonlySet<string> = new Set(["date", "datetime", "number", "currency", "boolean"]);

/** Whether the first click on a heading sorts downwards: the newest, largest and ticked ones are mostly looked for. */
export function descendingFirst(column: Pick<TableColumn, "format">): boolean {
  return column.format !== null && DESCENDING_FIRST.has(column.format);
}

/** The grid engine's sort state, of the rules whose columns exist. */
export function sortingOf(rules: Opt<readonly SortRule[]>, columns: readonly TableColumn[]) {
  return (rules ?? []).flatMap((rule) => {
    const column = columns.find((candidate) => candidate.name === rule.key);
    return column ? [{ id: column.id, desc: rule.direction === "desc" }] : [];
  });
}

export function rulesOf(
  sorting: readonly { id: string; desc: boolean }[],
  columns: readonly TableColumn[],
): SortRule[] {
  return sorting.flatMap(({ id, desc }) => {
    const column = columns.find((candidate) => candidate.id === id);
    return column ? [{ key: column.name, direction: desc ? ("desc" as const) : ("asc" as const) }] : [];
  });
}
