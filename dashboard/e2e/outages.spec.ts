// The server, the program and the network go away under an open page, and nothing that was typed is lost.
import type { Page } from "@playwright/test";
import { accessible, choose, expect, test, toast } from "./harness/test";

test.use({ outages: true });

async function typed(page: Page) {
  const title = page.locator("form").first().getByLabel("Title");
  await title.fill("typed before");
  return title;
}

test("the server is updated: the page says so, comes back, and the app runs on", async ({ page, relay, sdk, app }) => {
  await page.goto(app("update"));
  await page.getByRole("button", { name: "Bump" }).click();
  await expect(page.getByText("count 1")).toBeVisible();
  await page.getByLabel("Name").fill("mine");
  await sdk.connectedAgain(async () => {
    await relay.stop();
    await expect(page.getByText(/server is being updated|Connection lost/).first()).toBeVisible();
    await accessible(page);
    await relay.start();
  });
  await expect(page.getByText(/server is being updated|Connection lost/)).toHaveCount(0, { timeout: 60_000 });
  await expect(page.getByLabel("Name")).toHaveValue("mine");
  // The same run: its count goes on.
  await page.getByRole("button", { name: "Bump" }).click();
  await expect(page.getByText("count 2")).toBeVisible();
});

test("the server crashes: the same", async ({ page, relay, sdk, app }) => {
  await page.goto(app("form"));
  const title = await typed(page);
  await sdk.connectedAgain(async () => {
    await relay.kill();
    await expect(page.getByText("Connection lost").first()).toBeVisible();
    await relay.start();
  });
  await expect(page.getByText("Connection lost")).toHaveCount(0, { timeout: 60_000 });
  await expect(title).toHaveValue("typed before");
});

test("parts of a page that could not be loaded come by themselves when the server is back", async ({
  page,
  relay,
  sdk,
  app,
}) => {
  // The server goes away between the page and the code of what is on it.
  const parts = /\/assets\/(SelectInput|DateInput|Table)-/;
  await page.route(parts, (route) => route.abort("connectionrefused"));
  await page.goto(app("form"));
  const title = await typed(page);
  const form = page.locator("form").first();
  const news = form.getByText("This part could not be loaded: the server cannot be reached.");
  // The table, the select list, the date and the date with its time.
  await expect(news).toHaveCount(4);
  await accessible(page);
  await sdk.connectedAgain(async () => {
    await relay.kill();
    await expect(page.getByText("Connection lost").first()).toBeVisible();
    await page.unroute(parts);
    await relay.start();
  });
  await expect(news).toHaveCount(0);
  await expect(form.getByRole("grid", { name: "Crew" })).toBeVisible();
  await expect(title).toHaveValue("typed before");
  await choose(page, form.getByRole("button", { name: /Berth/ }), "B-1");
  const before = sdk.reports.length;
  await form.getByRole("button", { name: "Submit" }).click();
  expect(await sdk.report("form", before)).toMatchObject({ title: "typed before" });
});

test("a page that cannot be loaded says so, and comes by itself", async ({ page, sdk: _, app }) => {
  const part = /\/assets\/AppPage-/;
  await page.route(part, (route) => route.abort("connectionrefused"));
  await page.goto(app("actions"));
  await expect(page.getByText("This part could not be loaded: the server cannot be reached.")).toBeVisible();
  await accessible(page);
  await page.unroute(part);
  await expect(page.getByRole("button", { name: "Ask plain" })).toBeVisible();
});

test("the program is started anew: the page says so, and what was typed stays", async ({ page, sdk, app }) => {
  await page.goto(app("form"));
  const title = await typed(page);
  await sdk.stop();
  await expect(page.getByText("You can read on; buttons work again when it is back.")).toBeVisible();
  await accessible(page);
  await sdk.start();
  await expect(page.getByText("You can read on; buttons work again when it is back.")).toBeHidden({ timeout: 60_000 });
  await expect(title).toHaveValue("typed before");
  const form = page.locator("form").first();
  await choose(page, form.getByRole("button", { name: /Berth/ }), "B-1");
  await form.getByRole("button", { name: "Submit" }).click();
  expect(await sdk.report("form")).toMatchObject({ title: "typed before" });
});

