import { Button, Checkbox, ToggleButton } from "react-aria-components";
import type { TableColumn } from "../../model/table/columns";
import type { Pin } from "../../model/table/settings";
import { Icon } from "../../ui/Icon";
import buttons from "./buttons.module.css";
import columnList from "./column-list.module.css";
import controls from "./controls.module.css";

/** Shows, hides, pins and orders columns. */
export function ColumnList({
  columns,
  isVisible,
  pinOf,
  onVisible,
  onPin,
  onMove,
}: {
  /** In their present order. */
  columns: readonly TableColumn[];
  isVisible(column: TableColumn): boolean;
  pinOf(column: TableColumn): Pin;
  onVisible(column: TableColumn, visible: boolean): void;
  onPin(column: TableColumn, pin: Pin): void;
  onMove(column: TableColumn, by: -1 | 1): void;
}) {
  return (
    <ul className={columnList.columnList}>
      {columns.map((column, at) => (
        <li key={column.id} className={columnList.columnItem}>
          <Checkbox
            className={controls.checkbox}
            isSelected={isVisible(column)}
            onChange={(visible) => onVisible(column, visible)}
          >
            {({ isSelected }) => (
              <>
                <span className={controls.box}>{isSelected && <Icon name="check" />}</span>
                <span className={columnList.columnName}>{column.heading}</span>
              </>
            )}
          </Checkbox>
          <Button
            className={buttons.iconButton}
            aria-label={`Move ${column.heading} forward`}
            isDisabled={at === 0}
            onPress={() => onMove(column, -1)}
          >
            <Icon name="up" />
          </Button>
          <Button
            className={buttons.iconButton}
            aria-label={`Move ${column.heading} back`}
            isDisabled={at === columns.length - 1}
            onPress={() => onMove(column, 1)}
          >
            <Icon name="down" />
          </Button>
          <ToggleButton
            className={buttons.iconButton}
            aria-label={`Keep ${column.heading} in sight`}
            isSelected={pinOf(column) !== false}
            onChange={(pinned) => onPin(column, pinned ? "left" : false)}
          >
            <Icon name="pin" />
          </ToggleButton>
        </li>
      ))}
    </ul>
  );
}
