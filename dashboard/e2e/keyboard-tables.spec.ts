// Tables without a mouse: the grid pattern, row actions, the tools above and the pages below.
import type { Page } from "@playwright/test";
import { expect, tabTo, test } from "./harness/test";

test.use({ program: "keyboard_app.py" });

/** Row (the heading is -1) and column of the focused cell. */
const cell = (page: Page) => async () => {
  const at = await page.evaluate(() => {
    const active = document.activeElement as HTMLElement | null;
    return active?.dataset.r === undefined ? null : [Number(active.dataset.r), Number(active.dataset.c)];
  });
  return at;
};

const press = async (page: Page, ...keys: string[]) => {
  for (const key of keys) await page.keyboard.press(key);
};

test("cell by cell, by page, to the ends; one stop of the Tab key", async ({ page, sdk: _, app }) => {
  await page.goto(app("table"));
  const grid = page.getByRole("grid", { name: "Boats" });
  await expect(grid.getByText("Boat 3", { exact: true })).toBeVisible();
  const at = (r: number, c: number) => expect.poll(cell(page)).toEqual([r, c]);
  // Selection, three columns, actions.
  await tabTo(page, grid.locator('[tabindex="0"]').first());
  await at(-1, 0);
  await press(page, "ArrowDown", "ArrowRight");
  await at(0, 1);
  await press(page, "ArrowDown", "ArrowDown", "ArrowLeft");
  await at(2, 0);
  await press(page, "End");
  await at(2, 4);
  await press(page, "Home");
  await at(2, 0);
  await press(page, "PageDown");
  const [row = 0] = (await cell(page)()) ?? [];
  expect(row).toBeGreaterThan(5);
  expect(row).toBeLessThan(20);
  await press(page, "PageUp");
  await at(2, 0);
  await press(page, "Control+End");
  await at(199, 4);
  await expect(grid.getByText("Boat 199", { exact: true })).toBeInViewport();
  await press(page, "Control+Home");
  await at(0, 0);
  await expect(grid.getByText("Boat 0", { exact: true })).toBeInViewport();
  await press(page, "Tab");
  expect(await grid.evaluate((element) => element.contains(document.activeElement)), "Tab leaves the table").toBe(
    false,
  );
  await press(page, "Shift+Tab");
  await at(0, 0);
});

test("rows are selected, opened, and their other actions run", async ({ page, sdk, app }) => {
  await page.goto(app("table"));
  const heard = async (what: string, ...keys: string[]) => {
    const before = sdk.reports.length;
    await press(page, ...keys);
    return sdk.report(what, before);
  };
  const grid = page.getByRole("grid", { name: "Boats" });
  const at = (r: number, c: number) => expect.poll(cell(page)).toEqual([r, c]);
  await tabTo(page, grid.locator('[tabindex="0"]').first());
  await press(page, "ArrowDown", "ArrowDown", "ArrowRight");
  await at(1, 1);
  expect(await heard("picked", "Space")).toEqual([1]);
  await press(page, "ArrowDown", "ArrowDown");
  // With Shift all rows between.
  expect(await heard("picked", "Shift+Space")).toEqual([1, 2, 3]);
  await expect(grid.getByRole("row", { selected: true })).toHaveCount(3);
  expect(await heard("picked", "Space")).toEqual([1, 2]);
  await at(3, 1);
  expect(await heard("opened", "Enter")).toBe(3);
  await at(3, 1);
  // The actions: into the cell with Enter, along with the arrows, out with Escape.
  await press(page, "End", "Enter");
  await expect(grid.getByRole("button", { name: "Open" }).nth(3)).toBeFocused();
  const more = grid.getByRole("button", { name: "Actions for 3", exact: true });
  await press(page, "ArrowRight");
  await expect(more).toBeFocused();
  await press(page, "Enter");
  await expect(page.getByRole("menuitem", { name: "Rename" })).toBeFocused();
  await press(page, "Escape");
  await expect(page.getByRole("menu")).toHaveCount(0);
  await expect(more).toBeFocused();
  await press(page, "Enter");
  await expect(page.getByRole("menuitem", { name: "Rename" })).toBeFocused();
  await press(page, "ArrowDown");
  await expect(page.getByRole("menuitem", { name: "Scrap" })).toBeFocused();
  expect(await heard("scrapped", "Enter")).toBe(3);
  await expect(page.getByRole("menu")).toHaveCount(0);
  await expect(more).toBeFocused();
  await press(page, "Escape");
  await at(3, 4);
});

