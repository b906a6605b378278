// Figures for docs/PERFORMANCE.md: `npm run figures`. They say something on a quiet machine only.
import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { Sdk } from "./harness/sdk";
import { expect, test } from "./harness/test";

const DIST = resolve(import.meta.dirname, "../dist");
/** Most bytes of script (gzip) that a page of an app may load at first. */
const SCRIPT = 250_000;

const say = (what: string, value: string) => process.stdout.write(`FIGURE ${what}: ${value}\n`);

function gzipped(path: string): number {
  const copy = join(DIST, `${path}.gz`);
  return statSync(existsSync(copy) ? copy : join(DIST, path)).size;
}

test("script of an app page", async ({ page, sdk: _, app }) => {
  const scripts = new Set<string>();
  page.on("response", (response) => {
    const { pathname } = new URL(response.url());
    if (pathname.endsWith(".js")) scripts.add(pathname);
  });
  await page.goto(app("layouts"));
  await expect(page.getByText("inside a card")).toBeVisible();
  await page.waitForLoadState("networkidle");
  const bytes = [...scripts].reduce((sum, path) => sum + gzipped(path), 0);
  say("script of an app page, gzip", `${Math.round(bytes / 1000)} kB in ${scripts.size} files`);
  expect(bytes).toBeLessThan(SCRIPT);
});

test("time until an app page can be used, processor slowed down four times", async ({ page, context, sdk: _, app }) => {
  // In the page's own clock, which begins with the navigation: nothing of the test's own time is in it.
  await page.addInitScript(() => {
    const marks: Record<string, number> = {};
    const mark = (name: string) => {
      marks[name] ??= performance.now();
    };
    window.WebSocket = class extends WebSocket {
      constructor(...parts: ConstructorParameters<typeof WebSocket>) {
        super(...parts);
        mark("socket asked for");
        this.addEventListener("open", () => mark("socket open"));
      }
      override send(data: ArrayBuffer) {
        const code = String.fromCharCode(...new Uint8Array(data).subarray(0, 2));
        if (code === "aa") mark("app asked for");
        if (code === "ab") mark("click sent");
        super.send(data);
      }
    };
    new MutationObserver(() => {
      const button = [...document.querySelectorAll("button")].find((each) => each.textContent === "Ask plain");
      if (!button || "app shown" in marks) return;
      mark("app shown");
      // As soon as the page has drawn it.
      requestAnimationFrame(() => setTimeout(() => button.click()));
    }).observe(document, { childList: true, subtree: true });
    Object.assign(window, { marks });
  });
  const control = await context.newCDPSession(page);
  await control.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  const runs: Record<string, number>[] = [];
  for (let run = 0; run < 7; run++) {
    await control.send("Network.clearBrowserCache");
    await page.goto(app("actions"), { waitUntil: "commit" });
    await page.waitForFunction(() => "click sent" in (window as unknown as { marks: Record<string, number> }).marks);
    runs.push(await page.evaluate(() => (window as unknown as { marks: Record<string, number> }).marks));
    await page.goto("about:blank");
  }
  for (const name of ["socket asked for", "socket open", "app asked for", "app shown", "click sent"]) {
    const times = runs.map((run) => Math.round(run[name] ?? Number.NaN)).sort((a, b) => a - b);
    say(`cold cache, 4 times slower: ${name}`, `median ${times[3]} ms of ${times}`);
  }
});

test.describe("much data", () => {
  let sdk: Sdk;
  test.beforeAll(async ({ relay, sdk: other, owner }) => {
    await other.stop();
    sdk = new Sdk("large_app.py", relay.address, relay.key);
    await sdk.start();
    await expect
      .poll(async () => JSON.stringify(await owner.api("GET", `/api/v1/environment/${relay.environment}/details`)))
      .toContain('"rows"');
  });
  test.afterAll(async ({ sdk: other }) => {
    await sdk.stop();
    await other.start();
  });

  test("from a frame of 1 MB to its picture", async ({ page, app }) => {
    // Listens before the page does: the time begins when the browser hands the frame over.
    await page.addInitScript(() => {
      const frames: { at: number; bytes: number }[] = [];
      Object.assign(window, { frames });
      window.WebSocket = class extends WebSocket {
        constructor(...parts: ConstructorParameters<typeof WebSocket>) {
          super(...parts);
          this.addEventListener("message", ({ data }) =>
            frames.push({ at: performance.now(), bytes: data.byteLength ?? data.size ?? data.length }),
          );
        }
      };
    });
    const times: number[] = [];
    let bytes = 0;
    for (let run = 0; run < 7; run++) {
      await page.goto(app("megabyte"));
      const button = page.getByRole("button", { name: "Show" });
      await expect(button).toBeVisible();
      const painted = page.evaluate(
        () =>
          new Promise<number>((resolve) => {
            const there = () => {
              // A table row and the last words; a picture of them has been made by the second frame.
              if (!document.body.textContent?.includes("End of render") || !document.querySelector('[role="gridcell"]'))
                return;
              watch.disconnect();
              requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now())));
            };
            const watch = new MutationObserver(there);
            watch.observe(document.body, { childList: true, subtree: true, characterData: true });
          }),
      );
      await button.click();
      const end = await painted;
      const frame = await page.evaluate(() => {
        const { frames } = window as unknown as { frames: { at: number; bytes: number }[] };
        return frames.reduce((most, each) => (each.bytes > most.bytes ? each : most));
      });
      bytes = frame.bytes;
      times.push(end - frame.at);
    }
    // The first one loads the parts of the page, too.
    const [first = 0, ...rest] = times;
    rest.sort((a, b) => a - b);
    say(
      `from a frame of ${(bytes / 1e6).toFixed(2)} MB to its picture`,
      `median ${Math.round(((rest[2] ?? 0) + (rest[3] ?? 0)) / 2)} ms of ${rest.map(Math.round)}; first ${Math.round(first)} ms`,
    );
    expect(bytes).toBeGreaterThan(900_000);
  });

  test("scrolling 100,000 rows", async ({ page, app }) => {
    await page.goto(app("rows"));
    await expect(page.getByText("row 0", { exact: true })).toBeVisible({ timeout: 90_000 });
    const frames = await page.evaluate(async () => {
      const grid = document.querySelector('[role="grid"]');
      let box: Element | null = grid;
      while (box && box.scrollHeight <= box.clientHeight + 1) box = box.parentElement;
      const scroller = box ?? document.scrollingElement;
      if (!scroller) throw new Error("nothing scrolls");
      const times: number[] = [];
      await new Promise<void>((resolve) => {
        let last = performance.now();
        const step = (now: number) => {
          times.push(now - last);
          last = now;
          scroller.scrollTop += 400;
          if (times.length < 300) requestAnimationFrame(step);
          else resolve();
        };
        requestAnimationFrame(step);
      });
      return times.slice(1).sort((a, b) => a - b);
    });
    const at = (part: number) => (frames[Math.floor(frames.length * part)] ?? 0).toFixed(1);
    say("frame time scrolling 100,000 rows", `median ${at(0.5)} ms, 95 % ${at(0.95)} ms, 99 % ${at(0.99)} ms`);
  });
});
