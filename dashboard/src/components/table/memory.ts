/** Table settings that outlive the component: an update may take a table away and bring it back. */
import { useCallback, useState } from "react";
import type { Execution } from "../../model/execution";
import type { TableSettings } from "../../model/table/settings";
import type { TableProperties } from "../../model/types";
import { usePageContext, useRenderId } from "../hooks";
import { linkedSettings } from "./useLink";

const memory = new WeakMap<Execution, Map<string, TableSettings>>();

/** The settings of a table for as long as its execution lives, and how to change them. */
export function useSettings(
  id: string,
  properties: TableProperties,
): [TableSettings, (change: (before: TableSettings) => TableSettings) => void] {
  const { execution } = usePageContext();
  const key = `${useRenderId()} ${id}`;
  const [settings, setSettings] = useState(() => memory.get(execution)?.get(key) ?? linkedSettings(id, properties));
  const change = useCallback(
    (make: (before: TableSettings) => TableSettings) => {
      setSettings((before) => {
        const after = make(before);
        const tables = memory.get(execution) ?? new Map<string, TableSettings>();
        memory.set(execution, tables);
        tables.set(key, after);
        return after;
      });
    },
    [execution, key],
  );
  return [settings, change];
}
