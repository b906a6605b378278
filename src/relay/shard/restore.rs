//! Sessions of the process before this one: their pages, and what their SDKs still send, find them as they were.

use std::sync::Arc;

use crate::relay::audience::Hears;
use crate::relay::counters::Count;
use crate::relay::directory::SessionClaim;
use crate::relay::kept::Kept;
use crate::relay::payload::Payload;
use crate::relay::shard::Shard;
use crate::relay::table::{App, EXECUTIONS_PER_SESSION, Execution, Session};

impl Shard {
    /// Makes the session as if its page had just lost its socket. If the page is back already, it gets what was kept for it.
    /// While the shard drains it becomes one of those that are kept for the process after this one: its row is gone.
    pub(super) fn restore(&mut self, claim: SessionClaim, kept: Kept) {
        let generation = self.serial();
        let environment = self.tables.environment(kept.environment, generation, self.now);
        let identity = Arc::clone(claim.identity());
        let index = match self.tables.session(kept.session, Some(environment)) {
            Some(index) => index,
            None => self.away(claim, environment, &kept),
        };
        for (id, route) in kept.executions {
            let known = self.tables.executions.contains_key(&id) || self.tables.retired(id).is_some();
            let Some(app) = &mut self.tables.sessions[index].app else { return };
            // A page that has started something since is further than what was kept.
            if known || app.executions.len() >= EXECUTIONS_PER_SESSION {
                continue;
            }
            app.executions.push_back(id);
            let execution =
                Execution { session: index, environment, identity: Arc::clone(&identity), route, uploaded: 0 };
            self.tables.executions.insert(id, execution);
            self.count(Count::ExecutionBound, 1);
            self.count(Count::Restored, 1);
        }
        let newer = self.take_replay(index);
        let mut frames = kept.frames.into_iter().chain(newer);
        while let Some(message) = frames.next() {
            match self.tables.sessions[index].connection {
                Some((browser, _)) if self.is_behind(browser, message.len()) => {
                    self.count(Count::DropReplay, 1 + frames.count());
                    return self.too_slow(index);
                }
                Some((browser, _)) => {
                    let connection = &mut self.connections[browser];
                    connection.diary.sent.add(message.len());
                    connection.outbox.push_shared(message);
                    self.count(Count::Replayed, 1);
                    self.charge(browser);
                    self.touch(browser);
                }
                None => self.keep(index, Payload::Owned(message)),
            }
        }
    }

    fn away(&mut self, claim: SessionClaim, environment: usize, kept: &Kept) -> usize {
        let generation = self.serial();
        let index = self.tables.add_session(Session {
            id: kept.session,
            generation,
            claim,
            connection: None,
            app: Some(App::new(environment, kept.route.clone())),
            hears: Hears::default(),
            grace_until: Some(self.now + self.parts.limits.session_grace),
            dismissed: None,
        });
        self.arm_session(index);
        index
    }
}
