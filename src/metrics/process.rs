//! What the operating system knows of this process, under the names that all Prometheus clients use. Read from `/proc`;
//! where there is none (macOS) these readings are left out.

use std::fs;

use super::Readings;

/// Ticks a second in `/proc/*/stat`; the kernel gives this number to programs on all platforms that we build for.
const TICKS: f64 = 100.0;
/// Bytes of a page in `/proc/*/statm`, likewise but for some ARM kernels; `smaps_rollup` would be exact and slow.
const PAGE: f64 = 4096.0;

/// Adds the readings.
pub fn read(readings: &mut Readings) {
    let mut gauge = |name, help, value: Option<f64>| {
        if let Some(value) = value {
            readings.gauge(name, help, [(&[][..], value)]);
        }
    };
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name, which may contain anything; the first field there is number 3.
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let field = |number: usize| fields.get(number - 3)?.trim().parse::<f64>().ok();
    let processor = field(14).zip(field(15)).map(|(user, system)| (user + system) / TICKS);
    gauge("process_threads", "Threads", field(20));
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let resident = statm.split(' ').nth(1).and_then(|pages| pages.parse::<f64>().ok());
    gauge("process_resident_memory_bytes", "Resident memory", resident.map(|pages| pages * PAGE));
    let open = fs::read_dir("/proc/self/fd").ok().map(|entries| entries.count() as f64);
    gauge("process_open_fds", "Open file descriptors", open);
    gauge("process_max_fds", "Most file descriptors that may be open", most_files().map(|most| most as f64));
    if let Some(seconds) = processor {
        readings.seconds("process_cpu_seconds", "Processor time", seconds);
    }
}

/// The soft limit of open files (`ulimit -n`). `None`: there is none, or it cannot be read.
#[must_use]
pub fn most_files() -> Option<u64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find(|line| line.starts_with("Max open files"))?;
    line.split_whitespace().nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory_and_files() {
        let mut readings = Readings::default();
        read(&mut readings);
        let shown = format!("{readings:?}");
        for name in ["process_resident_memory_bytes", "process_open_fds", "process_max_fds", "process_threads"] {
            assert!(shown.contains(name), "{shown}");
        }
        assert!(most_files().is_some_and(|most| most > 10));
    }
}
