// Each state of the pages, at desktop and phone width, light and dark, into `e2e/shots/`. For the eye.
import type { Page } from "@playwright/test";
import { expect, test } from "./harness/test";

test.use({ outages: true });

async function shoot(page: Page, name: string) {
  for (const [size, viewport] of [
    ["desktop", { width: 1280, height: 800 }],
    ["phone", { width: 390, height: 844 }],
  ] as const) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.screenshot({ path: `e2e/shots/${name}-${size}-${colorScheme}.png`, fullPage: true });
    }
  }
  await page.setViewportSize({ width: 1280, height: 800 });
}

test("pages and apps", async ({ page, sdk: _, app }) => {
  await page.goto("/home");
  await expect(page.getByRole("link", { name: "Form" })).toBeVisible();
  await shoot(page, "home");
  for (const [route, text] of [
    ["display", "Harbour office"],
    ["form", "Owner e-mail"],
    ["hooks", "Delete all"],
    ["tables", "Heron"],
    ["paged", "row 229"],
    ["charts", "Sales"],
    ["layouts", "inside a card"],
    ["actions", "Ask plain"],
    ["crash", "handler failed"],
  ] as const) {
    await page.goto(app(route));
    await expect(page.getByText(text).first()).toBeVisible();
    await expect(page.getByText("Opening the PDF…")).toHaveCount(0);
    await shoot(page, `app-${route}`);
  }
});

test("dialogs", async ({ page, sdk: _, app }) => {
  await page.goto(app("actions"));
  await page.getByRole("button", { name: "Ask full" }).click();
  await expect(page.getByRole("alertdialog")).toBeVisible();
  await shoot(page, "confirm");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Open modal" }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await shoot(page, "modal");
});

test("what is away", async ({ page, relay, sdk, app, stranger }) => {
  await stranger.goto("/auth/login");
  await expect(stranger.getByRole("heading").first()).toBeVisible();
  await shoot(stranger, "sign-in");
  await page.goto(app("form"));
  await expect(page.getByText("Owner e-mail")).toBeVisible();
  await sdk.stop();
  await expect(page.getByText("You can read on").first()).toBeVisible();
  await shoot(page, "program-away");
  await relay.stop();
  await expect(page.getByText(/server is being updated|Connection lost/).first()).toBeVisible();
  await shoot(page, "server-away");
  await relay.start();
  await page.goto(app("form"));
  await expect(page.getByRole("heading", { name: "The app’s server is not connected" })).toBeVisible();
  await shoot(page, "program-not-there");
  await sdk.start();
});
