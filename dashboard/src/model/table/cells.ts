/** What a cell shows (CM 10.4). One rule for the page, the search, the clipboard and the CSV file. */

import { formatCurrency, formatDate, formatDateTime, formatNumber, parseMoment } from "../format";
import type { Json, Row } from "../types";
import type { TableColumn } from "./columns";
import { numberOf, plainText } from "./plain";

export type CellContent =
  | { kind: "null" }
  | { kind: "blank" }
  | { kind: "text"; text: string }
  | { kind: "link"; text: string }
  | { kind: "number"; text: string }
  | { kind: "date"; text: string; iso: string }
  | { kind: "boolean"; value: boolean; text: string }
  | { kind: "tags"; values: Json[] }
  | { kind: "json"; text: string }
  /** The value does not fit the column's format: it is shown as it came, with a mark. */
  | { kind: "error"; text: string; problem: string };

const BLANK: CellContent = { kind: "blank" };
const NULL: CellContent = { kind: "null" };

/** Only a whole value that is a web address becomes a link: nothing inside a text is guessed at. */
const WEB_ADDRESS = /^https?:\/\/[^\s/$.?#][^\s]*$/i;

export function cellContent(value: Json | undefined, column: Pick<TableColumn, "format">): CellContent {
  if (value === undefined || value === "") return BLANK;
  if (value === null) return NULL;
  switch (column.format) {
    case "date":
    case "datetime": {
      const moment = parseMoment(value);
      if (moment === null) return { kind: "error", text: plainText(value), problem: "not a date" };
      const text = column.format === "date" ? formatDate(moment) : formatDateTime(moment);
      return { kind: "date", text, iso: moment.toISOString() };
    }
    case "number":
    case "currency": {
      const number = numberOf(value);
      if (number === null) return { kind: "error", text: plainText(value), problem: "not a number" };
      return { kind: "number", text: column.format === "number" ? formatNumber(number) : formatCurrency(number) };
    }
    case "boolean":
      return value ? { kind: "boolean", value: true, text: "true" } : { kind: "boolean", value: false, text: "false" };
    case "tag": {
      const values = (Array.isArray(value) ? value : [value]).filter((tag) => tag !== null && tag !== "");
      return values.length === 0 ? BLANK : { kind: "tags", values };
    }
    case "json":
      return { kind: "json", text: JSON.stringify(value) };
    default: {
      const text = plainText(value);
      if (typeof value === "object") return { kind: "json", text };
      return WEB_ADDRESS.test(text) ? { kind: "link", text } : { kind: "text", text };
    }
  }
}

/** The cell as text: what a person reads there. A null mark, blank cells and missing ones are "". */
export function cellText(value: Json | undefined, column: Pick<TableColumn, "format">): string {
  const content = cellContent(value, column);
  switch (content.kind) {
    case "null":
    case "blank":
      return "";
    case "tags":
      return content.values.map(plainText).join(", ");
    default:
      return content.text;
  }
}

export function cellOf(row: Row, column: Pick<TableColumn, "key">): Json | undefined {
  return row[column.key];
}

/** The whole value for "show all of it": JSON with line breaks, everything else as it is read. */
export function wholeText(value: Json | undefined, column: Pick<TableColumn, "format">): string {
  if (value !== null && typeof value === "object" && column.format !== "tag") return JSON.stringify(value, null, 2);
  return cellText(value, column);
}

/** Empty for filters and for sorting: null, missing, "", [] or {}. */
export function isEmptyCell(value: Json | undefined): boolean {
  if (value === null || value === undefined || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}
