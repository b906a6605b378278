// Small windows: 320 px as WCAG's reflow wants it, and half of a common screen, which is what 200 % zoom leaves.
import { expect, test } from "./harness/test";

for (const [width, height] of [
  [320, 640],
  [640, 400],
] as const) {
  test.describe(`${width} px wide`, () => {
    test.use({ viewport: { width, height } });

    test("nothing has to be scrolled sideways to be read or used", async ({ page, stranger, sdk: _, app, relay }) => {
      const fits = async (of: typeof page, name: string) => {
        const over = () =>
          of.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        await expect.poll(over, name).toBeLessThanOrEqual(0);
      };
      await page.goto("/home");
      await expect(page.getByRole("heading", { name: "Your apps" })).toBeVisible();
      await fits(page, "home");
      for (const [route, text] of [
        ["display", "Harbour office"],
        ["form", "Owner e-mail"],
        ["hooks", "Delete all"],
        ["tables", "Heron"],
        ["paged", "row 229"],
        ["charts", "Sales"],
        ["layouts", "inside a card"],
        ["crash", "handler failed"],
      ] as const) {
        await page.goto(app(route));
        await expect(page.getByText(text).first()).toBeVisible();
        await expect(page.locator('div[data-type][aria-hidden="true"]')).toHaveCount(0);
        await fits(page, route);
      }
      // What opens stays within the window.
      await page.goto(app("actions"));
      await page.getByRole("button", { name: "Ask full" }).click();
      const sink = page.getByRole("alertdialog").getByRole("button", { name: "Sink" });
      await expect(sink).toBeInViewport({ ratio: 1 });
      await fits(page, "a question");
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: /App menu/ }).click();
      await expect(page.getByRole("dialog", { name: "App menu" })).toBeInViewport({ ratio: 1 });
      await page.keyboard.press("Escape");
      await page.goto(app("tables"));
      await page.getByRole("button", { name: "Filter" }).first().click();
      await expect(page.getByRole("dialog", { name: "Filter" })).toBeVisible();
      await fits(page, "a filter");
      await stranger.goto(`${relay.origin}/auth/login`);
      await expect(stranger.getByRole("heading", { name: "Sign in" })).toBeVisible();
      await fits(stranger, "sign-in");
    });
  });
}
