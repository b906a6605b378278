import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { followBrowser } from "./follow-browser";

let heard: string[];
let stop: () => void;
beforeEach(() => {
  vi.useFakeTimers();
  heard = [];
  stop = followBrowser({
    networkCame: () => heard.push("came"),
    networkWent: () => heard.push("went"),
    woke: () => heard.push("woke"),
  });
});
afterEach(() => {
  stop();
  vi.useRealTimers();
});

test("a beat that is far too late means a sleep; those of a hidden tab do not", () => {
  vi.advanceTimersByTime(60_000);
  expect(heard).toEqual([]);
  // Nothing runs while the machine sleeps, but its clock goes on.
  vi.setSystemTime(Date.now() + 60_000);
  vi.advanceTimersByTime(10_000);
  expect(heard).toEqual([]);
  vi.setSystemTime(Date.now() + 3_600_000);
  vi.advanceTimersByTime(10_000);
  expect(heard).toEqual(["woke"]);
  vi.advanceTimersByTime(60_000);
  expect(heard).toEqual(["woke"]);
});

test("the network's coming and going is told until nobody asks any more", () => {
  window.dispatchEvent(new Event("offline"));
  window.dispatchEvent(new Event("online"));
  expect(heard).toEqual(["went", "came"]);
  stop();
  window.dispatchEvent(new Event("offline"));
  vi.setSystemTime(Date.now() + 3_600_000);
  vi.advanceTimersByTime(60_000);
  expect(heard).toEqual(["went", "came"]);
});
