import { expect, test } from "vitest";
import { columnsOf } from "./columns";
import { clipboardText, csvField, csvFileName, csvParts } from "./csv";

test("fields are quoted only where needed and keep raw values", () => {
  expect(csvField('say "ahoy", twice')).toBe('"say ""ahoy"", twice"');
  expect(csvField("two\nlines")).toBe('"two\nlines"');
  expect(csvField(1234.5)).toBe("1234.5");
  expect(csvField(true)).toBe("true");
  expect(csvField(null)).toBe("");
  expect(csvField(undefined)).toBe("");
  expect(csvField({ a: 1 })).toBe('"{""a"":1}"');
  expect(csvField(["a", "b"], { format: "tag" })).toBe('"a, b"');
});

test.each(["=1+1", "@SUM(A1)", "+cmd|x", "-2+3", "\t=1", " =1", "＝1"])("%j cannot run as a formula", (text) => {
  expect(csvField(text).replace(/^"/, "")).toMatch(/^'/);
});

test.each([-5, "-5", "+49", "-1.5e3"])("%j is a number and stays one", (value) => {
  expect(csvField(value)).toBe(String(value));
});

test("a file has a byte order mark, headings, one line per row", () => {
  const columns = columnsOf(
    {
      columns: [
        { key: "0", original: "name" },
        { key: "1", original: "fee_due" },
      ],
    },
    [],
  );
  expect(csvParts(columns, [{ "0": "Heron", "1": 1 }, { "0": "Ibis" }]).join("")).toBe(
    "\ufeffName,Fee Due\r\nHeron,1\r\nIbis,\r\n",
  );
});

test("file names have no separators", () => {
  expect(csvFileName("Boats / Öre: 2024")).toBe("Boats - Öre- 2024.csv");
  expect(csvFileName("  ")).toBe("table.csv");
});

test("the clipboard has tabs, as spreadsheets paste them", () => {
  const columns = columnsOf({ columns: ["a", "b"] }, []);
  expect(
    clipboardText(columns, [
      { a: 1, b: "x\ty" },
      { a: null, b: 'q"' },
    ]),
  ).toBe('1\t"x\ty"\n\t"q"""');
});
