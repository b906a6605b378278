/** What an input starts with, what is sent for it, and when it is empty (CM 8.1, 8.2). Pure. */
import { labelFromId } from "./label";
import type {
  ChosenFile,
  ComponentNode,
  DateTimeValue,
  DateValue,
  InputType,
  InputValues,
  Json,
  Option,
  Row,
  RowId,
  TableProperties,
  TimeValue,
  WireOption,
} from "./types";

export type InputValue = InputValues[InputType];
export type InputNode = { [T in InputType]: ComponentNode<T> }[InputType];

const TEXT_TYPES: ReadonlySet<string> = new Set<InputType>([
  "input-text",
  "input-email",
  "input-url",
  "input-password",
  "input-text-area",
]);

export const INPUT_TYPES: ReadonlySet<string> = new Set<InputType>([
  ...(TEXT_TYPES as ReadonlySet<InputType>),
  "input-number",
  "ij",
  "input-date",
  "input-time",
  "input-date-time",
  "input-radio-group",
  "input-select-dropdown-single",
  "input-select-dropdown-multi",
  "input-checkbox",
  "input-file-drop",
  "input-table",
]);

export function isInput(node: ComponentNode): node is InputNode {
  return INPUT_TYPES.has(node.type);
}

/** The label to show: the author's, or one made from the id. Tables get no guessed label. */
export function labelOf(node: InputNode): string | null {
  const label = node.model.label;
  if (label) return label;
  return node.type === "input-table" ? null : labelFromId(node.model.id);
}

/** Options as `{value, label}`; the value keeps the JSON type that it came with. */
export function optionsOf(options: readonly WireOption[] | null | undefined): Option[] {
  return (options ?? []).map((option) => {
    if (typeof option === "object" && option !== null && !Array.isArray(option) && "value" in option) {
      const { value, label, description } = option as { value: Json; label?: unknown; description?: unknown };
      return {
        value,
        label: typeof label === "string" && label !== "" ? label : textOf(value),
        ...(typeof description === "string" && description !== "" ? { description } : {}),
      };
    }
    return { value: option as Json, label: textOf(option as Json) };
  });
}

function textOf(value: Json): string {
  return typeof value === "string" ? value : typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** The value as an input holds it, from a model's `initialValue` or a SET_INPUTS value. */
export function valueFromWire<T extends InputType>(type: T, wire: Json | undefined): InputValues[T];
export function valueFromWire(type: InputType, wire: Json | undefined): InputValue {
  switch (type) {
    case "input-number":
      return typeof wire === "number" ? String(wire) : typeof wire === "string" ? wire : "";
    case "ij":
      return wire === null || wire === undefined ? "" : JSON.stringify(wire, null, 2);
    case "input-date":
      return dateFrom(wire);
    case "input-time":
      return timeFrom(wire);
    case "input-date-time":
      return dateTimeFrom(wire);
    case "input-radio-group":
    case "input-select-dropdown-single":
      return wire ?? null;
    case "input-select-dropdown-multi":
      return Array.isArray(wire) ? wire : [];
    case "input-checkbox":
      return wire === true;
    case "input-file-drop":
      return [];
    case "input-table":
      return Array.isArray(wire)
        ? wire.filter((id): id is RowId => typeof id === "string" || typeof id === "number")
        : [];
    default:
      return typeof wire === "string" ? wire : wire === null || wire === undefined ? "" : textOf(wire);
  }
}

/** The JSON that a model's input starts from; compared as text to see whether an update means to start again. */
export function initialWire(node: InputNode): Json | undefined {
  const properties = node.model.properties;
  if (node.type === "input-table") return ((properties as TableProperties).initialSelectedRows ?? []) as Json;
  if (node.type === "input-file-drop") return [];
  return (properties as { initialValue?: Json }).initialValue;
}

export function initialValue(node: InputNode): InputValue {
  return valueFromWire(node.type, initialWire(node));
}

export function isEmptyValue(value: InputValue): boolean {
  return value === null || value === "" || (Array.isArray(value) && value.length === 0);
}

/** A file as an event names it. `fileId` is the id of the upload that went before. */
export interface SentFile {
  fileId: string;
  fileName: string;
  fileSize: number;
  fileType: string;
}

/**
 * What is sent for an input (CM 8.1). `sentFiles` are the uploads made for this very event, `page` the rows that a
 * table shows (needed for tables of version 1, which send rows).
 */
export function wireValue(
  node: InputNode,
  value: InputValue,
  extra: { sentFiles?: SentFile[]; page?: { data: Row[]; offset: number } } = {},
): Json {
  switch (node.type) {
    case "input-number": {
      const text = (value as string).trim();
      return text === "" || !Number.isFinite(Number(text)) ? null : Number(text);
    }
    case "ij":
      return { value: (value as string).trim() === "" ? null : (value as string), type: "ij" };
    case "input-date":
    case "input-time":
    case "input-date-time":
      return { value: (value ?? null) as Json, type: node.type };
    case "input-radio-group":
    case "input-select-dropdown-single":
    case "input-select-dropdown-multi":
    case "input-checkbox":
      return value as Json;
    case "input-file-drop":
      return (extra.sentFiles ?? []) as unknown as Json;
    case "input-table": {
      const ids = value as RowId[];
      const properties = (node as ComponentNode<"input-table">).model.properties;
      if ((properties.v ?? 1) >= 2) return { value: ids, type: "input-table" };
      const page = extra.page ?? { data: properties.data, offset: properties.offset ?? 0 };
      const rows = page.data.filter((row, at) => ids.includes(rowIdOf(properties, row, at + page.offset)));
      return { value: rows as Json[], type: "input-table" };
    }
    default:
      return value === "" ? null : (value as string);
  }
}

/** The id of a row: its primary key, or its position in the whole data (CM 10.6). */
export function rowIdOf(
  properties: Pick<TableProperties, "primaryKey" | "selectMode">,
  row: Row,
  position: number,
): RowId {
  if (!properties.primaryKey || properties.selectMode === "index") return position;
  const id = row[properties.primaryKey];
  return typeof id === "string" || typeof id === "number" ? id : position;
}

function record(wire: Json | undefined): Record<string, Json> | null {
  return wire !== null && typeof wire === "object" && !Array.isArray(wire) ? wire : null;
}

function whole(value: Json | undefined): value is number {
  return typeof value === "number" && Number.isInteger(value);
}

/** `{year, month, day}`, or ISO text as old SDKs send it. */
function dateFrom(wire: Json | undefined): DateValue | null {
  if (typeof wire === "string") {
    const match = /^(\d{4})-(\d{2})-(\d{2})/.exec(wire);
    return match ? { year: Number(match[1]), month: Number(match[2]), day: Number(match[3]) } : null;
  }
  const object = record(wire);
  if (!object || !whole(object.year) || !whole(object.month) || !whole(object.day)) return null;
  return { year: object.year, month: object.month, day: object.day };
}

function timeFrom(wire: Json | undefined): TimeValue | null {
  if (typeof wire === "string") {
    const match = /(?:^|T|\s)(\d{2}):(\d{2})/.exec(wire);
    return match ? { hour: Number(match[1]), minute: Number(match[2]) } : null;
  }
  const object = record(wire);
  if (!object || !whole(object.hour) || !whole(object.minute)) return null;
  return { hour: object.hour, minute: object.minute };
}

function dateTimeFrom(wire: Json | undefined): DateTimeValue | null {
  const date = dateFrom(wire);
  const time = timeFrom(wire);
  return date && time ? { ...date, ...time } : null;
}

export type { ChosenFile };
