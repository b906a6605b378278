import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { BOATS, paged, RENDER, shown, table, texts, watchTables } from "../../testing/table-page";

watchTables();

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
