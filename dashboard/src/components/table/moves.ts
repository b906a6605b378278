/** Where a key moves the focus in a grid, by the pattern that screen readers know. Pure. */

/** A cell by its place in what is shown; row -1 is the heading. */
export interface Cell {
  r: number;
  c: number;
}

interface Keys {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
}

/** The cell that a key goes to, within the grid; null when the key does not move. `page` is rows per screen. */
export function moved(from: Cell, event: Keys, size: { rows: number; columns: number; page: number }): Cell | null {
  const far = event.ctrlKey || event.metaKey;
  const lastRow = size.rows - 1;
  const lastColumn = size.columns - 1;
  const to = (r: number, c: number): Cell => ({
    r: Math.max(-1, Math.min(lastRow, r)),
    c: Math.max(0, Math.min(lastColumn, c)),
  });
  switch (event.key) {
    case "ArrowUp":
      return far ? to(-1, from.c) : to(from.r - 1, from.c);
    case "ArrowDown":
      return far ? to(lastRow, from.c) : to(from.r + 1, from.c);
    case "ArrowLeft":
      return far ? to(from.r, 0) : to(from.r, from.c - 1);
    case "ArrowRight":
      return far ? to(from.r, lastColumn) : to(from.r, from.c + 1);
    case "Home":
      return far ? to(0, 0) : to(from.r, 0);
    case "End":
      return far ? to(lastRow, lastColumn) : to(from.r, lastColumn);
    case "PageUp":
      return to(Math.max(0, from.r - size.page), from.c);
    case "PageDown":
      return to(from.r + size.page, from.c);
    default:
      return null;
  }
}
