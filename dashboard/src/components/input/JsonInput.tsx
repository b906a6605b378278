import { Button, Group, TextArea, TextField } from "react-aria-components";
import { inputAnchor, useActions, useInput, useRenderId } from "../hooks";
import type { ComponentProps } from "../Render";
import { splitStyle } from "../style";
import { EnterButton, isSendKey } from "./EnterButton";
import { FieldDescription, FieldErrors, FieldLabel, fieldStyles as styles } from "./Field";

/** JSON as text, sent as typed. New lines keep the indentation; "Format" lays out what is valid. */
export function JsonInput({ node }: ComponentProps<"ij">) {
  const input = useInput(node);
  const renderId = useRenderId();
  const actions = useActions();
  const { outer, inner } = splitStyle(node.model.style);
  const pretty = formatted(input.value);
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
      spellCheck="false"
    >
      <div className={styles.head}>
        <FieldLabel required={input.required}>{input.label}</FieldLabel>
        {pretty !== null && pretty !== input.value && (
          <Button className={styles.quiet} onPress={() => input.setValue(pretty)}>
            Format
          </Button>
        )}
      </div>
      <FieldDescription text={input.description} />
      <Group className={`${styles.control} ${styles.areaBox}`}>
        <TextArea
          className={`${styles.input} ${styles.area} ${styles.code}`}
          style={inner}
          autoCapitalize="none"
          autoCorrect="off"
          onKeyDown={(event) => {
            if (isSendKey(event, "several")) {
              event.preventDefault();
              actions.enter(node);
            } else if (event.key === "Enter" && !event.nativeEvent.isComposing) {
              if (breakLine(event.currentTarget)) event.preventDefault();
            }
          }}
        />
        <EnterButton node={node} label={input.label} pending={input.pending} lines="several" />
      </Group>
      <FieldErrors errors={input.errors} />
    </TextField>
  );
}

function formatted(text: string): string | null {
  // Formatting megabytes at each keystroke would make typing slow.
  if (text.trim() === "" || text.length > 100_000) return null;
  try {
    const value = JSON.parse(text) as unknown;
    // Numbers beyond 2^53 would lose digits: better not offered at all.
    return /\d{16}/.test(text) ? null : JSON.stringify(value, null, 2);
  } catch {
    return null;
  }
}

/** A line break with the indentation of the line, one step more after a bracket. Answers whether it was made. */
function breakLine(area: HTMLTextAreaElement): boolean {
  const before = area.value.slice(0, area.selectionStart);
  const line = before.slice(before.lastIndexOf("\n") + 1);
  const indent = (/^[ \t]*/.exec(line)?.[0] ?? "") + (/[[{]\s*$/.test(line) ? "  " : "");
  // The only way that keeps the browser's undo; it announces itself as typing.
  return indent !== "" && document.execCommand?.("insertText", false, `\n${indent}`) === true;
}
