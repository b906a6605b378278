import { act, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { answer, paged, RENDER, shown, table, watchTables } from "../../testing/table-page";
import { PageContext } from "../hooks";
import { RenderRoot } from "../Render";

watchTables();

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

/** Without the byte order mark, which a reader of text takes away. */
function textOf(blob: Blob): Promise<string> {
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.readAsText(blob);
  });
}
