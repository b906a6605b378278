// Tables: search, sort, filters, views, selection, row actions, paged mode, CSV.
import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { accessible, choose, expect, test, toast } from "./harness/test";

/** All tables of the app are there: before that the first one on the page may be another. */
const all = (page: Page) => expect(page.getByRole("grid")).toHaveCount(5);

test("a table shows rows by their formats, and row actions name their row", async ({ page, sdk: _, app }) => {
  await page.goto(app("tables"));
  const full = page.getByRole("grid", { name: "Boats" });
  await expect(full.getByText("$1,250.50")).toBeVisible();
  await expect(full.getByRole("columnheader", { name: /Fee/ })).toBeVisible();
  await accessible(page);
  await full.getByRole("button", { name: /Open/ }).first().click();
  await expect(toast(page, "open Heron")).toBeVisible();
});

test("search and sort in the browser", async ({ page, sdk: _, app }) => {
  await page.goto(app("tables"));
  await all(page);
  const plain = page.getByRole("grid").first();
  await expect(plain.getByText("Heron")).toBeVisible();
  await page.getByRole("searchbox").first().fill("ibis");
  await expect(plain.getByText("Ibis")).toBeVisible();
  await expect(plain.getByText("Heron")).toBeHidden();
  await page.getByRole("searchbox").first().fill("");
  await expect(plain.getByText("Heron")).toBeVisible();
  const names = plain.locator('[role="gridcell"][aria-colindex="2"]');
  const fee = plain.getByRole("columnheader", { name: /Fee/ });
  await fee.getByRole("button", { name: "Fee", exact: true }).click();
  await expect(fee).toHaveAttribute("aria-sort", "descending");
  await expect(names).toHaveText(["Ibis", "Heron", "Curlew"]);
  await fee.getByRole("button", { name: "Fee", exact: true }).click();
  await expect(fee).toHaveAttribute("aria-sort", "ascending");
  await expect(names).toHaveText(["Curlew", "Heron", "Ibis"]);
});

test("filters and views", async ({ page, sdk: _, app }) => {
  await page.goto(app("tables"));
  await all(page);
  const plain = page.getByRole("grid").first();
  await page.getByRole("button", { name: "Filter" }).first().click();
  const panel = page.getByRole("dialog", { name: "Filter" });
  await choose(page, panel.getByRole("button", { name: /Column/ }), "Fee");
  await choose(page, panel.getByRole("button", { name: /Condition/ }), "is less than");
  await panel.getByRole("textbox", { name: "Value" }).fill("1300");
  await panel.getByRole("textbox", { name: "Value" }).blur();
  await expect(plain.getByText("Ibis")).toBeHidden();
  await expect(plain.getByText("Heron")).toBeVisible();
  await accessible(page);
  await panel.getByRole("button", { name: "Clear filters" }).click();
  await expect(plain.getByText("Ibis")).toBeVisible();

  const views = page.getByRole("grid").nth(3);
  await expect(views.getByText("Ibis")).toBeVisible();
  await expect(views.getByText("Heron")).toBeHidden();
  await page.getByRole("button", { name: /Unpaid/ }).click();
  await page.getByRole("menuitemradio", { name: /By word/ }).click();
  await expect(views.getByText("Heron")).toBeVisible();
  await expect(views.getByText("Ibis")).toBeHidden();
  await expect(views.getByRole("columnheader", { name: /Arrived/ })).toBeVisible();
});

test("a table that fits does not scroll sideways", async ({ page, sdk: _, app }) => {
  await page.goto(app("tables"));
  const frame = page.getByRole("grid").last();
  await frame.scrollIntoViewIfNeeded();
  await expect(frame.getByText("9.5")).toBeInViewport();
  await expect.poll(() => frame.evaluate((grid) => grid.scrollWidth - grid.clientWidth)).toBeLessThanOrEqual(0);
});

test("selected rows are what the handler gets", async ({ page, sdk, app }) => {
  await page.goto(app("hooks"));
  const before = sdk.reports.length;
  await page.getByRole("checkbox", { name: /Select.*Ibis/ }).click();
  expect(await sdk.report("pick", before)).toMatchObject([{ id: 12, name: "Ibis", berth: "A-7" }]);
  await page.getByRole("checkbox", { name: /Select.*Heron/ }).click();
  await expect.poll(async () => ((await sdk.report("pick", before)) as unknown[]).length).toBe(2);
});

