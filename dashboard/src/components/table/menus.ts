/** What the menus of a table offer. */
import type { TableColumn } from "../../model/table/columns";
import type { Pin } from "../../model/table/settings";
import { descendingFirst } from "../../model/table/sort";
import type { Choice, ChoiceSection } from "./Toolbar";

export const DENSITIES: readonly Choice[] = [
  { id: "compact", text: "Compact" },
  { id: "standard", text: "Standard" },
  { id: "comfortable", text: "Comfortable" },
];
export const OVERFLOWS: readonly Choice[] = [
  { id: "ellipsis", text: "Cut, with dots" },
  { id: "clip", text: "Cut" },
  { id: "dynamic", text: "Wrap: rows grow" },
];

const figure = (number: number) => number.toLocaleString("en-US");
export const rowsText = (number: number) => `${figure(number)} ${number === 1 ? "row" : "rows"}`;

export type ExportKind = "shown" | "selected" | "all";

/** Which rows go to a file, with the visible columns or with all. */
export function exportSections(offer: {
  paged: boolean;
  shown: number;
  total: number | null;
  selected: number;
  hiddenColumns: number;
  /** Nothing can be asked of the app now. */
  locked: boolean;
  onExport(what: ExportKind, allColumns: boolean): void;
}): ChoiceSection[] {
  const choices: Choice[] = [
    offer.paged
      ? { id: "shown", text: `This page (${rowsText(offer.shown)})`, isDisabled: offer.shown === 0 }
      : {
          id: "shown",
          text: rowsText(offer.shown),
          description: "As searched, filtered and sorted",
          isDisabled: offer.shown === 0,
        },
  ];
  if (offer.paged) {
    choices.push({
      id: "all",
      text: offer.total === null ? "All pages" : `All pages (${rowsText(offer.total)})`,
      description: "Fetched from the app page by page",
      isDisabled: offer.locked,
    });
  }
  if (offer.selected > 0) choices.push({ id: "selected", text: `Selected (${rowsText(offer.selected)})` });
  const section = (allColumns: boolean, title: string): ChoiceSection => ({
    title,
    choices: choices.map((choice) => ({ ...choice, id: `${choice.id} ${allColumns}` })),
    onChoose: (id) => offer.onExport(id.split(" ")[0] as ExportKind, allColumns),
  });
  return offer.hiddenColumns === 0
    ? [section(false, "CSV file")]
    : [section(false, "CSV, visible columns"), section(true, "CSV, all columns")];
}

/** What can be done with one column. */
export function columnSections(offer: {
  column: TableColumn;
  canSort: boolean;
  isSorted: boolean;
  canFilter: boolean;
  pin: Pin;
  onSort(direction: "asc" | "desc" | null): void;
  onFilter(): void;
  onPin(pin: Pin): void;
  onMove(by: -1 | 1): void;
  onHide(): void;
}): ChoiceSection[] {
  const sections: ChoiceSection[] = [];
  if (offer.canSort) {
    const up = { id: "asc", text: "Sort upwards" };
    const down = { id: "desc", text: "Sort downwards" };
    sections.push({
      choices: [
        ...(descendingFirst(offer.column) ? [down, up] : [up, down]),
        ...(offer.isSorted ? [{ id: "none", text: "Do not sort" }] : []),
      ],
      onChoose: (id) => offer.onSort(id === "none" ? null : (id as "asc" | "desc")),
    });
  }
  if (offer.canFilter) {
    sections.push({ choices: [{ id: "filter", text: "Filter by this column" }], onChoose: offer.onFilter });
  }
  sections.push({
    choices: [
      ...(offer.pin === "left" ? [] : [{ id: "left", text: "Keep in sight, left" }]),
      ...(offer.pin === "right" ? [] : [{ id: "right", text: "Keep in sight, right" }]),
      ...(offer.pin === false ? [] : [{ id: "free", text: "Let it scroll" }]),
      { id: "back", text: "Move left" },
      { id: "on", text: "Move right" },
      { id: "hide", text: "Hide" },
    ],
    onChoose: (id) => {
      if (id === "hide") offer.onHide();
      else if (id === "back" || id === "on") offer.onMove(id === "back" ? -1 : 1);
      else offer.onPin(id === "free" ? false : (id as "left" | "right"));
    },
  });
  return sections;
}
