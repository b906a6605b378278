// What an app does to its page: questions, dialogs, toasts, loading, links, downloads, errors, updates.
import { readFileSync } from "node:fs";
import { accessible, expect, test, toast } from "./harness/test";

test.beforeEach(async ({ page, app, sdk: _ }) => {
  await page.goto(app("actions"));
  await expect(page.getByRole("button", { name: "Ask plain" })).toBeVisible();
});

test("a plain question: yes, no, and Escape", async ({ page }) => {
  const ask = page.getByRole("button", { name: "Ask plain" });
  await ask.click();
  await expect(page.getByRole("alertdialog")).toBeVisible();
  await accessible(page);
  await page.getByRole("button", { name: "Yes" }).click();
  await expect(toast(page, "plain: True")).toBeVisible();
  await expect(page.getByRole("alertdialog")).toBeHidden();
  // The focus is where it was.
  await expect(ask).toBeFocused();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "No", exact: true }).click();
  await expect(toast(page, "plain: False")).toBeVisible();
  await ask.click();
  await expect(page.getByRole("alertdialog")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(toast(page, "plain: False")).toHaveCount(2);
});

test("a question that wants a word", async ({ page }) => {
  await page.getByRole("button", { name: "Ask full" }).click();
  const dialog = page.getByRole("alertdialog", { name: "Sink it?" });
  await expect(dialog.getByText("This cannot be undone.")).toBeVisible();
  const sink = dialog.getByRole("button", { name: "Sink" });
  await expect(sink).toHaveAttribute("aria-disabled", "true");
  await dialog.getByRole("textbox").fill("sink");
  await accessible(page);
  await sink.click();
  await expect(toast(page, "full: True")).toBeVisible();
  await page.getByRole("button", { name: "Ask full" }).click();
  await dialog.getByRole("button", { name: "Keep" }).click();
  await expect(toast(page, "full: False")).toBeVisible();
});

test("a modal gives its value back, by Enter, by button, and when it is closed", async ({ page }) => {
  const open = page.getByRole("button", { name: "Open modal" });
  const dialog = page.getByRole("dialog", { name: "A question" });
  await open.click();
  await accessible(page);
  await dialog.getByRole("textbox", { name: "Inner" }).fill("typed");
  await page.keyboard.press("Enter");
  await expect(toast(page, "modal gave 'typed'")).toBeVisible();
  await expect(dialog).toBeHidden();
  await open.click();
  await dialog.getByRole("button", { name: "Close it" }).click();
  await expect(toast(page, "modal gave 'closed by button'")).toBeVisible();
  await open.click();
  await expect(dialog).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(toast(page, "modal gave None")).toBeVisible();
});

test("loading comes and goes", async ({ page }) => {
  await page.getByRole("button", { name: "Busy" }).click();
  await expect(page.getByText("Working")).toBeHidden();
  await expect(page.getByText("Nearly")).toBeHidden();
  await page.getByRole("button", { name: "Ask plain" }).click();
  await expect(page.getByRole("alertdialog")).toBeVisible();
});

test("a link to an app of the same environment keeps the page and brings params", async ({ page }) => {
  await page.getByRole("button", { name: "Link app" }).click();
  await expect(page).toHaveURL(/\/display\?/);
  const query = new URL(page.url()).searchParams;
  expect([query.get("boat"), query.get("q")]).toEqual(["11", "a b"]);
  await expect(page.getByRole("heading", { name: "Harbour office" })).toBeVisible();
});

test("a link elsewhere opens its own tab, which cannot reach ours", async ({ page, context }) => {
  const opened = context.waitForEvent("page");
  await page.getByRole("button", { name: "Link out" }).click();
  const other = await opened;
  await other.waitForURL("https://example.org/x");
  expect(await other.evaluate(() => window.opener)).toBeNull();
});

test("reload starts the app anew", async ({ page }) => {
  await page.getByRole("button", { name: "Reload" }).click();
  await expect(page.getByText("params: {}")).toBeVisible();
  await page.getByRole("button", { name: "Ask plain" }).click();
  await expect(page.getByRole("alertdialog")).toBeVisible();
});

test("a download has its bytes and its name", async ({ page }) => {
  const begun = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download" }).click();
  const download = await begun;
  expect(download.suggestedFilename()).toBe("résumé.csv");
  expect(readFileSync(await download.path(), "utf8")).toBe("a,b\n1,2\n");
});

test("a log entry is in the activity log", async ({ page, owner }) => {
  await page.getByRole("button", { name: "Log", exact: true }).click();
  const filter = { limit: 50, offset: 0, appRoute: "actions", userEmail: null, severity: null, type: "user" };
  await expect
    .poll(async () => {
      const range = { datetimeStart: null, datetimeEnd: null, message: null };
      const found = (await owner.api("POST", "/api/v1/audit-log/get-page", { ...filter, ...range })) as {
        logs: { message: string; severity: string; data: unknown }[];
      };
      return found.logs.map(({ message, severity, data }) => ({ message, severity, data }))[0];
    })
    .toEqual({ message: "boat looked at", severity: "warn", data: { id: 11 } });
});

test("an error in a handler is told with its place, and the app can be started anew", async ({ page }) => {
  await page.getByRole("button", { name: "Boom" }).click();
  await expect(page.getByText("boiler broke").first()).toBeVisible();
  await page.getByText("Where it happened").click();
  await expect(page.getByText(/example_app\.py/).first()).toBeVisible();
  await accessible(page);
  await page.getByRole("button", { name: "Restart the app" }).first().click();
  await expect(page.getByText("boiler broke")).toBeHidden();
  await expect(page.getByRole("button", { name: "Boom" })).toBeVisible();
});

test("apps that fail say so", async ({ page, app }) => {
  await page.goto(app("crash"));
  await expect(page.getByText("handler failed").first()).toBeVisible();
  await accessible(page);
  await page.goto(app("broken"));
  await expect(page.getByText(/same/).first()).toBeVisible();
});

test("updates keep what was typed", async ({ page, app }) => {
  await page.goto(app("update"));
  const name = page.getByLabel("Name");
  await name.fill("mine");
  await page.getByRole("button", { name: "Bump" }).click();
  await expect(page.getByText("count 1")).toBeVisible();
  await expect(page.getByText("seen 1")).toBeVisible();
  await expect(page.getByText("now you see me")).toBeVisible();
  await expect(name).toHaveValue("mine");
  await page.getByLabel("Late").fill("later");
  await page.getByRole("button", { name: "Bump" }).click();
  await expect(page.getByText("count 2")).toBeVisible();
  await expect(page.getByText("now you see me")).toBeHidden();
  await expect(name).toHaveValue("mine");
  await page.getByRole("button", { name: "Swap" }).click();
  await expect(page.getByText("big", { exact: true })).toBeVisible();
  await expect(name).toHaveValue("mine");
});
