//! Accepting connections and serving each in its own task.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::connection::{self, Handler};
use crate::net::Listener;
use crate::tasks::Tasks;

/// Serves `listener` until `shutdown`; then the port is closed, idle connections are closed and requests in work are
/// still answered (their tasks end with `tasks`). One connection's failure never leaves its task.
pub async fn serve<H: Handler>(listener: Listener, handler: Arc<H>, tasks: Tasks, shutdown: CancellationToken) {
    loop {
        let accepted = tokio::select! {
            biased;
            () = shutdown.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        tasks.spawn("http.connection", connection::drive(accepted, Arc::clone(&handler), shutdown.clone()));
    }
}
