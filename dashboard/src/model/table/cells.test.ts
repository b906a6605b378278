import { expect, test } from "vitest";
import type { ColumnFormat, Json } from "../types";
import { cellContent, cellText, isEmptyCell, wholeText } from "./cells";

const text = (value: Json | undefined, format: ColumnFormat | null) => cellText(value, { format });
const kind = (value: Json | undefined, format: ColumnFormat | null) => cellContent(value, { format }).kind;

test.each<[Json | undefined, ColumnFormat | null, string]>([
  ["2024-05-02T08:30:00", "datetime", "May 2, 2024, 8:30 AM"],
  ["2024-05-02T23:59:59.123456", "date", "May 2, 2024"],
  ["2024-05-02", "date", "May 2, 2024"],
  [new Date(2024, 4, 2, 8, 30).getTime(), "datetime", "May 2, 2024, 8:30 AM"],
  [1234567.8912, "number", "1,234,567.891"],
  ["12", "number", "12"],
  [1250.5, "currency", "$1,250.50"],
  [-3, "currency", "-$3.00"],
  [true, "boolean", "true"],
  ["", "boolean", ""],
  [0, "boolean", "false"],
  [["sail", "member"], "tag", "sail, member"],
  ["motor", "tag", "motor"],
  [{ crew: 2 }, "json", '{"crew":2}'],
  [{ crew: 2 }, null, '{"crew":2}'],
  [false, null, "false"],
  [1234.5, null, "1234.5"],
  [undefined, "number", ""],
  [null, "currency", ""],
])("%j as %s reads %j", (value, format, expected) => {
  expect(text(value, format)).toBe(expected);
});

test("null has a mark, missing and empty text have none, in every format", () => {
  for (const format of ["date", "datetime", "number", "currency", "boolean", "tag", "json", "string", null] as const) {
    expect(kind(null, format)).toBe("null");
    expect(kind(undefined, format)).toBe("blank");
    expect(kind("", format)).toBe("blank");
  }
});

test("a value that is not of the column's format is shown as it came, marked", () => {
  expect(cellContent("soon", { format: "date" })).toEqual({ kind: "error", text: "soon", problem: "not a date" });
  expect(cellContent("many", { format: "currency" })).toMatchObject({ kind: "error", text: "many" });
  expect(cellContent({ a: 1 }, { format: "number" })).toMatchObject({ kind: "error", text: '{"a":1}' });
});

test("only a whole web address is a link; no other scheme ever is", () => {
  expect(kind("https://example.org/x", null)).toBe("link");
  expect(kind("see https://example.org", null)).toBe("text");
  expect(kind("javascript:alert(1)", null)).toBe("text");
  expect(kind("data:text/html,x", null)).toBe("text");
});

test("the whole of a JSON cell has line breaks", () => {
  expect(wholeText({ a: [1] }, { format: "json" })).toBe('{\n  "a": [\n    1\n  ]\n}');
  expect(wholeText(["a", "b"], { format: "tag" })).toBe("a, b");
});

test("empty is null, missing, no text, no items", () => {
  expect([null, undefined, "", [], {}].every(isEmptyCell)).toBe(true);
  expect([0, false, " ", [null], { a: null }].some(isEmptyCell)).toBe(false);
});
