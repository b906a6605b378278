// From page to page, and away from one: title, focus, and what was begun in a form.
import { expect, test } from "./harness/test";

test("each further page has its title and takes the focus", async ({ page, sdk: _ }) => {
  const focused = () => page.evaluate(() => document.activeElement?.tagName);
  await page.goto("/home");
  await expect(page).toHaveTitle("Home · Compose");
  await expect(page.getByRole("heading", { name: "Your apps" })).toBeVisible();
  // The first page is the browser's to announce.
  expect(await focused()).toBe("BODY");
  await page.getByRole("link", { name: "Display pieces" }).first().click();
  await expect(page).toHaveTitle("Display pieces");
  await expect(page.getByRole("heading", { level: 1, name: "Display pieces" })).toBeFocused();
  await page.getByRole("navigation", { name: "Apps" }).getByRole("link", { name: "Tables" }).click();
  await expect(page).toHaveTitle("Tables");
  await expect(page.getByRole("heading", { level: 1, name: "Tables" })).toBeFocused();
  await page.goBack();
  await expect(page).toHaveTitle("Display pieces");
  await expect(page.getByRole("heading", { level: 1, name: "Display pieces" })).toBeFocused();
  await page.getByRole("button", { name: /App menu/ }).click();
  await page.getByRole("link", { name: "Home" }).click();
  await expect(page).toHaveTitle("Home · Compose");
  await expect(page.locator("main")).toBeFocused();
});

test("a form that was begun is not left without a question", async ({ page, sdk: _, app }) => {
  await page.goto(app("form"));
  const title = page.locator("form").first().getByLabel("Title");
  await title.fill("half a boat");
  const goHome = async () => {
    await page.getByRole("button", { name: /App menu/ }).click();
    await page.getByRole("link", { name: "Home" }).click();
  };
  await goHome();
  const question = page.getByRole("alertdialog", { name: "Leave without sending?" });
  await expect(question.getByRole("button", { name: "Stay" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(question).toBeHidden();
  await expect(title).toHaveValue("half a boat");
  // Closing the tab: the browser asks by itself.
  const asked = page.waitForEvent("dialog");
  await page.close({ runBeforeUnload: true });
  const dialog = await asked;
  expect(dialog.type()).toBe("beforeunload");
  await dialog.dismiss();
  await goHome();
  await question.getByRole("button", { name: "Leave" }).click();
  await expect(page).toHaveURL(/\/home$/);
});

test("an app that is started again by hand keeps what was typed", async ({ page, sdk: _, app }) => {
  await page.goto(app("form"));
  const title = page.locator("form").first().getByLabel("Title");
  await title.fill("half a boat");
  await page.getByRole("button", { name: /App menu/ }).click();
  await page.getByRole("button", { name: "Restart the app" }).click();
  await expect(page.getByText("What you had typed has been kept.")).toBeVisible();
  await expect(title).toHaveValue("half a boat");
});
