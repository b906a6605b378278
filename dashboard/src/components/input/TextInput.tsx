import { type HTMLInputTypeAttribute, useState } from "react";
import { Button, Group, Input, TextField } from "react-aria-components";
import { Icon } from "../../ui/Icon";
import { inputAnchor, useActions, useInput, useRenderId } from "../hooks";
import type { ComponentProps } from "../Render";
import { safeStyle } from "../style";
import { EnterButton, isSendKey } from "./EnterButton";
import { FieldDescription, FieldErrors, FieldLabel, fieldStyles as styles } from "./Field";

type TextKind = "input-text" | "input-email" | "input-url" | "input-password";

const HTML_TYPE: Record<TextKind, HTMLInputTypeAttribute> = {
  "input-text": "text",
  "input-email": "email",
  "input-url": "url",
  "input-password": "password",
};

/** One line of text, an e-mail address, a web address or a password. */
export function TextInput({ node }: ComponentProps<TextKind>) {
  const input = useInput(node);
  const renderId = useRenderId();
  const actions = useActions();
  const [shown, setShown] = useState(false);
  const secret = node.type === "input-password";
  return (
    <TextField
      {...inputAnchor(renderId, node.model.id)}
      className={styles.field}
      style={safeStyle(node.model.style)}
      value={input.value}
      onChange={(text) => input.setValue(text, "typing")}
      onBlur={input.onBlur}
      isRequired={input.required}
      isInvalid={input.invalid}
      validationBehavior="aria"
      type={secret && shown ? "text" : HTML_TYPE[node.type]}
      // A browser must not fill the person's own passwords into an app.
      autoComplete={secret ? "new-password" : "off"}
      spellCheck={node.type === "input-text" ? undefined : "false"}
    >
      <FieldLabel required={input.required}>{input.label}</FieldLabel>
      <FieldDescription text={input.description} />
      <Group className={styles.control}>
        <Input
          className={styles.input}
          autoCapitalize={node.type === "input-text" ? undefined : "none"}
          onKeyDown={(event) => {
            if (!isSendKey(event, "one")) return;
            event.preventDefault();
            actions.enter(node);
          }}
        />
        {secret && (
          <Button
            className={styles.inside}
            aria-label={shown ? "Hide the password" : "Show the password"}
            onPress={() => setShown(!shown)}
          >
            <Icon name={shown ? "eyeOff" : "eye"} />
          </Button>
        )}
        <EnterButton node={node} label={input.label} pending={input.pending} />
      </Group>
      <FieldErrors errors={input.errors} />
    </TextField>
  );
}
