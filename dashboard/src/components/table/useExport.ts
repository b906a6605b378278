/** CSV files of a table: of what is at hand, or of all pages of a paged one. */
import { useState } from "react";
import type { TableState } from "../../model/render";
import type { TableColumn } from "../../model/table/columns";
import { csvFileName, csvParts } from "../../model/table/csv";
import { queryOf } from "../../model/table/paging";
import type { Row } from "../../model/types";
import { usePageContext, useRenderId, useTable } from "../hooks";
import { allRows, type WalkProgress } from "./walk";

export function useExport(id: string, name: string) {
  const { execution, toast, download } = usePageContext();
  const renderId = useRenderId();
  const page = useTable(id)?.page;
  const [walk, setWalk] = useState<{ progress: WalkProgress; stop: AbortController; page: TableState["page"] } | null>(
    null,
  );

  const save = (columns: readonly TableColumn[], rows: Iterable<Row>) =>
    download(csvFileName(name), new Blob(csvParts(columns, rows), { type: "text/csv" }), "text/csv");

  const saveAll = async (columns: readonly TableColumn[]) => {
    if (!page || walk) return;
    const stop = new AbortController();
    const query = queryOf(page);
    setWalk({ progress: { rows: 0, total: page.totalRecords ?? null }, stop, page });
    try {
      const rows = await allRows(execution, renderId, id, query, stop.signal, (progress) =>
        setWalk((now) => now && { ...now, progress }),
      );
      save(columns, rows);
    } catch (reason) {
      if (!stop.signal.aborted) {
        toast(`The export stopped. ${reason instanceof Error ? reason.message : String(reason)}`, "error");
      }
    }
    setWalk(null);
    // The app remembers the page that it sent last, and row actions count from there: back to the one on the screen.
    execution.changePage(renderId, id, query);
  };

  return { walk, save, saveAll };
}
