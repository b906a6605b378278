/** A table's columns as a person has arranged them. */
import { useMemo, useState } from "react";
import { columnsOf, MIN_WIDTH, type TableColumn } from "../../model/table/columns";
import type { Pin, TableSettings } from "../../model/table/settings";
import type { ComponentNode, Row } from "../../model/types";

export interface ArrangedColumns {
  /** All, as the author has them. */
  columns: TableColumn[];
  /** All, in the present order. */
  inOrder: TableColumn[];
  visible: TableColumn[];
  pinOf(column: TableColumn): Pin;
  setPin(column: TableColumn, pin: Pin): void;
  setHidden(column: TableColumn, hidden: boolean): void;
  move(column: TableColumn, by: -1 | 1): void;
  /** Sets a width in px. */
  resize(column: TableColumn, width: number): void;
  reset(): void;
}

export function useColumns(
  node: ComponentNode<"input-table">,
  rows: Row[],
  settings: TableSettings,
  change: (make: (before: TableSettings) => TableSettings) => void,
): ArrangedColumns {
  const { properties } = node.model;
  // Of a paged table the formats are guessed from its first rows and stay: a null on page seven changes no column.
  const [first, setFirst] = useState({ node, rows });
  if (first.node !== node || (first.rows.length === 0 && rows.length > 0)) setFirst({ node, rows });
  const guessRows = properties.paged ? first.rows : rows;

  const columns = useMemo(() => columnsOf(properties, guessRows), [properties, guessRows]);
  const visible = useMemo(
    () => columns.filter((column) => !(settings.hidden[column.id] ?? column.hidden)),
    [columns, settings.hidden],
  );
  const inOrder = useMemo(() => {
    const known = settings.order.flatMap((id) => columns.find((column) => column.id === id) ?? []);
    return [...known, ...columns.filter((column) => !known.includes(column))];
  }, [columns, settings.order]);
  return {
    columns,
    inOrder,
    visible,
    pinOf: (column) => settings.pinned[column.id] ?? column.pinned ?? false,
    setPin: (column, pin) => change((before) => ({ ...before, pinned: { ...before.pinned, [column.id]: pin } })),
    setHidden: (column, hidden) =>
      change((before) => ({ ...before, hidden: { ...before.hidden, [column.id]: hidden } })),
    move: (column, by) =>
      change((before) => {
        const order = inOrder.map((each) => each.id);
        const at = order.indexOf(column.id);
        const to = Math.max(0, Math.min(order.length - 1, at + by));
        order.splice(to, 0, ...order.splice(at, 1));
        return { ...before, order };
      }),
    resize: (column, width) =>
      change((before) => ({ ...before, widths: { ...before.widths, [column.id]: Math.max(MIN_WIDTH, width) } })),
    reset: () => change((before) => ({ ...before, hidden: {}, pinned: {}, widths: {}, order: [] })),
  };
}
