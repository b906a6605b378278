//! How many system calls a contender makes, counted by the kernel (`perf stat`), which hardly slows it down. `strace` would:
//! it makes every call so slow that many more frames share one.

use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::contender::Contender;
use crate::generator::Pace;
use crate::measure::{Times, measure};
use crate::row::Row;
use crate::world::World;
use crate::world::process::Process;
use crate::world::seed::Tenant;

/// While it counts. The load goes on for longer, at the same rate.
const COUNTED: &str = "1";

/// System calls for a forwarded frame.
///
/// # Errors
/// When `perf` is not there or may not count, and those of [`measure`].
pub fn count(world: &World, row: &Row, contender: &Contender, tenants: &[Tenant], pace: Pace) -> Result<f64> {
    let times = Times { warm_up: Duration::from_millis(300), time: Duration::from_millis(1500) };
    let core = world.cores().generator;
    let pid = contender.pid().to_string();
    // Begins late enough for the pages to be connected: they are before it is there.
    let script = r#"sleep 0.6; exec perf stat -x, -e raw_syscalls:sys_enter -p "$1" -- sleep "$2""#;
    let mut perf = Process::start::<&str>(core, core, "sh", &["-c", script, "sh", &pid, COUNTED], &[])?;
    let outcome = measure(row, contender, tenants, pace, times)?;
    let calls = perf.until("a count", counted).context("perf, as root, is needed to count system calls")?;
    let forwards = (outcome.trips * 2) as f64 / outcome.wall.as_secs_f64();
    Ok(calls as f64 / forwards)
}

fn counted(log: &str) -> Option<u64> {
    let line = log.lines().find(|line| line.contains("raw_syscalls:sys_enter"))?;
    line.split(',').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_read() {
        assert_eq!(counted("12345,,raw_syscalls:sys_enter,1000293,100.00,,\n"), Some(12345));
        assert_eq!(counted("<not supported>,,raw_syscalls:sys_enter,0,100.00,,\n"), None);
        assert_eq!(counted(""), None);
    }
}
