import { useMemo } from "react";
import { ComboBox } from "react-aria-components";
import { choicesOf, positionsOf } from "../../model/choices";
import { inputAnchor, useActions, useInput, useRenderId } from "../hooks";
import type { ComponentProps } from "../Render";
import { safeStyle } from "../style";
import { ChoiceControl, ChoiceList, numbered } from "./ChoiceList";
import { FieldDescription, FieldErrors, FieldLabel, fieldStyles as styles } from "./Field";

/** One of many options, found by typing. */
export function SelectInput({ node }: ComponentProps<"input-select-dropdown-single">) {
  const input = useInput(node);
  const renderId = useRenderId();
  const actions = useActions();
  const { options } = node.model.properties;
  const choices = useMemo(() => numbered(choicesOf(options, [input.value])), [options, input.value]);
  const [chosen = null] = positionsOf(choices, [input.value]);
  const choose = (at: number | null) => {
    if (at === chosen || (at === null && input.value === null)) return;
    input.setValue(at === null ? null : (choices[at]?.value ?? null));
    actions.select(node.model.id);
  };
  return (
    <ComboBox
      {...inputAnchor(renderId, node.model.id)}
      className={styles.field}
      style={safeStyle(node.model.style)}
      defaultItems={choices}
      value={chosen}
      onChange={(at) => {
        // An emptied text clears an optional select; a required one gets its text back.
        if (at !== null || !input.required) choose(at as number | null);
      }}
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
        placeholder="Choose…"
        pending={input.pending}
        onClear={!input.required && chosen !== null ? () => choose(null) : undefined}
      />
      <FieldErrors errors={input.errors} />
      <ChoiceList choices={choices} />
    </ComboBox>
  );
}
