/** The grid engine: TanStack Table with what our tables use of it, driven by a table's settings. */
import {
  type Column,
  columnFilteringFeature,
  columnOrderingFeature,
  columnPinningFeature,
  columnResizingFeature,
  columnSizingFeature,
  columnVisibilityFeature,
  createFilteredRowModel,
  createSortedRowModel,
  type Row as EngineRow,
  functionalUpdate,
  globalFilteringFeature,
  type Header,
  type ReactTable,
  rowSortingFeature,
  tableFeatures,
  useTable as useEngine,
} from "@tanstack/react-table";
import { useMemo } from "react";
import { cellOf } from "../../model/table/cells";
import { MAX_WIDTH, MIN_WIDTH, startWidth, type TableColumn } from "../../model/table/columns";
import type { TableSettings } from "../../model/table/settings";
import { compareKeys, descendingFirst, rulesOf, sortingOf, sortKey } from "../../model/table/sort";
import type { Row, SortRule } from "../../model/types";

const features = tableFeatures({
  columnVisibilityFeature,
  columnPinningFeature,
  columnOrderingFeature,
  columnSizingFeature,
  columnResizingFeature,
  columnFilteringFeature,
  globalFilteringFeature,
  filteredRowModel: createFilteredRowModel(),
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
});
type Features = typeof features;
export type GridRow = EngineRow<Features, Row>;
export type GridHeader = Header<Features, Row>;
export type GridEngine = ReactTable<Features, Row>;
type GridColumn = Column<Features, Row>;

/** A test of rows as the engine's filter state: search and filters in one. Null lets all rows pass. */
export interface RowTest {
  passes(row: Row): boolean;
}

/** A column as it lies in the grid now. */
export interface PlacedColumn extends TableColumn {
  header: GridHeader;
  /** In px. */
  size: number;
  sticky: "left" | "right" | null;
  /** Px from the edge that it sticks to. */
  edge: number;
}

export interface EngineInput {
  rows: Row[];
  columns: TableColumn[];
  settings: TableSettings;
  /** Which columns are sorted; of a paged table as told by the app. */
  sortBy: readonly SortRule[];
  test: RowTest | null;
  /** The app sorts and filters. */
  paged: boolean;
  sortable: "multi" | "single" | false;
  /** Of the whole table, in px. */
  width: number;
  /** On a narrow screen only the first column stays in place. */
  narrow: boolean;
  onSort(rules: SortRule[]): void;
  onWidths(widths: Record<string, number>): void;
}

const NO_FILTERS: never[] = [];

export function useGridEngine(input: EngineInput): GridEngine {
  const { rows, columns, settings, sortBy, test, paged, sortable, width, narrow, onSort, onWidths } = input;
  const definitions = useMemo(
    () =>
      columns.map((column, at) => ({
        id: column.id,
        header: column.heading,
        accessorFn: (row: Row) => sortKey(cellOf(row, column), column),
        sortFn: (a: GridRow, b: GridRow, id: string) =>
          compareKeys(a.getValue<string | number>(id), b.getValue<string | number>(id)),
        sortUndefined: "last" as const,
        sortDescFirst: descendingFirst(column),
        size: startWidth(column, width),
        minSize: MIN_WIDTH,
        maxSize: MAX_WIDTH,
        // The test looks at the whole row, so it is asked once and not for each column.
        enableGlobalFilter: at === 0,
      })),
    [columns, width],
  );
  const state = useMemo(() => {
    const visible = columns.filter((column) => !(settings.hidden[column.id] ?? column.hidden));
    const pinned = (side: "left" | "right") =>
      visible.filter((column) => (settings.pinned[column.id] ?? column.pinned) === side).map((column) => column.id);
    const first = [...pinned("left"), ...ordered(visible, settings.order)][0];
    return {
      sorting: sortingOf(sortBy, columns),
      columnFilters: NO_FILTERS,
      columnVisibility: Object.fromEntries(columns.map((column) => [column.id, visible.includes(column)])),
      columnPinning: narrow
        ? { start: first === undefined ? [] : [first], end: [] }
        : { start: pinned("left"), end: pinned("right") },
      columnOrder: ordered(columns, settings.order),
      columnSizing: settings.widths,
    };
  }, [columns, settings.hidden, settings.pinned, settings.order, settings.widths, sortBy, narrow]);

  return useEngine<Features, Row>({
    features,
    data: rows,
    columns: definitions,
    state: { ...state, globalFilter: test ?? undefined },
    globalFilterFn: (row, _id, value: RowTest) => value.passes(row.original),
    getColumnCanGlobalFilter: () => true,
    manualFiltering: paged,
    manualSorting: paged,
    enableSorting: sortable !== false,
    enableMultiSort: sortable === "multi",
    enableSortingRemoval: true,
    columnResizeMode: "onChange",
    onSortingChange: (update) => onSort(rulesOf(functionalUpdate(update, state.sorting), columns)),
    onColumnSizingChange: (update) => onWidths(functionalUpdate(update, settings.widths)),
  });
}

/** Ids in the order set by hand; columns that came later stay where the author has them, at the end. */
function ordered(columns: readonly TableColumn[], order: readonly string[]): string[] {
  const ids = columns.map((column) => column.id);
  const known = order.filter((id) => ids.includes(id));
  return [...known, ...ids.filter((id) => !known.includes(id))];
}

/** The visible columns from left to right with their widths. What is left of the table's width goes to the flexible ones. */
export function placedColumns(
  engine: GridEngine,
  columns: readonly TableColumn[],
  settings: TableSettings,
  space: { width: number; left: number; right: number },
): PlacedColumn[] {
  const headers = new Map(engine.getFlatHeaders().map((header) => [header.column.id, header]));
  const known = new Map(columns.map((column) => [column.id, column]));
  const region = (side: "start" | "center" | "end", sticky: PlacedColumn["sticky"]) =>
    engine.getPinnedVisibleLeafColumns(side).flatMap((leaf: GridColumn): PlacedColumn[] => {
      const column = known.get(leaf.id);
      const header = headers.get(leaf.id);
      return column && header ? [{ ...column, header, size: leaf.getSize(), sticky, edge: 0 }] : [];
    });
  const placed = [...region("start", "left"), ...region("center", null), ...region("end", "right")];

  const taken = placed.reduce((sum, column) => sum + column.size, space.left + space.right);
  const free = space.width - taken;
  if (free > 0) {
    const unset = placed.filter((column) => settings.widths[column.id] === undefined);
    const flexible = unset.filter((column) => column.width === null);
    const growing = flexible.length > 0 ? flexible : unset.slice(-1);
    for (const column of growing) column.size += free / growing.length;
  }

  let left = space.left;
  for (const column of placed) {
    if (column.sticky !== "left") continue;
    column.edge = left;
    left += column.size;
  }
  let right = space.right;
  for (const column of [...placed].reverse()) {
    if (column.sticky !== "right") continue;
    column.edge = right;
    right += column.size;
  }
  return placed;
}
