// Charts: bars for the eye, the same figures as a table for everyone.
import { readFileSync } from "node:fs";
import { accessible, expect, test } from "./harness/test";

test("a bar chart shows its figures, as a picture, as a table and as a file", async ({ page, sdk: _, app }) => {
  await page.goto(app("charts"));
  const sales = page.getByRole("figure", { name: "Sales" });
  // Two series in each of two months; nothing was sold in one of the four.
  await expect(sales.locator(".recharts-bar-rectangle path")).toHaveCount(3);
  await expect(sales.locator("svg").getByText("Feb")).toBeVisible();
  await sales.locator(".recharts-bar-rectangle path").first().hover();
  await expect(sales.locator(".recharts-tooltip-wrapper")).toContainText(/Jan.*north.*5.*south.*9/);
  await accessible(page);

  await sales.getByRole("button", { name: "Table" }).click();
  await expect(sales.locator(".recharts-bar-rectangle")).toHaveCount(0);
  await expect(sales.getByRole("table", { name: "Sales" }).getByRole("row")).toHaveText([
    "Groupnorthsouth",
    "Jan59",
    "Feb30",
  ]);
  await accessible(page);

  const begun = page.waitForEvent("download");
  await sales.getByRole("button", { name: "CSV" }).click();
  expect(readFileSync(await (await begun).path(), "utf8")).toContain("Jan,5,9");
});

test("averages, names of series, and a chart without figures", async ({ page, sdk: _, app }) => {
  await page.goto(app("charts"));
  // Ann: (4 + 3) / 2 in the north, (2 + 0) / 2 × 2 in the south.
  await expect(page.getByRole("row", { name: "ann 3.5 2" })).toBeAttached();
  await expect(page.getByRole("columnheader", { name: "North", exact: true })).toBeAttached();
  await expect(page.getByText("There is nothing to show yet.")).toBeVisible();
});
