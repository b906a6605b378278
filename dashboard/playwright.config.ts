import { existsSync } from "node:fs";
import { defineConfig } from "@playwright/test";

const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const browser = process.env.COMPOSE_TEST_CHROMIUM ?? BROWSERS.find(existsSync);
if (!browser) {
  throw new Error(`no Chromium in ${BROWSERS.join(", ")}: install the package chromium or set COMPOSE_TEST_CHROMIUM`);
}

const launchOptions = {
  executablePath: browser,
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};

export default defineConfig({
  testDir: "e2e",
  outputDir: "e2e/results",
  // A server, a database, an SDK and a browser for each worker.
  workers: Number(process.env.E2E_WORKERS ?? 1),
  fullyParallel: false,
  // One more try in CI; what passes only then is named as flaky.
  retries: process.env.CI ? 1 : 0,
  forbidOnly: Boolean(process.env.CI),
  // Far more than it takes: the machine may be busy.
  timeout: 150_000,
  expect: { timeout: 30_000 },
  reporter: [["list"]],
  use: {
    viewport: { width: 1280, height: 800 },
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    screenshot: "only-on-failure",
    trace: "retain-on-failure",
    // Hardly quicker than a person: a second press within 300 ms counts as a double click.
    launchOptions: { ...launchOptions, slowMo: 310 },
  },
  projects: [
    { name: "e2e", testMatch: /.*\.spec\.ts/ },
    { name: "audit", testMatch: /.*\.audit\.ts/ },
    { name: "screenshots", testMatch: /.*\.shots\.ts/ },
    { name: "figures", testMatch: /.*\.figures\.ts/, use: { launchOptions } },
  ],
});
