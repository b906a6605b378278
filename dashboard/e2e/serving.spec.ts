// How the built-in dashboard leaves the server: policy, caching, compression.
import { expect, test } from "./harness/test";

test("pages carry a strict policy, scripts are compressed and kept for ever", async ({ page }) => {
  const answers = new Map<string, Record<string, string>>();
  page.on("response", async (response) => answers.set(new URL(response.url()).pathname, await response.allHeaders()));
  const answer = await page.goto("/home");
  const headers = await answer?.allHeaders();
  const policy = headers?.["content-security-policy"] ?? "";
  expect(policy).toContain("script-src 'self';");
  expect(policy).toContain("frame-ancestors 'self'");
  expect(policy).not.toContain("unsafe");
  expect(headers).toMatchObject({ "cache-control": "no-cache", "referrer-policy": "same-origin" });
  const scripts = await page.evaluate(() => [...document.scripts].map((script) => new URL(script.src).pathname));
  const assets = scripts.filter((path) => path.startsWith("/assets/"));
  expect(assets.length).toBeGreaterThan(0);
  for (const path of assets) {
    expect(answers.get(path), path).toMatchObject({
      "cache-control": "public, max-age=31536000, immutable",
      "content-encoding": expect.stringMatching(/^(br|gzip)$/),
      "x-content-type-options": "nosniff",
    });
  }
});

test("an unknown page says so and leads home", async ({ page }) => {
  await page.goto("/no-such-page");
  await expect(page.getByRole("link", { name: /home/i }).first()).toBeVisible();
});

test("the page takes its colours from the choice before the first paint", async ({ page }) => {
  await page.addInitScript(() => localStorage.setItem("COLOR_SCHEME", "dark"));
  await page.goto("/home");
  await expect(page.locator("html")).toHaveAttribute("data-scheme", "dark");
});
