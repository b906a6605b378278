// A sign-in that ends while its pages are open: they notice, and people go on where they were.
import { accessible, expect, share, signIn, test } from "./harness/test";

test.use({ outages: true });

test("a session that ends under an app: signed in again in place, with what was typed", async ({
  stranger,
  sdk: _,
  app,
  owner,
  relay,
  provider,
}) => {
  const email = "leaves@example.com";
  await share(owner, relay, email, "hooks");
  await signIn(stranger, provider, email, app("hooks", "?boat=7"));
  await stranger.getByRole("textbox", { name: "Q" }).fill("half a thought");
  // In another tab of the same browser.
  await stranger.request.get(`${relay.origin}/api/v1/auth/logout`);
  await expect(stranger.getByRole("heading", { name: "You are signed out" })).toBeVisible();
  await expect(stranger.getByRole("textbox", { name: "Q" })).toBeHidden();
  await accessible(stranger);
  const opened = stranger.context().waitForEvent("page");
  await stranger.getByRole("link", { name: "Sign in in a new tab" }).click();
  const other = await opened;
  await other.getByRole("link", { name: /127\.0\.0\.1/ }).click();
  await expect(other.getByRole("heading", { name: "You are signed in" })).toBeVisible();
  await other.close();
  await stranger.bringToFront();
  const here = stranger.getByRole("button", { name: "Continue here" });
  if (await here.isVisible()) await here.click();
  await expect(stranger.getByRole("textbox", { name: "Q" })).toHaveValue("half a thought");
  await expect(stranger).toHaveURL(/\/hooks\?boat=7$/);
});

test("a sign-in in one tab is said in the others", async ({ stranger, sdk: _, app, owner, relay, provider }) => {
  const email = "first@example.com";
  await share(owner, relay, email, "hooks");
  await signIn(stranger, provider, email, app("hooks"));
  await expect(stranger.getByRole("textbox", { name: "Q" })).toBeVisible();
  const other = await stranger.context().newPage();
  await other.context().addCookies(owner.cookies.cookies);
  await other.goto("/home");
  await expect(other.getByRole("heading", { name: "Your apps" })).toBeVisible();
  await expect(stranger.getByText(/This browser is signed in as .+ now/)).toBeVisible();
});

test("a session that ends under the home page leads to the sign-in, and back", async ({
  stranger,
  sdk: _,
  owner,
  relay,
  provider,
}) => {
  // A session of its own: the owner's serves the other tests.
  const home = (await owner.api("GET", "/api/v1/initialize")) as { user: { email: string } };
  provider.person = home.user.email;
  await stranger.goto("/auth/oidc/start?redirect=/home");
  await expect(stranger.getByText("Online", { exact: true })).toBeVisible();
  await stranger.request.get(`${relay.origin}/api/v1/auth/logout`);
  await expect(stranger).toHaveURL(/\/auth\/login\?redirect=%2Fhome$/);
  await stranger.getByRole("link", { name: /127\.0\.0\.1/ }).click();
  await expect(stranger).toHaveURL(/\/home$/);
  await expect(stranger.getByText("Online", { exact: true })).toBeVisible();
});
