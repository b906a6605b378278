/**
 * CSV (RFC 4180) of table rows: comma, CRLF, quotes where needed, with a byte order mark so that spreadsheets read it
 * as UTF-8. Values are raw, not as formatted for the page: 1234.5 and ISO dates are what programs can read.
 */
import type { Json, Row } from "../types";
import { cellOf } from "./cells";
import type { TableColumn } from "./columns";
import { plainText } from "./plain";
import { tagsOf } from "./tags";

const BYTE_ORDER_MARK = "\ufeff";

/**
 * Text that a spreadsheet would run as a formula. Rows hold what strangers typed, so such a text gets an apostrophe,
 * which spreadsheets take as "this is text". Numbers stay numbers, with their sign.
 */
const FORMULA = /^[\s]*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/;
const PLAIN_NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

export function csvField(value: Json | undefined, column?: Pick<TableColumn, "format">): string {
  if (value === null || value === undefined) return "";
  const text = column?.format === "tag" ? tagsOf(value).map(plainText).join(", ") : plainText(value);
  const safe = FORMULA.test(text) && !PLAIN_NUMBER.test(text.trim()) ? `'${text}` : text;
  return /[",\r\n]|^\s|\s$/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

export function csvLine(fields: readonly string[]): string {
  return `${fields.join(",")}\r\n`;
}

/** The file in parts, for a `Blob`: one string of a hundred thousand rows would be held twice. */
export function csvParts(columns: readonly TableColumn[], rows: Iterable<Row>): string[] {
  const parts = [BYTE_ORDER_MARK + csvLine(columns.map((column) => csvField(column.heading)))];
  let part = "";
  for (const row of rows) {
    part += csvLine(columns.map((column) => csvField(cellOf(row, column), column)));
    if (part.length > 1 << 20) {
      parts.push(part);
      part = "";
    }
  }
  if (part !== "") parts.push(part);
  return parts;
}

/** A file name from a table's label or id. */
export function csvFileName(label: string): string {
  const name = label
    .trim()
    .replace(/[\p{Cc}<>:"/\\|?*]+/gu, "-")
    .slice(0, 100);
  return `${name || "table"}.csv`;
}

/** Rows for the clipboard: tab-separated, as spreadsheets paste them. */
export function clipboardText(columns: readonly TableColumn[], rows: readonly Row[]): string {
  const field = (text: string) => (/[\t\r\n"]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text);
  return rows
    .map((row) => columns.map((column) => field(plainOrTags(cellOf(row, column), column))).join("\t"))
    .join("\n");
}

function plainOrTags(value: Json | undefined, column: TableColumn): string {
  return column.format === "tag" ? tagsOf(value).map(plainText).join(", ") : plainText(value);
}
