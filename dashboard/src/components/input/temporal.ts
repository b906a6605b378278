/** Between the wire's wall-clock values and the date library's. */
import { CalendarDate, CalendarDateTime, Time } from "@internationalized/date";
import type { DateTimeValue, DateValue, TimeValue } from "../../model/types";

export const toCalendarDate = (value: DateValue) => new CalendarDate(value.year, value.month, value.day);
export const toCalendarDateTime = (value: DateTimeValue) =>
  new CalendarDateTime(value.year, value.month, value.day, value.hour, value.minute);
export const toTime = (value: TimeValue) => new Time(value.hour, value.minute);

export const fromDate = ({ year, month, day }: DateValue): DateValue => ({ year, month, day });
export const fromTime = ({ hour, minute }: TimeValue): TimeValue => ({ hour, minute });
export const fromDateTime = (value: DateTimeValue): DateTimeValue => ({ ...fromDate(value), ...fromTime(value) });
