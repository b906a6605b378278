/** Cell values as plain text, numbers and moments, whatever the SDK sent them as. */
import { parseMoment } from "../format";
import type { Json } from "../types";

/** Plain text of any value: objects and lists as JSON. */
export function plainText(value: Json | undefined): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A number, also one that was sent as text; null for anything else. */
export function numberOf(value: Json | undefined): number | null {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value !== "string" || value.trim() === "") return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

/** Milliseconds since 1970; null when it is no date. */
export function timeOf(value: Json | undefined): number | null {
  return parseMoment(value)?.getTime() ?? null;
}
