/** The rules that only the browser checks (CM 8.3). Pure. */
import { fileProblem, NO_LIMIT } from "./files";
import { formatDateTimeValue, formatDateValue, formatTimeValue } from "./format";
import type {
  ChosenFile,
  ComponentNode,
  DateTimeValue,
  DateValue,
  FileDropProperties,
  MultiChoiceProperties,
  Opt,
  TemporalProperties,
  TimeValue,
} from "./types";
import { type InputNode, type InputValue, isEmptyValue } from "./values";

/** What is wrong with a value, worded for the user; null when it is right. */
export function localError(node: InputNode, value: InputValue): string | null {
  if (node.type === "input-checkbox") return null;
  if (node.type === "input-table" && !(node as ComponentNode<"input-table">).model.properties.allowSelect) return null;
  // SDKs send `required` always; absent means their default.
  const required = node.model.required ?? true;
  if (isEmptyValue(value) || (typeof value === "string" && node.type === "ij" && value.trim() === "")) {
    return required ? requiredMessage(node) : null;
  }
  switch (node.type) {
    case "input-email":
      return EMAIL.test((value as string).trim()) ? null : "Enter an e-mail address, like name@example.com.";
    case "input-url":
      return URL_RULE.test((value as string).trim())
        ? null
        : "Enter a web address, like example.com or https://example.com.";
    case "input-number":
      return NUMBER.test((value as string).trim()) ? null : "Enter a number.";
    case "input-date":
      return limits(node.model.properties as TemporalProperties<DateValue>, value as DateValue, formatDateValue);
    case "input-time":
      return limits(node.model.properties as TemporalProperties<TimeValue>, value as TimeValue, formatTimeValue);
    case "input-date-time":
      return limits(
        node.model.properties as TemporalProperties<DateTimeValue>,
        value as DateTimeValue,
        formatDateTimeValue,
      );
    case "ij":
      return jsonError(value as string);
    case "input-select-dropdown-multi":
      return counts(node.model.properties as SelectionLimits, (value as unknown[]).length, "choice");
    case "input-table":
      return counts(node.model.properties as SelectionLimits, (value as unknown[]).length, "row");
    case "input-file-drop":
      return filesError(node.model.properties as FileDropProperties, value as ChosenFile[]);
    default:
      return null;
  }
}

const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;
/** An optional scheme, then localhost or a host with a dot and two more characters. Also tells app routes from links. */
const URL_RULE = /^(?:[a-z][a-z0-9+.-]*:\/\/)?(?:localhost(?:[:/?#]\S*)?|[^\s/?#]+\.[^\s]{2,})$/i;
const NUMBER = /^-?(?:\d+\.?\d*|\.\d+)$/;

export function looksLikeUrl(text: string): boolean {
  return URL_RULE.test(text.trim());
}

function requiredMessage(node: InputNode): string {
  switch (node.type) {
    case "input-table":
      return "Select at least one row.";
    case "input-file-drop":
      return "Choose a file.";
    case "input-radio-group":
    case "input-select-dropdown-single":
    case "input-select-dropdown-multi":
      return "Choose an option.";
    default:
      return "This field is required.";
  }
}

function limits<V extends Partial<DateTimeValue>>(
  { min, max }: { min?: Opt<V>; max?: Opt<V> },
  value: V,
  format: (value: V) => string,
): string | null {
  const low = min && moment(value) < moment(min);
  const high = max && moment(value) > moment(max);
  if (!low && !high) return null;
  if (min && max) return `Must be from ${format(min)} to ${format(max)}.`;
  return low ? `Must be ${format(min as V)} or later.` : `Must be ${format(max as V)} or earlier.`;
}

function moment({ year = 0, month = 0, day = 0, hour = 0, minute = 0 }: Partial<DateTimeValue>): number {
  return (((year * 13 + month) * 32 + day) * 24 + hour) * 60 + minute;
}

type SelectionLimits = Pick<MultiChoiceProperties, "minSelections" | "maxSelections">;

function counts({ minSelections, maxSelections }: SelectionLimits, count: number, noun: string): string | null {
  return amount("Select", count, minSelections ?? 0, maxSelections ?? NO_LIMIT, noun);
}

function amount(verb: string, count: number, min: number, max: number, noun: string): string | null {
  if (count >= min && count <= max) return null;
  const many = (n: number) => `${n} ${noun}${n === 1 ? "" : "s"}`;
  if (min === max) return `${verb} exactly ${many(min)}.`;
  return count < min ? `${verb} at least ${many(min)}.` : `${verb} at most ${many(max)}.`;
}

/** Why a text is not JSON, or null. */
export function jsonError(text: string): string | null {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    return `Not valid JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function filesError(properties: FileDropProperties, files: ChosenFile[]): string | null {
  for (const { file } of files) {
    const reason = fileProblem(properties.acceptedFileTypes, file);
    if (reason) return `${file.name}: ${reason}`;
  }
  return amount("Choose", files.length, properties.minCount ?? 0, properties.maxCount ?? NO_LIMIT, "file");
}
