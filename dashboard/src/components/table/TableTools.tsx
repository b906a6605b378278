import { Button } from "react-aria-components";
import type { TableColumn } from "../../model/table/columns";
import { isChanged, type TableSettings, viewNamed } from "../../model/table/settings";
import type { Density, Overflow, TableProperties } from "../../model/types";
import { Icon } from "../../ui/Icon";
import buttonStyles from "./buttons.module.css";
import { ColumnList } from "./ColumnList";
import { FilterPanel } from "./FilterPanel";
import { DENSITIES, type ExportKind, exportSections, OVERFLOWS } from "./menus";
import { Panel, SearchBox, ToolMenu, ViewMenu } from "./Toolbar";
import styles from "./table.module.css";
import type { ArrangedColumns } from "./useColumns";
import type { TableRows } from "./useRows";

/** Above the rows: search, views, filter, columns, row height, export. */
export function TableTools({
  properties,
  source,
  arranged,
  change,
  density,
  overflow,
  rules,
  filterOpen,
  onFilterOpen,
  counts,
  isExporting,
  onExport,
}: {
  properties: TableProperties;
  source: TableRows;
  arranged: ArrangedColumns;
  change(make: (before: TableSettings) => TableSettings): void;
  density: Density;
  overflow: Overflow;
  /** How many filter rules are in use. */
  rules: number;
  /** A column: open, and ready to filter by it. */
  filterOpen: boolean | TableColumn;
  onFilterOpen(open: boolean): void;
  counts: { shown: number; selected: number };
  isExporting: boolean;
  onExport(what: ExportKind, allColumns: boolean): void;
}) {
  const { columns, inOrder, visible } = arranged;
  const { settings, locked, paged } = source;
  return (
    <div className={styles.toolbar} data-screen-only>
      {properties.notSearchable !== true && (
        <SearchBox value={settings.search} delayed={paged} isDisabled={locked} onSearch={source.setSearch} />
      )}
      <div className={styles.tools}>
        {(properties.views?.length ?? 0) > 0 && (
          <ViewMenu
            views={properties.views ?? []}
            chosen={viewNamed(properties.views, settings.view)}
            changed={isChanged(settings, properties.views)}
            isDisabled={locked}
            onChoose={source.setView}
          />
        )}
        {properties.filterable !== false && (
          <Panel
            label="Filter"
            icon={<Icon name="filter" />}
            count={rules}
            isDisabled={locked}
            isOpen={filterOpen !== false}
            onOpenChange={onFilterOpen}
          >
            {(close) => (
              <FilterPanel
                filter={settings.filterBy}
                columns={inOrder}
                rows={source.rows}
                startWith={typeof filterOpen === "object" ? filterOpen : null}
                delayed={paged}
                onFilter={source.setFilter}
                onClose={close}
              />
            )}
          </Panel>
        )}
        <Panel
          label="Columns"
          icon={<Icon name="columns" />}
          count={visible.length < columns.length ? visible.length : 0}
        >
          {() => (
            <>
              <ColumnList
                columns={inOrder}
                isVisible={(column) => visible.includes(column)}
                pinOf={arranged.pinOf}
                onVisible={(column, shows) => arranged.setHidden(column, !shows)}
                onPin={arranged.setPin}
                onMove={arranged.move}
              />
              <Button className={buttonStyles.quiet} onPress={arranged.reset}>
                As the author set them
              </Button>
            </>
          )}
        </Panel>
        <ToolMenu
          label="Rows"
          icon={<Icon name="rows" />}
          sections={[
            {
              title: "Height",
              chosen: density,
              choices: DENSITIES,
              onChoose: (next) => change((before) => ({ ...before, density: next as Density })),
            },
            {
              title: "Long text",
              chosen: settings.overflow ?? overflow,
              choices: OVERFLOWS,
              onChoose: (next) => change((before) => ({ ...before, overflow: next as Overflow })),
            },
          ]}
        />
        <ToolMenu
          label="Export"
          icon={<Icon name="download" />}
          isDisabled={isExporting || source.waiting}
          sections={exportSections({
            paged,
            shown: counts.shown,
            total: source.total,
            selected: counts.selected,
            hiddenColumns: columns.length - visible.length,
            locked,
            onExport,
          })}
        />
      </div>
    </div>
  );
}
