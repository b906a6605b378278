import { useMemo, useState } from "react";
import { Button, TimeField } from "react-aria-components";
import { Icon } from "../../ui/Icon";
import { inputAnchor, useActions, useInput, useRenderId } from "../hooks";
import type { ComponentProps } from "../Render";
import { safeStyle } from "../style";
import { DateParts, PartlyFilledHint, settle, usePartlyFilled } from "./DateParts";
import { EnterButton, isSendKey } from "./EnterButton";
import { FieldDescription, FieldErrors, FieldLabel, fieldStyles } from "./Field";
import { fromTime, toTime } from "./temporal";

/** A time of day, typed part by part. */
export function TimeInput({ node }: ComponentProps<"input-time">) {
  const input = useInput(node);
  const renderId = useRenderId();
  const actions = useActions();
  const [fresh, setFresh] = useState(0);
  const parts = usePartlyFilled(input.value, (value) => input.setValue(value, "typing"));
  const shown = useMemo(() => parts.shown && toTime(parts.shown), [parts.shown]);
  return (
    <TimeField
      key={fresh}
      autoFocus={fresh > 0}
      {...inputAnchor(renderId, node.model.id)}
      className={fieldStyles.field}
      style={safeStyle(node.model.style)}
      value={shown}
      onChange={(time) => input.setValue(time ? fromTime(time) : null, "typing")}
      granularity="minute"
      onBlur={input.onBlur}
      isRequired={input.required}
      isInvalid={input.invalid}
      validationBehavior="aria"
    >
      <FieldLabel required={input.required}>{input.label}</FieldLabel>
      <FieldDescription text={input.description} />
      <div
        className={fieldStyles.control}
        data-invalid={input.invalid || undefined}
        onKeyDownCapture={(event) => {
          const part = event.target as HTMLElement;
          if (part.getAttribute("role") !== "spinbutton" || !isSendKey(event, "one")) return;
          event.preventDefault();
          settle(part);
          actions.enter(node);
        }}
      >
        <DateParts onFilled={parts.onFilled} />
        {(input.value !== null || parts.partly) && (
          <Button
            className={fieldStyles.inside}
            aria-label={`Clear ${input.label}`}
            onPress={() => {
              input.setValue(null);
              parts.forget();
              setFresh(fresh + 1);
            }}
          >
            <Icon name="cross" />
          </Button>
        )}
        <EnterButton node={node} label={input.label} pending={input.pending} />
      </div>
      {parts.partly && <PartlyFilledHint />}
      <FieldErrors errors={input.errors} />
    </TimeField>
  );
}
