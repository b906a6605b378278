// Tables: search, sort, filters, views, selection, row actions, paged mode, CSV.
import { readFileSync } from "node:fs";
import { accessible, expect, test, toast } from "./harness/test";

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
  const plain = page.getByRole("grid").first();
  await expect(plain.getByText("Heron")).toBeVisible();
  await page.getByRole("searchbox").first().fill("ibis");
  await expect(plain.getByText("Ibis")).toBeVisible();
  await expect(plain.getByText("Heron")).toBeHidden();
  await page.getByRole("searchbox").first().fill("");
  await expect(plain.getByText("Heron")).toBeVisible();
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
