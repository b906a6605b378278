import { expect, it } from "vitest";
import { numberText } from "./number";

it.each(["", "-", "7", "-7", "7.", "7.5", "-.5", "0012"])("lets %j be typed", (text) => {
  expect(numberText(text)).toBe(text);
});

it.each([
  [" 12 ", "12"],
  ["1,234.50", "1234.50"],
  ["-1,234,567", "-1234567"],
  ["−5", "-5"],
])("takes %j as %s", (typed, text) => {
  expect(numberText(typed)).toBe(text);
});

it.each(["a", "1e5", "1.2.3", "--1", "1-", "1,5", "1.234,50", "1,23,4", "1 2", "0x1F", "NaN"])(
  "keeps %j out",
  (typed) => {
    expect(numberText(typed)).toBeNull();
  },
);
