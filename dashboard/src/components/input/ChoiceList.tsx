import { type RefObject, useContext, useEffect, useLayoutEffect, useRef } from "react";
import {
  Button,
  type ComboBoxState,
  ComboBoxStateContext,
  Group,
  Input,
  ListBox,
  ListBoxItem,
  ListLayout,
  Popover,
  Virtualizer,
} from "react-aria-components";
import type { Option } from "../../model/types";
import { Icon } from "../../ui/Icon";
import { Spinner } from "../../ui/Spinner";
import { fieldStyles as fields } from "./Field";
import styles from "./select.module.css";

/** An option with its position as its name. */
export interface Choice extends Option {
  id: number;
}

export const numbered = (options: readonly Option[]): Choice[] => options.map((option, id) => ({ ...option, id }));

/** The box of a select: type to search, press to see all, clear. Inside a combo box. */
export function ChoiceControl({
  placeholder,
  pending,
  onClear,
  label,
}: {
  placeholder: string;
  pending: boolean;
  /** Absent when there is nothing to clear. */
  onClear?: () => void;
  label: string | null;
}) {
  const state = useContext(ComboBoxStateContext);
  const field = useRef<HTMLInputElement>(null);
  useFirstMatch(state);
  useNothingHidden(field, state?.isOpen === true);
  return (
    <Group className={fields.control}>
      <Input
        ref={field}
        className={fields.input}
        placeholder={placeholder}
        autoComplete="off"
        onClick={() => {
          if (state && !state.isOpen) state.open(null, "manual");
        }}
      />
      {pending && <Spinner size="sm" />}
      {onClear && (
        <Button
          slot={null}
          className={fields.inside}
          aria-label={`Clear ${label}`}
          onPress={() => {
            onClear();
            // This button goes away with what it clears.
            field.current?.focus();
          }}
        >
          <Icon name="cross" />
        </Button>
      )}
      <Button className={fields.inside}>
        <Icon name="chevronDown" />
      </Button>
    </Group>
  );
}

/** The first match of what was typed is the one that Enter takes; without it Enter would throw the text away. */
function useFirstMatch(state: ComboBoxState<unknown, "single" | "multiple"> | null) {
  const typed = state?.isOpen ? state.inputValue : "";
  const first = state?.collection.getFirstKey() ?? null;
  const before = useRef("");
  useEffect(() => {
    const changed = typed !== before.current;
    if (!state || !changed || typed === "") {
      before.current = typed;
      return;
    }
    // The base filters, and forgets the marked option, in effects that run after this one.
    const timer = setTimeout(() => {
      before.current = typed;
      const { focusedKey } = state.selectionManager;
      if (focusedKey === null) state.selectionManager.setFocusedKey(first);
    });
    return () => clearTimeout(timer);
  }, [state, typed, first]);
}

/**
 * The list is no dialog: Tab and pointer go on to the rest of the page while it is open, so the rest must be there for
 * screen readers too. The base would hide it; this is its mark for what is never hidden.
 */
function useNothingHidden(field: RefObject<HTMLElement | null>, isOpen: boolean) {
  useLayoutEffect(() => {
    // The whole page, or the dialog that the field is in: a child of the body.
    const layer = isOpen ? field.current?.closest("body > *") : null;
    if (!layer) return;
    layer.setAttribute("data-react-aria-top-layer", "true");
    return () => layer.removeAttribute("data-react-aria-top-layer");
  }, [field, isOpen]);
}

/**
 * A list that opens at its last option, or at the chosen one: of many options the base leaves it out of sight. It is placed
 * only after some frames, when the heights of its neighbours are known. Later moves are the base's.
 */
function useMarkedInSight(box: RefObject<HTMLElement | null>) {
  const isOpen = useContext(ComboBoxStateContext)?.isOpen ?? false;
  useEffect(() => {
    if (!isOpen) return;
    let frame = 0;
    const scroll = (left: number) => {
      box.current?.querySelector("[data-key][data-focus-visible]")?.scrollIntoView({ block: "nearest" });
      if (left > 0) frame = requestAnimationFrame(() => scroll(left - 1));
    };
    frame = requestAnimationFrame(() => scroll(12));
    return () => cancelAnimationFrame(frame);
  }, [isOpen, box]);
}

/** From here on only the options in sight are in the document. */
const MANY = 150;

export function ChoiceList({ choices }: { choices: readonly Choice[] }) {
  const box = useRef<HTMLDivElement>(null);
  useMarkedInSight(box);
  const list = (
    <ListBox
      ref={box}
      className={styles.list}
      renderEmptyState={() => <div className={styles.empty}>Nothing matches.</div>}
    >
      {(choice: Choice) => (
        <ListBoxItem id={choice.id} textValue={choice.label} className={styles.item}>
          {({ isSelected }) => (
            <>
              <span className={styles.words}>
                {/* No slots: the name of an option is all that it shows. */}
                <span>{choice.label}</span>
                {choice.description && <span className={fields.description}>{choice.description}</span>}
              </span>
              {isSelected && <Icon name="check" />}
            </>
          )}
        </ListBoxItem>
      )}
    </ListBox>
  );
  return (
    <Popover className={fields.popover} offset={4} maxHeight={320}>
      {choices.length > MANY ? (
        <Virtualizer layout={ListLayout} layoutOptions={{ estimatedRowHeight: 36, padding: 4 }}>
          {list}
        </Virtualizer>
      ) : (
        list
      )}
    </Popover>
  );
}
