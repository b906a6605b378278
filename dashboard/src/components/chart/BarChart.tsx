import { useId, useMemo, useState } from "react";
import { Button, ToggleButton } from "react-aria-components";
import { Bar, CartesianGrid, BarChart as Plot, Tooltip, XAxis, YAxis } from "recharts";
import { axisFigure, type ChartData, type ChartGroup, chartCsv, chartData, chartName } from "../../model/chart";
import { formatNumber } from "../../model/format";
import { csvFileName } from "../../model/table/csv";
import { Icon } from "../../ui/Icon";
import { usePageContext } from "../hooks";
import type { ComponentProps } from "../Render";
import { type Size, useSize } from "../size";
import { safeStyle } from "../style";
import styles from "./chart.module.css";
import { svgFile } from "./svg";

/** Colours of series, by the tokens; with more series they come again, and the words tell them apart. */
const COLORS = 8;
const colorOf = (at: number) => `var(--series-${(at % COLORS) + 1})`;

const GUESS = { width: 640, height: 400 };

/** Bars by group and series. The same figures are there as a table, for everyone. */
export function BarChart({ node }: ComponentProps<"btn-bar-chart">) {
  const { id, properties, style } = node.model;
  const { download } = usePageContext();
  const [asTable, setAsTable] = useState(false);
  const [plot, size] = useSize<HTMLDivElement>(GUESS);
  const names = useId();
  const data = useMemo(() => chartData(properties.data), [properties.data]);
  const { height, minHeight, maxHeight, ...frame } = safeStyle(style) ?? {};
  const name = chartName(id, properties.label);
  const file = csvFileName(name).replace(/\.csv$/, "");
  const empty = data.groups.length === 0 || data.series.length === 0;

  return (
    <figure className={styles.chart} data-wide style={frame} aria-labelledby={`${names}label`}>
      <div className={styles.top}>
        <figcaption>
          <div id={`${names}label`} className={properties.label ? styles.label : "visually-hidden"}>
            {name}
          </div>
          {properties.description && <div className={styles.description}>{properties.description}</div>}
        </figcaption>
        {!empty && (
          <div className={styles.tools}>
            <ToggleButton className={styles.tool} isSelected={asTable} onChange={setAsTable}>
              <Icon name="rows" /> Table
            </ToggleButton>
            <Button
              className={styles.tool}
              onPress={() => download(`${file}.csv`, new Blob([chartCsv(data)], { type: "text/csv" }), "text/csv")}
            >
              <Icon name="download" /> CSV
            </Button>
            {!asTable && (
              <Button
                className={styles.tool}
                onPress={() => {
                  const svg = plot.current?.querySelector<SVGSVGElement>("svg.recharts-surface");
                  if (svg) download(`${file}.svg`, svgFile(svg, name), "image/svg+xml");
                }}
              >
                <Icon name="download" /> Image
              </Button>
            )}
          </div>
        )}
      </div>
      {data.series.length > 1 && !asTable && (
        <ul className={styles.legend}>
          {data.series.map((series, at) => (
            <li key={series}>
              <span className={styles.swatch} style={{ background: colorOf(at) }} />
              {series}
            </li>
          ))}
        </ul>
      )}
      <div
        ref={plot}
        className={styles.plot}
        style={{ height: asTable ? undefined : height, minHeight: asTable ? 0 : minHeight, maxHeight }}
        data-table={asTable || undefined}
        data-empty={empty || undefined}
      >
        {empty ? (
          <p className={styles.empty}>There is nothing to show yet.</p>
        ) : (
          <>
            {!asTable && (
              <div aria-hidden="true" className={styles.picture}>
                <Bars data={data} node={node} size={size} />
              </div>
            )}
            <DataTable data={data} name={name} isVisible={asTable} />
          </>
        )}
      </div>
    </figure>
  );
}

function Bars({ data, node, size }: { data: ChartData; node: ComponentProps<"btn-bar-chart">["node"]; size: Size }) {
  const { orientation, groupMode, scale } = node.model.properties;
  const horizontal = orientation === "horizontal";
  const stacked = groupMode !== "grouped";
  const groups = { dataKey: "name", type: "category", interval: "equidistantPreserveStart" } as const;
  const figures = {
    type: "number",
    tickFormatter: axisFigure,
    scale: scale === "symlog" ? "symlog" : "linear",
    domain: stacked || scale !== "symlog" ? undefined : symlogDomain(data),
  } as const;
  const shared = { stroke: "var(--border-strong)", tick: { fill: "var(--text-secondary)", fontSize: 12 } };
  return (
    <Plot
      width={size.width}
      height={size.height}
      data={data.groups}
      layout={horizontal ? "vertical" : "horizontal"}
      accessibilityLayer={false}
      barCategoryGap="22%"
      barGap={2}
      margin={{ top: 8, right: 12, bottom: 4, left: 12 }}
    >
      <CartesianGrid stroke="var(--border)" vertical={horizontal} horizontal={!horizontal} />
      <XAxis {...(horizontal ? figures : groups)} {...shared} tickLine={false} axisLine={!horizontal} />
      <YAxis {...(horizontal ? groups : figures)} {...shared} tickLine={false} axisLine={horizontal} width="auto" />
      <Tooltip
        cursor={{ fill: "var(--surface-hover)", fillOpacity: 0.5 }}
        isAnimationActive={false}
        content={({ active, payload }) => {
          const group = payload?.[0]?.payload as ChartGroup | undefined;
          return active && group ? <Values group={group} series={data.series} /> : null;
        }}
      />
      {data.series.map((series, at) => (
        <Bar
          key={series}
          name={series}
          dataKey={(group: ChartGroup) => group.values[at]}
          stackId={stacked ? "all" : undefined}
          fill={colorOf(at)}
          stroke="var(--surface)"
          strokeWidth={stacked && data.series.length > 1 ? 1 : 0}
          radius={stacked && data.series.length > 1 ? 0 : 3}
          maxBarSize={72}
          isAnimationActive={false}
        />
      ))}
    </Plot>
  );
}

/** Bars stand on zero, also where the scale does not begin there by itself. */
function symlogDomain({ groups }: ChartData): [number, number] {
  const values = groups.flatMap((group) => group.values);
  return [Math.min(0, ...values), Math.max(0, ...values)];
}

function Values({ group, series }: { group: ChartGroup; series: string[] }) {
  return (
    <div className={styles.tooltip}>
      <strong>{group.name}</strong>
      {series.map((name, at) => (
        <div key={name} className={styles.value}>
          <span className={styles.swatch} style={{ background: colorOf(at) }} />
          <span>{name}</span>
          <span className={styles.figure}>{formatNumber(group.values[at] ?? 0)}</span>
        </div>
      ))}
    </div>
  );
}

function DataTable({ data, name, isVisible }: { data: ChartData; name: string; isVisible: boolean }) {
  return (
    <div className={isVisible ? styles.table : "visually-hidden"}>
      <table>
        <caption className="visually-hidden">{name}</caption>
        <thead>
          <tr>
            <th scope="col">Group</th>
            {data.series.map((series) => (
              <th key={series} scope="col">
                {series}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {data.groups.map((group, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: group names need not differ, and rows hold no state
            <tr key={at}>
              <th scope="row">{group.name}</th>
              {group.values.map((value, series) => (
                <td key={data.series[series]}>{formatNumber(value)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
