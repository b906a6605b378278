// The ways in, and what an app shows.
import { accessible, expect, share, signIn, test } from "./harness/test";

test("the sign-in link leads home, home to the app", async ({ stranger, relay, sdk }) => {
  // A new link: the harness has used the first one.
  await sdk.connectedAgain(() => relay.restart());
  await stranger.goto(relay.signIn);
  await expect(stranger).toHaveURL(/\/home$/);
  await stranger.getByRole("link", { name: "Display pieces" }).first().click();
  await expect(stranger).toHaveURL(new RegExp(`/app/${relay.environment}/display$`));
  await expect(stranger).toHaveTitle(/Display pieces/);
  await expect(stranger.getByRole("heading", { name: "Harbour office" })).toBeVisible();
});

test("home shows environments and apps, live, and is accessible", async ({ page, sdk }) => {
  await page.goto("/home");
  await expect(page.getByText("Online", { exact: true })).toBeVisible();
  await expect(page.getByRole("link", { name: "Form" })).toBeVisible();
  await accessible(page);
  await sdk.stop();
  await expect(page.getByText("Offline", { exact: true })).toBeVisible();
  await sdk.start();
  await expect(page.getByText("Online", { exact: true })).toBeVisible();
});

test("display pieces", async ({ page, sdk, app }) => {
  await page.goto(app("display"));
  await expect(page.getByRole("heading", { name: "Harbour office" })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Small heading" })).toBeVisible();
  await expect(page.getByText("Mixed: bold part and 42 boats")).toBeVisible();
  await expect(page.getByRole("link", { name: "site" })).toHaveAttribute("href", "https://example.org/");
  await expect(page.getByText("print('ahoy')")).toBeVisible();
  await expect(page.getByText("Counting boats")).toBeVisible();
  await expect(page.getByText("$10,423.50")).toBeVisible();
  await expect(page.getByText("12.5%")).toBeVisible();
  await expect(page.locator("canvas").first()).toBeVisible();
  await expect(page.getByText("Total")).toBeVisible();
  await accessible(page);
  // Between apps of one environment nothing is loaded anew.
  await page.evaluate(() => Object.assign(window, { same: true }));
  await page.getByRole("navigation").getByRole("link", { name: "Tables" }).click();
  await expect(page).toHaveURL(/\/tables$/);
  await expect(page.getByText("Heron").first()).toBeVisible();
  expect(await page.evaluate(() => "same" in window)).toBe(true);
  await page.goBack();
  await expect(page.getByRole("heading", { name: "Harbour office" })).toBeVisible();
  expect(sdk.words).not.toContain("Traceback");
});

test("layouts", async ({ page, sdk: _, app }) => {
  await page.goto(app("layouts"));
  for (const text of ["single child, not a list", "Left", "inside a card", "yes", "0x", "1y"]) {
    await expect(page.getByText(text, { exact: true })).toBeVisible();
  }
  await expect(page.getByText("no", { exact: true })).toBeHidden();
  await expect(page.getByText("only when true")).toBeHidden();
  await accessible(page);
});

test("a deep link brings its params", async ({ page, sdk: _, app }) => {
  await page.goto(app("actions", "?boat=11&q=a%20b&on=true"));
  await expect(page.getByText("params: {'boat': 11, 'q': 'a b', 'on': True}")).toBeVisible();
});

test.describe("addresses that lead nowhere", () => {
  // The socket to an environment that is not there is refused, and the browser says so in its console.
  test.use({ outages: true });

  test("an app or an environment that is not there is said to be not there", async ({ page, sdk: _, app }) => {
    for (const path of [app("nothing"), "/app/11111111-1111-4111-8111-111111111111/form"]) {
      await page.goto(path);
      await expect(page.getByRole("heading", { name: "There is no such app" })).toBeFocused();
    }
    await accessible(page);
  });
});

test.describe("people outside the team", () => {
  test.use({ outages: true });

  test("a public app opens for a stranger, without a way home", async ({ stranger, sdk: _, app, owner, relay }) => {
    await share(owner, relay, "ALL", "layouts");
    await stranger.goto(app("layouts"));
    await expect(stranger.getByText("inside a card")).toBeVisible();
    await stranger.getByRole("button", { name: /App menu/ }).click();
    await expect(stranger.getByRole("button", { name: "Restart the app" })).toBeVisible();
    await expect(stranger.getByRole("link", { name: "Home" })).toBeHidden();
  });

  test("a stranger is led to the sign-in, and back to the app", async ({
    stranger,
    sdk: _,
    app,
    owner,
    relay,
    provider,
  }) => {
    const email = "guest@example.com";
    await share(owner, relay, email, "actions");
    provider.person = email;
    await stranger.goto(app("actions", "?boat=7"));
    await expect(stranger).toHaveURL(/\/auth\/login/);
    await accessible(stranger);
    await stranger.getByRole("link", { name: /127\.0\.0\.1/ }).click();
    await expect(stranger).toHaveURL(new RegExp(`/app/${relay.environment}/actions\\?boat=7$`));
    await expect(stranger.getByText("params: {'boat': 7}")).toBeVisible();
  });

  test("a person without the right is told who they are and what to do", async ({
    stranger,
    sdk: _,
    app,
    owner,
    relay,
    provider,
  }) => {
    const email = "elsewhere@example.com";
    await share(owner, relay, email, "charts");
    await signIn(stranger, provider, email, app("charts"));
    await stranger.goto(app("form"));
    await expect(stranger.getByRole("heading", { name: "You have no access to this app" })).toBeVisible();
    await expect(stranger.getByText("Ask the person who sent you here to share it with you.")).toBeVisible();
    await expect(stranger.getByRole("link", { name: "Sign in" })).toBeVisible();
    await accessible(stranger);
  });

  test("a right that is taken away is gone from the open page", async ({
    stranger,
    sdk: _,
    app,
    owner,
    relay,
    provider,
  }) => {
    const email = "once@example.com";
    const { environment } = relay;
    await share(owner, relay, email, "hooks");
    await signIn(stranger, provider, email, app("hooks"));
    await stranger.getByRole("textbox", { name: "Q" }).fill("secret words");
    const shares = (await owner.api("POST", "/api/v1/external-app-user-for-app", {
      environmentId: environment,
      appRoute: "hooks",
    })) as { id: string; email: string }[];
    const shared = shares.find((found) => found.email === email);
    await owner.api("DELETE", `/api/v1/external-app-user/${shared?.id}`, {});
    await expect(stranger.getByRole("heading", { name: "You no longer have access to this app" })).toBeVisible();
    await expect(stranger.getByRole("textbox", { name: "Q" })).toBeHidden();
    await accessible(stranger);
  });
});
