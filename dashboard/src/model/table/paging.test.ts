import { expect, test } from "vitest";
import type { PageQuery } from "../../protocol/events";
import { fixtures } from "../../testing/fixtures";
import { answers, nextQuery, offsetOf, pageInfo, queryOf } from "./paging";

const query: PageQuery = { offset: 200, pageSize: 100, searchQuery: null, sortBy: [], filterBy: null, viewBy: null };

test("the query of a model says what its rows answer, in both SDKs' shapes", () => {
  const python = { offset: 0, pageSize: 100, searchQuery: null, sortBy: [], filterBy: null, viewBy: null };
  expect(queryOf(python)).toEqual(python);
  const { viewBy: _, ...node } = python;
  expect(queryOf(node)).toEqual(python);
  expect(queryOf({})).toEqual(python);
});

test("search, filter, order, view and size go back to the first page; a page change keeps the rest", () => {
  expect(nextQuery(query, { offset: 300 })).toEqual({ ...query, offset: 300 });
  expect(nextQuery(query, { searchQuery: "x" })).toEqual({ ...query, searchQuery: "x", offset: 0 });
  expect(nextQuery(query, { pageSize: 50 }).offset).toBe(0);
  expect(nextQuery(query, { filterBy: null }).offset).toBe(0);
  expect(nextQuery(query, { sortBy: [{ key: "n", direction: "asc" }] }).offset).toBe(0);
});

test("every captured answer belongs to the query before it and to no other", () => {
  for (const name of ["16-auto-page-change", "17-manual-page-change"]) {
    const frames = fixtures[name]?.frames ?? [];
    const asked = frames.filter((frame) => frame.code === "am").map((frame) => frame.json as unknown as PageQuery);
    const answered = frames.filter((frame) => frame.code === "bj").map((frame) => frame.json as unknown as PageQuery);
    expect(asked.length).toBeGreaterThan(1);
    for (const [at, one] of asked.entries()) {
      expect(answered.map((other) => answers(one, other))).toEqual(answered.map((_, other) => other === at));
    }
  }
});

test("pages are told from 1, unknown totals end with a page that is not full", () => {
  expect(pageInfo({ offset: 100, pageSize: 100 }, 100, 230)).toMatchObject({
    page: 2,
    pages: 3,
    from: 101,
    to: 200,
    hasPrevious: true,
    hasNext: true,
  });
  expect(pageInfo({ offset: 200, pageSize: 100 }, 30, 230).hasNext).toBe(false);
  expect(pageInfo({ offset: 0, pageSize: 100 }, 12, null)).toMatchObject({ pages: null, hasNext: false, total: null });
  expect(pageInfo({ offset: 0, pageSize: 12 }, 12, null).hasNext).toBe(true);
  expect(pageInfo({ offset: 0, pageSize: 100 }, 0, 0)).toMatchObject({ page: 1, pages: 1, from: 0, to: 0 });
});

test("a typed page number stays within what is there", () => {
  expect(offsetOf(3, { pageSize: 100 }, 3)).toBe(200);
  expect(offsetOf(99, { pageSize: 100 }, 3)).toBe(200);
  expect(offsetOf(-4, { pageSize: 100 }, 3)).toBe(0);
  expect(offsetOf(Number.NaN, { pageSize: 100 }, null)).toBe(0);
});