test("the program is started anew: inputs outside of a form keep what was typed and chosen, too", async ({
  page,
  sdk,
  app,
}) => {
  await page.goto(app("hooks"));
  const q = page.getByRole("textbox", { name: "Q" });
  await q.fill("half a word");
  await page.getByRole("textbox", { name: "N", exact: true }).fill("12.5");
  await page.getByRole("textbox", { name: "Area" }).fill("two\nlines");
  const area = page.getByRole("textbox", { name: "Area" });
  await area.press("Control+Enter");
  await sdk.report("area");
  const day = page.locator('[data-input$=" day"]').getByRole("spinbutton", { name: /^day/i });
  await day.focus();
  await page.keyboard.type("29022024");
  await page.getByText("motor", { exact: true }).click();
  await page.getByText("On", { exact: true }).click();
  await choose(page, page.getByRole("button", { name: /One/ }), "b");
  await page.getByRole("checkbox", { name: /Select.*Ibis/ }).click();
  // What a table is searched for is typed, too.
  await page.getByRole("searchbox").fill("ib");
  await expect(page.getByRole("grid").getByText("Heron")).toBeHidden();
  await expect(page).toHaveURL(/#table\.pick=/);
  await q.focus();
  await sdk.stop();
  await expect(page.getByText("You can read on; buttons work again when it is back.")).toBeVisible();
  await sdk.start();
  await expect(page.getByText("You can read on; buttons work again when it is back.")).toBeHidden({ timeout: 60_000 });
  await expect(page.getByText("What you had typed has been kept.")).toBeVisible();
  await expect(q).toHaveValue("half a word");
  await expect(q).toBeFocused();
  await expect(page.getByRole("textbox", { name: "N", exact: true })).toHaveValue("12.5");
  await expect(area).toHaveValue("two\nlines");
  await expect(page.locator('[data-input$=" day"]')).toContainText(/29.*2.*2024/);
  await expect(page.getByRole("radio", { name: "motor" })).toBeChecked();
  await expect(page.getByRole("checkbox", { name: "On", exact: true })).toBeChecked();
  await expect(page.getByRole("combobox", { name: /One/ })).toHaveValue("b");
  await expect(page.getByRole("checkbox", { name: /Select.*Ibis/ })).toBeChecked();
  await expect(page.getByRole("searchbox")).toHaveValue("ib");
  await expect(page.getByRole("grid").getByText("Heron")).toBeHidden();
  // The new run gets it.
  const before = sdk.reports.length;
  await q.press("Enter");
  expect(await sdk.report("q", before)).toBe("half a word");
});

test("an app that is opened before its program starts by itself", async ({ page, sdk, app }) => {
  await sdk.stop();
  await page.goto(app("actions"));
  await expect(page.getByRole("heading", { name: "The app’s server is not connected" })).toBeVisible();
  await accessible(page);
  await sdk.start();
  await expect(page.getByRole("button", { name: "Ask plain" })).toBeVisible();
});

test("the browser is offline: the page says so, and goes on when it is back", async ({
  page,
  sdk: _,
  app,
  context,
}) => {
  await page.goto(app("actions"));
  await expect(page.getByRole("button", { name: "Ask plain" })).toBeVisible();
  await context.setOffline(true);
  await expect(page.getByText("You are offline").first()).toBeVisible();
  await accessible(page);
  await context.setOffline(false);
  await expect(page.getByText("This browser has no network.")).toBeHidden({ timeout: 60_000 });
  await page.getByRole("button", { name: "Ask plain" }).click();
  await page.getByRole("button", { name: "Yes" }).click();
  await expect(toast(page, "plain: True")).toBeVisible();
});
