//! The load bench as a whole: rounds, in each all rows, in each row all contenders, so that what changes on the machine
//! meets all of them alike.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use anyhow::{Result, bail};
use serde::Serialize;

use crate::contender::{Contender, Kind};
use crate::cpu::Cores;
use crate::generator;
use crate::interrupt;
use crate::measure::{Times, measure};
use crate::row::{self, Pace, Row};
use crate::syscalls;
use crate::verdict::{Figures, Standing, disturbed, refused};
use crate::world::World;
use crate::world::seed::Tenant;

/// What to do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The rows, in their order.
    pub rows: Vec<&'static Row>,
    /// Those who take part; all when it is empty. Ours always does.
    pub only: Vec<Kind>,
    /// Our server built with `aws-lc-rs` takes part, too.
    pub aws_lc_rs: bool,
    /// How often.
    pub rounds: usize,
    /// How long each time.
    pub times: Times,
    /// Count rounds in which something else ran, and rows in which the server was idle.
    pub noisy: bool,
    /// At the end, once more for each row, with `perf` counting system calls.
    pub syscalls: bool,
}

/// Fewer good rounds than this make no row.
const FEWEST: usize = 3;

/// One contender in one row.
#[derive(Clone, Debug, Serialize)]
pub struct Cell {
    /// The row.
    pub row: &'static str,
    /// Who.
    pub contender: Kind,
    /// The rounds that count.
    pub rounds: Vec<Figures>,
    /// Why the others do not.
    pub dropped: Vec<String>,
    /// Their median.
    pub median: Option<Figures>,
    /// The server's system calls for a forwarded frame, when they were counted.
    pub syscalls_per_forward: Option<f64>,
    /// Why the row is not reported.
    pub refused: Option<String>,
    /// Ours to this contender; in our own cell, ours to the absolute aim.
    pub standing: Option<Standing>,
}

/// Runs the plan.
///
/// # Errors
/// When the world cannot be set up, a contender fails, or the run is interrupted.
pub fn run(plan: &Plan) -> Result<Vec<Cell>> {
    let world = World::start(Cores::find()?)?;
    let seed = world.seed()?;
    let sdks = plan.rows.iter().map(|row| row.sdks).max().unwrap_or(1);
    // As many as the fullest of the rows in which this tenant takes part.
    let people = |tenant: usize| {
        let rows = plan.rows.iter().filter(|row| tenant < row.sdks);
        rows.map(|row| row.browsers.div_ceil(row.sdks)).max().unwrap_or(1)
    };
    let tenants: Vec<Tenant> = (0..sdks).map(|number| seed.tenant(people(number))).collect::<Result<_>>()?;

    let mut contenders: HashMap<(Kind, bool), Contender> = HashMap::new();
    let mut cells: Vec<Cell> = Vec::new();
    for row in &plan.rows {
        for (kind, _) in row.contenders {
            let wanted = match kind {
                Kind::ComposeRelay => true,
                Kind::AwsLcRs => plan.aws_lc_rs,
                other => plan.only.is_empty() || plan.only.contains(other),
            };
            if wanted {
                if let Entry::Vacant(place) = contenders.entry((*kind, row.tls)) {
                    place.insert(Contender::start(&world, *kind, row.tls)?);
                }
                cells.push(Cell {
                    row: row.name,
                    contender: *kind,
                    rounds: Vec::new(),
                    dropped: Vec::new(),
                    median: None,
                    syscalls_per_forward: None,
                    refused: None,
                    standing: None,
                });
            }
        }
    }

    // What each reached in each row: the open loop goes by it.
    let mut rates: HashMap<(&str, Kind), Vec<f64>> = HashMap::new();
    for round in 0..plan.rounds {
        for row in &plan.rows {
            let mut turn: Vec<usize> = (0..cells.len()).filter(|n| cells[*n].row == row.name).collect();
            // Nobody is always the first.
            let first = round % turn.len().max(1);
            turn.rotate_left(first);
            for index in turn {
                interrupt::check()?;
                let cell = &mut cells[index];
                let kind = cell.contender;
                let Some(contender) = contenders.get(&(kind, row.tls)) else { bail!("{kind:?} was not started") };
                let Some(pace) = pace(row, kind, &rates) else {
                    cell.dropped.push("there is no rate to go by".to_owned());
                    continue;
                };
                let outcome = match measure(row, contender, &tenants, pace, plan.times) {
                    Ok(outcome) => outcome,
                    Err(error) => {
                        interrupt::check()?;
                        let (name, said) = (kind.name(), contender.log());
                        return Err(error.context(format!("row {}, {name}, whose last words are:\n{said}\n", row.name)));
                    }
                };
                let figures = Figures::of(&outcome);
                eprintln!("{}", progress(round, plan.rounds, row, kind, &figures));
                rates.entry((row.name, kind)).or_default().push(figures.trips_per_second);
                match disturbed(row, &figures).filter(|_| !plan.noisy) {
                    Some(why) => cell.dropped.push(why),
                    None => cell.rounds.push(figures),
                }
            }
        }
    }
    if plan.syscalls {
        for cell in &mut cells {
            let row = plan.rows.iter().find(|row| row.name == cell.row);
            let Some((row, contender)) = row.and_then(|row| Some((row, contenders.get(&(cell.contender, row.tls))?)))
            else {
                continue;
            };
            let Some(pace) = pace(row, cell.contender, &rates) else { continue };
            eprintln!("system calls  {:<11} {}", row.name, cell.contender.name());
            match syscalls::count(&world, row, contender, &tenants, pace) {
                Ok(count) => cell.syscalls_per_forward = Some(count),
                Err(_) if interrupt::wanted() => bail!("interrupted"),
                // The figures before it are worth more.
                Err(error) => eprintln!("not counted: {error:#}"),
            }
        }
    }
    judge(plan, &mut cells);
    Ok(cells)
}

