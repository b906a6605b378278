//! The life of the process: its phases, and the signals that end it.

mod hangups;
pub mod service_manager;
mod signals;

pub use hangups::Hangups;
pub use signals::{Signal, Signals};

use std::convert::Infallible;
use std::fmt;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// Signals this soon after the first one are the same wish: a Ctrl-C reaches a process from the terminal and again from
/// the script that started it.
const ECHO: Duration = Duration::from_millis(500);

/// Where the process is in its life. It only ever goes forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Not yet ready: database, migrations, listeners.
    Starting,
    /// Everything works.
    Serving,
    /// Told to stop: health says so, nothing new is taken in, open sockets are being closed.
    Draining,
    /// Nothing is left to do.
    Stopped,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Starting => "starting",
            Self::Serving => "serving",
            Self::Draining => "draining",
            Self::Stopped => "stopped",
        })
    }
}

/// Moves the process from phase to phase. Clones move the same process.
#[derive(Clone, Debug)]
pub struct Lifecycle {
    phase: watch::Sender<Phase>,
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self::new()
    }
}

impl Lifecycle {
    /// A process that is starting.
    #[must_use]
    pub fn new() -> Self {
        Self { phase: watch::Sender::new(Phase::Starting) }
    }

    /// Goes on to `phase`, and tells everyone who looks. Does nothing when the process is there already or further.
    pub fn advance(&self, phase: Phase) {
        let moved = self.phase.send_if_modified(|now| {
            let forward = *now < phase;
            if forward {
                *now = phase;
            }
            forward
        });
        if moved {
            tracing::debug!(%phase, "phase");
        }
    }

    /// The phase now.
    #[must_use]
    pub fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// A view of the phase for those who must not change it.
    #[must_use]
    pub fn watch(&self) -> PhaseWatch {
        PhaseWatch { phase: self.phase.subscribe() }
    }

    /// Waits for signals: the first one begins to drain, a second one ends the process at once with the exit code that
    /// shells give to that signal. Never resolves; run it beside the server, as long as the server runs. Cancel-safe.
    pub async fn follow(&self, signals: &mut Signals) -> Infallible {
        let first = signals.next().await;
        tracing::info!(signal = %first, "stopping; a second signal ends the process at once");
        self.advance(Phase::Draining);
        let echo = Instant::now() + ECHO;
        let second = loop {
            let signal = signals.next().await;
            if Instant::now() > echo {
                break signal;
            }
        };
        tracing::warn!(signal = %second, "ended at once");
        std::process::exit(second.exit_code());
    }
}

/// Sees the phase and cannot change it.
#[derive(Clone, Debug)]
pub struct PhaseWatch {
    phase: watch::Receiver<Phase>,
}

impl PhaseWatch {
    /// The phase now.
    #[must_use]
    pub fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// Resolves once the process is in `phase` or further, or when nobody is left to move it. Cancel-safe.
    pub async fn reached(&mut self, phase: Phase) {
        // An error means that the last `Lifecycle` is gone: the process is at its end.
        let _ = self.phase.wait_for(|now| *now >= phase).await;
    }
}

#[cfg(test)]
mod tests {
    use super::{Lifecycle, Phase};

    #[tokio::test]
    async fn phases_go_forward_only() {
        let life = Lifecycle::new();
        let mut watch = life.watch();
        assert_eq!(watch.phase(), Phase::Starting);
        life.advance(Phase::Draining);
        life.advance(Phase::Serving);
        assert_eq!(life.phase(), Phase::Draining);
        watch.reached(Phase::Serving).await;
        watch.reached(Phase::Draining).await;
    }

    #[tokio::test]
    async fn a_waiter_sees_the_end_even_when_nobody_says_it() {
        let life = Lifecycle::new();
        let mut watch = life.watch();
        drop(life);
        watch.reached(Phase::Stopped).await;
    }
}
