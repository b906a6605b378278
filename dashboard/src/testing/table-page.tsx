/** Pages with one hand-made table, for tests. */
import { render, screen, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, vi } from "vitest";
import type { Row, TableProperties } from "../model/types";
import type { SdkEvent } from "../protocol/events";
import { FixturePage } from "./FixturePage";
import { emptyReplay, type Replay } from "./fixtures";

/** Looking for roles takes its time in a DOM without a browser; and a test with a word on the console has failed. */
export function watchTables(): void {
  vi.setConfig({ testTimeout: 60_000 });
  let complaints: unknown[] = [];
  beforeEach(() => {
    // What the table before has written there.
    history.replaceState(null, "", "/");
    complaints = [];
    for (const kind of ["error", "warn"] as const) {
      vi.spyOn(console, kind).mockImplementation((...words) => {
        complaints.push(words);
      });
    }
  });
  afterEach(() => {
    expect(complaints).toEqual([]);
  });
}

export const RENDER = "00000000-0000-4000-8000-000000000001";

/** A page with one hand-made table. */
export function table(properties: Partial<TableProperties>, model: Record<string, unknown> = {}): Replay {
  const from = emptyReplay();
  from.receive({
    type: "av",
    renderId: RENDER,
    idx: 0,
    ui: {
      type: "input-table",
      interactionType: "input",
      model: {
        id: "t",
        label: "Boats",
        required: true,
        properties: { data: [], columns: null, actions: null, v: 3, ...properties },
        ...model,
      },
    },
  });
  return from;
}

export async function shown(from: Replay) {
  render(<FixturePage from={from} />);
  return screen.findAllByRole("grid", {}, LOADING);
}

/** The table is loaded when it is first shown, which may take a while on a busy machine. */
export const LOADING = { timeout: 15_000 };

export const texts = (grid: HTMLElement, column: number) =>
  within(grid)
    .getAllByRole("row")
    .slice(1)
    .map((row) => within(row).getAllByRole("gridcell")[column]?.textContent);

export const BOATS: Row[] = [
  { id: 11, name: "Heron", fee: 1250.5 },
  { id: 12, name: "Ibis", fee: 2300 },
  { id: 13, name: "Curlew", fee: null },
];

/** A table whose rows come page by page. */
export const paged = (): TableProperties => ({
  data: [
    { i: 100, "1": "row 100" },
    { i: 101, "1": "row 101" },
  ],
  columns: [
    { key: "i", original: "n" },
    { key: "1", original: "word" },
  ],
  primaryKey: "i",
  selectMode: "id",
  paged: true,
  totalRecords: 230,
  offset: 100,
  pageSize: 100,
  searchQuery: null,
  sortBy: [],
  filterBy: null,
  viewBy: null,
  actions: [{ label: "Look" }],
  v: 3,
});
/** A page of it from the app. */
export const answer = (change: Partial<Extract<SdkEvent, { type: "bj" }>>): SdkEvent => ({
  type: "bj",
  renderId: RENDER,
  componentId: "t",
  data: [],
  totalRecords: 230,
  offset: 0,
  searchQuery: null,
  sortBy: [],
  filterBy: null,
  viewBy: null,
  stale: false,
  ...change,
});
