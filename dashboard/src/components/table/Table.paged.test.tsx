import { act, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { FixturePage } from "../../testing/FixturePage";
import { fixtures, replay } from "../../testing/fixtures";
import { answer, paged, RENDER, shown, table, watchTables } from "../../testing/table-page";

watchTables();

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
  expect(screen.getAllByRole("button", { name: "Next page" }).at(-1)?.getAttribute("aria-disabled")).toBe("true");
});
