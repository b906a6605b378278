//! What waits for browsers that read slowly or are away: bounded for each of them, for each environment, and in sum (D-18).

use crate::relay::counters::Count;
use crate::relay::payload::Payload;
use crate::relay::shard::Shard;
use crate::wire::close;

impl Shard {
    /// Charges a browser's environment for what is in its queue now.
    pub(super) fn charge(&mut self, index: usize) {
        let now = self.connections[index].outbox.weight();
        self.recharge(index, now);
    }

    /// A connection that is deregistered is not its environment's matter any more.
    pub(super) fn discharge(&mut self, index: usize) {
        self.recharge(index, 0);
    }

    fn recharge(&mut self, index: usize, now: usize) {
        let before = self.connections[index].charged;
        if now == before {
            return;
        }
        if let Some(environment) = self.environment_of(index) {
            self.connections[index].charged = now;
            self.add_outbound(environment, now, before);
        }
    }

    fn add_outbound(&mut self, environment: usize, more: usize, less: usize) {
        self.outbound = (self.outbound + more).saturating_sub(less);
        if let Some(environment) = self.tables.environments.get_mut(environment) {
            environment.outbound = (environment.outbound + more).saturating_sub(less);
        }
    }

    fn has_room(&self, environment: usize, size: usize) -> bool {
        // A shard's part, but any single message, however many shards there are.
        let all = (self.parts.limits.max_outbound / self.parts.limits.shards).max(self.parts.limits.max_message);
        // One environment gets a quarter at the most, but any single message.
        let each = (all / 4).max(self.parts.limits.max_message);
        self.outbound + size <= all && self.tables.environments[environment].outbound + size <= each
    }

    /// Makes room for so many bytes to one of an environment's browsers, by giving up those of its browsers that are behind
    /// the most. False: there is none to be had.
    pub(super) fn make_room(&mut self, session: usize, size: usize) -> bool {
        let Some(environment) = self.tables.sessions[session].app.as_ref().map(|app| app.environment) else {
            return false;
        };
        while !self.has_room(environment, size) {
            let sessions = self.tables.environments[environment].sessions.iter().copied();
            let worst = sessions.map(|key| (self.waiting_for(key), key)).max();
            let Some((1.., worst)) = worst else { return false };
            self.too_slow(worst);
            if worst == session {
                return false;
            }
        }
        true
    }

    /// Bytes that wait for the browser of a session.
    fn waiting_for(&self, session: usize) -> usize {
        let session = &self.tables.sessions[session];
        let queued = session.connection.map_or(0, |(index, _)| self.connections[index].charged);
        queued + session.app.as_ref().map_or(0, |app| app.replay_bytes)
    }

    /// The page does not read, or is away for too much. What waits for it is given up; its executions start afresh when it
    /// comes back.
    pub(super) fn too_slow(&mut self, session: usize) {
        self.forget_replay(session);
        if let Some(app) = &mut self.tables.sessions[session].app {
            app.resync = true;
        }
        if let Some((browser, _)) = self.tables.sessions[session].connection
            && !self.connections[browser].is_closing()
        {
            self.ends(browser, Count::CloseSlow);
            tracing::debug!(shard = self.parts.number, connection = browser, "browser does not read; closing it");
            self.close(browser, close::OVERLOADED, "too slow");
        }
    }

    /// D-25: keeps a frame for a browser that is away; with too many of them the page starts afresh when it comes back.
    pub(super) fn keep(&mut self, session: usize, payload: Payload<'_>) {
        let size = payload.bytes().len();
        let Some(app) = &self.tables.sessions[session].app else { return };
        if app.resync || app.replay_bytes + size > self.parts.limits.replay || !self.make_room(session, size) {
            self.count(Count::DropReplay, 1);
            tracing::debug!(shard = self.parts.number, size, "frame dropped: too much waits for an absent browser");
            return self.too_slow(session);
        }
        let Some(app) = &mut self.tables.sessions[session].app else { return };
        app.replay_bytes += size;
        app.replay.push(payload.into_bytes());
        let environment = app.environment;
        self.add_outbound(environment, size, 0);
    }

    /// Drops what was kept for a browser that is away.
    pub(super) fn forget_replay(&mut self, session: usize) {
        let dropped = self.take_replay(session).len();
        if dropped > 0 {
            self.count(Count::DropReplay, dropped);
        }
    }

    /// What was kept for a browser that is away; from now on it is the caller's matter.
    pub(super) fn take_replay(&mut self, session: usize) -> Vec<bytes::Bytes> {
        let Some(app) = &mut self.tables.sessions[session].app else { return Vec::new() };
        let (environment, bytes) = (app.environment, std::mem::take(&mut app.replay_bytes));
        let kept = std::mem::take(&mut app.replay);
        self.add_outbound(environment, 0, bytes);
        kept
    }
}
