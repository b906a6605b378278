// Without a mouse: the page around the inputs. Skip link, navigation, menus, dialogs, messages.
import type { Page } from "@playwright/test";
import { expect, tabTo, test, toast } from "./harness/test";

/** Whether the focus is within what the selector names. */
const focusIn = (page: Page, selector: string) =>
  page.evaluate((within) => document.activeElement?.closest(within) !== null, selector);

const press = async (page: Page, ...keys: string[]) => {
  for (const key of keys) await page.keyboard.press(key);
};

/** Goes round in a dialog, forwards and back. */
async function staysIn(page: Page, dialog: string): Promise<void> {
  for (const key of ["Tab", "Tab", "Tab", "Tab", "Tab", "Shift+Tab", "Shift+Tab"]) {
    await page.keyboard.press(key);
    expect(await focusIn(page, dialog), `the focus is in the dialog after ${key}`).toBe(true);
  }
}

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
  await tabTo(page, open);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog", { name: "A question" })).toBeVisible();
  await staysIn(page, '[role="dialog"]');
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(open).toBeFocused();
});

test("a question begins at the harmless answer, keeps the focus and gives it back", async ({ page, sdk: _, app }) => {
  await page.goto(app("actions"));
  const plain = page.getByRole("button", { name: "Ask plain" });
  await tabTo(page, plain);
  await press(page, "Enter");
  await expect(page.getByRole("button", { name: "No", exact: true })).toBeFocused();
  await staysIn(page, '[role="alertdialog"]');
  await tabTo(page, page.getByRole("button", { name: "Yes" }));
  await press(page, "Enter");
  await expect(toast(page, "plain: True")).toBeVisible();
  await expect(plain).toBeFocused();
  const full = page.getByRole("button", { name: "Ask full" });
  await tabTo(page, full);
  await press(page, "Enter");
  const dialog = page.getByRole("alertdialog", { name: "Sink it?" });
  await expect(dialog.getByRole("textbox")).toBeFocused();
  // Not before the word is there.
  await page.keyboard.type("sin");
  await press(page, "Enter");
  await expect(dialog).toBeVisible();
  await page.keyboard.type("k");
  await press(page, "Enter");
  await expect(toast(page, "full: True")).toBeVisible();
  await expect(full).toBeFocused();
});

test("messages are reached with Tab, and with F6 from anywhere, also out of a dialog", async ({
  page,
  sdk: _,
  app,
}) => {
  await page.goto(app("actions"));
  const full = page.getByRole("button", { name: "Ask full" });
  const message = toast(page, "full: False");
  const dismiss = message.getByRole("button", { name: "Dismiss" });
  await tabTo(page, full);
  await press(page, "Enter", "Escape");
  await expect(message).toBeVisible();
  await tabTo(page, dismiss);
  await press(page, "Enter");
  await expect(message).toHaveCount(0);
  expect(await focusIn(page, "body *"), "the focus is somewhere").toBe(true);
  await tabTo(page, full, "Shift+Tab");
  await press(page, "Enter", "Escape");
  await expect(message).toBeVisible();
  await expect(full).toBeFocused();
  await press(page, "F6");
  await expect(dismiss).toBeFocused();
  await press(page, "F6");
  await expect(full).toBeFocused();
  const open = page.getByRole("button", { name: "Open modal" });
  await tabTo(page, open);
  await press(page, "Enter");
  const dialog = page.getByRole("dialog", { name: "A question" });
  await expect(dialog).toBeVisible();
  await tabTo(page, dialog.getByRole("textbox", { name: "Inner" }));
  await press(page, "F6");
  await expect(dismiss).toBeFocused();
  await press(page, "Escape");
  await expect(message).toHaveCount(0);
  await expect(dialog.getByRole("textbox", { name: "Inner" })).toBeFocused();
  await press(page, "Escape");
  await expect(dialog).toHaveCount(0);
  await expect(open).toBeFocused();
});

test("the app menu, and leaving a form that was begun", async ({ page, sdk: _, app }) => {
  await page.goto(app("form"));
  const title = page.locator("form").first().getByLabel("Title");
  await tabTo(page, title);
  await page.keyboard.type("mine");
  const menu = page.getByRole("button", { name: /App menu/ });
  const panel = page.getByRole("dialog", { name: "App menu" });
  await tabTo(page, menu, "Shift+Tab");
  await press(page, "Enter");
  await expect(panel).toBeVisible();
  await staysIn(page, '[role="dialog"]');
  await press(page, "Escape");
  await expect(panel).toHaveCount(0);
  await expect(menu).toBeFocused();
  await press(page, "Enter");
  await tabTo(page, panel.getByRole("link", { name: "Home" }));
  await press(page, "Enter");
  const question = page.getByRole("alertdialog", { name: "Leave without sending?" });
  await expect(question.getByRole("button", { name: "Stay" })).toBeFocused();
  await press(page, "Escape");
  await expect(question).toHaveCount(0);
  await expect(title).toHaveValue("mine");
  expect(await focusIn(page, "body *"), "the focus is somewhere").toBe(true);
  await tabTo(page, menu, "Shift+Tab");
  await press(page, "Enter");
  await tabTo(page, panel.getByRole("link", { name: "Home" }));
  await press(page, "Enter");
  await tabTo(page, question.getByRole("button", { name: "Leave" }));
  await press(page, "Enter");
  await expect(page).toHaveURL(/\/home$/);
});

test("apps side by side: the list of a wide page, the folded one of a phone", async ({ page, sdk: _, app }) => {
  await page.goto(app("display"));
  const nav = page.getByRole("navigation", { name: "Apps" });
  await expect(page.getByText("Harbour office")).toBeVisible();
  await tabTo(page, nav.getByRole("link", { name: "Tables" }));
  await press(page, "Enter");
  await expect(page).toHaveURL(/\/tables$/);
  await expect(page.getByRole("grid", { name: "Boats" })).toBeVisible();
  await page.setViewportSize({ width: 390, height: 844 });
  const fold = nav.getByRole("button", { name: "Apps" });
  const link = nav.getByRole("link", { name: "Display pieces" });
  await tabTo(page, fold, "Shift+Tab");
  await expect(link).toBeHidden();
  await press(page, "Enter", "Tab", "Tab");
  await expect(link).toBeVisible();
  // Folded away under the focus, it gives it to its button.
  await press(page, "Escape");
  await expect(link).toBeHidden();
  await expect(fold).toBeFocused();
  await press(page, "Space");
  await tabTo(page, link);
  await press(page, "Enter");
  await expect(page).toHaveURL(/\/display$/);
  await expect(page.getByText("Harbour office")).toBeVisible();
});

test("home: search, open an app, copy a key", async ({ page, sdk: _ }) => {
  await page.goto("/home");
  const link = page.getByRole("link", { name: "Actions", exact: true });
  await expect(link).toBeVisible();
  await tabTo(page, page.getByRole("searchbox"));
  await page.keyboard.type("act");
  await expect(page.getByRole("link", { name: "Tables", exact: true })).toHaveCount(0);
  await tabTo(page, link);
  await press(page, "Enter");
  await expect(page.getByRole("button", { name: "Ask plain" })).toBeVisible();
});
