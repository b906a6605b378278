import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { PageQuery, SdkEvent } from "../../protocol/events";
import { type Replay, replay } from "../../testing/fixtures";
import { ANSWER_LIMIT } from "../waits";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const query: PageQuery = { offset: 0, pageSize: 100, searchQuery: null, sortBy: [], filterBy: null, viewBy: null };

/** The table "manual-plain" of the captured page, before or after its first rows. */
function manual(frames: number): {
  from: Replay;
  renderId: string;
  table: () => ReturnType<Replay["execution"]["table"]>;
} {
  const from = replay("15-paged-render", frames);
  const renderId = from.execution.page.renderIds[2] as string;
  return { from, renderId, table: () => from.execution.table(renderId, "manual-plain") };
}

function answer(renderId: string, change: Partial<Extract<SdkEvent, { type: "bj" }>>): SdkEvent {
  return {
    type: "bj",
    renderId,
    componentId: "manual-plain",
    data: [],
    totalRecords: 230,
    stale: false,
    ...query,
    ...change,
  };
}

test("rows of an author's function are waited for from the render on, and not for ever", () => {
  const { table } = manual(4);
  expect(table()).toMatchObject({ stale: "INITIALLY_STALE", failed: null });
  vi.advanceTimersByTime(ANSWER_LIMIT);
  expect(table()).toMatchObject({ stale: false });
  expect(table()?.failed).toMatch(/No answer/);
});

test("the first rows end the wait", () => {
  const { table } = manual(6);
  expect(table()).toMatchObject({ stale: false, failed: null });
  expect(table()?.page.data).toHaveLength(6);
  vi.advanceTimersByTime(ANSWER_LIMIT);
  expect(table()?.failed).toBeNull();
});

test("an older answer that comes late is not shown in place of the newer one", () => {
  const { from, renderId, table } = manual(6);
  from.execution.changePage(renderId, "manual-plain", { ...query, offset: 100 });
  from.execution.changePage(renderId, "manual-plain", { ...query, offset: 200 });
  from.receive(answer(renderId, { offset: 100, data: [{ n: 100 }] }));
  expect(table()).toMatchObject({ stale: "UPDATE_DISABLED" });
  from.receive(answer(renderId, { offset: 200, data: [{ n: 200 }] }));
  expect(table()).toMatchObject({ stale: false, asked: null });
  expect(table()?.page).toMatchObject({ offset: 200, data: [{ n: 200 }] });
});

test("an answer that nobody waits for counts: the app may send rows at any time", () => {
  const { from, renderId, table } = manual(6);
  from.receive(answer(renderId, { offset: 100, data: [{ n: 100 }] }));
  expect(table()?.page.offset).toBe(100);
});

test("the size of the page is the one asked for, once its rows are there", () => {
  const { from, renderId, table } = manual(6);
  from.execution.changePage(renderId, "manual-plain", { ...query, pageSize: 25 });
  expect(table()?.page.pageSize).toBe(100);
  from.receive(answer(renderId, {}));
  expect(table()?.page.pageSize).toBe(25);
});

test("an error ends the wait, keeps the rows and says why", () => {
  const { from, renderId, table } = manual(6);
  from.execution.changePage(renderId, "manual-plain", { ...query, offset: 100 });
  from.receive({ type: "au", errorMessage: "the store is closed", severity: "warning" });
  expect(table()).toMatchObject({ stale: false, failed: "the store is closed", asked: { offset: 100 } });
  expect(table()?.page.data).toHaveLength(6);
});

test("a quiet refresh does not end the wait for a page, and ends by itself when nothing comes", () => {
  const { from, renderId, table } = manual(6);
  const refresh: SdkEvent = { type: "bk", renderId, componentId: "manual-plain", stale: "UPDATE_NOT_DISABLED" };
  from.execution.changePage(renderId, "manual-plain", { ...query, offset: 100 });
  from.receive(refresh);
  expect(table()?.stale).toBe("UPDATE_DISABLED");
  from.receive(answer(renderId, { offset: 100 }));
  from.receive(refresh);
  expect(table()?.stale).toBe("UPDATE_NOT_DISABLED");
  vi.advanceTimersByTime(ANSWER_LIMIT);
  expect(table()).toMatchObject({ stale: false });
});