/// The open loop goes by a rate; `None` when it is not known.
fn pace(row: &Row, kind: Kind, rates: &HashMap<(&str, Kind), Vec<f64>>) -> Option<generator::Pace> {
    match row.pace {
        Pace::Window(window) => Some(generator::Pace::Closed(window)),
        Pace::Share(share, of) => middle(rates.get(&(of, kind))).map(|rate| generator::Pace::Open(rate * share)),
        Pace::Rate(rate) => Some(generator::Pace::Open(rate)),
    }
}

fn middle(values: Option<&Vec<f64>>) -> Option<f64> {
    let mut values = values?.clone();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

fn progress(round: usize, rounds: usize, row: &Row, kind: Kind, figures: &Figures) -> String {
    format!(
        "round {}/{rounds}  {:<11} {:<15} {:>7.2} us/forward  server {:>3.0} % (waits {:.0} %)  generator {:>3.0} %  {:>9.0} trips/s",
        round + 1,
        row.name,
        kind.name(),
        figures.cpu_us_per_forward,
        figures.server_busy * 100.0,
        figures.server_waiting * 100.0,
        figures.generator_busy * 100.0,
        figures.trips_per_second,
    )
}

/// Fills in medians, refusals and standings.
fn judge(plan: &Plan, cells: &mut [Cell]) {
    let fewest = FEWEST.min(plan.rounds);
    let row_of = |name: &str| row::ALL.iter().find(|row| row.name == name);
    for cell in cells.iter_mut() {
        let Some(row) = row_of(cell.row) else { continue };
        if cell.rounds.len() < fewest {
            let why = cell.dropped.last().cloned().unwrap_or_default();
            let (good, all) = (cell.rounds.len(), plan.rounds);
            cell.refused = Some(format!("{good} of {all} rounds count, {fewest} are needed; the last one: {why}"));
            continue;
        }
        cell.median = Figures::median(&cell.rounds.iter().collect::<Vec<_>>());
        if let Some(figures) = &cell.median {
            cell.refused = refused(row, figures).filter(|_| !plan.noisy);
        }
    }
    let good: HashMap<(&str, Kind), f64> = cells
        .iter()
        .filter(|cell| cell.refused.is_none())
        .filter_map(|cell| Some(((cell.row, cell.contender), cell.median.as_ref()?.metric(row_of(cell.row)?.metric))))
        .collect();
    for cell in cells {
        let Some(row) = row_of(cell.row) else { continue };
        let Some(ours) = good.get(&(cell.row, Kind::ComposeRelay)) else { continue };
        cell.standing = match row.contenders.iter().find(|(kind, _)| *kind == cell.contender) {
            Some((Kind::ComposeRelay, _)) => row.absolute.map(|target| Standing::of(*ours, 1.0, target)),
            Some((kind, Some(target))) => {
                good.get(&(cell.row, *kind)).map(|theirs| Standing::of(*ours, *theirs, *target))
            }
            _ => None,
        };
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn figures(cpu: f64, busy: f64) -> Figures {
        Figures {
            cpu_us_per_forward: cpu,
            server_busy: busy,
            server_waiting: 0.0,
            generator_busy: 0.9,
            generator_waiting: 0.0,
            trips_per_second: 1.0,
            p50_us: 1.0,
            p99_us: 1.0,
            p999_us: 1.0,
            slice_p99_us: None,
            slice_lag_us: None,
            resident_mib: 1.0,
            allocations_per_forward: None,
        }
    }

    fn cell(contender: Kind, rounds: Vec<Figures>) -> Cell {
        Cell {
            row: "fan-in",
            contender,
            rounds,
            dropped: Vec::new(),
            median: None,
            syscalls_per_forward: None,
            refused: None,
            standing: None,
        }
    }

    fn plan(rounds: usize) -> Plan {
        let times = Times { warm_up: Duration::ZERO, time: Duration::ZERO };
        Plan { rows: Vec::new(), only: Vec::new(), aws_lc_rs: false, rounds, times, noisy: false, syscalls: false }
    }

    #[test]
    fn ratios_are_ours_to_theirs() {
        let mut cells = [
            cell(Kind::ComposeRelay, vec![figures(3.0, 0.9), figures(9.0, 0.9), figures(2.0, 0.9)]),
            cell(Kind::Haproxy, vec![figures(6.0, 0.9); 3]),
            cell(Kind::Nginx, vec![figures(6.0, 0.9); 3]),
            cell(Kind::Tcp, vec![figures(4.0, 0.9); 3]),
        ];
        judge(&plan(3), &mut cells);
        assert_eq!(cells[0].standing, None);
        assert_eq!(cells[1].standing, Some(Standing { value: 0.5, target: 0.52, met: true }));
        assert_eq!(cells[2].standing, None, "there is no aim");
        assert_eq!(cells[3].standing, Some(Standing { value: 0.75, target: 0.66, met: false }));
    }

    #[test]
    fn a_refused_row_has_no_ratio() {
        let mut cells =
            [cell(Kind::ComposeRelay, vec![figures(3.0, 0.9); 3]), cell(Kind::Haproxy, vec![figures(6.0, 0.6); 3])];
        judge(&plan(3), &mut cells);
        assert!(cells[1].refused.is_some() && cells[1].standing.is_none());
    }

    #[test]
    fn too_few_rounds_make_no_row() {
        let mut cells = [cell(Kind::ComposeRelay, vec![figures(3.0, 0.9); 2])];
        cells[0].dropped = vec!["something".to_owned(); 3];
        judge(&plan(5), &mut cells);
        assert!(cells[0].refused.as_ref().is_some_and(|why| why.contains("2 of 5")));
        let mut cells = [cell(Kind::ComposeRelay, vec![figures(3.0, 0.9); 2])];
        judge(&plan(2), &mut cells);
        assert!(cells[0].refused.is_none());
    }
}
