import { expect, test } from "vitest";
import { capturedTable } from "../../testing/tables";
import { columnsOf, guessFormat, startWidth, widthInPx } from "./columns";

test("compressed columns keep their public names and guess formats from the content", () => {
  const properties = capturedTable("13-tables-render", "plain");
  const columns = columnsOf(properties, properties.data);
  expect(columns.map(({ key, name, heading, format }) => [key, name, heading, format])).toEqual([
    ["0", "id", "ID", "number"],
    ["1", "name", "Name", null],
    ["2", "berth", "Berth", null],
    ["3", "length_m", "Length M", "number"],
    ["4", "fee", "Fee", "number"],
    // Nulls stop the guess: the same table has booleans and a null in "paid".
    ["5", "paid", "Paid", null],
    ["6", "tags", "Tags", null],
    ["7", "arrived", "Arrived", null],
    ["8", "extra", "Extra", null],
  ]);
});

test("the author's format, label, width, pin and colours win over guesses", () => {
  const properties = capturedTable("13-tables-render", "full");
  const columns = columnsOf(properties, properties.data);
  expect(columns[1]).toMatchObject({ name: "fee", heading: "Fee", format: "currency", pinned: "left", width: "120px" });
  expect(columns[2]).toMatchObject({ name: "paid", format: "boolean", hidden: true });
  expect(columns[3]?.tagColors).toEqual({ green: "member", blue: ["sail", "motor"], _default: "gray" });
});

test("a primary key that is a column is found under its short key", () => {
  const properties = capturedTable("15-paged-render", "manual");
  expect(columnsOf(properties, []).map(({ key, name }) => [key, name])).toEqual([
    ["i", "n"],
    ["1", "word"],
    ["2", "even"],
  ]);
});

test("without columns the fields of the first five rows count, as first seen", () => {
  const rows = [{ b: 1 }, { a: 2, b: 1 }, {}, {}, { c: 1 }, { late: 1 }];
  expect(columnsOf({ columns: null }, rows).map((column) => column.name)).toEqual(["b", "a", "c"]);
});

test("uncompressed columns may be bare strings, and one name may come twice", () => {
  const columns = columnsOf({ columns: ["a", { key: "a", label: "Again" }] }, [{ a: true }]);
  expect(columns.map(({ id, name, heading }) => [id, name, heading])).toEqual([
    ["a", "a", "A"],
    ["a (2)", "a", "Again"],
  ]);
});

test("a format is guessed only when ten rows agree", () => {
  const dates = Array.from({ length: 10 }, () => ({ at: "2024-05-02T08:30:00Z" }));
  expect(guessFormat(dates, "at")).toBe("date");
  expect(guessFormat([...dates, { at: "never" }], "at")).toBe("date");
  expect(guessFormat([{ at: "never" }, ...dates], "at")).toBeNull();
  expect(guessFormat([{ at: "2024-05-02" }], "at")).toBeNull();
  expect(guessFormat([{ at: [1] }, { at: { b: 1 } }], "at")).toBe("json");
  expect(guessFormat([{ at: 1 }, {}], "at")).toBeNull();
  expect(guessFormat([], "at")).toBeNull();
});

test("figures, ticks and dates start narrower", () => {
  const columns = columnsOf(
    {
      columns: [
        { key: "n", format: "number" },
        { key: "a_rather_long_name", format: "date" },
      ],
    },
    [],
  );
  expect(columns.map((each) => startWidth(each, 1000))).toEqual([128, 192]);
});

test("widths are px, rem or a part of the table, within limits; anything else is the default", () => {
  expect(widthInPx("120px", 1000)).toBe(120);
  expect(widthInPx("10rem", 1000)).toBe(160);
  expect(widthInPx("25%", 1000)).toBe(250);
  expect(widthInPx("1px", 1000)).toBe(56);
  expect(widthInPx("calc(1px + 2px)", 1000)).toBeNull();
  const column = columnsOf({ columns: [{ key: "a", format: "json" }, { key: "b" }] }, []);
  expect(column.map((each) => startWidth(each, 1000))).toEqual([288, 192]);
});
