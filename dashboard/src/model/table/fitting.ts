/** What of a link a table may be set to: whoever made the link, it asks for no more than the table offers. */
import type { Filter, TableProperties } from "../types";
import { columnsOf } from "./columns";
import { isGroup } from "./filter";
import type { TableLink } from "./link";
import { PAGE_SIZES, queryOf } from "./paging";
import { viewNamed } from "./settings";

/**
 * The link without what the table does not have: no other view, no search, order or filters where there are none, no page
 * size that is not on offer, and, where the author names the columns, no rules of others.
 */
export function fitting(link: TableLink, properties: TableProperties): TableLink {
  const { view, search, sortBy, filterBy, pageSize, ...rest } = link;
  const isKnown = knownKeys(properties);
  const fits: TableLink = rest;
  if (view === null || viewNamed(properties.views, view)) fits.view = view;
  if (search !== undefined && properties.notSearchable !== true) fits.search = search;
  if (sortBy && properties.sortable !== false) {
    const rules = sortBy.filter((rule) => isKnown(rule.key));
    // Nothing left is no wish for no order.
    if (rules.length > 0 || sortBy.length === 0) {
      fits.sortBy = properties.sortable === "single" ? rules.slice(0, 1) : rules;
    }
  }
  if (filterBy !== undefined && properties.filterable !== false) {
    const filter = filterBy && knownPart(filterBy, isKnown);
    if (filter || filterBy === null) fits.filterBy = filter;
  }
  if (pageSize !== undefined && [...PAGE_SIZES, queryOf(properties).pageSize].includes(pageSize)) {
    fits.pageSize = pageSize;
  }
  return fits;
}

/** The names of the author's columns, and what the author's own rules go by: those are there to be changed by hand, too. */
function knownKeys(properties: TableProperties): (key: string) => boolean {
  const { columns, views } = properties;
  // The columns are the fields of the rows then: a page need not have all of them.
  if (!columns) return () => true;
  const rules = [properties, ...(views ?? [])].flatMap(({ sortBy, filterBy }) => [
    ...(sortBy ?? []).map((rule) => rule.key),
    ...(filterBy ? keysOf(filterBy) : []),
  ]);
  const keys = new Set([...columnsOf({ columns }, []).map((column) => column.name), ...rules]);
  return (key) => keys.has(key);
}

const keysOf = (filter: Filter): string[] => (isGroup(filter) ? filter.filters.flatMap(keysOf) : [filter.key]);

function knownPart(filter: Filter, isKnown: (key: string) => boolean): Filter | null {
  if (!isGroup(filter)) return isKnown(filter.key) ? filter : null;
  const filters = filter.filters.flatMap((each) => knownPart(each, isKnown) ?? []);
  return filters.length > 0 || filter.filters.length === 0 ? { ...filter, filters } : null;
}
