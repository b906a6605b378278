//! Cores, and what a process uses, by the kernel's own counters.

use std::collections::HashMap;
use std::fs;
use std::sync::OnceLock;

use anyhow::{Context as _, Result};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// Where things run: the server alone on one core, everything else on another.
#[derive(Clone, Copy, Debug)]
pub struct Cores {
    /// For what is measured.
    pub server: usize,
    /// For the generator, Postgres and the rest.
    pub generator: usize,
}

impl Cores {
    /// The first two cores that this process may use. Whoever asks again gets the same, though [`pin`] leaves only one.
    ///
    /// # Errors
    /// When there is only one.
    pub fn find() -> Result<Self> {
        static FOUND: OnceLock<Cores> = OnceLock::new();
        if let Some(found) = FOUND.get() {
            return Ok(*found);
        }
        let allowed = sched_getaffinity(Pid::from_raw(0)).context("which cores may be used")?;
        let mut cores = (0..CpuSet::count()).filter(|core| allowed.is_set(*core) == Ok(true));
        match (cores.next(), cores.next()) {
            (Some(server), Some(generator)) => Ok(*FOUND.get_or_init(|| Self { server, generator })),
            _ => anyhow::bail!("two cores are needed: one for the server, one for the load"),
        }
    }
}

/// Binds this thread, and the processes that it starts from now on, to a core.
///
/// # Errors
/// When the system refuses.
pub fn pin(core: usize) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(core).context("the number of a core")?;
    sched_setaffinity(Pid::from_raw(0), &set).with_context(|| format!("binding to core {core}"))
}

/// Time of one thread: on a core, and ready but waiting for one. Nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Time {
    /// On a core.
    pub busy: u64,
    /// Ready, while something else had the core.
    pub waiting: u64,
}

/// The counters of all threads of a process at one moment.
#[derive(Clone, Debug, Default)]
pub struct Reading(HashMap<u32, Time>);

impl Reading {
    /// Reads `/proc/PID/task/*/schedstat`. A process that is gone has no threads.
    #[must_use]
    pub fn of(pid: u32) -> Self {
        let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
        Self(
            tasks
                .filter_map(|task| {
                    let thread = task.file_name().to_str()?.parse().ok()?;
                    Some((thread, parse(&fs::read_to_string(task.path().join("schedstat")).ok()?)?))
                })
                .collect(),
        )
    }

    /// What was used since `before`. What a thread used that has ended in between is not in it.
    #[must_use]
    pub fn since(&self, before: &Self) -> Time {
        let mut sum = Time::default();
        for (thread, now) in &self.0 {
            let then = before.0.get(thread).copied().unwrap_or_default();
            sum.busy += now.busy.saturating_sub(then.busy);
            sum.waiting += now.waiting.saturating_sub(then.waiting);
        }
        sum
    }
}

/// Of the calling thread so far.
///
/// # Errors
/// When the system does not tell.
pub fn this_thread() -> Result<Time> {
    let line = fs::read_to_string("/proc/thread-self/schedstat").context("the time of this thread")?;
    parse(&line).context("the time of this thread")
}

fn parse(schedstat: &str) -> Option<Time> {
    let mut fields = schedstat.split_whitespace().map(str::parse);
    Some(Time { busy: fields.next()?.ok()?, waiting: fields.next()?.ok()? })
}

/// Nanoseconds in which a core was not idle, or was taken away by the host, in steps of 10 ms; of whatever ran on it. 0 when the
/// system does not tell.
#[must_use]
pub fn not_idle(core: usize) -> u64 {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let name = format!("cpu{core} ");
    let line = stat.lines().find_map(|line| line.strip_prefix(&name)).unwrap_or_default();
    // user, nice, system, idle, iowait, irq, softirq, steal
    let fields = line.split_whitespace().take(8).enumerate().filter(|(place, _)| ![3, 4].contains(place));
    fields.filter_map(|(_, ticks)| ticks.parse::<u64>().ok()).sum::<u64>() * 10_000_000
}

/// The processes that this one has started and that still run.
#[must_use]
pub fn children(of: u32) -> Vec<u32> {
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.filter(|pid| parent(*pid) == Some(of)).collect()
}

fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Behind the name, which may contain anything: state, then parent.
    stat.rsplit(") ").next()?.split(' ').nth(1)?.parse().ok()
}

/// Resident memory of a process in bytes; 0 when it is gone.
#[must_use]
pub fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_line_is_read() {
        assert_eq!(parse("123 45 6\n"), Some(Time { busy: 123, waiting: 45 }));
        assert_eq!(parse(""), None);
        assert_eq!(parse("1 x 2"), None);
    }

    #[test]
    fn threads_that_came_later_count_whole_and_those_that_went_do_not() {
        let before = Reading(HashMap::from([(1, Time { busy: 100, waiting: 10 }), (2, Time { busy: 50, waiting: 5 })]));
        let after = Reading(HashMap::from([(1, Time { busy: 160, waiting: 13 }), (3, Time { busy: 7, waiting: 1 })]));
        assert_eq!(after.since(&before), Time { busy: 67, waiting: 4 });
    }

    #[test]
    fn a_child_is_known_by_its_parent() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("a child");
        assert!(children(std::process::id()).contains(&child.id()));
        child.kill().expect("it still runs");
        child.wait().expect("it has ended");
    }

    #[test]
    fn the_cores_are_the_same_for_one_who_is_bound_to_one_of_them() {
        let cores = match Cores::find() {
            Ok(cores) => cores,
            // So it is on a machine with one core.
            Err(error) => return assert!(error.to_string().contains("two cores")),
        };
        let again = std::thread::spawn(move || {
            pin(cores.generator).expect("a core of our own");
            Cores::find().expect("the same")
        });
        let again = again.join().expect("no panic");
        assert_eq!((again.server, again.generator), (cores.server, cores.generator));
    }

    #[test]
    fn a_busy_thread_is_seen() {
        let before = Reading::of(std::process::id());
        let begun = std::time::Instant::now();
        while begun.elapsed() < std::time::Duration::from_millis(30) {
            std::hint::spin_loop();
        }
        assert!(Reading::of(std::process::id()).since(&before).busy > 1_000_000);
        assert!(resident(std::process::id()) > 100_000);
    }
}
