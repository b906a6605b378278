import { expect, test } from "vitest";
import { capturedTable } from "../../testing/tables";
import { densityOf, isChanged, overflowOf, startSettings, viewNamed, withView } from "./settings";

test("a default view applies at first show", () => {
  const views = capturedTable("13-tables-render", "views");
  const settings = startSettings(views);
  expect(settings).toMatchObject({
    view: "0_Unpaid",
    sortBy: [
      { key: "fee", direction: "desc" },
      { key: "name", direction: "asc" },
    ],
    density: "comfortable",
    overflow: "clip",
    hidden: { arrived: true },
    pinned: { name: "left" },
  });
  expect(isChanged(settings, views.views)).toBe(false);
});

test("another view replaces all that the first one set; widths and order stay", () => {
  const { views } = capturedTable("13-tables-render", "views");
  const start = { ...startSettings(capturedTable("13-tables-render", "views")), widths: { fee: 90 }, order: ["fee"] };
  const next = withView(start, viewNamed(views, "1_By word"));
  expect(next).toMatchObject({ view: "1_By word", search: "her", sortBy: [], filterBy: null, hidden: {}, pinned: {} });
  expect(next).toMatchObject({ density: null, overflow: null, widths: { fee: 90 }, order: ["fee"] });
});

test("a change by hand is known, and taken back it is none", () => {
  const { views } = capturedTable("13-tables-render", "views");
  const start = startSettings(capturedTable("13-tables-render", "views"));
  expect(isChanged({ ...start, search: "x" }, views)).toBe(true);
  expect(isChanged({ ...start, search: " " }, views)).toBe(false);
  expect(isChanged({ ...start, hidden: {} }, views)).toBe(true);
  expect(isChanged({ ...start, widths: { fee: 9 } }, views)).toBe(false);
});

test("a paged table starts with what its rows answer", () => {
  const settings = startSettings(capturedTable("15-paged-render", "manual"));
  expect(settings).toMatchObject({ view: "0_Big first", sortBy: [{ key: "n", direction: "desc" }], search: "" });
});

test("defaults by model version", () => {
  const plain = startSettings({ data: [] });
  expect(overflowOf(plain, { v: 3 })).toBe("ellipsis");
  expect(overflowOf(plain, { v: 2 })).toBe("dynamic");
  expect(overflowOf(plain, {})).toBe("dynamic");
  expect(overflowOf({ ...plain, overflow: "clip" }, { v: 3, overflow: "dynamic" })).toBe("clip");
  expect(densityOf(plain, {})).toBe("standard");
  expect(densityOf(plain, { density: "compact" })).toBe("compact");
});
