/** Which colour a tag has: the author's, else its default, else by meaning, else the one used least so far. */
import type { Json, Row, TagColor } from "../types";
import type { TableColumn } from "./columns";
import { plainText } from "./plain";

export const TAG_COLORS: readonly TagColor[] = [
  "blue",
  "purple",
  "pink",
  "orange",
  "green",
  "yellow",
  "brown",
  "gray",
  "red",
];

const MEANINGS = new Map<string, TagColor>();
for (const [color, words] of [
  [
    "green",
    "true yes success succeeded successful active online approved complete completed done paid ok healthy open",
  ],
  ["red", "false no error failed failure inactive offline rejected denied overdue blocked critical cancelled canceled"],
  ["orange", "pending warning waiting review paused unpaid late medium"],
  ["blue", "info new processing running started"],
  ["gray", "draft unknown none archived closed low"],
] as const) {
  for (const word of words.split(" ")) MEANINGS.set(word, color);
}
MEANINGS.set("in progress", "blue");
MEANINGS.set("in review", "orange");

function isColor(name: string): name is TagColor {
  return (TAG_COLORS as readonly string[]).includes(name);
}

/** The tags of a cell: a single value counts as a list of one. */
export function tagsOf(value: Json | undefined): Json[] {
  if (value === null || value === undefined || value === "") return [];
  return Array.isArray(value) ? value : [value];
}

/**
 * The colours of all tags of a column, in the order of the data, so that they stay the same while the data does. Keys
 * are the tags' text.
 */
export function tagColors(column: Pick<TableColumn, "key" | "tagColors">, rows: readonly Row[]): Map<string, TagColor> {
  const authored = new Map<string, TagColor>();
  let fallback: TagColor | null = null;
  for (const [color, values] of Object.entries(column.tagColors ?? {})) {
    if (color === "_default") fallback = typeof values === "string" && isColor(values) ? values : null;
    else if (isColor(color)) for (const value of tagsOf(values)) authored.set(plainText(value), color);
  }
  const uses = new Map<TagColor, number>(TAG_COLORS.map((color) => [color, 0]));
  const colors = new Map<string, TagColor>();
  for (const row of rows) {
    for (const tag of tagsOf(row[column.key])) {
      const text = plainText(tag);
      if (colors.has(text)) continue;
      const color = authored.get(text) ?? fallback ?? MEANINGS.get(text.trim().toLowerCase()) ?? leastUsed(uses);
      uses.set(color, (uses.get(color) ?? 0) + 1);
      colors.set(text, color);
    }
  }
  return colors;
}

function leastUsed(uses: Map<TagColor, number>): TagColor {
  let least: TagColor = "blue";
  for (const color of TAG_COLORS) if ((uses.get(color) ?? 0) < (uses.get(least) ?? 0)) least = color;
  return least;
}
