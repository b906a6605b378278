// Without a mouse: what people reach with Tab, arrows, Enter and Escape.
import type { Page } from "@playwright/test";
import { expect, test } from "./harness/test";

/** Whether the focus is within what the selector names. */
const focusIn = (page: Page, selector: string) =>
  page.evaluate((within) => document.activeElement?.closest(within) !== null, selector);

test("the first stop leads past the navigation; a dialog keeps the focus and gives it back", async ({
  page,
  sdk: _,
  app,
}) => {
  await page.goto(app("actions"));
  const open = page.getByRole("button", { name: "Open modal" });
  await expect(open).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the app" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.locator("#main")).toBeFocused();
  await open.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog", { name: "A question" })).toBeVisible();
  for (const key of ["Tab", "Tab", "Tab", "Tab", "Tab", "Shift+Tab", "Shift+Tab"]) {
    await page.keyboard.press(key);
    expect(await focusIn(page, '[role="dialog"]'), `the focus is in the dialog after ${key}`).toBe(true);
  }
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(open).toBeFocused();
});
