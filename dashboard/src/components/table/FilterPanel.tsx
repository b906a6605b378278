import { useMemo, useState } from "react";
import { Button } from "react-aria-components";
import type { TableColumn } from "../../model/table/columns";
import { cleanFilter, isGroup } from "../../model/table/filter";
import { newRule } from "../../model/table/operators";
import { plainText } from "../../model/table/plain";
import { tagsOf } from "../../model/table/tags";
import type { Filter, FilterGroup, Json, Row } from "../../model/types";
import buttons from "./buttons.module.css";
import { FilterEditor } from "./FilterEditor";
import menu from "./menu.module.css";

/** So many tags are offered to tick; others can be typed. */
const MOST_TAGS = 100;

/** The panel of filters. Local rows follow each change; the app is asked on "Apply". */
export function FilterPanel({
  filter,
  columns,
  rows,
  startWith,
  delayed,
  onFilter,
  onClose,
}: {
  filter: Filter | null;
  columns: readonly TableColumn[];
  rows: readonly Row[];
  /** A column to add a rule for. */
  startWith: TableColumn | null;
  delayed: boolean;
  onFilter(filter: Filter | null): void;
  onClose(): void;
}) {
  // Unfinished rules live here only.
  const [draft, setDraft] = useState<FilterGroup>(() => startDraft(filter, startWith ?? (filter ? null : columns[0])));
  const tags = useMemo(() => knownTags(columns, rows), [columns, rows]);
  const update = (next: FilterGroup) => {
    setDraft(next);
    if (!delayed) onFilter(cleanFilter(next));
  };
  return (
    <>
      <FilterEditor filter={draft} columns={columns} tags={tags} onChange={update} />
      <div className={menu.panelEnd}>
        <Button
          className={buttons.quiet}
          onPress={() => {
            onFilter(null);
            onClose();
          }}
        >
          Clear filters
        </Button>
        {delayed && (
          <Button
            className={buttons.apply}
            onPress={() => {
              onFilter(cleanFilter(draft));
              onClose();
            }}
          >
            Apply
          </Button>
        )}
      </div>
    </>
  );
}

function startDraft(filter: Filter | null, column: TableColumn | null | undefined): FilterGroup {
  const rules = column ? [newRule(column)] : [];
  if (!filter) return { logicOperator: "and", filters: rules };
  if (isGroup(filter) && (filter.logicOperator === "and" || rules.length === 0)) {
    return { ...filter, filters: [...filter.filters, ...rules] };
  }
  return { logicOperator: "and", filters: [filter, ...rules] };
}

function knownTags(columns: readonly TableColumn[], rows: readonly Row[]): Map<string, Json[]> {
  const known = new Map<string, Json[]>();
  for (const column of columns) {
    if (column.format !== "tag") continue;
    const found = new Map<string, Json>();
    for (const row of rows) {
      for (const tag of tagsOf(row[column.key])) if (found.size < MOST_TAGS) found.set(plainText(tag), tag);
    }
    known.set(column.id, [...found.values()]);
  }
  return known;
}
