import { expect, test } from "vitest";
import type { ColumnFormat, Json } from "../types";
import { columnsOf } from "./columns";
import { compareKeys, descendingFirst, rulesOf, sortingOf, sortKey } from "./sort";

function sorted(values: (Json | undefined)[], format: ColumnFormat | null): (Json | undefined)[] {
  const key = (value: Json | undefined) => sortKey(value, { format });
  return [...values]
    .filter((value) => key(value) !== undefined)
    .sort((a, b) => compareKeys(key(a) as string, key(b) as string));
}

test("each format is sorted by what it means", () => {
  expect(sorted([10, "9", 2.5], "number")).toEqual([2.5, "9", 10]);
  expect(sorted(["2024-06-11T17:05:00Z", 0, "2023-01-01"], "date")).toEqual([0, "2023-01-01", "2024-06-11T17:05:00Z"]);
  expect(sorted([true, false], "boolean")).toEqual([false, true]);
  expect(sorted(["boat 10", "Boat 9", "anchor"], null)).toEqual(["anchor", "Boat 9", "boat 10"]);
  expect(sorted([["b"], ["a", "z"]], "tag")).toEqual([["a", "z"], ["b"]]);
  expect(sorted(["soon", 3, 1], "number")).toEqual([1, 3, "soon"]);
});

test("empty cells have no key: the engine puts them last in both directions", () => {
  for (const value of [null, undefined, "", [], {}]) expect(sortKey(value, { format: "json" })).toBeUndefined();
  expect(sortKey(false, { format: "boolean" })).toBe(0);
});

test("the first click goes down for dates, figures and ticks, up for the others", () => {
  const down = ["date", "datetime", "number", "currency", "boolean"] as const;
  expect(down.every((format) => descendingFirst({ format }))).toBe(true);
  expect(["tag", "json", "string", null].some((format) => descendingFirst({ format: format as null }))).toBe(false);
});

test("rules speak public names; rules on unknown columns are left out", () => {
  const columns = columnsOf(
    {
      columns: [
        { key: "0", original: "fee" },
        { key: "1", original: "name" },
      ],
    },
    [],
  );
  const sorting = sortingOf(
    [
      { key: "name", direction: "desc" },
      { key: "gone", direction: "asc" },
      { key: "fee", direction: "asc" },
    ],
    columns,
  );
  expect(sorting).toEqual([
    { id: "name", desc: true },
    { id: "fee", desc: false },
  ]);
  expect(rulesOf(sorting, columns)).toEqual([
    { key: "name", direction: "desc" },
    { key: "fee", direction: "asc" },
  ]);
});
