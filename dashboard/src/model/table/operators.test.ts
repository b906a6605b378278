import { expect, test } from "vitest";
import { columnsOf } from "./columns";
import { filterTest } from "./filter";
import { dayBound, dayOf, newRule, operatorsFor, operatorWords, withColumn } from "./operators";

test("each format has its operators; one in use stays on offer", () => {
  expect(operatorsFor(null)).toEqual(["includes", "notIncludes", "is", "isNot", "isEmpty", "isNotEmpty"]);
  expect(operatorsFor("json")).toEqual(operatorsFor("string"));
  expect(operatorsFor("currency")).toEqual(operatorsFor("datetime"));
  expect(operatorsFor("boolean")).toEqual(["is", "isNot", "isEmpty", "isNotEmpty"]);
  expect(operatorsFor("tag")).toHaveLength(8);
  expect(operatorsFor("number", "isNot")).toContain("isNot");
});

test("the words fit the format", () => {
  expect(operatorWords("greaterThan", "date")).toBe("is after");
  expect(operatorWords("greaterThan", "number")).toBe("is greater than");
  expect(operatorWords("is", "tag")).toBe("is exactly");
});

test("a rule moves to another column of the same kind with its value", () => {
  const rule = { key: "a", operator: "lessThan", value: 3 } as const;
  expect(withColumn(rule, { name: "b", format: "currency" }, "number")).toEqual({ ...rule, key: "b" });
  expect(withColumn(rule, { name: "b", format: "tag" }, "number")).toEqual(newRule({ name: "b", format: "tag" }));
});

test("a day has an end: on or before it takes all of it, after it takes none of it", () => {
  const day = { year: 2024, month: 5, day: 2 };
  const columns = columnsOf({ columns: [{ key: "d", format: "date" }] }, []);
  const evening = { d: new Date(2024, 4, 2, 23, 30).toISOString() };
  const holds = (operator: "greaterThan" | "lessThanOrEqual" | "greaterThanOrEqual" | "lessThan") =>
    filterTest({ key: "d", operator, value: dayBound(day, operator) }, columns)?.(evening);
  expect(holds("lessThanOrEqual")).toBe(true);
  expect(holds("greaterThan")).toBe(false);
  expect(holds("greaterThanOrEqual")).toBe(true);
  expect(holds("lessThan")).toBe(false);
  expect(dayOf(dayBound(day, "greaterThan"))).toEqual(day);
  expect(dayOf(dayBound(day, "lessThan"))).toEqual(day);
});
