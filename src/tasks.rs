//! The only home of `tokio::spawn`: every task of the control runtime has a name, is counted and is told to stop.

use std::future::Future;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

/// A handle to start tasks with. Clones share one tracker.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    /// No tasks yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts a task. A panic in it is caught by the runtime and ends this task alone.
    pub fn spawn<F>(&self, name: &'static str, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let span = tracing::debug_span!("task", name);
        self.tracker.spawn(future.instrument(span));
    }

    /// Resolves once [`Tasks::stop`] was called. Cancel-safe.
    pub async fn stopped(&self) {
        self.stop.cancelled().await;
    }

    /// Tells every task that looks at [`Tasks::stopped`] to end.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Resolves when all tasks have ended; call [`Tasks::stop`] first. Cancel-safe.
    pub async fn ended(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }
}
