import { describe, expect, it } from "vitest";
import { choicesOf, positionsOf } from "./choices";

const wire = [{ label: "Berth A-4", value: { row: "A", n: 4 }, description: "near the gate" }, "B-1", 3, true];

describe("choices", () => {
  it("finds a value of any JSON type by deep equality", () => {
    const options = choicesOf(wire, []);
    expect(options.map((option) => option.label)).toEqual(["Berth A-4", "B-1", "3", "true"]);
    expect(positionsOf(options, [{ n: 4, row: "A" }, 3, true, "3"])).toEqual([0, 2, 3]);
  });

  it("keeps a chosen value in sight that is no option", () => {
    const options = choicesOf(["a"], ["gone", "a", { x: 1 }, null]);
    expect(options.map((option) => option.label)).toEqual(["a", "gone", '{"x":1}']);
    expect(positionsOf(options, ["gone"])).toEqual([1]);
  });

  it("has no options for none", () => {
    expect(choicesOf(null, [])).toEqual([]);
  });
});
