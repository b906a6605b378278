import type { ReactNode } from "react";
import { useEffect, useRef, useState } from "react";
import {
  Button,
  Dialog,
  DialogTrigger,
  Header,
  Input,
  Menu,
  MenuItem,
  MenuSection,
  MenuTrigger,
  Popover,
  SearchField,
} from "react-aria-components";
import type { TableView } from "../../model/types";
import { Icon } from "../../ui/Icon";
import buttons from "./buttons.module.css";
import menu from "./menu.module.css";
import search from "./search.module.css";

/** How long a search on a paged table waits for the next letter, in ms. Enter does not wait. */
const PAUSE = 600;

/** Search as it is typed; on a paged table after Enter or a pause. */
export function SearchBox({
  value,
  delayed,
  isDisabled,
  onSearch,
}: {
  value: string;
  delayed: boolean;
  isDisabled: boolean;
  onSearch(text: string): void;
}) {
  const [text, setText] = useState(value);
  const [told, setTold] = useState(value);
  if (told !== value) {
    // A view, a reset or an answer of the app has changed it.
    setTold(value);
    setText(value);
  }
  const timer = useRef<number | undefined>(undefined);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const send = (next: string) => {
    window.clearTimeout(timer.current);
    if (next.trim() !== value.trim()) onSearch(next);
  };
  return (
    <SearchField
      aria-label="Search in this table"
      className={search.search}
      value={text}
      isDisabled={isDisabled}
      onChange={(next) => {
        setText(next);
        window.clearTimeout(timer.current);
        if (!delayed) {
          setTold(next);
          onSearch(next);
        } else if (next === "") send("");
        else timer.current = window.setTimeout(() => send(next), PAUSE);
      }}
      onSubmit={send}
    >
      <Icon name="search" />
      <Input className={search.searchInput} placeholder="Search" />
      <Button className={search.clear} aria-label="Clear search">
        <Icon name="cross" />
      </Button>
    </SearchField>
  );
}

/** A button with a panel: filters, columns. */
export function Panel({
  label,
  icon,
  count,
  isDisabled,
  isOpen,
  onOpenChange,
  children,
}: {
  label: string;
  icon: ReactNode;
  /** A number in the button; 0 for none. */
  count?: number;
  isDisabled?: boolean;
  isOpen?: boolean;
  onOpenChange?(open: boolean): void;
  children: (close: () => void) => ReactNode;
}) {
  return (
    <DialogTrigger isOpen={isOpen} onOpenChange={onOpenChange}>
      <Button className={buttons.tool} isDisabled={isDisabled} data-on={count ? true : undefined}>
        {icon}
        <span className={buttons.toolLabel}>{label}</span>
        {count ? (
          <span className={buttons.count}>
            {count}
            <span className="visually-hidden"> in use</span>
          </span>
        ) : null}
      </Button>
      <Popover className={menu.popover} placement="bottom end">
        <Dialog aria-label={label} className={menu.panel}>
          {({ close }) => children(close)}
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

export interface Choice {
  id: string;
  text: string;
  description?: string;
  isDisabled?: boolean;
  isDangerous?: boolean;
}
export interface ChoiceSection {
  title?: string;
  choices: readonly Choice[];
  /** The chosen one; absent where choices are commands. */
  chosen?: string | null;
  onChoose(id: string): void;
}

/** A button with a menu of commands or choices. */
export function ToolMenu({
  label,
  shown = label,
  icon,
  on,
  isDisabled,
  sections,
}: {
  label: string;
  /** The words in the button, when they are others than the label. */
  shown?: string;
  icon: ReactNode;
  on?: boolean;
  isDisabled?: boolean;
  sections: readonly ChoiceSection[];
}) {
  return (
    <MenuTrigger>
      <Button
        className={buttons.tool}
        isDisabled={isDisabled}
        aria-label={shown === label ? undefined : `${label}: ${shown}`}
        data-on={on || undefined}
      >
        {icon}
        <span className={buttons.toolLabel}>{shown}</span>
        <Icon name="chevronDown" />
      </Button>
      <Popover className={menu.popover} placement="bottom end">
        <Choices label={label} sections={sections} />
      </Popover>
    </MenuTrigger>
  );
}

export function Choices({
  label,
  sections,
  onClose,
}: {
  label: string;
  sections: readonly ChoiceSection[];
  /** Closes the menu after a choice. Where no `MenuTrigger` does it, nor brings the focus to the first choice. */
  onClose?: () => void;
}) {
  return (
    <Menu aria-label={label} className={menu.list} {...(onClose && { onClose, autoFocus: "first" })}>
      {sections.map((section, at) => (
        <MenuSection
          // biome-ignore lint/suspicious/noArrayIndexKey: sections stay where they are
          key={at}
          id={`section ${at}`}
          aria-label={section.title ?? label}
          className={menu.section}
          selectionMode={section.chosen === undefined ? "none" : "single"}
          selectedKeys={section.chosen ? [section.chosen] : []}
          disallowEmptySelection={false}
        >
          {section.title && <Header className={menu.sectionTitle}>{section.title}</Header>}
          {section.choices.map((choice) => (
            <MenuItem
              key={choice.id}
              id={choice.id}
              textValue={choice.text}
              isDisabled={choice.isDisabled}
              className={menu.item}
              data-dangerous={choice.isDangerous || undefined}
              onAction={() => section.onChoose(choice.id)}
            >
              {({ isSelected }) => (
                <>
                  {section.chosen !== undefined && (
                    <span className={menu.mark}>{isSelected && <Icon name="check" />}</span>
                  )}
                  <span className={menu.words}>
                    <span>{choice.text}</span>
                    {choice.description && <span className={menu.description}>{choice.description}</span>}
                  </span>
                </>
              )}
            </MenuItem>
          ))}
        </MenuSection>
      ))}
    </Menu>
  );
}

const NO_VIEW = "\u0000";

/** The author's views. A view that was changed by hand says so and offers the way back. */
export function ViewMenu({
  views,
  chosen,
  changed,
  isDisabled,
  onChoose,
}: {
  views: readonly TableView[];
  chosen: TableView | null;
  changed: boolean;
  isDisabled: boolean;
  onChoose(view: TableView | null): void;
}) {
  const name = chosen?.label ?? "No view";
  return (
    <ToolMenu
      label="View"
      shown={changed ? `${name} (changed)` : name}
      icon={<Icon name="views" />}
      on={chosen !== null}
      isDisabled={isDisabled}
      sections={[
        {
          title: "Views",
          chosen: chosen?.key ?? NO_VIEW,
          choices: [
            { id: NO_VIEW, text: "No view" },
            ...views.map((view) => ({ id: view.key, text: view.label, description: view.description ?? undefined })),
          ],
          onChoose: (id) => onChoose(views.find((view) => view.key === id) ?? null),
        },
        ...(changed
          ? [
              {
                choices: [{ id: "back", text: chosen ? `Back to “${chosen.label}”` : "Back to the start" }],
                onChoose: () => onChoose(chosen),
              },
            ]
          : []),
      ]}
    />
  );
}
