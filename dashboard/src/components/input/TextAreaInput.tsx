import { Group, TextArea, TextField } from "react-aria-components";
import { inputAnchor, useActions, useInput, useRenderId } from "../hooks";
import type { ComponentProps } from "../Render";
import { splitStyle } from "../style";
import { EnterButton, isSendKey } from "./EnterButton";
import { FieldDescription, FieldErrors, FieldLabel, fieldStyles as styles } from "./Field";

/** Several lines. Enter is a line break, Ctrl/Cmd+Enter sends. */
export function TextAreaInput({ node }: ComponentProps<"input-text-area">) {
  const input = useInput(node);
  const renderId = useRenderId();
  const actions = useActions();
  const { outer, inner } = splitStyle(node.model.style);
  return (
    <TextField
      {...inputAnchor(renderId, node.model.id)}
      className={styles.field}
      data-full
      style={outer}
      value={input.value}
      onChange={(text) => input.setValue(text, "typing")}
      onBlur={input.onBlur}
      isRequired={input.required}
      isInvalid={input.invalid}
      validationBehavior="aria"
      autoComplete="off"
    >
      <FieldLabel required={input.required}>{input.label}</FieldLabel>
      <FieldDescription text={input.description} />
      <Group className={`${styles.control} ${styles.areaBox}`}>
        <TextArea
          className={`${styles.input} ${styles.area}`}
          style={inner}
          onKeyDown={(event) => {
            if (!isSendKey(event, "several")) return;
            event.preventDefault();
            actions.enter(node);
          }}
        />
        <EnterButton node={node} label={input.label} pending={input.pending} lines="several" />
      </Group>
      <FieldErrors errors={input.errors} />
    </TextField>
  );
}
