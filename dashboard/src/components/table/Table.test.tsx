import { act, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Json, Row, TableProperties } from "../../model/types";
import type { SdkEvent } from "../../protocol/events";
import { FixturePage } from "../../testing/FixturePage";
import { emptyReplay, fixtures, type Replay, replay } from "../../testing/fixtures";
import { PageContext } from "../hooks";
import { RenderRoot } from "../Render";

// Looking for roles takes its time in a DOM without a browser.
vi.setConfig({ testTimeout: 60_000 });

let complaints: unknown[] = [];
beforeEach(() => {
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

const RENDER = "00000000-0000-4000-8000-000000000001";

/** A page with one hand-made table. */
function table(properties: Partial<TableProperties>, model: Record<string, unknown> = {}): Replay {
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

async function shown(from: Replay) {
  render(<FixturePage from={from} />);
  return screen.findAllByRole("grid", {}, LOADING);
}

/** The table is loaded when it is first shown, which may take a while on a busy machine. */
const LOADING = { timeout: 15_000 };

const texts = (grid: HTMLElement, column: number) =>
  within(grid)
    .getAllByRole("row")
    .slice(1)
    .map((row) => within(row).getAllByRole("gridcell")[column]?.textContent);

const BOATS: Row[] = [
  { id: 11, name: "Heron", fee: 1250.5 },
  { id: 12, name: "Ibis", fee: 2300 },
  { id: 13, name: "Curlew", fee: null },
];

test.each([
  ["02-form-render", 1],
  ["08-hooks-render", 1],
  ["13-tables-render", 5],
  ["15-paged-render", 3],
  ["30-update-diffs", 1],
  ["node-tables", 5],
  ["node-update", 2],
])(
  "%s shows its tables without a word on the console",
  async (name, least) => {
    render(<FixturePage from={replay(name)} />);
    await waitFor(() => expect(screen.getAllByRole("grid").length).toBeGreaterThanOrEqual(least), LOADING);
  },
  30_000,
);

test("all captured tables are there, with headings, marks and words for ticks", async () => {
  const [plain, , full, views] = await shown(replay("13-tables-render"));
  expect(
    within(plain as HTMLElement)
      .getAllByRole("columnheader")
      .map((head) => head.textContent),
  ).toEqual(["ID", "Name", "Berth", "Length M", "Fee", "Paid", "Tags", "Arrived", "Extra"]);
  expect(within(plain as HTMLElement).getAllByText("null")).toHaveLength(4);
  // Pinned first, hidden not at all.
  expect(
    within(full as HTMLElement)
      .getAllByRole("columnheader")
      .map((head) => head.textContent),
  ).toEqual(["", "Fee", "Name", "Tags", "Arrived", "Extra", "Actions"]);
  expect(within(full as HTMLElement).getByText("$1,250.50")).toBeTruthy();
  // The default view: not paid, 1,000 and more.
  expect(texts(views as HTMLElement, 0)).toEqual(["Ibis"]);
  const [auto] = await shown(replay("15-paged-render")).then((grids) => grids.slice(-3));
  expect(within(auto as HTMLElement).getAllByText("Yes")).toHaveLength(4);
});

test("a row action sends the row's position in the data, never the sorted one, as captured", async () => {
  const from = replay("13-tables-render");
  const user = userEvent.setup();
  const grids = await shown(from);
  const full = grids[2] as HTMLElement;
  await user.click(within(full).getByRole("button", { name: "Fee" }));
  expect(texts(full, 2)).toEqual(["Ibis", "Heron", "Curlew"]);
  await user.click(within(within(full).getAllByRole("row")[1] as HTMLElement).getByRole("button", { name: "Open" }));
  const last = within(full).getAllByRole("row")[3] as HTMLElement;
  await user.click(within(last).getByRole("button", { name: /Actions for/ }));
  await user.click(screen.getByRole("menuitem", { name: "Delete" }));
  const renderId = from.execution.page.renderIds[2];
  const captured = (fixtures["14-table-row-actions"]?.frames ?? []).filter((frame) => frame.code === "ai");
  expect(from.sent).toEqual(captured.map(({ json: { executionId: _, ...event } }) => ({ ...event, renderId })));
});

test("a second click of a double click on an action is not sent", async () => {
  const from = table({ data: BOATS, actions: [{ label: "Go" }] });
  await shown(from);
  await userEvent.setup().dblClick(screen.getAllByRole("button", { name: "Go" })[0] as HTMLElement);
  expect(from.sent).toEqual([{ type: "ai", renderId: RENDER, componentId: "t", actionIdx: 0, value: 0 }]);
});

test("one action has a button unless the author says no; of several only those on the surface", async () => {
  await shown(table({ data: BOATS.slice(0, 1), actions: [{ label: "Only", surface: false }] }));
  expect(screen.queryByRole("button", { name: "Only" })).toBeNull();
  expect(screen.getByRole("button", { name: "Actions for 11" })).toBeTruthy();
});

test("Enter and a double click run the first action, but not a dangerous one", async () => {
  const user = userEvent.setup();
  const from = table({ data: BOATS, actions: [{ label: "Go" }, { label: "Delete", appearance: "danger" }] });
  const [grid] = await shown(from);
  const cell = within(grid as HTMLElement)
    .getByText("Ibis")
    .closest("[role=gridcell]") as HTMLElement;
  act(() => cell.focus());
  await user.keyboard("{Enter}");
  await user.dblClick(within(grid as HTMLElement).getByText("Curlew"));
  expect(from.sent.map((event) => "value" in event && event.value)).toEqual([1, 2]);

  const danger = table({ data: BOATS, actions: [{ label: "Delete", appearance: "danger" }] });
  const grids = await shown(danger);
  await user.dblClick(within(grids[1] as HTMLElement).getByText("Curlew"));
  expect(danger.sent).toEqual([]);
});

test("sorting: first click by format, Shift adds a column, empty cells stay last", async () => {
  const user = userEvent.setup();
  const [grid] = await shown(
    table({
      data: [...BOATS, { id: 14, name: "Ibis", fee: 5 }],
      columns: ["name", { key: "fee", format: "currency" }, "id"],
    }),
  );
  const heading = (name: string) => within(grid as HTMLElement).getByRole("button", { name });
  await user.click(heading("Fee"));
  expect(texts(grid as HTMLElement, 2)).toEqual(["12", "11", "14", "13"]);
  expect(
    within(grid as HTMLElement)
      .getByRole("columnheader", { name: /Fee/ })
      .getAttribute("aria-sort"),
  ).toBe("descending");
  await user.click(heading("Fee"));
  expect(texts(grid as HTMLElement, 2)).toEqual(["14", "11", "12", "13"]);
  await user.click(heading("Name"));
  await user.keyboard("{Shift>}");
  await user.click(heading("ID"));
  await user.keyboard("{/Shift}");
  expect(texts(grid as HTMLElement, 0)).toEqual(["Curlew", "Heron", "Ibis", "Ibis"]);
  expect(texts(grid as HTMLElement, 2)).toEqual(["13", "11", "14", "12"]);
});

test("search looks at what is read, says how many rows are left, and can be taken back", async () => {
  const user = userEvent.setup();
  const [grid] = await shown(table({ data: BOATS, columns: ["name", { key: "fee", format: "currency" }] }));
  await user.type(screen.getByRole("searchbox"), "$1,250");
  await waitFor(() => expect(texts(grid as HTMLElement, 0)).toEqual(["Heron"]));
  expect(screen.getByText("1 of 3 rows")).toBeTruthy();
  await user.type(screen.getByRole("searchbox"), "x");
  await user.click(await screen.findByRole("button", { name: "Clear search and filters" }));
  await waitFor(() => expect(texts(grid as HTMLElement, 0)).toHaveLength(3));
});

test("views: another one, a change by hand, and the way back", async () => {
  const user = userEvent.setup();
  const grids = await shown(replay("13-tables-render"));
  const views = grids[3] as HTMLElement;
  await user.click(screen.getByRole("button", { name: /Unpaid/ }));
  await user.click(screen.getByRole("menuitemradio", { name: "By word" }));
  await waitFor(() => expect(texts(views, 0)).toEqual(["Heron"]));
  expect(within(views).getAllByRole("columnheader")).toHaveLength(4);
  await user.click(within(views).getByRole("button", { name: "Name" }));
  await user.click(screen.getByRole("button", { name: "View: By word (changed)" }));
  await user.click(screen.getByRole("menuitem", { name: "Back to “By word”" }));
  expect(screen.getByRole("button", { name: /By word/ }).textContent).toBe("By word");
});

test("filters: a rule by hand narrows the rows at once", async () => {
  const user = userEvent.setup();
  const [grid] = await shown(table({ data: BOATS, columns: ["name", { key: "fee", format: "number" }] }));
  await user.click(screen.getByRole("button", { name: "Filter" }));
  await user.type(screen.getByRole("textbox", { name: "Value" }), "ER");
  expect(screen.getByText("1 of 3 rows")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Clear filters" }));
  expect(texts(grid as HTMLElement, 0)).toHaveLength(3);
});

test("selection by key sends ids with their own type, also as a range and for all that pass the search", async () => {
  const user = userEvent.setup();
  const from = table({
    data: [
      { "0": "Heron", i: 11 },
      { "0": "Ibis", i: "x" },
      { "0": "Curlew", i: 13 },
    ],
    columns: [{ key: "0", original: "name" }],
    primaryKey: "i",
    allowSelect: true,
    hasOnSelectHook: true,
  });
  await shown(from);
  const sent = () => from.sent.map((event) => "value" in event && event.value);
  const value = (ids: Json[]) => ({ value: ids, type: "input-table" });
  await user.click(screen.getByRole("checkbox", { name: "Select Ibis" }));
  expect(from.sent).toEqual([{ type: "ag", renderId: RENDER, componentId: "t", value: value(["x"]) }]);
  fireEvent.click(screen.getByRole("checkbox", { name: "Select Heron" }), { shiftKey: true });
  expect(sent().at(-1)).toEqual(value(["x", 11]));
  await user.click(screen.getByRole("checkbox", { name: "Select all rows" }));
  expect(sent().at(-1)).toEqual(value(["x", 11, 13]));
  expect(screen.getByText("3 rows selected")).toBeTruthy();
  await user.type(screen.getByRole("searchbox"), "cur");
  await waitFor(() => expect(screen.getByText("3 rows selected, 1 of them shown here")).toBeTruthy());
  await user.click(screen.getByRole("checkbox", { name: "Select all rows" }));
  expect(sent().at(-1)).toEqual(value(["x", 11]));
});

test("selection by index sends positions in the whole data, sorted or not; version 1 sends the rows", async () => {
  const user = userEvent.setup();
  const from = table({
    data: BOATS,
    columns: ["name"],
    allowSelect: true,
    hasOnSelectHook: true,
    selectMode: "index",
    primaryKey: "id",
    v: 2,
  });
  await shown(from);
  await user.click(screen.getByRole("button", { name: "Name" }));
  await user.click(screen.getByRole("checkbox", { name: "Select Curlew" }));
  expect(from.sent.at(-1)).toMatchObject({ value: { value: [2], type: "input-table" } });

  const old = table({ data: BOATS, columns: ["name"], allowSelect: true, hasOnSelectHook: true, v: 1 });
  await shown(old);
  await user.click(screen.getAllByRole("checkbox", { name: "Select Curlew" })[1] as HTMLElement);
  expect(old.sent.at(-1)).toMatchObject({ value: { value: [BOATS[2]], type: "input-table" } });
});

test("a wrong number of rows is told and not sent; a single choice moves", async () => {
  const user = userEvent.setup();
  const from = table({ data: BOATS, columns: ["name"], allowSelect: true, hasOnSelectHook: true, minSelections: 2 });
  await shown(from);
  await user.click(screen.getByRole("checkbox", { name: "Select Heron" }));
  expect(from.sent).toEqual([]);
  expect(screen.getByText("Select at least 2 rows.")).toBeTruthy();
  expect(screen.getByRole("grid").getAttribute("aria-invalid")).toBe("true");
  await user.click(screen.getByRole("checkbox", { name: "Select Ibis" }));
  expect(from.sent).toHaveLength(1);

  const single = table({ data: BOATS, columns: ["name"], allowSelect: true, hasOnSelectHook: true, maxSelections: 1 });
  const grids = await shown(single);
  await user.click(within(grids[1] as HTMLElement).getByRole("checkbox", { name: "Select Heron" }));
  await user.click(within(grids[1] as HTMLElement).getByRole("checkbox", { name: "Select Ibis" }));
  expect(single.sent.map((event) => "value" in event && event.value)).toEqual([
    { value: [0], type: "input-table" },
    { value: [1], type: "input-table" },
  ]);
});

const paged = (): TableProperties => ({
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
const answer = (change: Partial<Extract<SdkEvent, { type: "bj" }>>): SdkEvent => ({
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

test("a paged table sends its whole query at each change, as captured, back on page one after a search", async () => {
  const user = userEvent.setup();
  const from = table(paged());
  await shown(from);
  const captured = (fixtures["17-manual-page-change"]?.frames ?? []).filter((frame) => frame.code === "am");
  // Without a view the key stays out, as the relay protocol has it; the capture has null there.
  const keys = (event: object) =>
    Object.keys(event)
      .filter((key) => key !== "executionId" && key !== "viewBy")
      .sort();
  await user.click(screen.getByRole("button", { name: "Next page" }));
  expect(from.sent.at(-1)).toEqual({
    type: "am",
    renderId: RENDER,
    componentId: "t",
    offset: 200,
    pageSize: 100,
    searchQuery: null,
    sortBy: [],
    filterBy: null,
  });
  expect(keys(from.sent[0] as object)).toEqual(keys(captured[0]?.json as object));
  expect(screen.getByRole("grid").getAttribute("aria-busy")).toBe("true");
  act(() => from.receive(answer({ offset: 200, data: [{ i: 200, "1": "row 200" }] })));
  expect(screen.getByText("Rows 201–201 of 230")).toBeTruthy();

  await user.type(screen.getByRole("searchbox"), "row 22{Enter}");
  expect(from.sent.at(-1)).toMatchObject({ offset: 0, searchQuery: "row 22" });
  act(() => from.receive(answer({ searchQuery: "row 22", data: [{ i: 229, "1": "row 229" }], totalRecords: 11 })));
  await user.click(screen.getByRole("button", { name: "Word" }));
  expect(from.sent.at(-1)).toMatchObject({
    offset: 0,
    searchQuery: "row 22",
    sortBy: [{ key: "word", direction: "asc" }],
  });
});

test("a row action on a paged table counts from the start of the data", async () => {
  const from = table(paged());
  await shown(from);
  await userEvent.setup().click(screen.getAllByRole("button", { name: "Look" })[1] as HTMLElement);
  expect(from.sent).toEqual([{ type: "ai", renderId: RENDER, componentId: "t", actionIdx: 0, value: 101 }]);
});

test("while another page comes no row action is run: the app counts from the page that it has", async () => {
  const user = userEvent.setup();
  const from = table(paged());
  await shown(from);
  await user.click(screen.getByRole("button", { name: "Next page" }));
  await user.click(screen.getAllByRole("button", { name: "Look" })[0] as HTMLElement);
  await user.dblClick(screen.getByText("row 101"));
  expect(from.sent.map((event) => event.type)).toEqual(["am"]);
  act(() => from.receive(answer({ offset: 200, data: [{ i: 200, "1": "row 200" }] })));
  await user.click(screen.getByRole("button", { name: "Look" }));
  expect(from.sent.at(-1)).toMatchObject({ type: "ai", value: 200 });
});

test("a page can be asked for while another one comes, and the search keeps the focus", async () => {
  const user = userEvent.setup();
  const from = table({ ...paged(), offset: 0 });
  await shown(from);
  await user.type(screen.getByRole("searchbox"), "a{Enter}");
  expect(document.activeElement).toBe(screen.getByRole("searchbox"));
  await user.type(screen.getByRole("searchbox"), "b{Enter}");
  expect(from.sent.map((event) => "searchQuery" in event && event.searchQuery)).toEqual(["a", "ab"]);
  act(() => from.receive(answer({ searchQuery: "a", data: [{ i: 1, "1": "old" }] })));
  expect(screen.queryByText("old")).toBeNull();
  act(() => from.receive(answer({ searchQuery: "ab", data: [{ i: 2, "1": "new" }], totalRecords: 1 })));
  expect(screen.getByText("new")).toBeTruthy();
});

test("a selection by id stays from page to page", async () => {
  const user = userEvent.setup();
  const from = table({ ...paged(), allowSelect: true, hasOnSelectHook: true });
  await shown(from);
  await user.click(screen.getByRole("checkbox", { name: "Select 100" }));
  await user.click(screen.getByRole("button", { name: "First page" }));
  act(() => from.receive(answer({ data: [{ i: 0, "1": "row 0" }] })));
  await user.click(screen.getByRole("checkbox", { name: "Select 0" }));
  expect(from.sent.at(-1)).toMatchObject({ value: { value: [100, 0] } });
  expect(screen.getByText("2 rows selected, 1 of them shown here")).toBeTruthy();
});

test("a filter of a paged table is sent when it is applied", async () => {
  const user = userEvent.setup();
  const from = table(paged());
  await shown(from);
  await user.click(screen.getByRole("button", { name: "Filter" }));
  await user.type(screen.getByRole("textbox", { name: "Value" }), "3");
  expect(from.sent).toEqual([]);
  await user.click(screen.getByRole("button", { name: "Apply" }));
  expect(from.sent.at(-1)).toMatchObject({
    offset: 0,
    filterBy: { logicOperator: "and", filters: [{ key: "n", operator: "greaterThan", value: 3 }] },
  });
});

test("rows that do not come are told, and asked for again", async () => {
  const user = userEvent.setup();
  const from = table(paged());
  await shown(from);
  await user.click(screen.getByRole("button", { name: "Next page" }));
  act(() =>
    from.receive({
      type: "au",
      errorMessage: "the function failed:\n\nthe store is closed\nat line 3",
      severity: "warning",
    }),
  );
  expect(screen.getByText("The rows could not be loaded. the function failed: the store is closed")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Try again" }));
  expect(from.sent).toHaveLength(2);
  expect(from.sent[1]).toEqual(from.sent[0]);
});

test("before the first rows of an author's function there is no empty table, but a wait", async () => {
  const from = table({ ...paged(), data: [], totalRecords: 0, offset: 0 });
  render(<FixturePage from={from} />);
  expect(await screen.findByText("Loading rows…")).toBeTruthy();
  expect(screen.queryByRole("grid")).toBeNull();
  act(() => from.receive(answer({ totalRecords: 0 })));
  expect(await screen.findByText("There are no rows.")).toBeTruthy();
});

test("with an unknown total there is no last page, and the end is a page that is not full", async () => {
  const from = replay("node-tables");
  render(<FixturePage from={from} />);
  expect(await screen.findByText("Rows 1–12")).toBeTruthy();
  expect(screen.getAllByRole("button", { name: "Last page" })).toHaveLength(2);
  expect(screen.getAllByRole("button", { name: "Next page" }).at(-1)?.hasAttribute("disabled")).toBe(true);
});

test("all pages go to one file, and the page on the screen is asked for again", async () => {
  const user = userEvent.setup();
  const from = table({ ...paged(), totalRecords: 3, pageSize: 2, offset: 2, data: [{ i: 3, "1": "=three" }] });
  const files: { name: string; text: Promise<string> }[] = [];
  render(
    <PageContext.Provider
      value={{
        execution: from.execution,
        blocked: null,
        toast: () => {},
        download: (name, bytes) => files.push({ name, text: textOf(bytes as Blob) }),
        unsent: () => 0,
      }}
    >
      <RenderRoot renderId={RENDER} />
    </PageContext.Provider>,
  );
  await screen.findByRole("grid");
  await user.click(screen.getByRole("button", { name: "Export" }));
  await user.click(screen.getByRole("menuitem", { name: /All pages/ }));
  expect(from.sent.at(-1)).toMatchObject({ type: "am", offset: 0, pageSize: 2 });
  act(() =>
    from.receive(
      answer({
        offset: 0,
        totalRecords: 3,
        data: [
          { i: 1, "1": "a" },
          { i: 2, "1": "b" },
        ],
      }),
    ),
  );
  await waitFor(() => expect(from.sent.at(-1)).toMatchObject({ offset: 2 }));
  // What is on the screen stays there all the while.
  expect(screen.getByText("=three")).toBeTruthy();
  act(() => from.receive(answer({ offset: 2, totalRecords: 3, data: [{ i: 3, "1": "=three" }] })));
  await waitFor(() => expect(files).toHaveLength(1));
  expect(files[0]?.name).toBe("Boats.csv");
  expect(await files[0]?.text).toBe("N,Word\r\n1,a\r\n2,b\r\n3,'=three\r\n");
  await waitFor(() => expect(from.sent).toHaveLength(3));
  expect(from.sent[2]).toMatchObject({ type: "am", offset: 2, pageSize: 2 });
});

/** Without the byte order mark, which a reader of text takes away. */
function textOf(blob: Blob): Promise<string> {
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.readAsText(blob);
  });
}

test("an export that is called off saves nothing and goes back", async () => {
  const user = userEvent.setup();
  const from = table({ ...paged(), pageSize: 2 });
  await shown(from);
  await user.click(screen.getByRole("button", { name: "Export" }));
  await user.click(screen.getByRole("menuitem", { name: /All pages/ }));
  await user.click(screen.getByRole("button", { name: "Cancel export" }));
  await waitFor(() => expect(from.sent.at(-1)).toMatchObject({ type: "am", offset: 100, pageSize: 2 }));
  expect(screen.queryByRole("button", { name: "Cancel export" })).toBeNull();
});

test("the keyboard goes from cell to cell, and one cell only is in the order of the Tab key", async () => {
  const user = userEvent.setup();
  const [grid] = await shown(table({ data: BOATS, columns: ["name", "id"], allowSelect: true }));
  const focused = () => document.activeElement?.textContent;
  expect((grid as HTMLElement).querySelectorAll('[tabindex="0"]')).toHaveLength(1);
  act(() => (within(grid as HTMLElement).getByRole("columnheader", { name: /Name/ }) as HTMLElement).focus());
  await user.keyboard("{ArrowDown}");
  expect(focused()).toBe("Heron");
  await user.keyboard("{ArrowRight}{ArrowDown}");
  expect(focused()).toBe("12");
  await user.keyboard("{Control>}{End}{/Control}");
  expect(focused()).toBe("13");
  await user.keyboard(" ");
  expect(screen.getByText("1 row selected")).toBeTruthy();
  await user.keyboard("{Home}{ArrowUp}{ArrowUp}{ArrowUp}{ArrowRight}{Enter}");
  expect(texts(grid as HTMLElement, 1)).toEqual(["Curlew", "Heron", "Ibis"]);
  expect((grid as HTMLElement).querySelectorAll('[tabindex="0"]')).toHaveLength(1);
});

test("a table says how large it is, also beyond the page", async () => {
  const [grid] = await shown(table(paged()));
  expect(grid?.getAttribute("aria-rowcount")).toBe("231");
  expect(
    within(grid as HTMLElement)
      .getAllByRole("row")
      .map((row) => row.getAttribute("aria-rowindex")),
  ).toEqual(["1", "102", "103"]);
  expect(grid?.getAttribute("aria-labelledby")).toBeTruthy();
});

test("columns are hidden, kept in sight and moved by hand; an update of the page keeps it", async () => {
  const user = userEvent.setup();
  const from = table({ data: BOATS, columns: ["id", "name", "fee"] });
  const [grid] = await shown(from);
  const headings = () =>
    within(grid as HTMLElement)
      .getAllByRole("columnheader")
      .map((head) => head.textContent);
  await user.click(screen.getByRole("button", { name: "Columns" }));
  await user.click(screen.getByRole("checkbox", { name: "ID" }));
  await user.click(screen.getByRole("button", { name: "Keep Fee in sight" }));
  await user.keyboard("{Escape}");
  expect(headings()).toEqual(["Fee", "Name"]);
  await user.type(screen.getByRole("searchbox"), "i");
  act(() =>
    from.receive({
      type: "bf",
      v: 2,
      diff: {
        [RENDER]: {
          rootId: "t",
          update: {
            t: {
              label: "Boats",
              required: true,
              properties: {
                data: [...BOATS, { id: 14, name: "Pintail", fee: 1 }],
                columns: ["id", "name", "fee"],
                v: 3,
              },
            },
          },
        },
      },
    }),
  );
  await waitFor(() => expect(texts(grid as HTMLElement, 1)).toEqual(["Ibis", "Pintail"]));
  expect(headings()).toEqual(["Fee", "Name"]);
});

test("a table without selection does not stop its form", async () => {
  const from = emptyReplay();
  from.receive({
    type: "av",
    renderId: RENDER,
    idx: 0,
    ui: {
      type: "layout-form",
      interactionType: "layout",
      model: {
        id: "f",
        properties: { hasOnSubmitHook: true },
        children: [
          {
            type: "input-table",
            interactionType: "input",
            model: {
              id: "t",
              required: true,
              properties: { data: BOATS, columns: ["name"], v: 3, allowSelect: false },
            },
          },
          {
            type: "button-form-submit",
            interactionType: "button",
            model: { id: "s", properties: { label: "Send" } },
          },
        ],
      },
    },
  });
  await shown(from);
  await userEvent.setup().click(screen.getByRole("button", { name: "Send" }));
  expect(from.sent).toEqual([
    { type: "ac", renderId: RENDER, formComponentId: "f", formData: { t: { value: [], type: "input-table" } } },
  ]);
});

test("actions say why they do nothing while the app is away", async () => {
  const from = table({ data: BOATS, actions: [{ label: "Go" }] });
  render(<FixturePage from={from} blocked="The app's server is not connected" />);
  await screen.findByRole("grid");
  const button = screen.getAllByRole("button", { name: "Go" })[0] as HTMLElement;
  expect(button.title).toBe("The app's server is not connected");
  await userEvent.setup().click(button);
  expect(from.sent).toEqual([]);
});
