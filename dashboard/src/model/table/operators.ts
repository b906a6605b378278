/** Which operators the filter editor offers for a column, in which words, with which kind of value. */
import type { ColumnFormat, FilterOperator, FilterRule, Json } from "../types";
import type { TableColumn } from "./columns";
import { numberOf, timeOf } from "./plain";

export type ValueKind = "text" | "number" | "date" | "datetime" | "boolean" | "tags";

export function valueKind(format: ColumnFormat | null): ValueKind {
  switch (format) {
    case "number":
    case "currency":
      return "number";
    case "date":
    case "datetime":
    case "boolean":
      return format;
    case "tag":
      return "tags";
    default:
      return "text";
  }
}

const EMPTINESS: FilterOperator[] = ["isEmpty", "isNotEmpty"];
const ORDER: FilterOperator[] = ["greaterThan", "greaterThanOrEqual", "lessThan", "lessThanOrEqual"];

const OPERATORS: Record<ValueKind, FilterOperator[]> = {
  text: ["includes", "notIncludes", "is", "isNot", ...EMPTINESS],
  number: [...ORDER, ...EMPTINESS],
  date: [...ORDER, ...EMPTINESS],
  datetime: [...ORDER, ...EMPTINESS],
  boolean: ["is", "isNot", ...EMPTINESS],
  tags: ["hasAny", "notHasAny", "hasAll", "notHasAll", "is", "isNot", ...EMPTINESS],
};

/** The operators for a column; one that an author's view uses stays on offer while its rule has it. */
export function operatorsFor(format: ColumnFormat | null, used?: FilterOperator): FilterOperator[] {
  const offered = OPERATORS[valueKind(format)];
  return used && !offered.includes(used) ? [...offered, used] : offered;
}

const WORDS: Record<FilterOperator, string> = {
  is: "is",
  isNot: "is not",
  includes: "contains",
  notIncludes: "does not contain",
  greaterThan: "is greater than",
  greaterThanOrEqual: "is at least",
  lessThan: "is less than",
  lessThanOrEqual: "is at most",
  isEmpty: "is empty",
  isNotEmpty: "is not empty",
  hasAny: "has any of",
  notHasAny: "has none of",
  hasAll: "has all of",
  notHasAll: "does not have all of",
};
const DATE_WORDS: Partial<Record<FilterOperator, string>> = {
  greaterThan: "is after",
  greaterThanOrEqual: "is on or after",
  lessThan: "is before",
  lessThanOrEqual: "is on or before",
};
const TAG_WORDS: Partial<Record<FilterOperator, string>> = { is: "is exactly", isNot: "is not exactly" };

export function operatorWords(operator: FilterOperator, format: ColumnFormat | null): string {
  const kind = valueKind(format);
  if (kind === "date" || kind === "datetime") return DATE_WORDS[operator] ?? WORDS[operator] ?? operator;
  if (kind === "tags") return TAG_WORDS[operator] ?? WORDS[operator] ?? operator;
  return WORDS[operator] ?? operator;
}

/** A new rule for a column, without a value yet (a boolean asks for the ticked ones). */
export function newRule(column: Pick<TableColumn, "name" | "format">): FilterRule {
  const kind = valueKind(column.format);
  const operator = OPERATORS[kind][0] as FilterOperator;
  return { key: column.name, operator, value: kind === "boolean" ? true : kind === "tags" ? [] : null };
}

/** The rule for another column: operator and value stay where they still mean something. */
export function withColumn(
  rule: FilterRule,
  column: Pick<TableColumn, "name" | "format">,
  before: ColumnFormat | null,
) {
  const fresh = newRule(column);
  if (valueKind(before) !== valueKind(column.format)) return fresh;
  return { ...rule, key: column.name };
}

/**
 * The moment that a rule on a date column compares with, as ISO text with a zone. A day is 24 hours long: "after" and
 * "on or before" mean its end, so that the same rule is right here and in an author's own function.
 */
export function dayBound(day: { year: number; month: number; day: number }, operator: FilterOperator): string {
  const end = operator === "greaterThan" || operator === "lessThanOrEqual";
  const date = new Date(day.year, day.month - 1, day.day + (end ? 1 : 0));
  return new Date(date.getTime() - (end ? 1 : 0)).toISOString();
}

/** The local day of a rule's value, for the editor. */
export function dayOf(value: Json): { year: number; month: number; day: number } | null {
  const time = timeOf(value);
  if (time === null) return null;
  const date = new Date(time);
  return { year: date.getFullYear(), month: date.getMonth() + 1, day: date.getDate() };
}

/** The number of a rule's value, for the editor. */
export function numberValue(value: Json): number | null {
  return numberOf(value);
}
