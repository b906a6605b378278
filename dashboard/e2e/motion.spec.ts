// Who has asked the system for less motion sees none.
import type { Page } from "@playwright/test";
import { expect, test } from "./harness/test";

/** What would still move on the page as it is now: its class and the style that says so. */
const moving = (page: Page) =>
  page.evaluate(() => {
    const LONGEST = 10;
    const milliseconds = (list: string) =>
      list.split(",").map((time) => Number.parseFloat(time) * (time.trim().endsWith("ms") ? 1 : 1000));
    const found: string[] = [];
    for (const element of document.querySelectorAll("*")) {
      for (const part of [undefined, "::before", "::after"]) {
        const style = getComputedStyle(element, part);
        const what = `<${element.tagName} class="${element.getAttribute("class")}">${part ?? ""}`;
        if (style.animationName !== "none") {
          const times = style.animationIterationCount.split(",").map(Number);
          const whole = milliseconds(style.animationDuration).map((one, at) => one * (times[at % times.length] ?? 1));
          if (Math.max(...whole) > LONGEST) found.push(`${what} animation ${style.animationName} ${whole} ms`);
        }
        if (Math.max(...milliseconds(style.transitionDuration)) > LONGEST) {
          found.push(`${what} transition of ${style.transitionProperty} ${style.transitionDuration}`);
        }
        if (!part && style.scrollBehavior === "smooth") found.push(`${what} scrolls smoothly`);
      }
    }
    // Also those that scripts have started.
    for (const animation of document.getAnimations()) {
      const { endTime } = animation.effect?.getComputedTiming() ?? {};
      if (Number(endTime) > LONGEST) found.push(`an animation of ${endTime} ms`);
    }
    return found;
  });

const still = async (page: Page, where: string) => expect(await moving(page), where).toEqual([]);

test("the test sees motion where there is some", async ({ page, sdk: _, app }) => {
  await page.emulateMedia({ reducedMotion: "no-preference" });
  await page.goto(app("display"));
  await expect(page.getByText("Counting boats")).toBeVisible();
  expect((await moving(page)).join("\n")).toContain("animation");
});

test("nothing moves: pages, waits, lists, dialogs, messages, charts", async ({ page, sdk: _, app }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.goto("/home");
  await expect(page.getByRole("link", { name: "Form" })).toBeVisible();
  await still(page, "home");
  await page.goto(app("display"));
  await expect(page.getByText("Counting boats")).toBeVisible();
  await still(page, "spinners");
  await page.goto(app("slow"));
  await expect(page.getByText("The app is starting…").first()).toBeVisible();
  await still(page, "a wait");
  await page.goto(app("form"));
  const form = page.locator("form").first();
  await expect(form.getByRole("grid", { name: "Crew" })).toBeVisible();
  // As in `choose`: a late scroll closes a list.
  await expect(async () => {
    await form.getByRole("combobox", { name: /Berth/ }).press("ArrowDown");
    await expect(page.getByRole("option").first()).toBeVisible({ timeout: 5_000 });
  }).toPass();
  await still(page, "an open list");
  await page.keyboard.press("Escape");
  await form
    .getByRole("button", { name: /calendar/i })
    .first()
    .press("Enter");
  await expect(page.getByRole("dialog")).toBeVisible();
  await still(page, "a calendar");
  await page.goto(app("charts"));
  await expect(page.locator(".recharts-bar-rectangle").first()).toBeVisible();
  await still(page, "charts");
  await page.goto(app("paged"));
  await page.getByRole("searchbox").first().fill("row 19");
  await page.getByRole("searchbox").first().press("Enter");
  await still(page, "a table that waits for its rows");
  await page.goto(app("actions"));
  await page.getByRole("button", { name: "Open modal" }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await still(page, "a dialog");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("region", { name: "Notifications" }).locator("li")).toBeVisible();
  await still(page, "a message");
  await page.getByRole("button", { name: /App menu/ }).click();
  await expect(page.getByRole("dialog", { name: "App menu" })).toBeVisible();
  await still(page, "the app menu");
});
