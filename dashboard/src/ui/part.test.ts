import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Part, retryParts } from "./part";

const unfetched = () => new TypeError("Failed to fetch dynamically imported module: http://x/assets/Table.js");
/** The page that the server has at `/`, or null while it is away. */
let served: string | null;
let attempts: number;

beforeEach(() => {
  vi.useFakeTimers();
  [served, attempts] = [null, 0];
  document.head.innerHTML = '<script type="module" src="/assets/index-1.js"></script>';
  vi.stubGlobal("fetch", async () => {
    if (served === null) throw new TypeError("Failed to fetch");
    return new Response(served);
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  document.head.innerHTML = "";
});

/** A part that can be had after `failures` attempts, and what has become of it. */
function part(failures: number, failure: () => Error = unfetched) {
  const made = new Part(async () => {
    if (attempts++ < failures) throw failure();
    return "code";
  });
  const end = { what: "" };
  made.load().then(
    (code) => {
      end.what = code;
    },
    (error) => {
      end.what = error.message;
    },
  );
  return { part: made, end };
}

test("what cannot be fetched is tried again, with growing pauses", async () => {
  const { part: made, end } = part(4);
  await vi.advanceTimersByTimeAsync(0);
  expect([attempts, made.snapshot()]).toEqual([1, "away"]);
  await vi.advanceTimersByTimeAsync(2_000 + 4_000 + 8_000 - 1);
  expect([attempts, end.what]).toEqual([3, ""]);
  await vi.advanceTimersByTimeAsync(1 + 16_000);
  expect([attempts, end.what]).toEqual([5, "code"]);
  expect(vi.getTimerCount()).toBe(0);
});

test("at once when the server is known to be back, or the network", async () => {
  const { end } = part(2);
  await vi.advanceTimersByTimeAsync(0);
  retryParts();
  await vi.advanceTimersByTimeAsync(0);
  expect([attempts, end.what]).toEqual([2, ""]);
  window.dispatchEvent(new Event("online"));
  await vi.advanceTimersByTimeAsync(0);
  expect([attempts, end.what]).toEqual([3, "code"]);
});

test("a part is fetched once, however many want it", async () => {
  const { part: made } = part(0);
  expect(await made.load()).toBe("code");
  expect(await made.load()).toBe("code");
  expect(attempts).toBe(1);
});

test("a server with a newer dashboard is told from one that is away, and from a proxy on the way", async () => {
  const { part: made } = part(3);
  served = '<div id="root"></div><script type="module" src="/assets/index-2.js"></script>';
  await vi.advanceTimersByTimeAsync(0);
  expect(made.snapshot()).toBe("outdated");
  served = '<div id="root"></div><script type="module" src="/assets/index-1.js"></script>';
  await vi.advanceTimersByTimeAsync(2_000);
  expect(made.snapshot()).toBe("away");
  served = "<h1>Please sign in to the network</h1>";
  await vi.advanceTimersByTimeAsync(4_000);
  expect(made.snapshot()).toBe("away");
});

test("code that was fetched and fails is not fetched again", async () => {
  const { end } = part(1, () => new SyntaxError("Unexpected token"));
  await vi.advanceTimersByTimeAsync(60_000);
  expect([attempts, end.what]).toEqual([1, "Unexpected token"]);
});
