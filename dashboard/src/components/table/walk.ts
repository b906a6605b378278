/** All rows of a paged table: its pages one after the other, through the same event as turning them by hand. */
import type { Execution } from "../../model/execution";
import type { TableState } from "../../model/render";
import { pageInfo } from "../../model/table/paging";
import { topic } from "../../model/topic";
import type { Row } from "../../model/types";
import type { PageQuery } from "../../protocol/events";

export interface WalkProgress {
  rows: number;
  /** Null when the app does not know it. */
  total: number | null;
}

/** Rejects with the reason when a page does not come, and with an `AbortError` when it was called off. */
export async function allRows(
  execution: Execution,
  renderId: string,
  id: string,
  query: PageQuery,
  signal: AbortSignal,
  onProgress: (progress: WalkProgress) => void,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (let offset = 0; ; offset += query.pageSize) {
    const { page } = await onePage(execution, renderId, id, { ...query, offset }, signal);
    for (const row of page.data) rows.push(row);
    const info = pageInfo({ offset, pageSize: query.pageSize }, page.data.length, page.totalRecords);
    onProgress({ rows: rows.length, total: info.total });
    // An author may return fewer rows than asked for; no rows at all are the end, whatever the total says.
    if (!info.hasNext || page.data.length === 0) return rows;
  }
}

function onePage(
  execution: Execution,
  renderId: string,
  id: string,
  query: PageQuery,
  signal: AbortSignal,
): Promise<TableState> {
  return new Promise((resolve, reject) => {
    const end = (finish: () => void) => {
      stop();
      signal.removeEventListener("abort", aborted);
      finish();
    };
    const aborted = () => end(() => reject(signal.reason));
    const look = () => {
      const table = execution.table(renderId, id);
      if (!table) end(() => reject(new Error("The table is no longer there.")));
      else if (table.failed !== null) end(() => reject(new Error(table.failed ?? "")));
      else if (table.asked === null && table.stale === false) end(() => resolve(table));
    };
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    signal.addEventListener("abort", aborted);
    execution.changePage(renderId, id, query);
    const stop = execution.topics.subscribe(topic.table(renderId, id), look);
  });
}
