/** Filters: rules and groups as the wire has them, compiled to a test of rows (CM 10.5). */
import type { Filter, FilterGroup, FilterOperator, FilterRule, Json, Opt, Row } from "../types";
import { cellOf, isEmptyCell } from "./cells";
import type { TableColumn } from "./columns";
import { numberOf, plainText, timeOf } from "./plain";
import { compareKeys } from "./sort";
import { tagsOf } from "./tags";
import { folded } from "./text";

type Test = (row: Row) => boolean;

export function isGroup(filter: Filter): filter is FilterGroup {
  return "logicOperator" in filter;
}

const WITHOUT_VALUE: ReadonlySet<FilterOperator> = new Set(["isEmpty", "isNotEmpty"]);

export function needsValue(operator: FilterOperator): boolean {
  return !WITHOUT_VALUE.has(operator);
}

/** A rule that is still being written has no value yet. */
export function isComplete(rule: FilterRule): boolean {
  return !needsValue(rule.operator) || !isEmptyCell(rule.value);
}

/** The filter without unfinished rules and empty groups; null when nothing is left. */
export function cleanFilter(filter: Opt<Filter>): Filter | null {
  if (!filter) return null;
  if (!isGroup(filter)) return isComplete(filter) ? filter : null;
  const filters = filter.filters.flatMap((inner) => cleanFilter(inner) ?? []);
  return filters.length === 0 ? null : { logicOperator: filter.logicOperator, filters };
}

/** How many rules a filter has, for the mark on its button. */
export function countRules(filter: Opt<Filter>): number {
  if (!filter) return 0;
  return isGroup(filter) ? filter.filters.reduce((sum, inner) => sum + countRules(inner), 0) : 1;
}

/** A test of rows. Rules on columns that the table does not have are left out, as are unfinished ones. */
export function filterTest(filter: Opt<Filter>, columns: readonly TableColumn[]): Test | null {
  const known = new Map(columns.map((column) => [column.name, column]));
  const compile = (part: Filter): Test | null => {
    if (!isGroup(part)) {
      const column = known.get(part.key);
      if (!column) return null;
      const test = ruleTest(part, column);
      return (row) => test(cellOf(row, column));
    }
    const tests = part.filters.flatMap((inner) => compile(inner) ?? []);
    if (tests.length === 0) return null;
    return part.logicOperator === "or"
      ? (row) => tests.some((test) => test(row))
      : (row) => tests.every((test) => test(row));
  };
  const clean = cleanFilter(filter);
  return clean ? compile(clean) : null;
}

/** A test of one cell. Every operator works on every format: an author's view may use any. */
function ruleTest(rule: FilterRule, column: Pick<TableColumn, "format">): (cell: Json | undefined) => boolean {
  const { operator, value } = rule;
  switch (operator) {
    case "isEmpty":
      return isEmptyCell;
    case "isNotEmpty":
      return (cell) => !isEmptyCell(cell);
    case "is":
    case "isNot": {
      const same = column.format === "tag" ? sameTags(value) : sameText(value);
      return operator === "is" ? same : (cell) => !same(cell);
    }
    case "includes":
    case "notIncludes": {
      const wanted = folded(plainText(value));
      const includes = (cell: Json | undefined) => cell != null && folded(plainText(cell)).includes(wanted);
      return operator === "includes" ? includes : (cell) => !includes(cell);
    }
    case "hasAny":
    case "notHasAny": {
      const wanted = new Set(tagsOf(value).map(foldedText));
      const any = (cell: Json | undefined) => tagsOf(cell).some((tag) => wanted.has(foldedText(tag)));
      return operator === "hasAny" ? any : (cell) => !any(cell);
    }
    case "hasAll":
    case "notHasAll": {
      const wanted = tagsOf(value).map(foldedText);
      const all = (cell: Json | undefined) => {
        const has = new Set(tagsOf(cell).map(foldedText));
        return wanted.every((tag) => has.has(tag));
      };
      return operator === "hasAll" ? all : (cell) => !all(cell);
    }
    default:
      return orderTest(operator, value, column);
  }
}

function foldedText(value: Json): string {
  return folded(plainText(value));
}

function sameText(value: Json): (cell: Json | undefined) => boolean {
  const wanted = foldedText(value);
  return (cell) => cell != null && foldedText(cell) === wanted;
}

/** The same tags, each as often, in any order. */
function sameTags(value: Json): (cell: Json | undefined) => boolean {
  const sorted = (tags: Json[]) => tags.map(foldedText).sort().join("\u0000");
  const count = tagsOf(value).length;
  const wanted = sorted(tagsOf(value));
  return (cell) => tagsOf(cell).length === count && sorted(tagsOf(cell)) === wanted;
}

/** Greater and less: as dates in date columns, as numbers where both are, else as text. Empty cells never are. */
function orderTest(
  operator: FilterOperator,
  value: Json,
  column: Pick<TableColumn, "format">,
): (cell: Json | undefined) => boolean {
  const holds = {
    greaterThan: (order: number) => order > 0,
    greaterThanOrEqual: (order: number) => order >= 0,
    lessThan: (order: number) => order < 0,
    lessThanOrEqual: (order: number) => order <= 0,
  }[operator as string];
  // An operator of a later SDK: better show too much than hide rows for an unknown reason.
  if (!holds) return () => true;
  const dates = column.format === "date" || column.format === "datetime";
  const time = timeOf(value);
  const number = numberOf(value);
  return (cell) => {
    if (isEmptyCell(cell)) return false;
    if (dates || (typeof value === "string" && number === null && time !== null)) {
      const cellTime = timeOf(cell);
      return cellTime !== null && time !== null && holds(cellTime - time);
    }
    const cellNumber = typeof cell === "boolean" ? null : numberOf(cell);
    if (number !== null) return cellNumber !== null && holds(cellNumber - number);
    return holds(compareKeys(plainText(cell), plainText(value)));
  };
}
