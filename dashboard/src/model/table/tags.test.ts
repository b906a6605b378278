import { expect, test } from "vitest";
import { tagColors } from "./tags";

const column = (colors: Record<string, string | string[]> | null) => ({ key: "t", tagColors: colors });

test("the author's colours, then the author's default", () => {
  const colors = tagColors(column({ green: "member", blue: ["sail", "motor"], _default: "gray" }), [
    { t: ["sail", "member"] },
    { t: "motor" },
    { t: "other" },
  ]);
  expect(Object.fromEntries(colors)).toEqual({ sail: "blue", member: "green", motor: "blue", other: "gray" });
});

test("without a default: by meaning, else the colour used least so far", () => {
  const colors = tagColors(column(null), [
    { t: "Active" },
    { t: ["failed", "pending"] },
    { t: ["x", "y"] },
    { t: "z" },
  ]);
  expect(colors.get("Active")).toBe("green");
  expect(colors.get("failed")).toBe("red");
  expect(colors.get("pending")).toBe("orange");
  expect([colors.get("x"), colors.get("y"), colors.get("z")]).toEqual(["blue", "purple", "pink"]);
});

test("colours stay while the data does, whatever is shown of it, and unknown colours are no colours", () => {
  const rows = [{ t: 1 }, { t: true }, { t: null }, {}, { t: { a: 1 } }];
  expect([...tagColors(column({ mauve: "1" }), rows)]).toEqual([...tagColors(column({ mauve: "1" }), rows)]);
  expect([...tagColors(column({ mauve: "1" }), rows).keys()]).toEqual(["1", "true", '{"a":1}']);
});

test("tags with names of prototypes have colours like others", () => {
  const colors = tagColors(column(null), [{ t: ["constructor", "__proto__"] }]);
  expect([...colors.values()]).toEqual(["blue", "purple"]);
});
