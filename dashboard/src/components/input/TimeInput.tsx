import { useMemo } from "react";
import { TimeField } from "react-aria-components";
import type { ComponentProps } from "../Render";
import { PartlyFilledHint } from "./DateParts";
import { FieldDescription, FieldErrors, FieldLabel } from "./Field";
import { TemporalRow, useTemporal } from "./TemporalField";
import { fromTime, toTime } from "./temporal";

/** A time of day, typed part by part. */
export function TimeInput({ node }: ComponentProps<"input-time">) {
  const field = useTemporal(node);
  const { input, parts, fresh, props } = field;
  const shown = useMemo(() => parts.shown && toTime(parts.shown), [parts.shown]);
  return (
    <TimeField
      key={fresh}
      {...props}
      value={shown}
      onChange={(time) => input.setValue(time ? fromTime(time) : null, "typing")}
      granularity="minute"
    >
      <FieldLabel required={input.required}>{input.label}</FieldLabel>
      <FieldDescription text={input.description} />
      <TemporalRow field={field} as="div" />
      {parts.partly && <PartlyFilledHint />}
      <FieldErrors errors={input.errors} />
    </TimeField>
  );
}
