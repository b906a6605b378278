//! Five thousand home pages at once: an SDK comes and all are told; then all of them leave.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::guests::{Guests, Who, raise_open_files};
use super::{Bench, Line, bare};
use crate::cpu::{Cores, Reading};
use crate::crowd::Crowd;
use crate::dial::{Dial, sdk_request};
use crate::interrupt;
use crate::world::{Settings, World};

const COUNT: usize = 5_000;
const AT_ONCE: usize = 32;
/// Each time the median of so many.
const ROUNDS: usize = 5;
/// Seconds.
const TOLD_WITHIN: f64 = 0.020;
const LEAVE_CPU: f64 = 0.1;

pub fn run(bench: &Bench) -> Result<Vec<Line>> {
    raise_open_files()?;
    let world = World::start(Cores::find()?)?;
    let count = if bench.quick { 200 } else { COUNT };
    let server = world.server(&Settings::for_load())?;
    let dial = Dial { to: server.address(), tls: None };
    let guests = Guests::new(&world.seed()?, Who::Home, count)?;
    let (mut told, mut told_cpu, mut left) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..if bench.quick { 1 } else { ROUNDS as u32 } {
        let mut crowd = Crowd::new()?;
        // Each has its first report, and its first ping is over.
        crowd.welcome(guests.some(&dial, round, 0..count), AT_ONCE)?;
        crowd.until_messages(count)?;
        crowd.stay(Duration::from_millis(500))?;

        let before = Reading::of(server.pid());
        let (sdk, _) = dial.open(&sdk_request(&dial, guests.tenant(), true), None)?;
        // From the moment in which the SDK may take itself for connected.
        let begun = Instant::now();
        crowd.until_messages(2 * count)?;
        told.push(begun.elapsed().as_secs_f64());
        told_cpu.push(Reading::of(server.pid()).since(&before).busy as f64 / 1e9);
        drop(sdk);
        crowd.until_messages(3 * count)?;
        crowd.stay(Duration::from_millis(500))?;

        let before = Reading::of(server.pid());
        crowd.dismiss(count);
        left.push(until_quiet(server.pid(), &before)?);
    }
    let line =
        |contender, metric: String, value, unit, target| Line { metric, contender, value: Ok(value), unit, target };
    let ours = |metric: String, value, unit, target| line("compose-relay", metric, value, unit, target);
    let bare = median((0..ROUNDS).map(|_| bare::writes(world.cores(), count)).collect::<Result<_>>()?);
    Ok(vec![
        ours(format!("an SDK comes: until {count} home pages know"), median(told) * 1e3, "ms", Some(TOLD_WITHIN * 1e3)),
        line(
            "bare writes",
            format!("as many bytes written to {count} sockets by one thread that does nothing else"),
            bare * 1e3,
            "ms",
            None,
        ),
        ours("the same: CPU of the server, the upgrade among it".to_owned(), median(told_cpu) * 1e3, "ms", None),
        ours(format!("{count} home pages leave at once: CPU"), median(left), "s", Some(LEAVE_CPU)),
    ])
}

/// CPU seconds since then, once the server does no more.
pub(super) fn until_quiet(pid: u32, since: &Reading) -> Result<f64> {
    let mut used = 0;
    loop {
        interrupt::sleep(Duration::from_millis(300))?;
        let now = Reading::of(pid).since(since).busy;
        // A quarter of a percent of a core.
        if now - used < 750_000 {
            return Ok(now as f64 / 1e9);
        }
        used = now;
    }
}

pub(super) fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
}
