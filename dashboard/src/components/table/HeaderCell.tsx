// biome-ignore-all lint/a11y/useSemanticElements: a cell of a grid that is no table element, as in Grid.tsx

import { memo } from "react";
import { Icon } from "../../ui/Icon";
import type { GridEngine, PlacedColumn } from "./engine";
import { isNumeric, stickyStyle } from "./GridRow";
import styles from "./grid.module.css";

/** The heading of a column: sorts by a click, has a menu, and a grip to resize. */
export const HeaderCell = memo(function HeaderCell({
  column,
  engine,
  sorting,
  isResizing,
  at,
  active,
  onMenu,
}: {
  column: PlacedColumn;
  engine: GridEngine;
  /** As the engine has it now: the engine is one object, so that what is read of it has to come along. */
  sorting: GridEngine["state"]["sorting"];
  isResizing: boolean;
  /** Column position from 0. */
  at: number;
  /** The Tab key reaches it. */
  active: boolean;
  onMenu(column: PlacedColumn, anchor: HTMLElement): void;
}) {
  const leaf = column.header.column;
  const place = sorting.findIndex((rule) => rule.id === column.id);
  const sorted = place < 0 ? false : sorting[place]?.desc ? "desc" : "asc";
  const rank = sorting.length > 1 ? place + 1 : 0;
  const resize = column.header.getResizeHandler();
  const label = (
    <>
      <span className={styles.heading}>{column.heading}</span>
      {sorted && (
        <span className={styles.sorted}>
          {sorted === "asc" ? <Icon name="up" /> : <Icon name="down" />}
          {rank > 0 && <span className={styles.rank}>{rank}</span>}
        </span>
      )}
    </>
  );
  return (
    <div
      role="columnheader"
      className={styles.head}
      data-r={-1}
      data-c={at}
      data-sticky={column.sticky ?? undefined}
      data-align={isNumeric(column) ? "end" : column.format === "boolean" ? "center" : undefined}
      data-focus-first={active || undefined}
      tabIndex={active ? 0 : -1}
      aria-colindex={at + 1}
      aria-sort={sorted === false ? undefined : sorted === "asc" ? "ascending" : "descending"}
      style={stickyStyle(column)}
    >
      {leaf.getCanSort() ? (
        <button
          type="button"
          tabIndex={-1}
          className={styles.sort}
          title={engine.options.enableMultiSort ? "Sort. With Shift: sort by this column too." : "Sort"}
          onClick={(event) => leaf.toggleSorting(undefined, event.shiftKey)}
        >
          {label}
        </button>
      ) : (
        <span className={styles.sort}>{label}</span>
      )}
      <button
        type="button"
        tabIndex={-1}
        className={styles.headMenu}
        aria-haspopup="menu"
        aria-label={`Options of column ${column.heading}`}
        onClick={(event) => onMenu(column, event.currentTarget)}
      >
        <Icon name="chevronDown" />
      </button>
      <div
        aria-hidden="true"
        className={styles.grip}
        data-active={isResizing || undefined}
        onMouseDown={resize}
        onTouchStart={resize}
        onDoubleClick={() => {
          const { [column.id]: _, ...rest } = engine.state.columnSizing;
          engine.setColumnSizing(rest);
        }}
      />
    </div>
  );
});
