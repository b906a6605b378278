//! What a shard holds at this moment, for who watches it.

use std::time::Instant;

use crate::relay::message::Measured;
use crate::relay::shard::Shard;

impl Shard {
    /// Looks at each environment, and at no browser: of those there are too many to be looked at while frames wait.
    pub(super) fn measure(&self) -> Measured {
        let sdks = self.tables.environments.iter().filter_map(|(_, environment)| environment.sdk);
        let waiting_for_sdks = sdks.filter_map(|(index, _)| self.connections.get(index)).map(|sdk| sdk.outbox.queued());
        Measured {
            at: Instant::now(),
            waiting_for_sdks: waiting_for_sdks.sum(),
            waiting_for_browsers: self.outbound,
            sessions: self.tables.sessions.len(),
            executions: self.tables.executions.len(),
        }
    }
}
