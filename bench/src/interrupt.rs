//! Ctrl-C and SIGTERM: the measuring loops end, and what was started is taken down on the way out.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use tokio::signal::unix::{SignalKind, signal};

static STOP: AtomicBool = AtomicBool::new(false);

/// Listens from now on. Call it once, first.
pub fn watch() {
    std::thread::spawn(|| {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
        runtime.block_on(async {
            let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
            let [Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)] = kinds.map(signal) else { return };
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
            STOP.store(true, Ordering::Relaxed);
            eprintln!("bench: stopping");
        });
    });
}

/// Whether it is time to end. Cheap: loops may ask each turn.
#[must_use]
pub fn wanted() -> bool {
    STOP.load(Ordering::Relaxed)
}

/// # Errors
/// When it is time to end.
pub fn check() -> Result<()> {
    if wanted() {
        bail!("interrupted");
    }
    Ok(())
}

/// Sleeps, or ends early.
///
/// # Errors
/// When it is time to end.
pub fn sleep(time: Duration) -> Result<()> {
    let end = Instant::now() + time;
    loop {
        check()?;
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        std::thread::sleep(left.min(Duration::from_millis(50)));
    }
}
