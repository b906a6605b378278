import { type CalendarDate, type CalendarDateTime, GregorianCalendar, toCalendar } from "@internationalized/date";
import { useMemo } from "react";
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
import type { ComponentProps } from "../Render";
import { PartlyFilledHint } from "./DateParts";
import { FieldDescription, FieldErrors, FieldLabel, fieldStyles } from "./Field";
import { TemporalRow, useTemporal } from "./TemporalField";
import { fromDate, fromDateTime, toCalendarDate, toCalendarDateTime } from "./temporal";
import styles from "./temporal.module.css";

/** A day, or a day with a time: typed part by part, or picked from a calendar. Wall-clock values without a zone. */
export function DateInput({ node }: ComponentProps<"input-date" | "input-date-time">) {
  const field = useTemporal(node);
  const { input, parts, fresh, props } = field;
  const timed = node.type === "input-date-time";
  const shown = useMemo(
    () => parts.shown && (timed ? toCalendarDateTime(parts.shown as DateTimeValue) : toCalendarDate(parts.shown)),
    [parts.shown, timed],
  );
  const { min, max } = node.model.properties;
  return (
    <DatePicker
      key={fresh}
      {...props}
      value={shown}
      onChange={(picked) => {
        if (picked === null) return input.setValue(null, "typing");
        const day = toCalendar(picked, new GregorianCalendar()) as CalendarDate | CalendarDateTime;
        input.setValue(timed ? fromDateTime(day as CalendarDateTime) : fromDate(day), "typing");
      }}
      granularity={timed ? "minute" : "day"}
      shouldForceLeadingZeros={false}
    >
      <FieldLabel required={input.required}>{input.label}</FieldLabel>
      <FieldDescription text={input.description} />
      <TemporalRow field={field} as={Group}>
        <Button className={fieldStyles.inside}>
          <Icon name="calendar" />
        </Button>
      </TemporalRow>
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
