import { expect, test } from "vitest";
import { allState, ranged, toggled, toggledAll } from "./selection";

const free = { min: 0, max: 1_000_000_000 };

test("a click adds or takes away; with room for one it moves", () => {
  expect(toggled([11], 12, free)).toEqual([11, 12]);
  expect(toggled([11, 12], 11, free)).toEqual([12]);
  expect(toggled([11], 12, { min: 0, max: 1 })).toEqual([12]);
  expect(toggled([11], 11, { min: 0, max: 1 })).toEqual([]);
});

test("ids keep their type: 1 is not the text 1", () => {
  expect(toggled([1], "1", free)).toEqual([1, "1"]);
});

test("Shift takes all between, in the shown order, in both directions", () => {
  expect(ranged(["a"], ["d", "a", "c", "b"], "a", "b")).toEqual(["a", "c", "b"]);
  expect(ranged(["b"], ["d", "a", "c", "b"], "b", "a")).toEqual(["b", "a", "c"]);
  expect(ranged(["gone"], ["a"], "gone", "a")).toEqual(["gone", "a"]);
});

test("the heading's box stands for what passes the filters", () => {
  expect(allState(new Set([1, 2]), [1, 2])).toBe("all");
  expect(allState(new Set([1]), [1, 2])).toBe("some");
  expect(allState(new Set([3]), [1, 2])).toBe("none");
  expect(allState(new Set(), [])).toBe("none");
  expect(toggledAll([3], [1, 2])).toEqual([3, 1, 2]);
  expect(toggledAll([3, 1, 2], [1, 2])).toEqual([3]);
});
