import { type CalendarDate, type CalendarDateTime, GregorianCalendar, toCalendar } from "@internationalized/date";
import { useMemo, useState } from "react";
import {
  Button,
  Calendar,
  CalendarCell,
  CalendarGrid,
  CalendarGridBody,
  CalendarGridHeader,
  CalendarHeaderCell,
  DatePicker,
  Dialog,
  Group,
  Heading,
  Popover,
} from "react-aria-components";
import type { DateTimeValue } from "../../model/types";
import { Icon } from "../../ui/Icon";
import { inputAnchor, useActions, useInput, useRenderId } from "../hooks";
import type { ComponentProps } from "../Render";
import { safeStyle } from "../style";
import { DateParts, PartlyFilledHint, settle, usePartlyFilled } from "./DateParts";
import { EnterButton, isSendKey } from "./EnterButton";
import { FieldDescription, FieldErrors, FieldLabel, fieldStyles } from "./Field";
import { fromDate, fromDateTime, toCalendarDate, toCalendarDateTime } from "./temporal";
import styles from "./temporal.module.css";

/** A day, or a day with a time: typed part by part, or picked from a calendar. Wall-clock values without a zone. */
export function DateInput({ node }: ComponentProps<"input-date" | "input-date-time">) {
  const input = useInput(node);
  const renderId = useRenderId();
  const actions = useActions();
  // A half-typed date has no value yet, so clearing it needs a fresh field.
  const [fresh, setFresh] = useState(0);
  const parts = usePartlyFilled(input.value, (value) => input.setValue(value, "typing"));
  const timed = node.type === "input-date-time";
  const shown = useMemo(
    () => parts.shown && (timed ? toCalendarDateTime(parts.shown as DateTimeValue) : toCalendarDate(parts.shown)),
    [parts.shown, timed],
  );
  const { min, max } = node.model.properties;
  return (
    <DatePicker
      key={fresh}
      autoFocus={fresh > 0}
      {...inputAnchor(renderId, node.model.id)}
      className={fieldStyles.field}
      style={safeStyle(node.model.style)}
      value={shown}
      onChange={(picked) => {
        if (picked === null) return input.setValue(null, "typing");
        const day = toCalendar(picked, new GregorianCalendar()) as CalendarDate | CalendarDateTime;
        input.setValue(timed ? fromDateTime(day as CalendarDateTime) : fromDate(day), "typing");
      }}
      granularity={timed ? "minute" : "day"}
      onBlur={input.onBlur}
      isRequired={input.required}
      isInvalid={input.invalid}
      validationBehavior="aria"
      shouldForceLeadingZeros={false}
    >
      <FieldLabel required={input.required}>{input.label}</FieldLabel>
      <FieldDescription text={input.description} />
      <Group
        className={fieldStyles.control}
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
            slot={null}
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
        <Button className={fieldStyles.inside}>
          <Icon name="calendar" />
        </Button>
        <EnterButton node={node} label={input.label} pending={input.pending} />
      </Group>
      {parts.partly && <PartlyFilledHint />}
      <FieldErrors errors={input.errors} />
      <Popover className={`${fieldStyles.popover} ${styles.calendar}`} offset={4} placement="bottom start">
        <Dialog className={styles.dialog}>
          <Calendar minValue={min ? toCalendarDate(min) : undefined} maxValue={max ? toCalendarDate(max) : undefined}>
            <header className={styles.month}>
              <Button slot="previous" className={fieldStyles.inside}>
                <Icon name="chevronLeft" />
              </Button>
              <Heading className={styles.monthName} />
              <Button slot="next" className={fieldStyles.inside}>
                <Icon name="chevronRight" />
              </Button>
            </header>
            <CalendarGrid className={styles.grid}>
              <CalendarGridHeader>
                {(day) => <CalendarHeaderCell className={styles.weekday}>{day}</CalendarHeaderCell>}
              </CalendarGridHeader>
              <CalendarGridBody>{(date) => <CalendarCell date={date} className={styles.day} />}</CalendarGridBody>
            </CalendarGrid>
          </Calendar>
        </Dialog>
      </Popover>
    </DatePicker>
  );
}
