// biome-ignore-all lint/a11y/useSemanticElements: rows out of sight are not in the page and rows lie where the list puts them; table elements would lay them out anew
// biome-ignore-all lint/a11y/useFocusableInteractive: the focus goes from cell to cell, as the grid pattern asks; the cells have their tabIndex by spreading
import { type CSSProperties, type MouseEvent, memo, useLayoutEffect, useRef, useState } from "react";
import { cellOf, cellText } from "../../model/table/cells";
import type { Overflow, RowAction, TagColor } from "../../model/types";
import { Icon } from "../../ui/Icon";
import { CellValue } from "./Cell";
import type { GridRow as EngineRow, PlacedColumn } from "./engine";
import styles from "./grid.module.css";

export interface PlacedAction {
  action: RowAction;
  /** Its position in the author's list: that is what is sent. */
  index: number;
}

/** What all rows share. A new object means that all rows are drawn again. */
export interface RowView {
  columns: PlacedColumn[];
  overflowOf(column: PlacedColumn): Overflow;
  colors: ReadonlyMap<string, ReadonlyMap<string, TagColor>>;
  selectable: "none" | "single" | "multi";
  /** Actions with a button of their own in each row, and those behind the menu. */
  buttons: PlacedAction[];
  inMenu: PlacedAction[];
  /** Why actions cannot be run now, or null. */
  refusal: string | null;
  onToggle(row: EngineRow, range: boolean): void;
  onAction(row: EngineRow, index: number): void;
  onMenu(row: EngineRow, anchor: HTMLElement): void;
  onWhole(row: EngineRow, column: PlacedColumn, anchor: HTMLElement): void;
}

export function hasActions(view: Pick<RowView, "buttons" | "inMenu">): boolean {
  return view.buttons.length + view.inMenu.length > 0;
}

export function stickyStyle(column: PlacedColumn): CSSProperties | undefined {
  if (column.sticky === "left") return { left: column.edge };
  return column.sticky === "right" ? { right: column.edge } : undefined;
}

export const isNumeric = (column: PlacedColumn) => column.format === "number" || column.format === "currency";

/** One row. Positions are 0-based in what is shown; `ariaIndex` counts from 1 with the heading. */
export const Row = memo(function Row({
  row,
  view,
  index,
  ariaIndex,
  top,
  height,
  fixed,
  selected,
  activeCell,
  pendingAction,
  measure,
}: {
  row: EngineRow;
  view: RowView;
  index: number;
  ariaIndex: number;
  /** Px from the top of the body; null where rows simply follow each other. */
  top: number | null;
  height: number;
  /** No cell wraps: the row is exactly as high as `height`. */
  fixed: boolean;
  selected: boolean;
  /** The column position of the one cell that the Tab key reaches, or -1. */
  activeCell: number;
  pendingAction: number;
  measure?: (element: HTMLElement | null) => void;
}) {
  const first = view.selectable === "none" ? 0 : 1;
  const cell = (at: number) => ({
    "data-r": index,
    "data-c": at,
    "aria-colindex": at + 1,
    tabIndex: at === activeCell ? 0 : -1,
    "data-focus-first": at === activeCell || undefined,
  });
  return (
    <div
      role="row"
      ref={measure}
      data-index={index}
      aria-rowindex={ariaIndex}
      aria-selected={view.selectable === "none" ? undefined : selected}
      className={styles.row}
      data-odd={index % 2 === 1 || undefined}
      data-selected={selected || undefined}
      data-fixed={fixed || undefined}
      style={{
        ...(fixed ? { height } : { minHeight: height }),
        ...(top === null ? undefined : { position: "absolute", top }),
      }}
    >
      {view.selectable !== "none" && (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the grid handles the keyboard
        <div
          role="gridcell"
          className={styles.selectCell}
          {...cell(0)}
          onClick={(event: MouseEvent) => view.onToggle(row, event.shiftKey)}
        >
          <input
            type="checkbox"
            tabIndex={-1}
            checked={selected}
            readOnly
            aria-label={`Select ${nameOf(row, view)}`}
            className={styles.check}
          />
        </div>
      )}
      {view.columns.map((column, at) => {
        const active = activeCell === at + first;
        return (
          <div
            key={column.id}
            role="gridcell"
            className={styles.cell}
            data-sticky={column.sticky ?? undefined}
            data-align={isNumeric(column) ? "end" : column.format === "boolean" ? "center" : undefined}
            data-overflow={view.overflowOf(column)}
            style={stickyStyle(column)}
            {...cell(at + first)}
          >
            <div className={styles.content}>
              <CellValue value={cellOf(row.original, column)} column={column} colors={view.colors.get(column.id)} />
            </div>
            {active && <WholeButton column={column} onPress={(anchor) => view.onWhole(row, column, anchor)} />}
          </div>
        );
      })}
      {hasActions(view) && (
        <div role="gridcell" className={styles.actions} {...cell(view.columns.length + first)}>
          {view.buttons.map(({ action, index: at }) => (
            <button
              key={at}
              type="button"
              tabIndex={-1}
              className={styles.action}
              data-appearance={action.appearance ?? "outline"}
              data-pending={pendingAction === at || undefined}
              aria-disabled={view.refusal !== null || undefined}
              title={view.refusal ?? undefined}
              onClick={() => view.onAction(row, at)}
            >
              {action.label}
            </button>
          ))}
          {view.inMenu.length > 0 && (
            <button
              type="button"
              tabIndex={-1}
              className={styles.more}
              aria-haspopup="menu"
              aria-label={`Actions for ${nameOf(row, view)}`}
              data-pending={view.inMenu.some(({ index: at }) => at === pendingAction) || undefined}
              onClick={(event) => view.onMenu(row, event.currentTarget)}
              onKeyDown={(event) => {
                // The click that a key makes counts as a screen reader's: it leaves the focus on the menu as a whole.
                if (event.key !== "Enter" && event.key !== " " && event.key !== "ArrowDown") return;
                event.preventDefault();
                view.onMenu(row, event.currentTarget);
              }}
            >
              <Icon name="more" />
            </button>
          )}
        </div>
      )}
    </div>
  );
});

/** What a row is called: the text of its first column. */
export function nameOf(row: EngineRow, view: Pick<RowView, "columns">): string {
  const column = view.columns[0];
  const text = column ? cellText(cellOf(row.original, column), column) : "";
  return text === "" ? `row ${row.index + 1}` : text.slice(0, 80);
}

/** In the active cell, when its value is cut: shows the whole of it. */
function WholeButton({ column, onPress }: { column: PlacedColumn; onPress: (anchor: HTMLElement) => void }) {
  const button = useRef<HTMLButtonElement>(null);
  const [needed, setNeeded] = useState(column.format === "json");
  useLayoutEffect(() => {
    const content = button.current?.previousElementSibling;
    if (content) setNeeded(column.format === "json" || isCut(content as HTMLElement));
  }, [column]);
  return (
    <button
      ref={button}
      type="button"
      tabIndex={-1}
      hidden={!needed}
      className={styles.whole}
      aria-label={`Show all of ${column.heading}`}
      onClick={(event) => onPress(event.currentTarget.parentElement ?? event.currentTarget)}
    >
      <Icon name="expand" />
    </button>
  );
}

export function isCut(content: HTMLElement): boolean {
  return content.scrollWidth > content.clientWidth + 1 || content.scrollHeight > content.clientHeight + 2;
}
