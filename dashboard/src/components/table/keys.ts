/** The keys of a grid, as its ARIA pattern has them: from cell to cell, and what is done in one. */
import type { KeyboardEvent, RefObject } from "react";
import type { GridProps } from "./Grid";
import { type Cell, moved } from "./moves";

type Needed = "rows" | "view" | "rowHeight" | "mainAction" | "onToggleAll" | "onColumnMenu" | "onMove" | "onWiden";

export function gridKeys(
  of: Pick<GridProps, Needed> & {
    scroller: RefObject<HTMLDivElement | null>;
    /** How many cells of a row come before its columns. */
    first: number;
    /** Cells of a row. */
    width: number;
    move(to: Cell): void;
    showWhole(cell: Cell): void;
  },
): (event: KeyboardEvent<HTMLDivElement>) => void {
  const { rows, view, rowHeight, scroller, first, width, move, showWhole } = of;
  return (event) => {
    const target = event.target as HTMLElement;
    const cell = target.closest<HTMLElement>("[data-r]");
    if (!cell || !scroller.current?.contains(cell)) return;
    const here = positionOf(cell);
    if (target !== cell) {
      onInnerKey(event, cell);
      return;
    }
    const column = view.columns[here.c - first];
    if (here.r < 0 && column) {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        if (column.header.column.getCanSort()) column.header.column.toggleSorting(undefined, event.shiftKey);
        return;
      }
      if ((event.altKey && event.key === "ArrowDown") || event.key === "ContextMenu" || event.key === "F2") {
        event.preventDefault();
        of.onColumnMenu(column, cell);
        return;
      }
      if ((event.altKey || event.shiftKey) && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
        event.preventDefault();
        const right = event.key === "ArrowRight";
        if (event.shiftKey) {
          of.onWiden(column, right ? 16 : -16);
          return;
        }
        of.onMove(column, right ? 1 : -1);
        move({ r: -1, c: here.c + (right ? 1 : -1) });
        return;
      }
    }
    if (here.r < 0 && here.c < first && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      if (view.selectable === "multi") of.onToggleAll();
      return;
    }
    const row = rows[here.r];
    if (event.key === " " && row && view.selectable !== "none") {
      event.preventDefault();
      view.onToggle(row, event.shiftKey);
      return;
    }
    if (event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey) && view.selectable === "multi") {
      event.preventDefault();
      of.onToggleAll();
      return;
    }
    if (event.key === "Enter" && row) {
      event.preventDefault();
      const inner = cell.querySelector<HTMLElement>("a, button:not([hidden])");
      if (here.c < first) view.onToggle(row, event.shiftKey);
      else if (!column) inner?.focus();
      else if (cell.querySelector("a")) inner?.click();
      else if (of.mainAction !== null) view.onAction(row, of.mainAction);
      else showWhole(here);
      return;
    }
    if (event.key === "F2" && row) {
      event.preventDefault();
      if (column) showWhole(here);
      else cell.querySelector<HTMLElement>("button:not([hidden])")?.focus();
      return;
    }
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 400) / rowHeight) - 2);
    const next = moved(here, event, { rows: rows.length, columns: width, page });
    if (next) {
      event.preventDefault();
      move(next);
    }
  };
}

export function positionOf(cell: HTMLElement): Cell {
  return { r: Number(cell.dataset.r), c: Number(cell.dataset.c) };
}

export function cellElement(root: HTMLElement | null, { r, c }: Cell): HTMLElement | null {
  return root?.querySelector<HTMLElement>(`[data-r="${r}"][data-c="${c}"]`) ?? null;
}

/** Keys inside a cell's buttons: left and right between them, Escape back to the cell. */
function onInnerKey(event: KeyboardEvent, cell: HTMLElement): void {
  if (event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    cell.focus();
    return;
  }
  if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
  const buttons = [...cell.querySelectorAll<HTMLElement>("a, button:not([hidden])")];
  const at = buttons.indexOf(event.target as HTMLElement);
  const next = buttons[at + (event.key === "ArrowRight" ? 1 : -1)];
  if (at < 0 || !next) return;
  event.preventDefault();
  next.focus();
}
