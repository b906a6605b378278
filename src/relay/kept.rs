//! What one process leaves to the next: the executions of a page that will come back, and what waits for it
//! (relay-protocol 5.5, A4; 7).

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::peer::Identity;
use crate::wire::{EnvironmentId, ExecutionId, SessionId};

/// A browser session on an app page. `Debug` shows ids and sizes.
#[derive(Clone)]
pub struct Kept {
    /// The environment of the page.
    pub environment: EnvironmentId,
    /// The browser session.
    pub session: SessionId,
    /// Who opened it.
    pub identity: Arc<Identity>,
    /// The route that the page was opened for.
    pub route: Box<str>,
    /// Its executions and the route of each, oldest first; at least one.
    pub executions: Vec<(ExecutionId, Box<str>)>,
    /// Messages for the browser, oldest first.
    pub frames: Vec<Bytes>,
}

impl Kept {
    /// Bytes of the messages.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.frames.iter().map(Bytes::len).sum()
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept")
            .field("environment", &self.environment)
            .field("executions", &self.executions.len())
            .field("bytes", &self.bytes())
            .finish_non_exhaustive()
    }
}
