/** Tables of captured traffic, for tests. */
import type { TableProperties } from "../model/types";
import { fixtures } from "./fixtures";

/** The properties of a table as a captured render brings it. */
export function capturedTable(file: string, id: string): TableProperties {
  for (const frame of fixtures[file]?.frames ?? []) {
    const ui = frame.json.ui as { model?: { id: string; properties: TableProperties } } | undefined;
    if (ui?.model?.id === id) return ui.model.properties;
  }
  throw new Error(`no table "${id}" in ${file}`);
}
