/** Search: a part of the text of any visible column. */
import type { Row } from "../types";
import { cellOf, cellText } from "./cells";
import type { TableColumn } from "./columns";
import { folded } from "./text";

/** Between cells: no search finds a text that runs over a border. */
const BORDER = "\u0000";

/**
 * A test of rows against a search text. The text of a row is made once and kept as long as the row is: formatting a
 * hundred thousand dates takes longer than looking through them.
 */
export function searcher(columns: readonly TableColumn[]): (query: string) => (row: Row) => boolean {
  const texts = new WeakMap<Row, string>();
  const textOf = (row: Row) => {
    let text = texts.get(row);
    if (text === undefined) {
      text = folded(columns.map((column) => cellText(cellOf(row, column), column)).join(BORDER));
      texts.set(row, text);
    }
    return text;
  };
  return (query) => {
    const wanted = folded(query.trim());
    return wanted === "" ? () => true : (row) => textOf(row).includes(wanted);
  };
}
