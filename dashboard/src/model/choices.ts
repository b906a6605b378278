/** Options of radio groups and selects, found again by value (CM 9.3). Pure. */
import { jsonEqual } from "./equal";
import type { Json, Option, WireOption } from "./types";
import { optionsOf } from "./values";

/**
 * The options, and behind them a chosen value that is none of them (an initial value from an older list): what is sent
 * must be in sight.
 */
export function choicesOf(options: readonly WireOption[] | null | undefined, chosen: readonly Json[]): Option[] {
  const known = optionsOf(options);
  const strange = chosen.filter((value) => value !== null && !known.some((option) => jsonEqual(option.value, value)));
  return [...known, ...optionsOf(strange.map((value) => ({ value, label: "" })))];
}

/** Positions of the chosen values among the options. */
export function positionsOf(options: readonly Option[], chosen: readonly Json[]): number[] {
  return chosen.map((value) => options.findIndex((option) => jsonEqual(option.value, value))).filter((at) => at >= 0);
}
