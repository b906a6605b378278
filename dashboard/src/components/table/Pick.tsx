import { Button, ListBox, ListBoxItem, Popover, Select, SelectValue } from "react-aria-components";
import { Icon } from "../../ui/Icon";
import styles from "./tools.module.css";

/** One of a few words, in the filter editor and the pager. */
export function Pick<T extends string>({
  label,
  value,
  options,
  isDisabled,
  onChange,
}: {
  label: string;
  value: T;
  options: readonly { id: T; text: string }[];
  isDisabled?: boolean;
  onChange(value: T): void;
}) {
  return (
    <Select
      aria-label={label}
      className={styles.pick}
      value={value}
      onChange={(id) => onChange(id as T)}
      isDisabled={isDisabled}
    >
      <Button className={styles.pickButton}>
        <SelectValue className={styles.pickValue} />
        <Icon name="chevronDown" />
      </Button>
      <Popover className={styles.popover}>
        <ListBox className={styles.list} items={options}>
          {(option) => (
            <ListBoxItem id={option.id} textValue={option.text} className={styles.item}>
              {option.text}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </Select>
  );
}
