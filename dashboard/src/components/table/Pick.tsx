import { Button, ListBox, ListBoxItem, Popover, Select, SelectValue } from "react-aria-components";
import { Icon } from "../../ui/Icon";
import controls from "./controls.module.css";
import menu from "./menu.module.css";

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
      className={controls.pick}
      value={value}
      onChange={(id) => onChange(id as T)}
      isDisabled={isDisabled}
    >
      <Button className={controls.pickButton}>
        <SelectValue className={controls.pickValue} />
        <Icon name="chevronDown" />
      </Button>
      <Popover className={menu.popover}>
        <ListBox className={menu.list} items={options}>
          {(option) => (
            <ListBoxItem id={option.id} textValue={option.text} className={menu.item}>
              {option.text}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </Select>
  );
}
