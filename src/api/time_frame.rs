//! The time frames of reports (http-api 8.9): UTC, weeks begin on Sunday.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

/// Which part of the log a report looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) enum TimeFrame {
    #[serde(rename = "LAST_24_HOURS")]
    Last24Hours,
    #[serde(rename = "LAST_7_DAYS")]
    Last7Days,
    #[serde(rename = "LAST_30_DAYS")]
    Last30Days,
    #[serde(rename = "LAST_WEEK")]
    LastWeek,
    #[serde(rename = "TWO_WEEKS_AGO")]
    TwoWeeksAgo,
    #[serde(rename = "LAST_MONTH")]
    LastMonth,
    #[serde(rename = "TWO_MONTHS_AGO")]
    TwoMonthsAgo,
    #[serde(rename = "CUSTOM")]
    Custom,
}

/// The two ends of `CUSTOM`; both null for the others.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct DateRange {
    // Named so that a missing key is no null.
    #[serde(deserialize_with = "Option::deserialize")]
    pub start: Option<String>,
    #[serde(deserialize_with = "Option::deserialize")]
    pub end: Option<String>,
}

impl TimeFrame {
    /// Start and end, both inclusive. `None` for `CUSTOM`, whose ends the request brings.
    pub fn window(self, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let today = now.to_zoned(TimeZone::UTC).date();
        let sunday = today.saturating_sub(i64::from(today.weekday().to_sunday_zero_offset()).days());
        let month = today.first_of_month();
        match self {
            Self::Last24Hours => Some(last(1, now)),
            Self::Last7Days => Some(last(7, now)),
            Self::Last30Days => Some(last(30, now)),
            Self::LastWeek => whole_days(sunday.saturating_sub(7.days()), sunday),
            Self::TwoWeeksAgo => whole_days(sunday.saturating_sub(14.days()), sunday.saturating_sub(7.days())),
            Self::LastMonth => whole_days(month.saturating_sub(1.month()), month),
            Self::TwoMonthsAgo => whole_days(month.saturating_sub(2.months()), month.saturating_sub(1.month())),
            Self::Custom => None,
        }
    }
}

impl DateRange {
    /// Start and end of `CUSTOM`. `None`: one is missing or no time.
    pub fn window(&self) -> Option<(Timestamp, Timestamp)> {
        Some((time(self.start.as_deref()?)?, time(self.end.as_deref()?)?))
    }
}

/// A time as clients write it: ISO 8601 with an offset or `Z`, in a year that people use. (Postgres knows fewer years than
/// the notation.)
pub(super) fn time(text: &str) -> Option<Timestamp> {
    let at: Timestamp = text.parse().ok()?;
    (0..10_000).contains(&at.to_zoned(TimeZone::UTC).year()).then_some(at)
}

fn last(days: i64, now: Timestamp) -> (Timestamp, Timestamp) {
    (now - SignedDuration::from_hours(24 * days), now)
}

/// From the first millisecond of one day to the last one before another.
fn whole_days(from: Date, before: Date) -> Option<(Timestamp, Timestamp)> {
    let midnight = |date: Date| date.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp());
    Some((midnight(from)?, midnight(before)? - SignedDuration::from_millis(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(frame: TimeFrame, now: &str) -> (String, String) {
        let (start, end) = frame.window(now.parse().unwrap()).unwrap();
        let text = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string();
        (text(start), text(end))
    }

    #[test]
    fn d18_the_examples_of_the_specification() {
        let now = "2026-03-11T15:30:00Z";
        for (frame, start, end) in [
            (TimeFrame::LastWeek, "2026-03-01", "2026-03-07"),
            (TimeFrame::TwoWeeksAgo, "2026-02-22", "2026-02-28"),
            (TimeFrame::LastMonth, "2026-02-01", "2026-02-28"),
            (TimeFrame::TwoMonthsAgo, "2026-01-01", "2026-01-31"),
        ] {
            let expected = (format!("{start}T00:00:00.000Z"), format!("{end}T23:59:59.999Z"));
            assert_eq!(window(frame, now), expected, "{frame:?}");
        }
        let sunday = window(TimeFrame::LastWeek, "2026-03-01T00:00:00Z");
        assert_eq!(sunday, ("2026-02-22T00:00:00.000Z".into(), "2026-02-28T23:59:59.999Z".into()));
        let day = window(TimeFrame::Last24Hours, now);
        assert_eq!(day, ("2026-03-10T15:30:00.000Z".into(), "2026-03-11T15:30:00.000Z".into()));
        assert!(TimeFrame::Custom.window(Timestamp::UNIX_EPOCH).is_none());
    }

    #[test]
    fn months_over_the_turn_of_the_year() {
        let now = "2026-01-31T23:59:59.999Z";
        assert_eq!(window(TimeFrame::LastMonth, now).0, "2025-12-01T00:00:00.000Z");
        let two = window(TimeFrame::TwoMonthsAgo, now);
        assert_eq!(two, ("2025-11-01T00:00:00.000Z".into(), "2025-11-30T23:59:59.999Z".into()));
    }

    #[test]
    fn only_the_eight_words_are_frames() {
        for wrong in ["constructor", "LAST24_HOURS", "last_week", "", "LAST_YEAR"] {
            assert!(serde_json::from_value::<TimeFrame>(wrong.into()).is_err(), "{wrong}");
        }
        assert_eq!(serde_json::from_value::<TimeFrame>("LAST_7_DAYS".into()).unwrap(), TimeFrame::Last7Days);
    }

    #[test]
    fn times_need_an_offset_and_a_year_that_the_database_knows() {
        assert!(time("2024-05-10T12:00:00.000Z").is_some() && time("2024-05-10T12:00:00+02:00").is_some());
        for wrong in ["", "2024-05-10", "2024-05-10T12:00:00", "yesterday", "-008000-01-01T00:00:00Z", "1715342400"] {
            assert!(time(wrong).is_none(), "{wrong}");
        }
    }
}
