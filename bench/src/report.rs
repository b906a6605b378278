//! The tables for people, and everything as JSON.

use std::fmt::Write as _;

use serde::Serialize;

use crate::contender::{Kind, version};
use crate::row::{self, Row};
use crate::run::Cell;
use crate::verdict::{Figures, unit};

/// What goes into `load.json`.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    /// Name and number of the processors.
    pub machine: String,
    /// The kernel.
    pub kernel: String,
    /// Whether rounds count in which something else ran.
    pub noisy: bool,
    /// By contender.
    pub versions: Vec<(&'static str, String)>,
    /// All figures.
    pub cells: &'a [Cell],
}

impl<'a> Report<'a> {
    /// Of a run on this machine.
    #[must_use]
    pub fn of(cells: &'a [Cell], noisy: bool) -> Self {
        let mut kinds: Vec<Kind> = Vec::new();
        for cell in cells {
            if !kinds.contains(&cell.contender) {
                kinds.push(cell.contender);
            }
        }
        let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model =
            info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map(|(_, name)| name);
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let count = info.lines().filter(|line| line.starts_with("processor")).count().max(cores);
        let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        Self {
            machine: format!("{count} x {}", model.unwrap_or("unknown processor")),
            kernel: kernel.trim().to_owned(),
            noisy,
            versions: kinds.into_iter().map(|kind| (kind.name(), version(kind))).collect(),
            cells,
        }
    }

    /// All tables.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("{}, Linux {}\n", self.machine, self.kernel);
        let versions: Vec<String> = self.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
        let _ = writeln!(text, "{}", versions.join(", "));
        text.push_str(
            "busy, gen.: share of its core that the server and the generator had; allocs: blocks of memory that the server asked\n\
             for, for a forward, where it counts them; calls: system calls for a forward, with --syscalls.\n\
             haproxy, nginx and tcp have an upstream connection for each browser and do not look at frames; compose-relay and\n\
             fastwebsockets find for each frame the one who gets it, all browsers being on one SDK connection.\n",
        );
        if self.noisy {
            text.push_str("NOISY: rounds count in which something else ran. These are not figures to quote.\n");
        }
        for row in row::ALL {
            let cells: Vec<&Cell> = self.cells.iter().filter(|cell| cell.row == row.name).collect();
            if !cells.is_empty() {
                text.push_str(&figures(row, &cells));
            }
        }
        text.push_str(&targets(self.cells));
        text
    }
}

fn figures(row: &Row, cells: &[&Cell]) -> String {
    let mut text = format!("\n{}: {}, {}\n", row.name, row.about, unit(row.metric));
    if row.tls {
        text.push_str("(relays have TLS on both sides, haproxy and nginx on the browsers' side only)\n");
    }
    let _ = writeln!(
        text,
        "{:<15} {:>9} {:>6} {:>6} {:>10} {:>9} {:>9} {:>9} {:>8} {:>7} {:>7} {:>7}",
        "", "figure", "busy", "gen.", "trips/s", "p50 us", "p99 us", "p99.9 us", "RSS MiB", "allocs", "calls", "rounds"
    );
    for cell in cells {
        let name = cell.contender.name();
        match (&cell.median, &cell.refused) {
            (_, Some(why)) => {
                let _ = writeln!(text, "{name:<15} not reported: {why}");
            }
            (Some(it), None) => {
                let Figures {
                    server_busy,
                    generator_busy,
                    trips_per_second,
                    p50_us,
                    p99_us,
                    p999_us,
                    resident_mib,
                    allocations_per_forward,
                    ..
                } = it;
                let (busy, generator) = (server_busy * 100.0, generator_busy * 100.0);
                let figure = it.metric(row.metric);
                let known =
                    |figure: Option<f64>| figure.map_or_else(|| "-".to_owned(), |figure| format!("{figure:.3}"));
                let (allocs, calls) = (known(*allocations_per_forward), known(cell.syscalls_per_forward));
                let all = cell.rounds.len() + cell.dropped.len();
                let _ = writeln!(
                    text,
                    "{name:<15} {figure:>9.3} {busy:>4.0} % {generator:>4.0} % {trips_per_second:>10.0} {p50_us:>9.1} \
                     {p99_us:>9.1} {p999_us:>9.1} {resident_mib:>8.1} {allocs:>7} {calls:>7} {:>4}/{all}",
                    cell.rounds.len()
                );
            }
            (None, None) => {}
        }
    }
    text
}

/// The table of aims.
fn targets(cells: &[Cell]) -> String {
    let mut text = format!("\n{:<50} {:<21} {:>8} {:>8}\n", "TARGETS", "ours to", "is", "aim");
    for row in row::ALL {
        for (kind, target) in row.contenders {
            let absolute = if *kind == Kind::ComposeRelay { row.absolute } else { None };
            let Some(target) = target.or(absolute) else { continue };
            let Some(cell) = cells.iter().find(|cell| cell.row == row.name && cell.contender == *kind) else {
                continue;
            };
            let to = if absolute.is_some() { unit(row.metric) } else { kind.name() };
            let ours = cells.iter().find(|cell| cell.row == row.name && cell.contender == Kind::ComposeRelay);
            let _ = match &cell.standing {
                Some(it) => {
                    let verdict = if it.met { "met" } else { "MISSED" };
                    writeln!(text, "{:<50} {to:<21} {:>8.3} {target:>8.3}  {verdict}", row.about, it.value)
                }
                None => {
                    let why = cell.refused.as_ref().or_else(|| ours?.refused.as_ref());
                    let why = why.map_or("there is no figure", String::as_str);
                    writeln!(text, "{:<50} {to:<21} {:>8} {target:>8.3}  {why}", row.about, "-")
                }
            };
        }
    }
    text
}
