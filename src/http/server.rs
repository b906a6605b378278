//! Accepting connections and serving each in its own task, and how that ends.

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::connection::{self, Handler};
use crate::net::{Entrance, Listener, Successor};
use crate::tasks::Tasks;

/// The end of serving, in two steps. Clones are told together.
#[derive(Clone, Debug, Default)]
pub struct Closing {
    begun: CancellationToken,
    idle: CancellationToken,
}

impl Closing {
    /// Nothing ends yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// No connections are accepted any more, and each answer is the last on its connection and says so.
    pub fn begin(&self) {
        self.begun.cancel();
    }

    /// Connections on which nothing is asked are closed, too. A client that asks in this very moment gets no answer: where
    /// others serve on, wait between the two steps for those that are in use to be closed by the first.
    pub fn close_idle(&self) {
        self.begun.cancel();
        self.idle.cancel();
    }

    /// Resolves once serving ends. Cancel-safe.
    pub async fn begins(&self) {
        self.begun.cancelled().await;
    }

    pub(super) fn has_begun(&self) -> bool {
        self.begun.is_cancelled()
    }

    pub(super) async fn idle_is_closed(&self) {
        self.idle.cancelled().await;
    }
}

/// Serves what comes to `listener` and passes `entrance` until `closing` begins; then leaves the port to a successor, if there is one, and tells who that is.
/// Requests in work are still answered (their tasks end with `tasks`). One connection's failure never leaves its task.
pub async fn serve<H: Handler>(
    listener: Listener,
    entrance: Entrance,
    handler: Arc<H>,
    tasks: Tasks,
    closing: Closing,
    tell: oneshot::Sender<Successor>,
) {
    let take = |accepted| {
        let (entrance, handler, closing) = (entrance.clone(), Arc::clone(&handler), closing.clone());
        tasks.spawn("http.connection", async move {
            let passed = tokio::select! {
                biased;
                passed = entrance.pass(accepted) => passed,
                // Who has not got further than a handshake by now has asked nothing, and may take 10 s for it.
                () = closing.idle_is_closed() => None,
            };
            if let Some(accepted) = passed {
                connection::drive(accepted, handler, closing).await;
            }
        });
    };
    loop {
        tokio::select! {
            biased;
            () = closing.begins() => break,
            accepted = listener.accept() => take(accepted),
        }
    }
    listener.retire(take, tell).await;
}
