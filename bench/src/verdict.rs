//! What may be believed: which rounds count, which rows are reported, and how they stand to their aims.

use serde::Serialize;

use crate::generator::Outcome;
use crate::row::{Metric, Row};

/// The share of its core that the server must have been busy for, in a row that can keep it so.
pub const BUSY: f64 = 0.85;
/// Something else ran, when a side was ready but waited for its core for more than this share of the time.
pub const DISTURBED: f64 = 0.03;
/// The open loop is not open when the generator itself is late by more than this part of the latency.
const LATE: f64 = 0.2;

/// The figures of one round, or of a row as the median of its rounds.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// The server's CPU time for a forwarded frame, microseconds.
    pub cpu_us_per_forward: f64,
    /// The server's CPU time as a share of its core.
    pub server_busy: f64,
    /// The share of the time for which the server was ready and something else had the core.
    pub server_waiting: f64,
    /// The generator's CPU time as a share of its core.
    pub generator_busy: f64,
    /// As `server_waiting`.
    pub generator_waiting: f64,
    /// Round trips a second.
    pub trips_per_second: f64,
    /// Round trip, microseconds.
    pub p50_us: f64,
    /// The same.
    pub p99_us: f64,
    /// The same.
    pub p999_us: f64,
    /// Open loop: the 99th percentile of slices of 50 ms, the median slice, microseconds.
    pub slice_p99_us: Option<f64>,
    /// The same of how late the generator was.
    pub slice_lag_us: Option<f64>,
    /// The server's memory, MiB.
    pub resident_mib: f64,
    /// Blocks of memory that the server asked for, for a forwarded frame.
    pub allocations_per_forward: Option<f64>,
}

impl Figures {
    /// Of one measurement.
    #[must_use]
    pub fn of(outcome: &Outcome) -> Self {
        let wall = outcome.wall.as_nanos() as f64;
        let us = |quantile| outcome.latency.value_at_quantile(quantile) as f64 / 1e3;
        Self {
            cpu_us_per_forward: outcome.server.busy as f64 / 1e3 / (outcome.trips * 2) as f64,
            server_busy: outcome.server.busy as f64 / wall,
            server_waiting: outcome.server.waiting as f64 / wall,
            generator_busy: outcome.generator.busy as f64 / wall,
            generator_waiting: outcome.generator.waiting as f64 / wall,
            trips_per_second: outcome.trips as f64 / outcome.wall.as_secs_f64(),
            p50_us: us(0.5),
            p99_us: us(0.99),
            p999_us: us(0.999),
            slice_p99_us: outcome.slices.map(|slices| slices.latency as f64 / 1e3),
            slice_lag_us: outcome.slices.map(|slices| slices.lag as f64 / 1e3),
            resident_mib: outcome.resident as f64 / f64::from(1 << 20),
            allocations_per_forward: outcome.allocations.map(|blocks| blocks as f64 / (outcome.trips * 2) as f64),
        }
    }

    /// Each figure's median; `None` without rounds.
    #[must_use]
    pub fn median(rounds: &[&Self]) -> Option<Self> {
        let of = |figure: fn(&Self) -> f64| median(rounds.iter().map(|round| figure(round)));
        Some(Self {
            cpu_us_per_forward: of(|it| it.cpu_us_per_forward)?,
            server_busy: of(|it| it.server_busy)?,
            server_waiting: of(|it| it.server_waiting)?,
            generator_busy: of(|it| it.generator_busy)?,
            generator_waiting: of(|it| it.generator_waiting)?,
            trips_per_second: of(|it| it.trips_per_second)?,
            p50_us: of(|it| it.p50_us)?,
            p99_us: of(|it| it.p99_us)?,
            p999_us: of(|it| it.p999_us)?,
            slice_p99_us: median(rounds.iter().filter_map(|round| round.slice_p99_us)),
            slice_lag_us: median(rounds.iter().filter_map(|round| round.slice_lag_us)),
            resident_mib: of(|it| it.resident_mib)?,
            allocations_per_forward: median(rounds.iter().filter_map(|round| round.allocations_per_forward)),
        })
    }

    /// What the row compares, in the unit of [`unit`].
    #[must_use]
    pub fn metric(&self, metric: Metric) -> f64 {
        match metric {
            Metric::Forward => self.cpu_us_per_forward,
            Metric::P99 => self.slice_p99_us.unwrap_or(f64::NAN),
            // Two forwards a trip, a million trips, microseconds to seconds.
            Metric::Million => self.cpu_us_per_forward * 2.0,
        }
    }
}

/// Of [`Figures::metric`].
#[must_use]
pub fn unit(metric: Metric) -> &'static str {
    match metric {
        Metric::Forward => "us CPU / forward",
        Metric::P99 => "us p99 of slices of 50 ms",
        Metric::Million => "CPU s / million trips",
    }
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[middle]),
        _ => Some((values[middle - 1] + values[middle]) / 2.0),
    }
}

/// Why a round does not count; `None` when it does.
#[must_use]
pub fn disturbed(row: &Row, figures: &Figures) -> Option<String> {
    let percent = |share: f64| share * 100.0;
    // A server that had its core for long enough is measured well, whatever ran beside it. A row that leaves the core idle by
    // its nature is not: there the wait is part of the latency.
    let starved = figures.server_busy < BUSY || !row.saturates;
    if starved && figures.server_waiting > DISTURBED {
        return Some(format!("something else had the server's core for {:.0} %", percent(figures.server_waiting)));
    }
    if starved && figures.generator_waiting > DISTURBED {
        return Some(format!(
            "something else had the generator's core for {:.0} %",
            percent(figures.generator_waiting)
        ));
    }
    None
}

