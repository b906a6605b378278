import { describe, expect, test } from "vitest";
import type { Filter, FilterRule, TableProperties } from "../types";
import { fitting } from "./fitting";

const rule = (key: string): FilterRule => ({ key, operator: "is", value: 1 });
const and = (...filters: Filter[]): Filter => ({ logicOperator: "and", filters });
const asc = (key: string) => ({ key, direction: "asc" as const });

const boats: TableProperties = { data: [], columns: ["name", { key: "1", original: "fee" }], paged: true };

describe("what of a link fits a table", () => {
  test("a page size that is on offer, or the author's", () => {
    expect(fitting({ pageSize: 250 }, boats)).toEqual({ pageSize: 250 });
    expect(fitting({ pageSize: 30, offset: 60 }, { ...boats, pageSize: 30 })).toEqual({ pageSize: 30, offset: 60 });
    for (const pageSize of [1, 30, 1000]) expect(fitting({ pageSize }, boats)).toEqual({});
  });

  test("rules of the author's columns, by their public names", () => {
    expect(fitting({ sortBy: [asc("secret"), asc("fee"), asc("1")] }, boats)).toEqual({ sortBy: [asc("fee")] });
    expect(fitting({ sortBy: [asc("secret")], filterBy: rule("secret") }, boats)).toEqual({});
    const filterBy = and(rule("name"), rule("secret"), and(rule("secret")), and(rule("fee"), rule("toString")));
    expect(fitting({ filterBy }, boats)).toEqual({ filterBy: and(rule("name"), and(rule("fee"))) });
    expect(fitting({ sortBy: [asc("secret"), asc("fee"), asc("name")] }, { ...boats, sortable: "single" })).toEqual({
      sortBy: [asc("fee")],
    });
  });

  test("no order and no filter are wishes, too", () => {
    expect(fitting({ sortBy: [], filterBy: null, view: null }, boats)).toEqual({
      sortBy: [],
      filterBy: null,
      view: null,
    });
  });

  test("what the author's own rules go by stays; without the author's columns every key does", () => {
    const link = { sortBy: [asc("rank"), asc("secret")], filterBy: and(rule("owner"), rule("state"), rule("secret")) };
    const views = [{ key: "v", label: "Mine", filterBy: and(rule("owner")), sortBy: [asc("rank")] }];
    expect(fitting(link, { ...boats, views, filterBy: rule("state") })).toEqual({
      sortBy: [asc("rank")],
      filterBy: and(rule("owner"), rule("state")),
    });
    expect(fitting(link, { ...boats, columns: null })).toEqual(link);
  });
});