test("the CSV has the rows", async ({ page, sdk: _, app }) => {
  await page.goto(app("tables"));
  await expect(page.getByRole("grid").first()).toBeVisible();
  const begun = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export" }).first().click();
  await page.getByRole("menuitem").first().click();
  const text = readFileSync(await (await begun).path(), "utf8");
  expect(text).toContain("Heron");
  expect(text.trim().split("\n").length).toBe(4);
});

test("a link shows tables as somebody has set them up, and does not start the app anew", async ({
  page,
  sdk: _,
  app,
}) => {
  await page.goto(app("tables", "?boat=7"));
  const plain = page.getByRole("grid").first();
  await page.getByRole("searchbox").first().fill("2024");
  await plain.getByRole("button", { name: "Fee", exact: true }).click();
  const names = plain.locator('[role="gridcell"][aria-colindex="2"]');
  await expect(names).toHaveText(["Ibis", "Heron"]);
  await expect(page).toHaveURL(/\/tables\?boat=7#table\.plain=/);
  await expect(names).toHaveText(["Ibis", "Heron"]);
  const other = await page.context().newPage();
  await other.goto(page.url());
  await expect(other.getByRole("grid").first().locator('[role="gridcell"][aria-colindex="2"]')).toHaveText([
    "Ibis",
    "Heron",
  ]);
  await expect(other.getByRole("searchbox").first()).toHaveValue("2024");
  await other.getByRole("searchbox").first().fill("");
  await other.getByRole("grid").first().getByRole("button", { name: "Fee", exact: true }).click();
  await expect(other).toHaveURL(/#table\.plain=[^&]*asc/);
  await other.close();

  await page.goto(app("paged"));
  const manual = page.getByRole("grid").nth(1);
  await expect(manual.getByText("row 229")).toBeVisible();
  await page.getByRole("button", { name: "Next page" }).nth(1).click();
  await expect(manual.getByText("row 129")).toBeVisible();
  await expect(page).toHaveURL(/#table\.manual=/);
  await page.reload();
  await expect(manual.getByText("row 129")).toBeVisible();
  await expect(page.getByText("Rows 101–106 of 230")).toBeVisible();
});

test("all pages of a paged table go to one file, and the page on the screen stays", async ({ page, sdk: _, app }) => {
  await page.goto(app("paged"));
  const manual = page.getByRole("grid").nth(1);
  await expect(manual.getByText("row 229")).toBeVisible();
  const tools = page.getByRole("button", { name: "Export" }).nth(1);
  const begun = page.waitForEvent("download");
  await tools.click();
  await page.getByRole("menuitem", { name: /All pages/ }).click();
  const text = readFileSync(await (await begun).path(), "utf8");
  const lines = text.trim().split("\n");
  // The program gives six rows of each of its three pages of a hundred, the biggest first as the view has it.
  expect(lines).toHaveLength(1 + 3 * 6);
  expect(lines[1]).toContain("row 229");
  expect(lines[7]).toContain("row 129");
  expect(lines[13]).toContain("row 29");
  await expect(manual.getByText("row 229")).toBeVisible();
  await manual.getByRole("button", { name: /Look/ }).first().click();
  await expect(toast(page, "'word': 'row 229'")).toBeVisible();
});

test("a paged table asks the program for each page", async ({ page, sdk: _, app }) => {
  await page.goto(app("paged"));
  const manual = page.getByRole("grid").nth(1);
  // The default view: the biggest first.
  await expect(manual.getByText("row 229")).toBeVisible();
  await page.getByRole("searchbox").first().fill("row 19");
  await expect(manual.getByText("row 199")).toBeVisible();
  await expect(manual.getByText("row 229")).toBeHidden();
  await accessible(page);
  await manual.getByRole("button", { name: /Look/ }).first().click();
  await expect(toast(page, "'word': 'row 199'")).toBeVisible();
});
