/** The selected rows of a table: its value as an input. */
import { useCallback, useMemo, useRef } from "react";
import { allState, isSingle, limitsOf, ranged, toggled, toggledAll } from "../../model/table/selection";
import type { ComponentNode, RowId } from "../../model/types";
import { rowIdOf } from "../../model/values";
import { type InputBinding, useActions } from "../hooks";
import type { GridRow } from "./engine";

export function useSelection(
  node: ComponentNode<"input-table">,
  input: InputBinding<"input-table">,
  offset: number,
  /** As sorted and filtered now. */
  shown: readonly GridRow[],
) {
  const { properties } = node.model;
  const actions = useActions();
  const limits = limitsOf(properties);
  const mode: "none" | "single" | "multi" = !properties.allowSelect ? "none" : isSingle(limits) ? "single" : "multi";
  const value = input.value ?? NO_IDS;
  const selected = useMemo<ReadonlySet<RowId>>(() => new Set(value), [value]);
  const idOf = useCallback(
    (row: GridRow) => rowIdOf(properties, row.original, row.index + offset),
    [properties, offset],
  );
  const shownIds = useMemo(() => (mode === "none" ? NO_IDS : shown.map(idOf)), [mode, shown, idOf]);
  const all = useMemo(() => allState(selected, shownIds), [selected, shownIds]);
  const inSight = useMemo(() => shown.filter((row) => selected.has(idOf(row))), [shown, selected, idOf]);
  /** Where a range with Shift starts. */
  const anchor = useRef<RowId | null>(null);

  const select = (ids: RowId[]) => {
    input.setValue(ids);
    actions.select(node.model.id);
  };
  return {
    mode,
    selected,
    count: value.length,
    idOf,
    all,
    /** The selected rows among those that are shown. */
    inSight: mode === "none" ? NO_ROWS : inSight,
    toggle: (row: GridRow, range: boolean) => {
      const id = idOf(row);
      const from = anchor.current;
      anchor.current = id;
      if (range && from !== null && mode === "multi") select(ranged(value, shownIds, from, id));
      else select(toggled(value, id, limits));
    },
    toggleAll: () => select(toggledAll(value, shownIds)),
    clear: () => select([]),
  };
}

const NO_IDS: RowId[] = [];
const NO_ROWS: GridRow[] = [];
