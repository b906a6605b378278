/** Params of an app in the address bar (CM 13.7): a value keeps its type on the way there and back. */
import type { Params } from "../protocol/events";

/** Reads a query, with or without its `?`. Of a name that is there twice the last one counts. */
export function parseParams(query: string): Params {
  const params: Params = {};
  for (const [name, text] of new URLSearchParams(query)) {
    // An own property whatever its name.
    Object.defineProperty(params, name, { value: typed(text), enumerable: true, configurable: true, writable: true });
  }
  return params;
}

/** Writes a query, `?` and all; empty when there are no params. */
export function formatParams(params: Record<string, unknown> | null | undefined): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params ?? {})) {
    if (value === null || value === undefined) continue;
    query.set(
      name,
      typeof value === "string"
        ? quotedIfNeeded(value)
        : typeof value === "object"
          ? JSON.stringify(value)
          : String(value),
    );
  }
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}

function typed(text: string): string | number | boolean {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text;
  }
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value !== "number" || !Number.isFinite(value)) return text;
  // A long number is most likely an id: as a number it would lose digits.
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? text : value;
}

function quotedIfNeeded(text: string): string {
  return typed(text) === text ? text : JSON.stringify(text);
}
