/**
 * How a table is set up, in the fragment of the address: a link shows the same view, search, order, filters, columns and page.
 * The fragment stays in the browser and is no param of the app. Whoever made the link may be anybody: what is read is
 * bounded, and made anew of nothing but what is known.
 */
import type { Filter, FilterOperator, Json, SortRule } from "../types";

/** Absent entries mean "as the author set it". */
export interface TableLink {
  view?: string | null;
  search?: string;
  sortBy?: SortRule[];
  filterBy?: Filter | null;
  /** Column ids: true when hidden by hand, false when brought back. */
  hidden?: Record<string, boolean>;
  /** Of a paged table. */
  offset?: number;
  pageSize?: number;
}

/** Longest text of one table in a link, before it is encoded; what is longer is neither written nor read. */
export const LONGEST = 2_000;
/** Longest fragment, as it is in the address: what is longer is neither written nor read. */
export const LONGEST_FRAGMENT = 16_000;
const MOST_RULES = 50;
const DEEPEST_GROUP = 5;
const MOST_PAGE_SIZE = 1_000;

/** What a fragment, with or without its `#`, says of a table; null when it says nothing that can be used. */
export function readLink(fragment: string, id: string): TableLink | null {
  if (fragment.length > LONGEST_FRAGMENT) return null;
  const name = nameOf(id);
  const part = partsOf(fragment).find((each) => each.startsWith(name));
  if (part === undefined) return null;
  try {
    const text = decodeURIComponent(part.slice(name.length));
    return text.length > LONGEST ? null : linkOf(JSON.parse(text));
  } catch {
    return null;
  }
}

/** The fragment with another entry for this table, or without one; what else is in it stays as it is. */
export function writeLink(fragment: string, id: string, link: TableLink | null): string {
  const name = nameOf(id);
  const others = partsOf(fragment).filter((part) => !part.startsWith(name));
  const text = link && Object.keys(link).length > 0 ? JSON.stringify(link) : "";
  const own = text === "" || text.length > LONGEST ? [] : [name + encodeURIComponent(text)];
  const whole = fragmentOf([...others, ...own]);
  // Too long a fragment would not be read at all: better without this table than without any.
  return whole.length > LONGEST_FRAGMENT ? fragmentOf(others) : whole;
}

const fragmentOf = (parts: string[]) => (parts.length === 0 ? "" : `#${parts.join("&")}`);

const nameOf = (id: string) => `table.${encodeURIComponent(id)}=`;
const partsOf = (fragment: string) =>
  fragment
    .replace(/^#/, "")
    .split("&")
    .filter((part) => part !== "");

function linkOf(from: unknown): TableLink | null {
  if (!isRecord(from)) return null;
  const { view, search, sortBy, filterBy, hidden, offset, pageSize } = from;
  const link: TableLink = {};
  if (typeof view === "string" || view === null) link.view = view;
  if (typeof search === "string") link.search = search;
  if (Array.isArray(sortBy)) link.sortBy = sortBy.slice(0, MOST_RULES).flatMap((rule) => sortRuleOf(rule) ?? []);
  const filter = filterOf(filterBy, DEEPEST_GROUP);
  if (filter !== null || filterBy === null) link.filterBy = filter;
  if (isRecord(hidden)) {
    const known = Object.entries(hidden).filter((entry): entry is [string, boolean] => typeof entry[1] === "boolean");
    link.hidden = Object.fromEntries(known);
  }
  if (isWhole(offset, 0, Number.MAX_SAFE_INTEGER)) link.offset = offset;
  if (isWhole(pageSize, 1, MOST_PAGE_SIZE)) link.pageSize = pageSize;
  return link;
}

function sortRuleOf(from: unknown): SortRule | null {
  if (!isRecord(from) || typeof from.key !== "string") return null;
  const { key, direction } = from;
  return direction === "asc" || direction === "desc" ? { key, direction } : null;
}

function filterOf(from: unknown, depth: number): Filter | null {
  if (!isRecord(from) || depth === 0) return null;
  const { logicOperator, filters, key, operator, value } = from;
  if (Array.isArray(filters) && (logicOperator === "and" || logicOperator === "or")) {
    const inner = filters.slice(0, MOST_RULES).flatMap((each) => filterOf(each, depth - 1) ?? []);
    return inner.length === 0 ? null : { logicOperator, filters: inner };
  }
  if (typeof key !== "string" || typeof operator !== "string" || !isOperator(operator)) return null;
  return isPlain(value) ? { key, operator, value } : null;
}

/** What an operator is compared with: one value, or several tags. */
function isPlain(value: unknown): value is Json {
  if (Array.isArray(value)) return value.every((each) => !Array.isArray(each) && isPlain(each));
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}

const OPERATORS: ReadonlySet<string> = new Set<FilterOperator>([
  "is",
  "isNot",
  "includes",
  "notIncludes",
  "greaterThan",
  "greaterThanOrEqual",
  "lessThan",
  "lessThanOrEqual",
  "isEmpty",
  "isNotEmpty",
  "hasAny",
  "notHasAny",
  "hasAll",
  "notHasAll",
]);
const isOperator = (text: string): text is FilterOperator => OPERATORS.has(text);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isWhole = (value: unknown, least: number, most: number): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most;
