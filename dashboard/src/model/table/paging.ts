/** Paged tables: the query that goes to the SDK and what its answers mean (CM 10.7). */

import type { PageQuery } from "../../protocol/events";
import { jsonEqual } from "../equal";
import type { Json, Opt, TableProperties } from "../types";

export const DEFAULT_PAGE_SIZE = 100;
/** The sizes on offer; an author's own size is added. */
export const PAGE_SIZES: readonly number[] = [10, 25, 50, 100, 250];

type PagedProperties = Pick<TableProperties, "offset" | "pageSize" | "searchQuery" | "sortBy" | "filterBy" | "viewBy">;

/** The query that a model says its rows answer. */
export function queryOf(properties: PagedProperties): PageQuery {
  return {
    offset: properties.offset ?? 0,
    pageSize: pageSizeOf(properties.pageSize),
    searchQuery: properties.searchQuery || null,
    sortBy: properties.sortBy ?? [],
    filterBy: properties.filterBy ?? null,
    viewBy: properties.viewBy ?? null,
  };
}

function pageSizeOf(size: Opt<number>): number {
  return typeof size === "number" && size >= 1 ? Math.floor(size) : DEFAULT_PAGE_SIZE;
}

/**
 * The query after a change. Whatever changes what is counted (search, filter, view, page size) goes back to the first
 * page; so does another order, as page seven of another order has nothing to do with the page seven that was shown.
 */
export function nextQuery(query: PageQuery, change: Partial<PageQuery>): PageQuery {
  const moved = Object.keys(change).every((key) => key === "offset");
  return { ...query, ...change, offset: moved ? (change.offset ?? query.offset) : 0 };
}

/** Whether an answer is the one to a query: older answers can overtake newer ones. */
export function answers(query: PageQuery, answer: Partial<Record<keyof PageQuery, unknown>>): boolean {
  const same = (a: unknown, b: unknown) => jsonEqual((a ?? null) as Json, (b ?? null) as Json);
  return (
    query.offset === answer.offset &&
    same(query.searchQuery || null, answer.searchQuery || null) &&
    same(query.sortBy, answer.sortBy ?? []) &&
    same(query.filterBy, answer.filterBy)
  );
}

export interface PageInfo {
  /** From 1. */
  page: number;
  /** Null while the number of records is unknown. */
  pages: number | null;
  /** The first and last record shown, from 1; 0 and 0 when there is none. */
  from: number;
  to: number;
  total: number | null;
  hasPrevious: boolean;
  hasNext: boolean;
}

/** Where the shown page lies. An unknown total ends with the first page that is not full. */
export function pageInfo(query: Pick<PageQuery, "offset" | "pageSize">, rows: number, total: Opt<number>): PageInfo {
  const known = typeof total === "number" && Number.isFinite(total) ? Math.max(0, total) : null;
  const { offset, pageSize } = query;
  return {
    page: Math.floor(offset / pageSize) + 1,
    pages: known === null ? null : Math.max(1, Math.ceil(known / pageSize)),
    from: rows === 0 ? 0 : offset + 1,
    to: rows === 0 ? 0 : offset + rows,
    total: known,
    hasPrevious: offset > 0,
    hasNext: known === null ? rows >= pageSize : offset + pageSize < known,
  };
}

/** The offset of a page (from 1), kept within what is there. */
export function offsetOf(page: number, query: Pick<PageQuery, "pageSize">, pages: number | null): number {
  const wanted = Math.max(1, Math.floor(Number.isFinite(page) ? page : 1));
  return (Math.min(wanted, pages ?? wanted) - 1) * query.pageSize;
}