test("headings sort and have a menu; search, filters and menus are above", async ({ page, sdk: _, app }) => {
  await page.goto(app("table"));
  const grid = page.getByRole("grid", { name: "Boats" });
  const fee = grid.getByRole("columnheader", { name: /Fee/ });
  await tabTo(page, grid.locator('[tabindex="0"]').first());
  await press(page, "ArrowRight", "ArrowRight", "ArrowRight", "Enter");
  await expect(fee).toHaveAttribute("aria-sort", "descending");
  await expect(fee).toBeFocused();
  await press(page, "Alt+ArrowDown");
  await expect(page.getByRole("menuitem", { name: "Sort downwards" })).toBeFocused();
  await press(page, "ArrowDown", "Enter");
  await expect(fee).toHaveAttribute("aria-sort", "ascending");
  await expect(fee).toBeFocused();
  await tabTo(page, page.getByRole("searchbox"), "Shift+Tab");
  await page.keyboard.type("boat 12");
  await expect(page.getByText("11 of 200 rows")).toBeVisible();
  await press(page, "Escape");
  await expect(page.getByText("200 rows", { exact: true })).toBeVisible();
  const filter = page.getByRole("button", { name: "Filter" });
  await tabTo(page, filter);
  await press(page, "Enter");
  const panel = page.getByRole("dialog", { name: "Filter" });
  await tabTo(page, panel.getByRole("button", { name: /Column/ }));
  await press(page, "Enter");
  await expect(page.getByRole("option").first()).toBeVisible();
  await press(page, "Escape");
  await expect(panel).toBeVisible();
  await press(page, "Escape");
  await expect(panel).toHaveCount(0);
  await expect(filter).toBeFocused();
  const rows = page.getByRole("button", { name: "Rows" });
  await tabTo(page, rows);
  await press(page, "Enter");
  await expect(page.getByRole("menuitemradio").first()).toBeFocused();
  await press(page, "ArrowDown", "Enter");
  await expect(page.getByRole("menu")).toHaveCount(0);
  await expect(rows).toBeFocused();
});

test("pages are turned, to the last and back, and the focus stays", async ({ page, sdk: _, app }) => {
  await page.goto(app("paged"));
  const grid = page.getByRole("grid", { name: "Boats" });
  await expect(grid.getByText("Boat 0", { exact: true })).toBeVisible();
  const pager = page.getByRole("group", { name: "Pages" });
  await tabTo(page, pager.getByRole("button", { name: "Next page" }));
  await press(page, "Enter");
  await expect(page.getByText("Rows 101–200 of 200")).toBeVisible();
  // There is no next page now; the focus is still in the pager.
  const inside = () => pager.evaluate((element) => element.contains(document.activeElement));
  await expect.poll(inside).toBe(true);
  await tabTo(page, pager.getByRole("button", { name: "Previous page" }), "Shift+Tab");
  await press(page, "Enter");
  await expect(page.getByText("Rows 1–100 of 200")).toBeVisible();
  await expect.poll(inside).toBe(true);
  const number = pager.getByRole("textbox", { name: "Page" });
  await tabTo(page, number);
  await press(page, "Control+a");
  await page.keyboard.type("2");
  await press(page, "Enter");
  await expect(page.getByText("Rows 101–200 of 200")).toBeVisible();
  await expect.poll(inside).toBe(true);
});
