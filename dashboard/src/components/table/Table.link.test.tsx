import { act, cleanup, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { readLink, type TableLink, writeLink } from "../../model/table/link";
import { answer, BOATS, paged, RENDER, shown, table, texts, watchTables } from "../../testing/table-page";

watchTables();

const address = (link: TableLink) => history.replaceState(null, "", `/app/e/boats?n=1${writeLink("", "t", link)}`);
const written = () => readLink(location.hash, "t");

test("a link shows the same rows, order and columns, and what is changed by hand goes into the address", async () => {
  const user = userEvent.setup();
  address({ search: "r", sortBy: [{ key: "name", direction: "desc" }], hidden: { id: true } });
  const [grid] = await shown(table({ data: BOATS, columns: ["id", "name", "fee"] }));
  expect(texts(grid as HTMLElement, 0)).toEqual(["Heron", "Curlew"]);
  expect((screen.getByRole("searchbox") as HTMLInputElement).value).toBe("r");
  await user.clear(screen.getByRole("searchbox"));
  await user.click(screen.getByRole("button", { name: "Filter" }));
  await user.type(screen.getByRole("textbox", { name: "Value" }), "ib");
  await waitFor(() =>
    expect(written()).toEqual({
      sortBy: [{ key: "name", direction: "desc" }],
      hidden: { id: true },
      filterBy: { logicOperator: "and", filters: [{ key: "id", operator: "greaterThan", value: "ib" }] },
    }),
  );
  expect(location.search).toBe("?n=1");
});

test("a table as its author set it leaves no trace in the address", async () => {
  const user = userEvent.setup();
  address({ search: "her" });
  const [grid] = await shown(table({ data: BOATS, columns: ["name"] }));
  expect(texts(grid as HTMLElement, 0)).toEqual(["Heron"]);
  await user.clear(screen.getByRole("searchbox"));
  await waitFor(() => expect(location.hash).toBe(""));
  expect(location.pathname + location.search).toBe("/app/e/boats?n=1");
});

test("what an author does not offer, no link can ask for", async () => {
  address({
    view: "none of these",
    search: "her",
    sortBy: [{ key: "name", direction: "asc" }],
    filterBy: { key: "name", operator: "is", value: "Ibis" },
  });
  const closed = { notSearchable: true, sortable: false, filterable: false } as const;
  const [grid] = await shown(table({ data: BOATS, columns: ["name"], ...closed }));
  expect(texts(grid as HTMLElement, 0)).toEqual(["Heron", "Ibis", "Curlew"]);
  await waitFor(() => expect(location.hash).toBe(""));
});

test("a paged table asks once for the page that the address has", async () => {
  address({ search: "row", offset: 130, pageSize: 50 });
  const from = table({ ...paged(), offset: 0 });
  await shown(from);
  const asked = { type: "am", renderId: RENDER, componentId: "t", offset: 100, pageSize: 50, searchQuery: "row" };
  await waitFor(() => expect(from.sent).toEqual([{ ...asked, sortBy: [], filterBy: null }]));
  act(() => from.receive(answer({ offset: 100, searchQuery: "row", data: [{ i: 7, "1": "row 7" }] })));
  expect(screen.getByText("row 7")).toBeTruthy();
  expect(from.sent).toHaveLength(1);
  await userEvent.setup().click(screen.getByRole("button", { name: "Next page" }));
  await waitFor(() => expect(written()).toEqual({ search: "row", offset: 150, pageSize: 50 }));
});

test("a column that a view hides and the person has brought back stays", async () => {
  address({ hidden: {} });
  const views = [{ key: "v", label: "Short", isDefault: true, columns: { fee: { hidden: true } } }];
  await shown(table({ data: BOATS, columns: ["name", "fee"], views }));
  expect(screen.getByRole("columnheader", { name: /Fee/ })).toBeTruthy();
  // What unmounts writes what waits.
  cleanup();
  expect(written()).toEqual({ hidden: {} });
});

test("a paged table is asked for no page size and no column that it does not offer", async () => {
  address({
    search: "row",
    pageSize: 1000,
    sortBy: [{ key: "secret", direction: "asc" }],
    filterBy: {
      logicOperator: "and",
      filters: [
        { key: "secret", operator: "is", value: "x" },
        { key: "word", operator: "includes", value: "r" },
      ],
    },
  });
  const from = table({ ...paged(), offset: 0 });
  await shown(from);
  const asked = { type: "am", renderId: RENDER, componentId: "t", offset: 0, pageSize: 100, searchQuery: "row" };
  const filterBy = { logicOperator: "and", filters: [{ key: "word", operator: "includes", value: "r" }] };
  await waitFor(() => expect(from.sent).toEqual([{ ...asked, sortBy: [], filterBy }]));
});
