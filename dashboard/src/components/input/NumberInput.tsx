import { Button, Group, Input, TextField } from "react-aria-components";
import { numberText } from "../../model/number";
import { inputAnchor, useActions, useInput, useRenderId } from "../hooks";
import type { ComponentProps } from "../Render";
import { safeStyle } from "../style";
import { EnterButton, isSendKey } from "./EnterButton";
import { FieldDescription, FieldErrors, FieldLabel, fieldStyles as styles } from "./Field";
import own from "./number.module.css";

/** A number as text: digits, one leading minus, one dot. Other characters do not get in. */
export function NumberInput({ node }: ComponentProps<"input-number">) {
  const input = useInput(node);
  const renderId = useRenderId();
  const actions = useActions();
  return (
    <TextField
      {...inputAnchor(renderId, node.model.id)}
      className={styles.field}
      style={safeStyle(node.model.style)}
      value={input.value}
      onChange={(typed) => {
        const text = numberText(typed);
        if (text !== null) input.setValue(text, "typing");
      }}
      onBlur={input.onBlur}
      isRequired={input.required}
      isInvalid={input.invalid}
      validationBehavior="aria"
      inputMode="decimal"
      autoComplete="off"
    >
      <FieldLabel required={input.required}>{input.label}</FieldLabel>
      <FieldDescription text={input.description} />
      <Group className={styles.control}>
        <Input
          className={styles.input}
          onKeyDown={(event) => {
            if (!isSendKey(event, "one")) return;
            event.preventDefault();
            actions.enter(node);
          }}
        />
        <Button
          className={`${styles.inside} ${own.sign}`}
          aria-label={`Change the sign of ${input.label}`}
          onPress={() => input.setValue(input.value.startsWith("-") ? input.value.slice(1) : `-${input.value}`)}
        >
          ±
        </Button>
        <EnterButton node={node} label={input.label} pending={input.pending} />
      </Group>
      <FieldErrors errors={input.errors} />
    </TextField>
  );
}
