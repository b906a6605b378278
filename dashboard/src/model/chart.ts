/** The data of a bar chart as series and groups (CM 9.8). Pure. */
import { headingFromKey } from "./label";
import { csvField, csvLine } from "./table/csv";
import { numberOf, plainText } from "./table/plain";
import type { BarChartProperties, Json } from "./types";

/** The key under which SDKs send the name of the group. */
export const GROUP_KEY = "_c*id_";

export interface ChartGroup {
  name: string;
  /** One for each series, in their order; 0 where the app sent none. */
  values: number[];
}

export interface ChartData {
  series: string[];
  groups: ChartGroup[];
}

/** The series are the keys of the first row; later rows may lack some. */
export function chartData(data: BarChartProperties["data"] | null | undefined): ChartData {
  const rows: Record<string, Json | undefined>[] = data ?? [];
  const series = Object.keys(rows[0] ?? {}).filter((key) => key !== GROUP_KEY);
  return {
    series,
    groups: rows.map((row) => ({
      name: plainText(row[GROUP_KEY]),
      values: series.map((key) => numberOf(row[key]) ?? 0),
    })),
  };
}

/** What a chart is called where it has no label of its own. */
export function chartName(id: string, label: string | null | undefined): string {
  return label || headingFromKey(id) || "Chart";
}

const COMPACT = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });
const PLAIN = new Intl.NumberFormat("en-US", { maximumFractionDigits: 2 });

/** A figure at an axis: short. */
export function axisFigure(value: number): string {
  return Math.abs(value) >= 10_000 ? COMPACT.format(value) : PLAIN.format(value);
}

export function chartCsv({ series, groups }: ChartData): string {
  const lines = groups.map((group) => csvLine([csvField(group.name), ...group.values.map((value) => csvField(value))]));
  return `\ufeff${csvLine(["Group", ...series.map((name) => csvField(name))])}${lines.join("")}`;
}
