/** Where a table's rows, search, sort, filter and view come from, and how to change them: here, or in the app. */
import type { TableState } from "../../model/render";
import { cleanFilter } from "../../model/table/filter";
import { nextQuery, queryOf } from "../../model/table/paging";
import { type TableSettings, withView } from "../../model/table/settings";
import type { ComponentNode, Filter, Row, SortRule, TableView } from "../../model/types";
import type { PageQuery } from "../../protocol/events";
import { useActions, useBlocked, useTable } from "../hooks";

export interface TableRows {
  paged: boolean;
  rows: Row[];
  /** Of the first row in the whole data. */
  offset: number;
  /** Null when the app does not know it. */
  total: number | null;
  /** What `rows` answer. */
  shown: PageQuery;
  /** What was asked for last: the controls show it. */
  query: PageQuery;
  /** Rows that were asked for are on their way. */
  busy: boolean;
  /** There were no rows yet. */
  waiting: boolean;
  refreshing: boolean;
  failed: string | null;
  /** Controls that send are off. */
  locked: boolean;
  /** With the query of a paged table in place of one's own. */
  settings: TableSettings;
  ask(change: Partial<PageQuery>): void;
  /** A whole query, its page included. */
  askFor(query: PageQuery): void;
  retry(): void;
  setSearch(text: string): void;
  setSort(rules: SortRule[]): void;
  setFilter(filter: Filter | null): void;
  setView(view: TableView | null): void;
  clear(): void;
}

export function useRows(
  node: ComponentNode<"input-table">,
  settings: TableSettings,
  change: (make: (before: TableSettings) => TableSettings) => void,
  /** Rows to show in place of the ones that pass by during an export. */
  frozen: TableState["page"] | null,
): TableRows {
  const id = node.model.id;
  const { properties } = node.model;
  const state = useTable(id);
  const actions = useActions();
  const blocked = useBlocked();
  const paged = properties.paged === true;
  const page = frozen ??
    state?.page ?? { data: properties.data ?? NO_ROWS, offset: 0, totalRecords: null, pageSize: 100 };
  const shown = queryOf(page);
  const query = (frozen ? null : state?.asked) ?? shown;
  const stale = state?.stale ?? false;
  const busy = frozen !== null || stale === "UPDATE_DISABLED";
  const waiting = frozen === null && stale === "INITIALLY_STALE";
  // While a page is on its way another one may be asked for: the newest counts, and no control loses the focus.
  const locked = paged && (frozen !== null || waiting || blocked !== null);

  const ask = (next: Partial<PageQuery>) => {
    if (!locked) actions.changePage(id, nextQuery(query, next));
  };
  const own = (next: Partial<TableSettings>) => change((before) => ({ ...before, ...next }));
  return {
    paged,
    rows: page.data,
    offset: paged ? page.offset : 0,
    total: paged ? (page.totalRecords ?? null) : page.data.length,
    shown,
    query,
    busy,
    waiting,
    refreshing: stale === "UPDATE_NOT_DISABLED",
    failed: frozen ? null : (state?.failed ?? null),
    locked,
    settings: paged
      ? {
          ...settings,
          search: query.searchQuery ?? "",
          sortBy: query.sortBy,
          filterBy: query.filterBy,
          view: query.viewBy ?? null,
        }
      : settings,
    ask,
    askFor: (next) => {
      if (!locked) actions.changePage(id, next);
    },
    retry: () => actions.changePage(id, query),
    setSearch: (text) => (paged ? ask({ searchQuery: text.trim() === "" ? null : text }) : own({ search: text })),
    setSort: (sortBy) => (paged ? ask({ sortBy }) : own({ sortBy })),
    setFilter: (filter) => (paged ? ask({ filterBy: cleanFilter(filter) }) : own({ filterBy: cleanFilter(filter) })),
    setView: (view) => {
      change((before) => withView(before, view));
      if (!paged) return;
      ask({
        searchQuery: view?.searchQuery || null,
        sortBy: view?.sortBy ?? [],
        filterBy: view?.filterBy ?? null,
        viewBy: view?.key ?? null,
      });
    },
    clear: () => (paged ? ask({ searchQuery: null, filterBy: null }) : own({ search: "", filterBy: null })),
  };
}

const NO_ROWS: Row[] = [];
