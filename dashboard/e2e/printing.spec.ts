// On paper: what the app shows, whole, in dark on light, and nothing that can only be pressed.
import type { Page } from "@playwright/test";
import { getDocument } from "pdfjs-dist/legacy/build/pdf.mjs";
import { expect, test } from "./harness/test";

/** The words of the page as it is printed, without the spaces between them, and how many papers it takes. */
async function printed(page: Page): Promise<{ text: string; pages: number }> {
  const pdf = await page.pdf({ format: "A4" });
  const document = await getDocument({ data: new Uint8Array(pdf), verbosity: 0 }).promise;
  const texts: string[] = [];
  for (let at = 1; at <= document.numPages; at++) {
    const paper = await document.getPage(at);
    const [, , width = 0] = paper.view;
    const { items } = await paper.getTextContent();
    for (const item of items) {
      if (!("str" in item) || item.str.trim() === "") continue;
      texts.push(item.str);
      expect(item.transform[4], `“${item.str}” begins on the paper`).toBeLessThan(width);
    }
  }
  const pages = document.numPages;
  await document.loadingTask.destroy();
  return { text: texts.join("").replaceAll(/\s/g, ""), pages };
}

test("an app with tables is printed whole, without what is around it", async ({ page, sdk: _, app }) => {
  await page.goto(app("tables"));
  await expect(page.getByRole("grid").nth(4).getByText("Cork")).toBeVisible();
  const { text } = await printed(page);
  for (const there of ["Heron", "$1,250.50", "2024-05-02", "Cork", "Boats"]) expect(text).toContain(there);
  for (const away of ["Export", "Columns", "Skiptotheapp", "Displaypieces"]) expect(text).not.toContain(away);
  // The page goes on as before.
  await expect(page.getByRole("button", { name: "Export" }).first()).toBeVisible();
});

test("of a long table all rows go to paper, not only those in sight", async ({ page, sdk: _, app }) => {
  await page.goto(app("long"));
  await expect(page.getByText("row 0", { exact: true })).toBeVisible();
  await expect(page.getByText("row 229", { exact: true })).toHaveCount(0);
  const { text, pages } = await printed(page);
  expect(pages).toBeGreaterThan(2);
  for (const there of ["row0", "row115", "row229"]) expect(text).toContain(there);
  // Only those in sight again.
  await expect(page.getByText("row 229", { exact: true })).toHaveCount(0);
});

test("what is ticked is ticked on paper, too", async ({ page, sdk: _, app }) => {
  await page.goto(app("form"));
  const tick = page.locator("form").first().locator("label", { hasText: "I agree" });
  await expect(tick).toBeVisible();
  await page.emulateMedia({ media: "print" });
  // The ground behind the light tick is printed.
  const adjust = () => tick.locator("svg").evaluate((mark) => getComputedStyle(mark).printColorAdjust);
  expect(await adjust()).toBe("exact");
});

test("dark is light on paper", async ({ page, sdk: _ }) => {
  await page.addInitScript(() => localStorage.setItem("COLOR_SCHEME", "dark"));
  await page.goto("/home");
  await expect(page.getByRole("heading", { name: "Your apps" })).toBeVisible();
  const colours = () =>
    page.evaluate(() => {
      const { color, backgroundColor } = getComputedStyle(document.body);
      return [color, backgroundColor];
    });
  expect(await colours()).not.toContain("rgb(255, 255, 255)");
  await page.emulateMedia({ media: "print" });
  expect(await colours()).toEqual(["rgb(0, 0, 0)", "rgb(255, 255, 255)"]);
});
