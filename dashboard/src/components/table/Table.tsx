import { type CSSProperties, useDeferredValue, useEffect, useId, useMemo, useRef, useState } from "react";
import { Button } from "react-aria-components";
import { cellOf, wholeText } from "../../model/table/cells";
import type { TableColumn } from "../../model/table/columns";
import { clipboardText } from "../../model/table/csv";
import { cleanFilter, countRules, filterTest } from "../../model/table/filter";
import { searcher } from "../../model/table/search";
import { densityOf, overflowOf, ROW_HEIGHTS } from "../../model/table/settings";
import { tagColors } from "../../model/table/tags";
import { inputAnchor, useBlocked, useInput, usePageContext, useRenderId } from "../hooks";
import type { ComponentProps } from "../Render";
import { useSize } from "../size";
import { safeStyle } from "../style";
import buttonStyles from "./buttons.module.css";
import { type GridRow, placedColumns, type RowTest, useGridEngine } from "./engine";
import { Grid, SELECT_WIDTH } from "./Grid";
import { hasActions, type RowView } from "./GridRow";
import { useSettings } from "./memory";
import { rowsText } from "./menus";
import { ExportNotice, FailedNotice, SelectionNotice, WaitingRows } from "./Notices";
import { Pager, rangeText } from "./Pager";
import { type Open, TableMenus } from "./TableMenus";
import { TableTools } from "./TableTools";
import styles from "./table.module.css";
import { useColumns } from "./useColumns";
import { useExport } from "./useExport";
import { useLink } from "./useLink";
import { actionsWidth, useRowActions } from "./useRowActions";
import { useRows } from "./useRows";
import { useSelection } from "./useSelection";

/** In px. Below it only the first column stays in place and the actions go behind a menu. */
const NARROW = 600;

