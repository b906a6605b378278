import { useMemo } from "react";
import { Button, Label, Radio, RadioGroup, Text } from "react-aria-components";
import { jsonEqual } from "../../model/equal";
import { optionsOf } from "../../model/values";
import { inputAnchor, useActions, useInput, useRenderId } from "../hooks";
import type { ComponentProps } from "../Render";
import { safeStyle } from "../style";
import styles from "./choice.module.css";
import { FieldDescription, FieldErrors, fieldStyles, OptionalMark } from "./Field";

/** One of a few options, all in sight. Options are known by their position: a value can be any JSON. */
export function RadioInput({ node }: ComponentProps<"input-radio-group">) {
  const input = useInput(node);
  const renderId = useRenderId();
  const actions = useActions();
  const options = useMemo(() => optionsOf(node.model.properties.options), [node.model.properties.options]);
  const chosen = options.findIndex((option) => jsonEqual(option.value, input.value));
  const choose = (at: number | null) => {
    input.setValue(at === null ? null : (options[at]?.value ?? null));
    actions.select(node.model.id);
  };
  return (
    <RadioGroup
      {...inputAnchor(renderId, node.model.id)}
      className={fieldStyles.field}
      style={safeStyle(node.model.style)}
      value={chosen < 0 ? null : String(chosen)}
      onChange={(at) => choose(Number(at))}
      onBlur={input.onBlur}
      isRequired={input.required}
      isInvalid={input.invalid}
      validationBehavior="aria"
    >
      <div className={fieldStyles.head}>
        <Label className={fieldStyles.label}>
          {input.label}
          {!input.required && <OptionalMark />}
        </Label>
        {!input.required && chosen >= 0 && (
          <Button
            className={fieldStyles.quiet}
            aria-label={`Clear ${input.label}`}
            onPress={(event) => {
              const group = event.target.closest<HTMLElement>('[role="radiogroup"]');
              choose(null);
              // This button goes away with what it clears.
              group?.querySelector<HTMLElement>("input")?.focus();
            }}
          >
            Clear
          </Button>
        )}
      </div>
      <FieldDescription text={input.description} />
      <div className={styles.options}>
        {options.map((option, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: an option has no name of its own; its position is it
          <Radio key={at} value={String(at)} className={styles.choice}>
            <span className={styles.dot} />
            <span className={styles.words}>
              {option.label}
              {option.description && (
                <Text slot="description" className={fieldStyles.description}>
                  {option.description}
                </Text>
              )}
            </span>
          </Radio>
        ))}
      </div>
      <FieldErrors errors={input.errors} />
    </RadioGroup>
  );
}
