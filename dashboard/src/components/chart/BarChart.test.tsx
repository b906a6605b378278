import { cleanup, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FixturePage } from "../../testing/FixturePage";
import { replay } from "../../testing/fixtures";

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
  cleanup();
  expect(complaints).toEqual([]);
});

async function charts() {
  const from = replay("20-charts");
  const shown = render(<FixturePage from={from} />);
  await waitFor(() => expect(screen.getAllByRole("figure")).toHaveLength(4), { timeout: 30_000 });
  return { ...shown, from, figures: screen.getAllByRole("figure") };
}

test("every captured chart has a name, its bars, and its figures as a table", async () => {
  const { figures, from } = await charts();
  expect(figures.map((figure) => figure.querySelector("figcaption")?.textContent)).toEqual([
    "Salesthousands",
    "Wide",
    "Bare",
    "Empty",
  ]);
  const [sales, wide, bare, empty] = figures as [HTMLElement, HTMLElement, HTMLElement, HTMLElement];
  const cells = (figure: HTMLElement) =>
    within(figure)
      .getAllByRole("row")
      .map((row) => [...row.children].map((cell) => cell.textContent));
  expect(cells(sales)).toEqual([
    ["Group", "north", "south"],
    ["Jan", "5", "9"],
    ["Feb", "3", "0"],
  ]);
  // A bar of 0 is not drawn.
  expect(sales.querySelectorAll(".recharts-bar-rectangle path")).toHaveLength(3);
  expect(wide.querySelectorAll(".recharts-bar-rectangle path")).toHaveLength(4);
  // One series needs no legend.
  expect(
    within(sales)
      .getAllByRole("listitem")
      .map((item) => item.textContent),
  ).toEqual(["north", "south"]);
  expect(within(bare).queryAllByRole("listitem")).toHaveLength(0);
  expect(within(empty).getByText("There is nothing to show yet.")).toBeTruthy();
  // Charts are no buttons, whatever their type is called.
  expect(from.sent).toEqual([]);
});

test("the picture gives way to the table on demand", async () => {
  const { figures } = await charts();
  const sales = figures[0] as HTMLElement;
  expect(within(sales).getByRole("table").parentElement?.className).toBe("visually-hidden");
  await userEvent.setup().click(within(sales).getByRole("button", { name: "Table" }));
  expect(within(sales).getByRole("table").parentElement?.className).not.toBe("visually-hidden");
  expect(sales.querySelector(".recharts-surface")).toBeNull();
});
