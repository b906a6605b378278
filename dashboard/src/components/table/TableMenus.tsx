import { Button, Dialog } from "react-aria-components";
import type { TableColumn } from "../../model/table/columns";
import { Anchored } from "./Anchored";
import buttonStyles from "./buttons.module.css";
import type { GridRow, PlacedColumn } from "./engine";
import { nameOf, type RowView } from "./GridRow";
import menuStyles from "./menu.module.css";
import { columnSections } from "./menus";
import { Choices } from "./Toolbar";
import type { ArrangedColumns } from "./useColumns";
import type { TableRows } from "./useRows";

/** What is open at a row, a heading or a cell. */
export type Open =
  | { kind: "row"; row: GridRow; anchor: HTMLElement }
  | { kind: "column"; column: PlacedColumn; anchor: HTMLElement }
  | { kind: "whole"; title: string; text: string; anchor: HTMLElement };

/** The actions of a row, the options of a column, the whole of a cell: one at a time, for all rows and columns. */
export function TableMenus({
  open,
  onClose,
  view,
  onAction,
  source,
  arranged,
  canSort,
  canFilter,
  onFilter,
  onCopy,
}: {
  open: Open | null;
  onClose(): void;
  view: RowView;
  onAction(row: GridRow, index: number): void;
  source: TableRows;
  arranged: ArrangedColumns;
  canSort: boolean;
  canFilter: boolean;
  onFilter(column: TableColumn): void;
  onCopy(text: string): void;
}) {
  const { sortBy } = source.settings;
  return (
    <Anchored anchor={open?.anchor ?? null} onClose={onClose}>
      {open?.kind === "row" && (
        <Choices
          onClose={onClose}
          label={`Actions for ${nameOf(open.row, view)}`}
          sections={[
            {
              choices: view.inMenu.map(({ action, index }) => ({
                id: String(index),
                text: action.label,
                isDangerous: action.appearance === "danger",
                isDisabled: view.refusal !== null,
                description: view.refusal ?? undefined,
              })),
              onChoose: (index) => onAction(open.row, Number(index)),
            },
          ]}
        />
      )}
      {open?.kind === "column" && (
        <Choices
          onClose={onClose}
          label={`Options of column ${open.column.heading}`}
          sections={columnSections({
            column: open.column,
            canSort,
            isSorted: sortBy.some((rule) => rule.key === open.column.name),
            canFilter,
            pin: arranged.pinOf(open.column),
            onSort: (direction) =>
              source.setSort(
                direction
                  ? [{ key: open.column.name, direction }]
                  : sortBy.filter((rule) => rule.key !== open.column.name),
              ),
            onFilter: () => onFilter(open.column),
            onPin: (pin) => arranged.setPin(open.column, pin),
            onMove: (by) => arranged.move(open.column, by),
            onHide: () => arranged.setHidden(open.column, true),
          })}
        />
      )}
      {open?.kind === "whole" && (
        <Dialog aria-label={open.title} className={menuStyles.whole}>
          <div className={menuStyles.wholeHead}>
            <strong>{open.title}</strong>
            <Button className={buttonStyles.quiet} onPress={() => onCopy(open.text)}>
              Copy
            </Button>
          </div>
          <pre>{open.text}</pre>
        </Dialog>
      )}
    </Anchored>
  );
}
