/** The columns of a table as the page uses them, from both forms of the wire (compressed or not), and what is guessed. */
import { headingFromKey } from "../label";
import type { ColumnFormat, Json, Opt, Overflow, Row, TableProperties, WireColumn } from "../types";

export interface TableColumn {
  /** Unique in the table: the public name, with a number when an author uses one name twice. */
  id: string;
  /** The author's name for it. Sort rules, filters and views use it, both ways. */
  name: string;
  /** Where the cell is in a row of the wire. */
  key: string;
  heading: string;
  /** The author's format or the guessed one; null is plain text. */
  format: ColumnFormat | null;
  /** The author's CSS length, or null. */
  width: string | null;
  hidden: boolean;
  pinned: "left" | "right" | null;
  overflow: Overflow | null;
  tagColors: Record<string, Json> | null;
}

const FORMATS: ReadonlySet<string> = new Set<ColumnFormat>([
  "date",
  "datetime",
  "number",
  "currency",
  "boolean",
  "tag",
  "json",
  "string",
]);

/** Text that reads as an ISO date with a time; a date alone stays text, as an author may mean anything by it. */
const ISO_DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}/;

/** How many rows the guesses look at. */
const ROWS_FOR_COLUMNS = 5;
const ROWS_FOR_FORMAT = 10;

/** The format of a field by its content: known only when the first ten rows all have it and agree. */
export function guessFormat(rows: readonly Row[], key: string): ColumnFormat | null {
  let format: ColumnFormat | null = null;
  for (const row of rows.slice(0, ROWS_FOR_FORMAT)) {
    const found = formatOf(row[key]);
    if (found === null || (format !== null && format !== found)) return null;
    format = found;
  }
  return format;
}

function formatOf(value: Json | undefined): ColumnFormat | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "number") return "number";
  if (typeof value === "object") return "json";
  return ISO_DATE_TIME.test(value) ? "date" : null;
}

/** The columns to show. Without columns from the author they are the fields of the first five rows, as first seen. */
export function columnsOf(properties: Pick<TableProperties, "columns">, rows: readonly Row[]): TableColumn[] {
  const wire = properties.columns ?? keysOf(rows);
  const ids = new Set<string>();
  return wire.map((column) => {
    const resolved = columnOf(typeof column === "string" ? { key: column } : column, rows);
    for (let count = 2; ids.has(resolved.id); count += 1) resolved.id = `${resolved.name} (${count})`;
    ids.add(resolved.id);
    return resolved;
  });
}

function keysOf(rows: readonly Row[]): string[] {
  const keys = new Set<string>();
  for (const row of rows.slice(0, ROWS_FOR_COLUMNS)) for (const key of Object.keys(row)) keys.add(key);
  return [...keys];
}

function columnOf(column: WireColumn, rows: readonly Row[]): TableColumn {
  const name = column.original ?? column.key;
  const format = FORMATS.has(column.format ?? "") ? (column.format as ColumnFormat) : null;
  return {
    id: name,
    name,
    key: column.key,
    heading: column.label || headingFromKey(name) || name,
    format: format ?? guessFormat(rows, column.key),
    width: column.width ?? null,
    hidden: column.hidden === true,
    pinned: column.pinned === "left" || column.pinned === "right" ? column.pinned : null,
    overflow: column.overflow ?? null,
    tagColors: column.tagColors ?? null,
  };
}

/** Widths in px. */
export const DEFAULT_WIDTH = 192;
/** Of figures, ticks and dates: they are short, so that more of the table is in sight. */
const SHORT_WIDTH = 128;
export const JSON_WIDTH = 288;
export const MIN_WIDTH = 56;
export const MAX_WIDTH = 960;

/** A CSS length in px, as far as a column can use one; percentages are of the table's own width. */
export function widthInPx(width: Opt<string | number>, tableWidth: number): number | null {
  if (typeof width === "number") return Number.isFinite(width) && width > 0 ? width : null;
  const match = /^\s*(\d*\.?\d+)\s*(px|rem|em|ch|%|vw)?\s*$/.exec(width ?? "");
  if (!match) return null;
  const amount = Number(match[1]);
  const unit = { px: 1, rem: 16, em: 16, ch: 8, "%": tableWidth / 100, vw: tableWidth / 100 }[match[2] ?? "px"] ?? 1;
  const px = amount * unit;
  return px > 0 ? Math.min(Math.max(px, MIN_WIDTH), MAX_WIDTH) : null;
}

/** The width that a column starts with, in px. */
export function startWidth(column: TableColumn, tableWidth: number): number {
  const width = widthInPx(column.width, tableWidth);
  if (width !== null) return width;
  switch (column.format) {
    case "json":
      return JSON_WIDTH;
    case "number":
    case "currency":
    case "boolean":
    case "date":
      // Never narrower than the heading with its marks.
      return Math.min(DEFAULT_WIDTH, Math.max(SHORT_WIDTH, column.heading.length * 8 + 64));
    default:
      return DEFAULT_WIDTH;
  }
}
