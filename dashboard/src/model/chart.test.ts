import { expect, test } from "vitest";
import { fixtures } from "../testing/fixtures";
import { axisFigure, chartCsv, chartData, chartName } from "./chart";
import type { BarChartProperties } from "./types";

function captured(id: string): BarChartProperties["data"] {
  for (const frame of fixtures["20-charts"]?.frames ?? []) {
    const ui = frame.json.ui as { model?: { id: string; properties: BarChartProperties } } | undefined;
    if (ui?.model?.id === id) return ui.model.properties.data;
  }
  throw new Error(`no chart "${id}"`);
}

test("the captured charts have their groups and series, in the order of the first row", () => {
  expect(chartData(captured("by-month"))).toEqual({
    series: ["north", "south"],
    groups: [
      { name: "Jan", values: [5, 9] },
      { name: "Feb", values: [3, 0] },
    ],
  });
  expect(chartData(captured("wide")).series).toEqual(["North", "Series 2"]);
  expect(chartData(captured("empty"))).toEqual({ series: [], groups: [] });
});

test("what is missing or no number counts as nothing", () => {
  const { groups } = chartData([
    { "_c*id_": "a", x: 1, y: 2 },
    { "_c*id_": null, y: "much", z: 9 },
  ]);
  expect(groups[1]).toEqual({ name: "", values: [0, 0] });
});

test("a chart without a label is called by its id", () => {
  expect(chartName("by-month", null)).toBe("By Month");
  expect(chartName("by-month", "Sales")).toBe("Sales");
});

test("figures at an axis are short", () => {
  expect([0, 1234.5, 12_000, 3_400_000].map(axisFigure)).toEqual(["0", "1,234.5", "12K", "3.4M"]);
});

test("the data as a file, safe for spreadsheets", () => {
  expect(chartCsv({ series: ["=a", "b"], groups: [{ name: "x,y", values: [1, -2.5] }] })).toBe(
    '\ufeffGroup,\'=a,b\r\n"x,y",1,-2.5\r\n',
  );
});
