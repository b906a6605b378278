//! SIGHUP: the operator wants files to be read again.

use std::io;

use tokio::signal::unix::{self, SignalKind};

/// The SIGHUPs of this process. As long as nobody asks for the next one, several count as one.
#[derive(Debug)]
pub struct Hangups(unix::Signal);

impl Hangups {
    /// From now on SIGHUP no longer ends the process, not even when this value is dropped.
    ///
    /// # Errors
    /// When the operating system refuses the handler.
    pub fn new() -> io::Result<Self> {
        Ok(Self(unix::signal(SignalKind::hangup())?))
    }

    /// The next one. Cancel-safe.
    pub async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            // The runtime is at its end.
            std::future::pending::<()>().await;
        }
    }
}
