import { describe, expect, test } from "vitest";
import { LONGEST, LONGEST_FRAGMENT, readLink, type TableLink, writeLink } from "./link";

const link: TableLink = {
  view: "unpaid",
  search: "héron & co = #1",
  sortBy: [{ key: "fee", direction: "desc" }],
  filterBy: {
    logicOperator: "and",
    filters: [
      { key: "fee", operator: "greaterThan", value: 3 },
      { key: "tags", operator: "hasAny", value: ["a", "b"] },
    ],
  },
  hidden: { id: true },
  offset: 200,
  pageSize: 50,
};

describe("a table in the address", () => {
  test("comes back as it went, beside others and what else is there", () => {
    let fragment = writeLink("#notes", "boats & crew", link);
    fragment = writeLink(fragment, "other", { search: "x" });
    expect(readLink(fragment, "boats & crew")).toEqual(link);
    expect(readLink(fragment, "other")).toEqual({ search: "x" });
    expect(readLink(fragment, "boats")).toBeNull();
    expect(fragment.startsWith("#notes&table.boats%20%26%20crew=")).toBe(true);
    expect(new URL(`https://x.test/app/e/r?a=1${fragment}`).search).toBe("?a=1");
    fragment = writeLink(writeLink(fragment, "boats & crew", null), "other", {});
    expect(fragment).toBe("#notes");
    expect(writeLink("", "t", null)).toBe("");
  });

  const read = (value: unknown) => readLink(`#table.t=${encodeURIComponent(JSON.stringify(value))}`, "t");

  test("only what is known and well-formed is taken", () => {
    expect(read({ search: 3, view: {}, sortBy: "fee", filterBy: [], hidden: [], offset: -1, pageSize: 1e9 })).toEqual(
      {},
    );
    expect(read({ offset: 1.5, pageSize: "10", other: 1, __proto__: { search: "x" } })).toEqual({});
    const sortBy = [{ key: "a", direction: "asc", more: 1 }, { key: "b", direction: "up" }, { key: 1 }, null];
    expect(read({ sortBy })).toEqual({ sortBy: [{ key: "a", direction: "asc" }] });
    expect(read({ hidden: { a: true, b: "yes" } })).toEqual({ hidden: { a: true } });
    const filters = [
      { key: "a", operator: "is", value: { deep: 1 } },
      { key: "a", operator: "constructor", value: 1 },
      { key: "b", operator: "is", value: "x", more: 1 },
    ];
    expect(read({ filterBy: { logicOperator: "and", filters } })).toEqual({
      filterBy: { logicOperator: "and", filters: [{ key: "b", operator: "is", value: "x" }] },
    });
    expect(read({ filterBy: null, view: null })).toEqual({ filterBy: null, view: null });
    for (const value of [null, [], "text", 3]) expect(read(value)).toBeNull();
  });

  test("what cannot be read, is too long or too deep is nothing", () => {
    for (const fragment of ["#table.t=%", "#table.t=%7B", "#table.t=", "#", "", "#table.t"]) {
      expect(readLink(fragment, "t"), fragment).toBeNull();
    }
    const long = { search: "x".repeat(LONGEST) };
    expect(writeLink("#a", "t", long)).toBe("#a");
    expect(read(long)).toBeNull();
    expect(readLink(`${writeLink("", "t", link)}&${"x".repeat(20_000)}`, "t")).toBeNull();
    // Short enough as a text, too long when it is encoded: the other table must not pay for it.
    const chinese = { search: "船".repeat(1_900) };
    const first = writeLink("#a", "t", link);
    expect(writeLink(first, "other", chinese)).toBe(first);
    expect(writeLink("", "t", chinese)).toBe("");
    let full = first;
    for (let table = 0; table < 20; table++) full = writeLink(full, `t${table}`, { search: "é".repeat(500) });
    expect(full.length).toBeLessThanOrEqual(LONGEST_FRAGMENT);
    expect(readLink(full, "t")).toEqual(link);
    expect(readLink(full, "t0")).not.toBeNull();
    expect(readLink(full, "t19")).toBeNull();
    let deep: unknown = { key: "a", operator: "is", value: 1 };
    for (let at = 0; at < 9; at++) deep = { logicOperator: "or", filters: [deep] };
    expect(read({ filterBy: deep })).toEqual({});
  });
});
