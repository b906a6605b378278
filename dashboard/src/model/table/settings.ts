/** How a person has set up a table: what outlives updates and reconnects, and what a view changes. Pure. */
import { jsonEqual } from "../equal";
import type { Density, Filter, Json, Opt, Overflow, SortRule, TableProperties, TableView } from "../types";

export type Pin = "left" | "right" | false;

/** Absent entries mean "as the author set it". Column names are public ones. */
export interface TableSettings {
  /** The chosen view. */
  view: string | null;
  search: string;
  sortBy: SortRule[];
  filterBy: Filter | null;
  density: Density | null;
  overflow: Overflow | null;
  hidden: Record<string, boolean>;
  pinned: Record<string, Pin>;
  /** Widths in px that were set by hand. */
  widths: Record<string, number>;
  /** Names in the order set by hand; empty for the author's. */
  order: string[];
}

const PLAIN: TableSettings = {
  view: null,
  search: "",
  sortBy: [],
  filterBy: null,
  density: null,
  overflow: null,
  hidden: {},
  pinned: {},
  widths: {},
  order: [],
};

export function viewNamed(views: Opt<readonly TableView[]>, key: Opt<string>): TableView | null {
  return views?.find((view) => view.key === key) ?? null;
}

/**
 * The settings at first show: the default view's, or of a paged table what the SDK says that its rows answer (it has
 * started with the default view already).
 */
export function startSettings(properties: TableProperties): TableSettings {
  if (properties.paged) {
    const view = viewNamed(properties.views, properties.viewBy);
    return {
      ...withView(PLAIN, view),
      search: properties.searchQuery ?? "",
      sortBy: properties.sortBy ?? [],
      filterBy: properties.filterBy ?? null,
    };
  }
  return withView(PLAIN, properties.views?.find((view) => view.isDefault === true) ?? null);
}

/** The settings after a view was chosen, or none: search, sort and filters are replaced, widths and order stay. */
export function withView(settings: TableSettings, view: TableView | null): TableSettings {
  const hidden: Record<string, boolean> = {};
  const pinned: Record<string, Pin> = {};
  for (const [name, column] of Object.entries(view?.columns ?? {})) {
    if (typeof column?.hidden === "boolean") hidden[name] = column.hidden;
    if (column?.pinned !== null && column?.pinned !== undefined) pinned[name] = column.pinned;
  }
  return {
    ...settings,
    view: view?.key ?? null,
    search: view?.searchQuery ?? "",
    sortBy: view?.sortBy ?? [],
    filterBy: view?.filterBy ?? null,
    density: view?.density ?? null,
    overflow: view?.overflow ?? null,
    hidden,
    pinned,
  };
}

/** Whether a person has changed what the view (or, without one, the author) set: then there is a way back. */
export function isChanged(settings: TableSettings, views: Opt<readonly TableView[]>): boolean {
  const origin = withView(settings, viewNamed(views, settings.view));
  const part = ({ search, sortBy, filterBy, density, overflow, hidden, pinned }: TableSettings) =>
    ({ search: search.trim(), sortBy, filterBy, density, overflow, hidden, pinned }) as unknown as Json;
  return !jsonEqual(part(settings), part(origin));
}

/** Row height in px for each density. */
export const ROW_HEIGHTS: Record<Density, number> = { compact: 32, standard: 40, comfortable: 48 };

export function densityOf(settings: TableSettings, properties: Pick<TableProperties, "density">): Density {
  const density = settings.density ?? properties.density;
  return density && density in ROW_HEIGHTS ? density : "standard";
}

/** Models before version 3 wrap by default, later ones cut with dots. */
export function overflowOf(settings: TableSettings, properties: Pick<TableProperties, "overflow" | "v">): Overflow {
  return settings.overflow ?? properties.overflow ?? ((properties.v ?? 1) >= 3 ? "ellipsis" : "dynamic");
}
