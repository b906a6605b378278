/** How values are written (CM 15). Pure; everything in the viewer's time zone. */
import type { DateTimeValue, DateValue, Json, Opt, StatisticFormat, TimeValue } from "./types";

const LOCALE = "en-US";
const dateFormat = new Intl.DateTimeFormat(LOCALE, { month: "short", day: "numeric", year: "numeric" });
const timeFormat = new Intl.DateTimeFormat(LOCALE, { hour: "numeric", minute: "2-digit" });
const numberFormat = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 3 });
const currencyFormat = new Intl.NumberFormat(LOCALE, { style: "currency", currency: "USD" });

/**
 * A moment from ISO text or milliseconds; null when it is neither. Text without a zone is local time, as is a date alone.
 */
export function parseMoment(value: Json | undefined): Date | null {
  if (typeof value === "number") return Number.isFinite(value) ? valid(new Date(value)) : null;
  if (typeof value !== "string") return null;
  const text = value.trim();
  const day = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (day) return exactDay(Number(day[1]), Number(day[2]), Number(day[3]));
  if (!/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/.test(text)) return null;
  return valid(new Date(text.replace(" ", "T")));
}

function valid(date: Date): Date | null {
  return Number.isNaN(date.getTime()) ? null : date;
}

function exactDay(year: number, month: number, day: number): Date | null {
  const date = new Date(year, month - 1, day);
  return date.getFullYear() === year && date.getMonth() === month - 1 && date.getDate() === day ? date : null;
}

/** "Oct 14, 1983" */
export function formatDate(date: Date): string {
  return dateFormat.format(date);
}

/** "10:14 AM" */
export function formatTime(date: Date): string {
  // Newer engines put a narrow no-break space before AM and PM.
  return timeFormat.format(date).replace(/\u202f/g, " ");
}

/** "Oct 14, 1983, 10:14 AM" */
export function formatDateTime(date: Date): string {
  return `${formatDate(date)}, ${formatTime(date)}`;
}

export function formatDateValue({ year, month, day }: DateValue): string {
  return formatDate(new Date(year, month - 1, day));
}
export function formatTimeValue({ hour, minute }: TimeValue): string {
  return formatTime(new Date(2000, 0, 1, hour, minute));
}
export function formatDateTimeValue(value: DateTimeValue): string {
  return `${formatDateValue(value)}, ${formatTimeValue(value)}`;
}

/** "1,234.568": separators, at most 3 decimals. */
export function formatNumber(value: number): string {
  return numberFormat.format(value);
}

/** "$1,234.56" */
export function formatCurrency(value: number): string {
  return currencyFormat.format(value);
}

export interface StatisticStyle {
  format?: Opt<StatisticFormat>;
  decimals?: Opt<number>;
  prefix?: Opt<string>;
  suffix?: Opt<string>;
}

/** A figure of a statistic (CM 15.3). Text that is not a number is shown as it is. */
export function formatStatistic(value: number | string, style: StatisticStyle = {}): string {
  const { format = "standard", decimals, prefix, suffix } = style;
  if (typeof value !== "number" || !Number.isFinite(value)) return `${prefix ?? ""}${value}${suffix ?? ""}`;
  // 15 digits hold every decimal that an author means; what is beyond is binary noise.
  const scaled = Number((format === "percent" ? value * 100 : value).toPrecision(15));
  const places = decimals === null || decimals === undefined ? 20 : Math.min(20, Math.max(0, Math.trunc(decimals)));
  const digits = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: places }).format(Math.abs(scaled));
  const padded = format === "currency" && /\.\d$/.test(digits) ? `${digits}0` : digits;
  const sign = scaled < 0 && /[1-9]/.test(digits) ? "-" : "";
  return `${sign}${prefix ?? (format === "currency" ? "$" : "")}${padded}${suffix ?? (format === "percent" ? "%" : "")}`;
}

export interface Delta {
  text: string;
  /** Which way it went; null for no change. */
  direction: "up" | "down" | null;
  good: boolean | null;
}

/** A change mark: without its sign, which the direction tells. */
export function formatDelta(
  delta: number | string,
  style: { format?: Opt<StatisticFormat>; decimals?: Opt<number>; isPositive?: Opt<boolean> } = {},
): Delta {
  const number = typeof delta === "number" ? delta : Number(delta);
  if (!Number.isFinite(number) || String(delta).trim() === "") {
    return { text: String(delta), direction: null, good: style.isPositive ?? null };
  }
  const direction = number > 0 ? "up" : number < 0 ? "down" : null;
  return {
    text: formatStatistic(Math.abs(number), { format: style.format, decimals: style.decimals }),
    direction,
    good: style.isPositive ?? (direction === null ? null : direction === "up"),
  };
}
