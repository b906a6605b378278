// What every test starts with: one server for each worker, the example app on it, and a page whose owner is signed in.
import AxeBuilder from "@axe-core/playwright";
import {
  type APIRequestContext,
  type BrowserContext,
  test as base,
  expect,
  type Locator,
  type Page,
} from "@playwright/test";
import { Provider } from "./provider";
import { Relay } from "./relay";
import { Sdk } from "./sdk";

export { expect } from "@playwright/test";

/** Pages that apps of the tests link to; nothing else outside our own host may be asked for anything. */
const ELSEWHERE = /^https:\/\/example\.org\//;
const LOGO = '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="20"><rect width="80" height="20"/></svg>';

export interface Owner {
  cookies: Awaited<ReturnType<APIRequestContext["storageState"]>>;
  /** Calls the API as the owner. */
  api: (method: "GET" | "POST" | "DELETE" | "PUT", path: string, body?: unknown) => Promise<unknown>;
}

interface WorkerFixtures {
  /** The file in `e2e/apps/` that is the team's program. */
  program: string;
  /** Whether the example app has colours of its own; without them it is light or dark. */
  themed: boolean;
  provider: Provider;
  relay: Relay;
  sdk: Sdk;
  owner: Owner;
}

interface TestFixtures {
  /** Set when a test takes the server away: then the browser reports failed requests, as it should. */
  outages: boolean;
  app: (route: string, query?: string) => string;
  /** A page of somebody who has no session yet. */
  stranger: Page;
}

/** Fails the test when the page runs into an error, breaks the Content-Security-Policy or asks anybody else for anything. */
async function watched(context: BrowserContext, relay: Relay, outages: boolean): Promise<() => void> {
  const faults: string[] = [];
  const outage = /Failed to load resource|WebSocket connection to|net::ERR_/;
  await context.route(
    (url) => url.host !== relay.address && !url.href.startsWith("data:") && !url.href.startsWith("blob:"),
    async (route) => {
      const address = route.request().url();
      if (ELSEWHERE.test(address)) {
        await route.fulfill({ contentType: "image/svg+xml", body: LOGO });
      } else if (address.startsWith("http://127.0.0.1:")) {
        await route.continue();
      } else {
        faults.push(`a request to ${address}`);
        await route.abort();
      }
    },
  );
  context.on("weberror", (error) => faults.push(`an error in the page: ${error.error().stack}`));
  context.on("console", (message) => {
    if (message.type() !== "error" && message.type() !== "warning") return;
    if (outages && outage.test(message.text())) return;
    faults.push(`${message.type()} in the console: ${message.text()} (${message.location().url})`);
  });
  return () => expect(faults, "what the pages did wrong").toEqual([]);
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  provider: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixture's needs from the pattern
    async ({}, use) => {
      const provider = new Provider();
      await provider.start();
      await use(provider);
      provider.stop();
    },
    { scope: "worker" },
  ],
  relay: [
    async ({ provider }, use) => {
      const relay = new Relay(provider.settings);
      await relay.start();
      await use(relay);
      await relay.remove();
    },
    { scope: "worker", timeout: 120_000 },
  ],
  program: ["example_app.py", { option: true, scope: "worker" }],
  themed: [true, { option: true, scope: "worker" }],
  sdk: [
    async ({ relay, program, themed }, use) => {
      const sdk = new Sdk(program, relay.address, relay.key, themed ? {} : { UNTHEMED: "1" });
      await sdk.start();
      await use(sdk);
      await sdk.stop();
    },
    { scope: "worker", timeout: 120_000 },
  ],
  owner: [
    async ({ relay, playwright }, use) => {
      const request = await playwright.request.newContext({ baseURL: relay.origin });
      const entered = await request.get(relay.signIn);
      expect(entered.ok(), await entered.text()).toBe(true);
      await use({
        cookies: await request.storageState(),
        api: async (method, path, body) => {
          const headers = { origin: relay.origin };
          const answer = await request.fetch(path, { method, headers, ...(body === undefined ? {} : { data: body }) });
          expect(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`).toBe(true);
          return answer.json();
        },
      });
      await request.dispose();
    },
    // The link works once: the owner goes first, also where the first test of a worker is about the link itself.
    { scope: "worker", auto: true },
  ],
  outages: [false, { option: true }],
  context: async ({ browser, relay, owner, outages, contextOptions }, use) => {
    const context = await browser.newContext({ ...contextOptions, baseURL: relay.origin, storageState: owner.cookies });
    const judge = await watched(context, relay, outages);
    await use(context);
    await context.close();
    judge();
  },
  stranger: async ({ browser, relay, contextOptions }, use) => {
    const context = await browser.newContext({ ...contextOptions, baseURL: relay.origin });
    const judge = await watched(context, relay, true);
    await use(await context.newPage());
    await context.close();
    judge();
  },
  app: async ({ relay }, use) => {
    await use((route, query = "") => `/app/${relay.environment}/${route}${query}`);
  },
});

/** Shares an app with somebody from outside the team; with everybody when `email` is `ALL`. */
export async function share(owner: Owner, relay: Relay, email: string, appRoute: string): Promise<void> {
  await owner.api("POST", "/api/v1/external-app-user", { email, environmentId: relay.environment, appRoute });
}

/** Signs somebody from outside the team in, by way of the provider, for the app at `path`, and ends there. */
export async function signIn(page: Page, provider: Provider, email: string, path: string): Promise<void> {
  provider.person = email;
  const [, , environmentId = "", appRoute = ""] = (path.split("?")[0] ?? "").split("/");
  await page.goto(`/auth/oidc/start?${new URLSearchParams({ redirect: path, environmentId, appRoute })}`);
}

/**
 * Opens a list and picks an option. A list closes when the page scrolls under it, and the scroll that brought its button into
 * view may be told of late: then it is opened once more, as a person would.
 */
export async function choose(page: Page, button: Locator, option: string | RegExp): Promise<void> {
  await expect(async () => {
    if ((await button.getAttribute("aria-expanded")) !== "true") await button.click({ timeout: 5_000 });
    await page.getByRole("option", { name: option }).click({ timeout: 5_000 });
  }).toPass();
}

/** A message that the app has put up. */
export function toast(page: Page, text: string | RegExp): Locator {
  return page.getByRole("region", { name: "Notifications" }).locator("li").filter({ hasText: text });
}

/** Goes with the Tab key until the focus is on `to`, as who has no mouse does. */
export async function tabTo(page: Page, to: Locator, key: "Tab" | "Shift+Tab" = "Tab"): Promise<void> {
  await expect(to).toBeVisible();
  const there = () => to.evaluate((element) => element === document.activeElement);
  for (let stops = 0; !(await there()); stops++) {
    expect(stops, `${to} is reached with ${key}`).toBeLessThan(60);
    await page.keyboard.press(key);
  }
}

/** No serious or critical finding of axe-core, in light and in dark. */
export async function accessible(page: Page): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const { violations } = await new AxeBuilder({ page }).analyze();
    const bad = violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map((node) => `${node.html} ${node.failureSummary}`) }));
    expect(bad, `axe-core, ${colorScheme}`).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
}
