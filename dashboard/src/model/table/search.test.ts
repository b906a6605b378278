import { expect, test } from "vitest";
import { columnsOf } from "./columns";
import { searcher } from "./search";

const columns = columnsOf(
  { columns: [{ key: "0", original: "name" }, { key: "1", format: "date" }, { key: "2", format: "currency" }, "3"] },
  [],
);
const row = { "0": "Heron", "1": "2024-05-02T08:30:00", "2": 1250.5, "3": { crew: 2 }, hidden: "secret" };
const finds = (query: string) => searcher(columns)(query)(row);

test("compares with the text that is read, ignoring case and accents", () => {
  expect(["hero", "May 2, 2024", "$1,250", '"crew":2', " HERON ", "héron"].every(finds)).toBe(true);
  expect(finds("2024-05")).toBe(false);
});

test("never over the border of two cells, nor in fields that are no column", () => {
  expect(finds("HeronMay")).toBe(false);
  expect(finds("secret")).toBe(false);
});

test("no text finds everything", () => {
  expect(finds("   ")).toBe(true);
});
