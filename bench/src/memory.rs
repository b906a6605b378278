//! Memory of a process, exactly: `/proc/PID/status` lags behind by what each thread has not reported yet.

use std::fs;

use anyhow::{Context as _, Result};

/// Resident memory in bytes.
///
/// # Errors
/// When the process is gone.
pub fn resident(pid: u32) -> Result<u64> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).context("memory of the server")?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Rss:")).context("a line for Rss")?;
    let number = line.trim().split(' ').next().context("a number")?;
    Ok(number.parse::<u64>().context("a number of KiB")? * 1024)
}
