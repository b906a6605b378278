/** The actions of rows: which have a button, what is sent, and what Enter and a double click do. */
import { useMemo, useState } from "react";
import type { ComponentNode, RowAction } from "../../model/types";
import { useActions, usePageContext } from "../hooks";
import type { GridRow } from "./engine";
import type { PlacedAction } from "./GridRow";

/** A second click on the same action within this many ms is an accident. */
const DOUBLE_CLICK = 300;
/** More buttons than this would hide the data. */
const MOST_BUTTONS = 3;

/**
 * A single action has a button unless the author says no; of several, those that the author brought to the surface.
 * On a narrow table all are behind the menu, but for a single one.
 */
export function placeActions(
  actions: readonly RowAction[],
  narrow: boolean,
): { buttons: PlacedAction[]; inMenu: PlacedAction[] } {
  const placed = actions.map((action, index) => ({ action, index }));
  const onSurface = placed.filter(({ action }) =>
    placed.length === 1 ? action.surface !== false : action.surface === true && !narrow,
  );
  const buttons = onSurface.slice(0, MOST_BUTTONS);
  return { buttons, inMenu: placed.filter((one) => !buttons.includes(one)) };
}

/** Px that the actions of a row take: they are the same in each row, so it need not be measured. */
export function actionsWidth(buttons: readonly PlacedAction[], menu: boolean, coarse: boolean): number {
  const gap = 8;
  const widths = buttons.map(({ action }) => Math.ceil(action.label.length * 7.6) + 28);
  if (menu) widths.push(coarse ? 44 : 30);
  return widths.reduce((sum, width) => sum + width + gap, 12);
}

export function useRowActions(
  node: ComponentNode<"input-table">,
  offset: number,
  narrow: boolean,
  /** Why none can be run now, or null. */
  refusal: string | null,
) {
  const { toast } = usePageContext();
  const actions = useActions();
  const list = node.model.properties.actions;
  const { buttons, inMenu } = useMemo(() => placeActions(list ?? [], narrow), [list, narrow]);
  const [sent, setSent] = useState<{ row: GridRow; index: number; at: number } | null>(null);
  const first = list?.[0];
  return {
    buttons,
    inMenu,
    sent,
    /** What an accident does no harm with: a dangerous first action is not run by a double click. */
    main: first && first.appearance !== "danger" && first.appearance !== "warning" ? 0 : null,
    run: (row: GridRow, index: number) => {
      if (refusal !== null) {
        toast(refusal, "warning");
        return;
      }
      const now = performance.now();
      if (sent && sent.row === row && sent.index === index && now - sent.at < DOUBLE_CLICK) return;
      setSent({ row, index, at: now });
      actions.rowAction(node.model.id, index, row.index + offset);
    },
  };
}
