/** A table and the page's address: what the address says when the table is first shown, and what it says from then on. */
import { useEffect, useRef } from "react";
import { jsonEqual } from "../../model/equal";
import { fitting } from "../../model/table/fitting";
import { readLink, type TableLink } from "../../model/table/link";
import { queryOf } from "../../model/table/paging";
import { startSettings, type TableSettings, viewNamed, withView } from "../../model/table/settings";
import type { Json, TableProperties } from "../../model/types";
import type { PageQuery } from "../../protocol/events";
import { flushLinks, noteLink } from "./address";
import type { TableRows } from "./useRows";

function linkFor(id: string, properties: TableProperties): TableLink | null {
  const link = readLink(location.hash, id);
  return link && fitting(link, properties);
}

/** The settings at first show, as the address has them. */
export function linkedSettings(id: string, properties: TableProperties): TableSettings {
  const start = startSettings(properties);
  const link = linkFor(id, properties);
  if (!link) return start;
  const viewed = link.view === undefined ? start : withView(start, viewNamed(properties.views, link.view));
  return {
    ...viewed,
    search: link.search ?? viewed.search,
    sortBy: link.sortBy ?? viewed.sortBy,
    filterBy: link.filterBy === undefined ? viewed.filterBy : link.filterBy,
    hidden: link.hidden ?? viewed.hidden,
  };
}

/** The query of a paged table as the address has it, where that is another one than its first. */
function linkedQuery(id: string, properties: TableProperties): PageQuery | null {
  const link = linkFor(id, properties);
  if (!link) return null;
  const start = queryOf(properties);
  const view = link.view === undefined ? null : viewNamed(properties.views, link.view);
  const viewed: PageQuery =
    link.view === undefined
      ? start
      : {
          ...start,
          viewBy: view?.key ?? null,
          searchQuery: view?.searchQuery || null,
          sortBy: view?.sortBy ?? [],
          filterBy: view?.filterBy ?? null,
        };
  const pageSize = link.pageSize ?? viewed.pageSize;
  const wanted: PageQuery = {
    ...viewed,
    pageSize,
    offset: Math.floor((link.offset ?? 0) / pageSize) * pageSize,
    searchQuery: link.search === undefined ? viewed.searchQuery : link.search || null,
    sortBy: link.sortBy ?? viewed.sortBy,
    filterBy: link.filterBy === undefined ? viewed.filterBy : link.filterBy,
  };
  return same(wanted, start) ? null : wanted;
}

const same = (a: unknown, b: unknown) => jsonEqual(a as Json, b as Json);

/** What is otherwise than the author set it: that is all that the address has to say. */
function difference(properties: TableProperties, first: PageQuery, source: TableRows): TableLink | null {
  const { settings, paged, query } = source;
  const start = startSettings(properties);
  const begun = paged
    ? {
        ...start,
        search: first.searchQuery ?? "",
        sortBy: first.sortBy,
        filterBy: first.filterBy,
        view: first.viewBy ?? null,
      }
    : start;
  const origin = settings.view === begun.view ? begun : withView(begun, viewNamed(properties.views, settings.view));
  const link: TableLink = {
    ...(settings.view === begun.view ? {} : { view: settings.view }),
    ...(settings.search === origin.search ? {} : { search: settings.search }),
    ...(same(settings.sortBy, origin.sortBy) ? {} : { sortBy: settings.sortBy }),
    ...(same(settings.filterBy, origin.filterBy) ? {} : { filterBy: settings.filterBy }),
    ...(same(settings.hidden, origin.hidden) ? {} : { hidden: settings.hidden }),
    ...(paged && query.offset !== first.offset ? { offset: query.offset } : {}),
    ...(paged && query.pageSize !== first.pageSize ? { pageSize: query.pageSize } : {}),
  };
  return Object.keys(link).length === 0 ? null : link;
}

/** Follows a table from its first rows on: a paged one asks for what the address wants, then both go together. */
export function useLink(id: string, properties: TableProperties, source: TableRows): void {
  const first = useRef<{ query: PageQuery; wanted: PageQuery | null } | null>(null);
  first.current ??= { query: queryOf(properties), wanted: source.paged ? linkedQuery(id, properties) : null };
  const { locked, askFor } = source;
  useEffect(() => {
    const { current } = first;
    if (!current?.wanted || locked) return;
    const { wanted } = current;
    current.wanted = null;
    askFor(wanted);
  });
  const link = difference(properties, first.current.query, source);
  const text = link && JSON.stringify(link);
  const waits = first.current.wanted !== null;
  useEffect(() => {
    if (!waits) noteLink(id, text === null ? null : JSON.parse(text));
  }, [id, text, waits]);
  useEffect(() => flushLinks, []);
}
