//! What systemd hears of us (sd_notify(3)), with `Type=notify`. Without systemd nobody listens, and nothing happens.

use std::time::Duration;

use sd_notify::NotifyState;

/// Tells where the process is. An unreachable service manager is no reason to end.
fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "the service manager does not hear us");
    }
}

/// Everything works: who waits for our start goes on.
pub fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// A line for `systemctl status`.
pub fn status(status: &str) {
    tell(&[NotifyState::Status(status)]);
}

/// We are ending.
pub fn stopping(status: &str) {
    tell(&[NotifyState::Stopping, NotifyState::Status(status)]);
}

/// A sign of life.
pub fn alive() {
    tell(&[NotifyState::Watchdog]);
}

/// How often a sign of life is to be given, when the service manager asks for any: twice in its `WatchdogSec`.
#[must_use]
pub fn watchdog() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|limit| limit / 2).filter(|every| !every.is_zero())
}
