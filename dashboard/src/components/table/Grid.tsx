// biome-ignore-all lint/a11y/useSemanticElements: rows out of sight are not in the page and rows lie where the list puts them; table elements would lay them out anew
// biome-ignore-all lint/a11y/useFocusableInteractive: the focus goes from cell to cell, as the grid pattern asks; the cells have their tabIndex by spreading
import { useVirtualizer } from "@tanstack/react-virtual";
import {
  type ClipboardEvent,
  type CSSProperties,
  type MouseEvent,
  type ReactNode,
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { cellOf, cellText } from "../../model/table/cells";
import type { AllState } from "../../model/table/selection";
import type { RowId } from "../../model/types";
import type { GridRow as EngineRow, GridEngine, PlacedColumn } from "./engine";
import { hasActions, isCut, Row, type RowView } from "./GridRow";
import styles from "./grid.module.css";
import { HeaderCell } from "./HeaderCell";
import { cellElement, gridKeys, positionOf } from "./keys";
import type { Cell } from "./moves";
import { PRINTED_ROWS, usePrinting } from "./usePrinting";

/** From this many rows on, only those in sight are in the page. */
export const VIRTUAL_FROM = 36;
export const HEAD_HEIGHT = 40;
export const SELECT_WIDTH = 44;

export interface GridProps {
  engine: GridEngine;
  rows: EngineRow[];
  view: RowView;
  rowHeight: number;
  /** In px, of the actions at the end of each row. */
  actionsWidth: number;
  /** Of all pages, without the heading; null when unknown. */
  total: number | null;
  offset: number;
  label: { "aria-label"?: string; "aria-labelledby"?: string; "aria-describedby"?: string };
  invalid: boolean;
  busy: boolean;
  selected: ReadonlySet<RowId>;
  idOf(row: EngineRow): RowId;
  all: AllState;
  onToggleAll(): void;
  onColumnMenu(column: PlacedColumn, anchor: HTMLElement): void;
  onMove(column: PlacedColumn, by: -1 | 1): void;
  onWiden(column: PlacedColumn, by: number): void;
  /** The action that Enter and a double click run; null when there is none that is safe to run by accident. */
  mainAction: number | null;
  pending: { row: EngineRow; index: number } | null;
  /** The author's size of the scrolling part. */
  bodyStyle: CSSProperties;
  /** In place of rows. */
  empty: ReactNode;
  onBlur(): void;
  onCopied(): void;
}

/** The grid itself: heading, rows in sight, and the keyboard. */
export function Grid(props: GridProps) {
  const { engine, rows, view, rowHeight, selected, idOf } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState<Cell>({ r: -1, c: 0 });
  const [inside, setInside] = useState(false);
  const wanted = useRef(false);

  const first = view.selectable === "none" ? 0 : 1;
  const width = first + view.columns.length + (hasActions(view) ? 1 : 0);
  // Rows and columns may have gone since.
  const at: Cell = { r: Math.min(active.r, rows.length - 1), c: Math.min(active.c, Math.max(0, width - 1)) };

  const printing = usePrinting();
  const virtual = rows.length >= VIRTUAL_FROM && !printing;
  const drawn = printing ? rows.slice(0, PRINTED_ROWS) : rows;
  const wraps = view.columns.some((column) => view.overflowOf(column) === "dynamic");
  // One function for as long as the rows are the same: for a new one the list would place all rows anew in each frame.
  const keyOf = useCallback((index: number) => rows[index]?.id ?? index, [rows]);
  const virtualizer = useVirtualizer({
    count: virtual ? rows.length : 0,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: keyOf,
    overscan: 6,
    scrollMargin: HEAD_HEIGHT,
    scrollPaddingStart: HEAD_HEIGHT,
    initialRect: { width: 0, height: 640 },
    useFlushSync: false,
    // The focused row stays in the page when it is scrolled away, or the focus would be lost.
    rangeExtractor: ({ startIndex, endIndex, overscan, count }) => {
      const from = Math.max(0, startIndex - overscan);
      const to = Math.min(count - 1, endIndex + overscan);
      const indexes = Array.from({ length: to - from + 1 }, (_, offset) => from + offset);
      if (inside && at.r >= 0 && at.r < count && (at.r < from || at.r > to)) indexes.push(at.r);
      return indexes.sort((a, b) => a - b);
    },
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another height means that no measure holds any more
  useEffect(() => virtualizer.measure(), [rowHeight, wraps, virtualizer]);

  const move = useCallback(
    (to: Cell) => {
      wanted.current = true;
      setActive(to);
      if (virtual && to.r >= 0) virtualizer.scrollToIndex(to.r, { align: "auto" });
    },
    [virtual, virtualizer],
  );
  const focusWanted = () => {
    if (!wanted.current) return;
    const cell = cellElement(scroller.current, at);
    if (!cell) return;
    wanted.current = false;
    cell.focus({ preventScroll: true });
    // Up and down, the virtual list has done it already.
    cell.scrollIntoView({ block: "nearest", inline: "nearest" });
  };
  useLayoutEffect(focusWanted);

  const rowAt = (index: number) => rows[index];
  const columnAt = (c: number) => view.columns[c - first];

  const showWhole = (cell: Cell) => {
    const row = rowAt(cell.r);
    const column = columnAt(cell.c);
    const element = cellElement(scroller.current, cell);
    if (row && column && element) view.onWhole(row, column, element);
  };

  const onKeyDown = gridKeys({ ...props, scroller, first, width, move, showWhole });

  const onFocus = (event: React.FocusEvent<HTMLDivElement>) => {
    const cell = (event.target as HTMLElement).closest<HTMLElement>("[data-r]");
    if (!cell) return;
    setInside(true);
    const to = positionOf(cell);
    if (to.r !== at.r || to.c !== at.c) setActive(to);
  };
  const onBlur = (event: React.FocusEvent<HTMLDivElement>) => {
    if (event.currentTarget.contains(event.relatedTarget)) return;
    setInside(false);
    props.onBlur();
  };

  const onDoubleClick = (event: MouseEvent<HTMLDivElement>) => {
    const target = event.target as HTMLElement;
    if (target.closest("a, button, input")) return;
    const cell = target.closest<HTMLElement>("[data-r]");
    if (!cell) return;
    const here = positionOf(cell);
    const row = rowAt(here.r);
    if (!row || here.c < first) return;
    const content = cell.firstElementChild as HTMLElement | null;
    if (props.mainAction !== null) view.onAction(row, props.mainAction);
    else if (content && isCut(content)) showWhole(here);
  };

  const onCopy = (event: ClipboardEvent<HTMLDivElement>) => {
    if (!window.getSelection()?.isCollapsed) return;
    const cell = (event.target as HTMLElement).closest<HTMLElement>("[data-r]");
    if (!cell) return;
    const here = positionOf(cell);
    const column = columnAt(here.c);
    const row = rowAt(here.r);
    if (!column) return;
    event.clipboardData.setData("text/plain", row ? cellText(cellOf(row.original, column), column) : column.heading);
    event.preventDefault();
    props.onCopied();
  };

  const template = [
    ...(first ? [`${SELECT_WIDTH}px`] : []),
    ...view.columns.map((column) => `${column.size}px`),
    ...(hasActions(view) ? [`${props.actionsWidth}px`] : []),
  ].join(" ");
  const total =
    view.columns.reduce((sum, column) => sum + column.size, first * SELECT_WIDTH) +
    (hasActions(view) ? props.actionsWidth : 0);
  const sticky = (side: "left" | "right") =>
    view.columns.reduce((sum, column) => sum + (column.sticky === side ? column.size : 0), 0);
  const shared = (row: EngineRow, index: number) => ({
    row,
    view,
    index,
    ariaIndex: props.offset + index + 2,
    height: rowHeight,
    fixed: !wraps,
    selected: selected.has(idOf(row)),
    activeCell: index === at.r ? at.c : -1,
    pendingAction: props.pending?.row === row ? props.pending.index : -1,
  });

  return (
    <div
      role="grid"
      ref={scroller}
      className={styles.scroller}
      {...props.label}
      aria-rowcount={props.total === null ? -1 : props.total + 1}
      aria-colcount={width}
      aria-multiselectable={view.selectable === "multi" || undefined}
      aria-invalid={props.invalid || undefined}
      aria-busy={props.busy || undefined}
      data-virtual={virtual || undefined}
      data-busy={props.busy || undefined}
      style={{
        ["--columns" as string]: template,
        ["--width" as string]: `${total}px`,
        ["--printed-columns" as string]: template.replaceAll(/([\d.]+)px/g, "minmax(0, $1fr)"),
        scrollPaddingTop: HEAD_HEIGHT,
        scrollPaddingLeft: sticky("left") + (first ? SELECT_WIDTH : 0),
        scrollPaddingRight: sticky("right") + (hasActions(view) ? props.actionsWidth : 0),
        ...props.bodyStyle,
      }}
      onKeyDown={onKeyDown}
      onFocus={onFocus}
      onBlur={onBlur}
      onDoubleClick={onDoubleClick}
      onCopy={onCopy}
    >
      <div role="rowgroup" className={styles.headGroup} hidden={width === 0}>
        <div role="row" aria-rowindex={1} className={styles.headRow} style={{ height: HEAD_HEIGHT }}>
          {view.selectable !== "none" && (
            <div
              role="columnheader"
              className={styles.selectHead}
              data-r={-1}
              data-c={0}
              aria-colindex={1}
              tabIndex={at.r === -1 && at.c === 0 ? 0 : -1}
              data-focus-first={(at.r === -1 && at.c === 0) || undefined}
            >
              {view.selectable === "multi" ? (
                <AllCheckbox state={props.all} onToggle={props.onToggleAll} />
              ) : (
                <span className="visually-hidden">Selection</span>
              )}
            </div>
          )}
          {view.columns.map((column, index) => (
            <HeaderCell
              key={column.id}
              column={column}
              engine={engine}
              sorting={engine.state.sorting}
              isResizing={engine.state.columnResizing.isResizingColumn === column.id}
              at={index + first}
              active={at.r === -1 && at.c === index + first}
              onMenu={props.onColumnMenu}
            />
          ))}
          {hasActions(view) && (
            <div
              role="columnheader"
              className={styles.actionsHead}
              data-r={-1}
              data-c={width - 1}
              aria-colindex={width}
              tabIndex={at.r === -1 && at.c === width - 1 ? 0 : -1}
            >
              <span className="visually-hidden">Actions</span>
            </div>
          )}
        </div>
      </div>
      {rows.length === 0 ? (
        <div role="rowgroup">
          <div role="row" className={styles.emptyRow}>
            <div role="gridcell" className={styles.empty}>
              {props.empty}
            </div>
          </div>
        </div>
      ) : (
        <div
          role="rowgroup"
          className={styles.body}
          style={virtual ? { height: virtualizer.getTotalSize() } : undefined}
        >
          {virtual
            ? virtualizer.getVirtualItems().map((item) => {
                const row = rows[item.index];
                return (
                  row && (
                    <Row
                      key={item.key}
                      {...shared(row, item.index)}
                      top={item.start - HEAD_HEIGHT}
                      measure={wraps ? virtualizer.measureElement : undefined}
                    />
                  )
                );
              })
            : drawn.map((row, index) => <Row key={row.id} {...shared(row, index)} top={null} />)}
        </div>
      )}
      {drawn.length < rows.length && (
        <p className={styles.notPrinted}>
          {`The first ${figure(drawn.length)} of ${figure(rows.length)} rows. The export has them all.`}
        </p>
      )}
    </div>
  );
}

const figure = (number: number) => number.toLocaleString("en-US");

function AllCheckbox({ state, onToggle }: { state: AllState; onToggle: () => void }) {
  const box = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    if (box.current) box.current.indeterminate = state === "some";
  }, [state]);
  return (
    <input
      ref={box}
      type="checkbox"
      tabIndex={-1}
      className={styles.check}
      aria-label="Select all rows"
      checked={state === "all"}
      onChange={onToggle}
    />
  );
}
