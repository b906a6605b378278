import { describe, expect, test } from "vitest";
import type { ColumnFormat, Filter, FilterOperator, Json, Row } from "../types";
import { columnsOf } from "./columns";
import { cleanFilter, countRules, filterTest } from "./filter";

function holds(
  cell: Json | undefined,
  operator: FilterOperator,
  value: Json,
  format: ColumnFormat | null = null,
): boolean {
  const columns = columnsOf({ columns: [{ key: "0", original: "c", format: format ?? "string" }] }, []);
  const row: Row = cell === undefined ? {} : { "0": cell };
  return filterTest({ key: "c", operator, value }, columns)?.(row) ?? true;
}

describe("text", () => {
  test("is and includes ignore case and accents", () => {
    expect(holds("Résumé", "is", "resume")).toBe(true);
    expect(holds("The Résumé", "includes", "RESUME")).toBe(true);
    expect(holds("The Résumé", "is", "resume")).toBe(false);
    expect(holds("Heron", "notIncludes", "x")).toBe(true);
  });
  test("objects compare as JSON text", () => {
    expect(holds({ crew: 2 }, "includes", '"crew":2', "json")).toBe(true);
    expect(holds({ crew: 2 }, "is", { crew: 2 }, "json")).toBe(true);
  });
  test.each([null, undefined])("%s is never anything, and always is not", (cell) => {
    expect(holds(cell, "is", "null")).toBe(false);
    expect(holds(cell, "includes", "n")).toBe(false);
    expect(holds(cell, "isNot", true)).toBe(true);
    expect(holds(cell, "notIncludes", "n")).toBe(true);
    expect(holds(cell, "greaterThan", -1, "number")).toBe(false);
    expect(holds(cell, "lessThanOrEqual", 1, "number")).toBe(false);
    expect(holds(cell, "isEmpty", null)).toBe(true);
    expect(holds(cell, "isNotEmpty", null)).toBe(false);
  });
});

test("booleans compare with booleans, also in a column without a format", () => {
  expect(holds(true, "is", true, "boolean")).toBe(true);
  expect(holds(false, "isNot", true)).toBe(true);
  expect(holds(true, "isNot", true)).toBe(false);
});

test("numbers compare as numbers, in money and in columns without a format", () => {
  expect(holds(1000, "greaterThanOrEqual", 1000, "currency")).toBe(true);
  expect(holds(980, "greaterThanOrEqual", 1000)).toBe(false);
  expect(holds("9", "lessThan", 10, "number")).toBe(true);
  expect(holds("many", "greaterThan", 1, "number")).toBe(false);
});

test("dates compare as moments", () => {
  const value = "2024-05-02T08:30:00.000Z";
  expect(holds("2024-05-02T10:30:00+02:00", "lessThanOrEqual", value, "datetime")).toBe(true);
  expect(holds("2024-05-02T08:30:01Z", "greaterThan", value, "date")).toBe(true);
  expect(holds("soon", "greaterThan", value, "date")).toBe(false);
});

test("tags: any, all, exactly; a single value counts as a list of one", () => {
  expect(holds(["sail", "member"], "hasAny", ["motor", "sail"], "tag")).toBe(true);
  expect(holds("motor", "hasAny", ["motor"], "tag")).toBe(true);
  expect(holds("motor", "notHasAny", ["sail"], "tag")).toBe(true);
  expect(holds(["sail", "member"], "hasAll", ["member", "sail"], "tag")).toBe(true);
  expect(holds(["sail"], "notHasAll", ["member", "sail"], "tag")).toBe(true);
  expect(holds(["sail", "member"], "is", ["member", "sail"], "tag")).toBe(true);
  expect(holds(["sail", "member", "x"], "is", ["member", "sail"], "tag")).toBe(false);
  expect(holds(["sail", "sail"], "is", ["sail"], "tag")).toBe(false);
  expect(holds("sail", "isNot", ["member"], "tag")).toBe(true);
});

describe("groups", () => {
  const columns = columnsOf({ columns: ["a", "b"] }, []);
  const rows: Row[] = [
    { a: 1, b: "x" },
    { a: 2, b: "y" },
    { a: 3, b: "x" },
  ];
  const found = (filter: Filter) => rows.filter(filterTest(filter, columns) ?? (() => true)).map((row) => row.a);

  test("nest and combine", () => {
    expect(
      found({
        logicOperator: "or",
        filters: [
          { key: "a", operator: "greaterThan", value: 2 },
          {
            logicOperator: "and",
            filters: [
              { key: "b", operator: "is", value: "x" },
              { key: "a", operator: "lessThan", value: 2 },
            ],
          },
        ],
      }),
    ).toEqual([1, 3]);
  });
  test("empty groups, unfinished rules and unknown columns filter nothing", () => {
    expect(found({ logicOperator: "and", filters: [] })).toEqual([1, 2, 3]);
    expect(found({ key: "b", operator: "includes", value: null })).toEqual([1, 2, 3]);
    expect(found({ key: "gone", operator: "is", value: "x" })).toEqual([1, 2, 3]);
    expect(found({ logicOperator: "or", filters: [{ key: "gone", operator: "is", value: "x" }] })).toEqual([1, 2, 3]);
    expect(cleanFilter({ logicOperator: "or", filters: [{ key: "b", operator: "is", value: "" }] })).toBeNull();
  });
  test("are counted by their rules", () => {
    const rule = { key: "a", operator: "isEmpty", value: null } as const;
    expect(countRules({ logicOperator: "or", filters: [rule, { logicOperator: "and", filters: [rule, rule] }] })).toBe(
      3,
    );
  });
});
