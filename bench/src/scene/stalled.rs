//! One browser of 64 that does not read while much comes for it: what the others feel, and what it costs in memory.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::{Bench, Line};
use crate::cpu::{Cores, resident};
use crate::dial::Dial;
use crate::probe::{Probe, Stream};
use crate::world::{Settings, World};

const OTHERS: usize = 63;
const PER_SECOND: f64 = 630.0;
/// 6 MiB a second: over its cap within two seconds, with what the kernel takes.
const STREAM: Stream = Stream { size: 64 << 10, per_second: 100.0 };
/// `BROWSER_OUTBOX` as shipped is 8 MiB behind the message being written.
const CAP: f64 = 8.0;
const OTHERS_P99: f64 = 1.1;
const ROUNDS: usize = 5;

pub fn run(bench: &Bench) -> Result<Vec<Line>> {
    let world = World::start(Cores::find()?)?;
    let seed = world.seed()?;
    let time = Duration::from_secs(if bench.quick { 1 } else { 6 });
    let (mut quiet, mut stalled, mut grown) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..if bench.quick { 1 } else { ROUNDS } {
        // A new one each time: memory is seen from the beginning.
        let server = world.server(&Settings::for_load())?;
        let tenant = seed.tenant(OTHERS + 1)?;
        let dial = Dial { to: server.address(), tls: None };
        let mut probe = Probe::start(&dial, &tenant, OTHERS, Some(&STREAM))?;
        // The same looks in both: they must not make the difference.
        let look = || {
            std::hint::black_box(resident(server.pid()));
        };
        run_for(&mut probe, time / 4, look)?;
        quiet.push(run_for(&mut probe, time, look)?);
        let before = resident(server.pid());
        probe.last_reads = false;
        let mut most = before;
        stalled.push(run_for(&mut probe, time, || most = most.max(resident(server.pid())))?);
        grown.push(most.saturating_sub(before) as f64 / f64::from(1 << 20));
    }
    let (quiet, stalled) = (super::homes::median(quiet), super::homes::median(stalled));
    let ours = |metric: &str, value, unit, target| Line {
        metric: metric.to_owned(),
        contender: "compose-relay",
        value: Ok(value),
        unit,
        target,
    };
    Ok(vec![
        ours("64 browsers, all read: p99 of 63", quiet, "us", None),
        ours("one of 64 browsers does not read: p99 of the others", stalled, "us", None),
        ours("the same to when all read", stalled / quiet, "x", Some(OTHERS_P99)),
        ours("the same: memory grows by", super::homes::median(grown), "MiB", Some(CAP)),
    ])
}

/// The 99th percentile, microseconds. Looks ten times a second.
fn run_for(probe: &mut Probe, time: Duration, mut look: impl FnMut()) -> Result<f64> {
    let (end, mut next) = (Instant::now() + time, Instant::now());
    let felt = probe.run(PER_SECOND, || {
        let now = Instant::now();
        if now >= next {
            next = now + Duration::from_millis(100);
            look();
        }
        now < end
    })?;
    Ok(felt.us(0.99))
}
