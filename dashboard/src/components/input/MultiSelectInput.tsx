import { useMemo, useRef } from "react";
import { Button, ComboBox, Tag, TagGroup, TagList } from "react-aria-components";
import { choicesOf, positionsOf } from "../../model/choices";
import { Icon } from "../../ui/Icon";
import { inputAnchor, useActions, useInput, useRenderId } from "../hooks";
import type { ComponentProps } from "../Render";
import { safeStyle } from "../style";
import { type Choice, ChoiceControl, ChoiceList, numbered } from "./ChoiceList";
import { FieldDescription, FieldErrors, FieldLabel, fieldStyles } from "./Field";
import styles from "./select.module.css";

/** Several of many options: search, choose, and see what is chosen as tags that can be removed. */
export function MultiSelectInput({ node }: ComponentProps<"input-select-dropdown-multi">) {
  const input = useInput(node);
  const renderId = useRenderId();
  const actions = useActions();
  const outer = useRef<HTMLDivElement>(null);
  const { options } = node.model.properties;
  const choices = useMemo(() => numbered(choicesOf(options, input.value)), [options, input.value]);
  const chosen = positionsOf(choices, input.value);
  const choose = (positions: readonly number[]) => {
    input.setValue(positions.flatMap((at) => (choices[at] ? [choices[at].value] : [])));
    actions.select(node.model.id);
  };
  return (
    <div
      ref={outer}
      {...inputAnchor(renderId, node.model.id)}
      className={fieldStyles.field}
      style={safeStyle(node.model.style)}
    >
      <ComboBox
        className={fieldStyles.field}
        selectionMode="multiple"
        defaultItems={choices}
        value={chosen}
        onChange={(positions) => choose(positions as number[])}
        onBlur={input.onBlur}
        isRequired={input.required}
        isInvalid={input.invalid}
        validationBehavior="aria"
        allowsEmptyCollection
      >
        <FieldLabel required={input.required}>{input.label}</FieldLabel>
        <FieldDescription text={input.description} />
        <ChoiceControl
          label={input.label}
          placeholder={chosen.length === 0 ? "Choose…" : `${chosen.length} chosen`}
          pending={input.pending}
          onClear={chosen.length > 0 ? () => choose([]) : undefined}
        />
        <FieldErrors errors={input.errors} />
        <ChoiceList choices={choices} />
      </ComboBox>
      {chosen.length > 0 && (
        <TagGroup
          aria-label={`Chosen: ${input.label}`}
          onRemove={(keys) => {
            const left = chosen.filter((at) => !keys.has(at));
            choose(left);
            // The whole group goes away with its last tag.
            if (left.length === 0) outer.current?.querySelector<HTMLElement>('[role="combobox"]')?.focus();
          }}
        >
          <TagList className={styles.tags} items={chosen.flatMap((at) => (choices[at] ? [choices[at]] : []))}>
            {(choice: Choice) => (
              <Tag id={choice.id} textValue={choice.label} className={styles.tag}>
                {choice.label}
                <Button slot="remove" className={styles.remove}>
                  <Icon name="cross" size={12} />
                </Button>
              </Tag>
            )}
          </TagList>
        </TagGroup>
      )}
    </div>
  );
}