/// Why a row is not reported; `None` when it may be.
#[must_use]
pub fn refused(row: &Row, figures: &Figures) -> Option<String> {
    let (server, generator) = (figures.server_busy * 100.0, figures.generator_busy * 100.0);
    if row.saturates && figures.server_busy < BUSY {
        return Some(if figures.generator_busy > 0.95 {
            format!("the generator was the limit: it was busy for {generator:.0} %, the server for {server:.0} %")
        } else {
            format!("the server was busy for only {server:.0} % of its core, the generator for {generator:.0} %")
        });
    }
    if let (Some(lag), Some(p99)) = (figures.slice_lag_us, figures.slice_p99_us)
        && lag > LATE * p99
    {
        return Some(format!("the generator was the limit: late by {lag:.0} us at p99, of {p99:.0} us"));
    }
    None
}

/// How our figure stands to an aim.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Standing {
    /// Ours divided by theirs; or ours, where the aim is absolute.
    pub value: f64,
    /// It must not be above this.
    pub target: f64,
    /// And is not.
    pub met: bool,
}

impl Standing {
    /// Ours to theirs, or ours alone when `theirs` is 1.
    #[must_use]
    pub fn of(ours: f64, theirs: f64, target: f64) -> Self {
        let value = ours / theirs;
        Self { value, target, met: value <= target }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hdrhistogram::Histogram;

    use super::*;
    use crate::cpu::Time;
    use crate::row;

    fn outcome(server: (u64, u64), generator: (u64, u64)) -> Outcome {
        let mut latency = Histogram::new(3).expect("a histogram");
        for n in 1..=1000_u64 {
            latency.record(n * 1000).expect("in range");
        }
        let time = |(busy, waiting): (u64, u64)| Time { busy: busy * 1_000_000, waiting: waiting * 1_000_000 };
        Outcome {
            wall: Duration::from_millis(1000),
            trips: 100_000,
            latency,
            slices: None,
            server: time(server),
            generator: time(generator),
            resident: 3 << 20,
            allocations: Some(50_000),
        }
    }

    fn figures(server: (u64, u64), generator: (u64, u64)) -> Figures {
        Figures::of(&outcome(server, generator))
    }

    fn row(name: &str) -> &'static Row {
        row::ALL.iter().find(|row| row.name == name).expect("a row")
    }

    #[test]
    fn a_round_trip_is_two_forwards() {
        let figures = figures((900, 0), (500, 0));
        assert!((figures.cpu_us_per_forward - 4.5).abs() < 1e-9);
        assert!((figures.metric(Metric::Million) - 9.0).abs() < 1e-9);
        assert!((figures.server_busy - 0.9).abs() < 1e-9);
        assert!((figures.trips_per_second - 100_000.0).abs() < 1e-6);
        assert!((figures.p50_us - 500.0).abs() < 1.0 && (figures.p99_us - 990.0).abs() < 1.0);
        assert!((figures.resident_mib - 3.0).abs() < 1e-9);
        assert_eq!(figures.allocations_per_forward, Some(0.25));
    }

    #[test]
    fn a_round_in_which_something_else_ran_is_dropped() {
        let fan_in = row("fan-in");
        assert_eq!(disturbed(fan_in, &figures((700, 10), (990, 10))), None, "an idle server is another matter");
        assert!(disturbed(fan_in, &figures((700, 200), (600, 0))).is_some_and(|why| why.contains("server's core")));
        assert!(disturbed(fan_in, &figures((700, 0), (600, 200))).is_some_and(|why| why.contains("generator's core")));
        assert_eq!(disturbed(fan_in, &figures((860, 140), (600, 0))), None, "it had enough of its core");
        assert!(disturbed(row("alone"), &figures((860, 140), (600, 0))).is_some(), "latency has the wait in it");
    }

    #[test]
    fn a_row_without_a_busy_server_is_refused_and_says_who_was_the_limit() {
        let fan_in = row("fan-in");
        assert_eq!(refused(fan_in, &figures((851, 0), (1000, 0))), None);
        assert!(
            refused(fan_in, &figures((849, 0), (990, 0))).is_some_and(|why| why.contains("generator was the limit"))
        );
        assert!(refused(fan_in, &figures((849, 0), (600, 0))).is_some_and(|why| why.contains("busy for only 85 %")));
        assert_eq!(refused(row("alone"), &figures((450, 0), (500, 0))), None, "by its nature");
    }

    #[test]
    fn an_open_loop_with_a_late_generator_is_refused() {
        let mut late = figures((300, 0), (1000, 0));
        (late.slice_p99_us, late.slice_lag_us) = (Some(990.0), Some(100.0));
        assert_eq!(refused(row("open"), &late), None);
        late.slice_lag_us = Some(300.0);
        assert!(refused(row("open"), &late).is_some());
    }

    #[test]
    fn the_median_is_taken_of_each_figure() {
        let rounds = [figures((900, 0), (1, 0)), figures((950, 0), (2, 0)), figures((860, 0), (9, 0))];
        let all: Vec<&Figures> = rounds.iter().collect();
        let median = Figures::median(&all).expect("rounds");
        assert!((median.server_busy - 0.9).abs() < 1e-9 && (median.generator_busy - 0.002).abs() < 1e-9);
        let two = Figures::median(&all[..2]).expect("rounds");
        assert!((two.server_busy - 0.925).abs() < 1e-9);
        assert!(Figures::median(&[]).is_none());
    }

    #[test]
    fn a_target_is_met_up_to_its_very_value() {
        assert!(Standing::of(1.0, 2.0, 0.5).met);
        assert!(!Standing::of(1.1, 2.0, 0.5).met);
        assert!((Standing::of(3.0, 4.0, 1.0).value - 0.75).abs() < 1e-9);
    }
}