/** A table of an app: with all its rows here, or page by page from the app. */
export function Table({ node }: ComponentProps<"input-table">) {
  const { id, properties, style } = node.model;
  const renderId = useRenderId();
  const { toast } = usePageContext();
  const blocked = useBlocked();
  const input = useInput(node);
  const names = useId();
  const [ownSettings, change] = useSettings(id, properties);
  const { walk, save, saveAll } = useExport(id, input.label ?? id);
  const source = useRows(node, ownSettings, change, walk?.page ?? null);
  useLink(id, properties, source);
  const { paged, rows, locked, settings } = source;
  const arranged = useColumns(node, rows, settings, change);
  const { columns, visible } = arranged;
  const [outer, size] = useSize<HTMLDivElement>(GUESS);
  // Inside the border.
  const width = size.width - 2;
  const narrow = width < NARROW;

  // Search and filters of local rows
  const find = useMemo(() => searcher(visible), [visible]);
  const search = useDeferredValue(settings.search);
  const test = useMemo<RowTest | null>(() => {
    if (paged) return null;
    const filter = filterTest(settings.filterBy, columns);
    const found = search.trim() === "" ? null : find(search);
    if (!filter && !found) return null;
    return { passes: (row) => (filter?.(row) ?? true) && (found?.(row) ?? true) };
  }, [paged, settings.filterBy, columns, search, find]);

  const sortable = properties.sortable === false ? false : properties.sortable === "single" ? "single" : "multi";
  const engine = useGridEngine({
    rows,
    columns,
    settings,
    sortBy: settings.sortBy,
    test,
    paged,
    sortable,
    width,
    narrow,
    onSort: source.setSort,
    onWidths: (widths) => change((before) => ({ ...before, widths })),
  });
  const shown = engine.getRowModel().rows;
  const selection = useSelection(node, input, source.offset, shown);
  // The app counts rows in the page that it has loaded last, which is not the one on the screen while another comes.
  const refusal = blocked ?? (paged && source.busy ? "Rows are on their way." : null);
  const actions = useRowActions(node, source.offset, narrow, refusal);
  const { buttons, inMenu } = actions;

  // What all rows share
  const [open, setOpen] = useState<Open | null>(null);
  const colors = useMemo(
    () => new Map(columns.flatMap((column) => (column.format === "tag" ? [[column.id, tagColors(column, rows)]] : []))),
    [columns, rows],
  );
  const density = densityOf(settings, properties);
  const overflow = overflowOf(settings, properties);
  const endWidth = hasActions(actions) ? actionsWidth(buttons, inMenu.length > 0, narrow) : 0;
  const startWidth = selection.mode === "none" ? 0 : SELECT_WIDTH;
  const { columnOrder, columnPinning, columnSizing, columnVisibility } = engine.state;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the engine is one object; what is read of it is listed
  const placed = useMemo(
    () => placedColumns(engine, columns, settings, { width, left: startWidth, right: endWidth }),
    [
      engine,
      columns,
      settings.widths,
      width,
      startWidth,
      endWidth,
      columnOrder,
      columnPinning,
      columnSizing,
      columnVisibility,
    ],
  );
  const latest = useRef({ toggle: selection.toggle, run: actions.run });
  useEffect(() => {
    latest.current = { toggle: selection.toggle, run: actions.run };
  });
  const view = useMemo<RowView>(
    () => ({
      columns: placed,
      overflowOf: (column) => settings.overflow ?? column.overflow ?? overflow,
      colors,
      selectable: selection.mode,
      buttons,
      inMenu,
      refusal,
      onToggle: (row, range) => latest.current.toggle(row, range),
      onAction: (row, index) => latest.current.run(row, index),
      onMenu: (row, anchor) => setOpen({ kind: "row", row, anchor }),
      onWhole: (row, column, anchor) => {
        const text = wholeText(cellOf(row.original, column), column);
        if (text !== "") setOpen({ kind: "whole", title: column.heading, text, anchor });
      },
    }),
    [placed, settings.overflow, overflow, colors, selection.mode, buttons, inMenu, refusal],
  );

  const [announced, announce] = useState("");
  const copy = (text: string, done: string) => {
    // Outside of a secure context there is no clipboard to write to.
    const written = navigator.clipboard?.writeText(text) ?? Promise.reject(new Error("no clipboard"));
    written.then(
      () => announce(done),
      () => toast("The browser does not allow copying here.", "warning"),
    );
  };
  const [filterOpen, setFilterOpen] = useState<boolean | TableColumn>(false);
  const rules = countRules(cleanFilter(settings.filterBy));
  const narrowed = settings.search.trim() !== "" || rules > 0;
  const result = paged
    ? rangeText(source.shown, rows.length, source.total)
    : shown.length === rows.length
      ? rowsText(rows.length)
      : `${shown.length.toLocaleString("en-US")} of ${rowsText(rows.length)}`;
  const { frame, body } = useMemo(() => splitStyle(safeStyle(style)), [style]);
  const labelId = input.label ? `${names}label` : undefined;
  const describedBy = [input.description && `${names}about`, input.invalid && `${names}errors`]
    .filter(Boolean)
    .join(" ");

  return (
    <div
      {...inputAnchor(renderId, id)}
      ref={outer}
      className={styles.table}
      data-narrow={narrow || undefined}
      style={frame}
    >
      {labelId && (
        <div id={labelId} className={styles.label}>
          {input.label}
          {selection.mode !== "none" && !input.required && <span className={styles.about}> (optional)</span>}
        </div>
      )}
      {input.description && (
        <div id={`${names}about`} className={styles.about}>
          {input.description}
        </div>
      )}
      <div className={styles.frame} data-invalid={input.invalid || undefined}>
        {(rows.length > 0 || paged) && columns.length > 0 && (
          <TableTools
            properties={properties}
            source={source}
            arranged={arranged}
            change={change}
            density={density}
            overflow={overflow}
            rules={rules}
            filterOpen={filterOpen}
            onFilterOpen={setFilterOpen}
            counts={{ shown: shown.length, selected: selection.inSight.length }}
            isExporting={walk !== null}
            onExport={(what, allColumns) => {
              const wanted = allColumns ? arranged.inOrder : placed;
              const picked = what === "selected" ? selection.inSight : shown;
              if (what === "all") void saveAll(wanted);
              else save(wanted, originals(picked));
            }}
          />
        )}
        <div
          className={styles.progress}
          data-on={source.busy || source.waiting || source.refreshing || undefined}
          aria-hidden="true"
          data-screen-only
        />
        {walk && <ExportNotice progress={walk.progress} onCancel={() => walk.stop.abort()} />}
        {source.failed !== null && (
          <FailedNotice reason={source.failed} isDisabled={blocked !== null} onRetry={source.retry} />
        )}
        {selection.mode !== "none" && selection.count > 0 && (
          <SelectionNotice
            count={selection.count}
            inSight={selection.inSight.length}
            onCopy={() =>
              copy(clipboardText(placed, originals(selection.inSight)), `${rowsText(selection.inSight.length)} copied.`)
            }
            onClear={selection.clear}
          />
        )}
        {source.waiting ? (
          <WaitingRows height={ROW_HEIGHTS[density]} />
        ) : (
          <Grid
            engine={engine}
            rows={shown}
            view={view}
            rowHeight={ROW_HEIGHTS[density]}
            actionsWidth={endWidth}
            total={paged ? source.total : shown.length}
            offset={source.offset}
            label={{
              "aria-labelledby": labelId,
              "aria-label": labelId ? undefined : "Table",
              "aria-describedby": describedBy || undefined,
            }}
            invalid={input.invalid}
            busy={source.busy}
            selected={selection.selected}
            idOf={selection.idOf}
            all={selection.all}
            onToggleAll={selection.toggleAll}
            onColumnMenu={(column, anchor) => setOpen({ kind: "column", column, anchor })}
            onMove={arranged.move}
            onWiden={(column, by) => arranged.resize(column, column.size + by)}
            mainAction={actions.main}
            pending={input.pending ? actions.sent : null}
            bodyStyle={body}
            empty={
              narrowed ? (
                <>
                  <span>No row fits the search and the filters.</span>
                  <Button className={buttonStyles.tool} isDisabled={locked} onPress={source.clear}>
                    Clear search and filters
                  </Button>
                </>
              ) : (
                "There are no rows."
              )
            }
            onBlur={input.onBlur}
            onCopied={() => announce("Cell copied.")}
          />
        )}
        {(paged || rows.length > 0) && (
          <div className={styles.footer}>
            <span className={styles.result} role="status">
              {source.waiting ? "Loading rows…" : result}
            </span>
            {paged && !source.waiting && (
              <Pager
                query={source.query}
                rows={rows.length}
                total={source.total}
                isDisabled={locked}
                onOffset={(offset) => source.ask({ offset })}
                onPageSize={(pageSize) => source.ask({ pageSize })}
              />
            )}
          </div>
        )}
      </div>
      {input.errors.length > 0 && (
        <div id={`${names}errors`} className={styles.errors} role="alert">
          {input.errors.map((error) => (
            <span key={error}>{error}</span>
          ))}
        </div>
      )}
      <span className="visually-hidden" role="status">
        {announced}
      </span>
      <TableMenus
        open={open}
        onClose={() => setOpen(null)}
        view={view}
        onAction={actions.run}
        source={source}
        arranged={arranged}
        canSort={sortable !== false && !locked}
        canFilter={properties.filterable !== false && !locked}
        onFilter={setFilterOpen}
        onCopy={(text) => copy(text, "Copied.")}
      />
    </div>
  );
}

const originals = (rows: readonly GridRow[]) => rows.map((row) => row.original);

/** Until a table is laid out. */
const GUESS = { width: 1000, height: 400 };

const OF_BODY: ReadonlySet<string> = new Set(["height", "minHeight", "maxHeight"]);

/** The author's style: heights are of the part that scrolls, all else of the whole. */
function splitStyle(style: CSSProperties | undefined): { frame: CSSProperties; body: CSSProperties } {
  const entries = Object.entries(style ?? {});
  return {
    frame: Object.fromEntries(entries.filter(([name]) => !OF_BODY.has(name))),
    body: Object.fromEntries(entries.filter(([name]) => OF_BODY.has(name))),
  };
}
