import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import type { Json } from "../../model/types";
import { emptyReplay } from "../../testing/fixtures";
import { BOATS, RENDER, shown, table, watchTables } from "../../testing/table-page";

watchTables();

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
