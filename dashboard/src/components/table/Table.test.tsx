import { render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { FixturePage } from "../../testing/FixturePage";
import { fixtures, replay } from "../../testing/fixtures";
import { BOATS, LOADING, RENDER, shown, table, texts, watchTables } from "../../testing/table-page";

watchTables();

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

test("actions say why they do nothing while the app is away", async () => {
  const from = table({ data: BOATS, actions: [{ label: "Go" }] });
  render(<FixturePage from={from} blocked="The app's server is not connected" />);
  await screen.findByRole("grid");
  const button = screen.getAllByRole("button", { name: "Go" })[0] as HTMLElement;
  expect(button.title).toBe("The app's server is not connected");
  await userEvent.setup().click(button);
  expect(from.sent).toEqual([]);
});
