//! Sockets that go: what is unregistered, who is told, what is kept for a return.

use std::fmt::Display;
use std::time::Duration;

use tokio::sync::mpsc::error::TrySendError;

use super::Shard;
use super::attach::NOBODY;
use crate::relay::connection::Role;
use crate::relay::counters::Count;
use crate::relay::life::Diary;
use crate::relay::payload::Payload;
use crate::relay::table::Key;
use crate::wire::{close, server};

/// How long a close frame may take to go out and be answered.
const CLOSING: Duration = Duration::from_secs(3);

impl Shard {
    /// Starts the WebSocket closing handshake; the connection counts as gone from here on. What is queued but not begun is
    /// not sent any more.
    pub(super) fn close(&mut self, index: usize, code: u16, reason: &'static str) {
        self.close_with(index, code, reason, true);
    }

    pub(super) fn close_with(&mut self, index: usize, code: u16, reason: &'static str, abort: bool) {
        let connection = &self.connections[index];
        if connection.is_closing() {
            return;
        }
        let code = if matches!(connection.role, Role::Sdk(_)) { close::for_sdk(code) } else { code };
        self.detach(index, reason);
        self.begin_close(index, code, reason, abort);
    }

    /// The close frame of a connection that is deregistered already.
    pub(super) fn begin_close(&mut self, index: usize, code: u16, reason: &'static str, abort: bool) {
        let by = self.now + CLOSING;
        if code == close::SERVER_UPDATE {
            self.ends(index, Count::CloseUpdate);
        }
        let connection = &mut self.connections[index];
        if abort {
            connection.outbox.abort(code, reason);
        } else {
            connection.outbox.finish(code, reason);
        }
        connection.diary.code = Some(code);
        connection.hold = None;
        connection.close_by = Some(by);
        self.touch(index);
        self.list(index);
        self.arm(index);
        tracing::debug!(shard = self.parts.number, connection = index, code, reason, "closing");
    }

    /// The peer sent a close frame: answered with the same code, which ends the handshake (RFC 6455 5.5.1).
    pub(super) fn closed_by_peer(&mut self, index: usize, code: Option<u16>) {
        tracing::debug!(shard = self.parts.number, connection = index, ?code, "closed by the peer");
        self.ends(index, Count::ClosePeer);
        let is_sdk = matches!(self.connections[index].role, Role::Sdk(_));
        // An SDK's own code is what it expects back; one that gave none must still not see 1000 (relay-protocol 2.7).
        let none = if is_sdk { close::for_sdk(close::NORMAL) } else { close::NORMAL };
        self.detach(index, "closed by the peer");
        self.begin_close(index, code.unwrap_or(none), "", true);
    }

    /// The transport is gone.
    pub(super) fn leave(&mut self, index: usize, doing: &'static str, why: &dyn Display) {
        tracing::debug!(shard = self.parts.number, connection = index, doing, %why, "connection lost");
        self.ends(index, Count::CloseLost);
        self.detach(index, "connection lost");
        self.remove(index);
    }

    /// Writes down why a connection ends, unless that is known already.
    pub(super) fn ends(&mut self, index: usize, why: Count) {
        let diary = &mut self.connections[index].diary;
        if diary.reason.is_none() {
            diary.reason = Some(why);
            self.count(why, 1);
        }
    }

    /// Takes a connection out of the loop.
    pub(super) fn remove(&mut self, index: usize) {
        // The descriptor is closed with the stream, and the kernel forgets with it that it was registered.
        let connection = self.connections.remove(index);
        self.tell(&connection.diary);
    }

    /// Gives the last line of a connection to the control side, which writes it: a log that nobody reads must not hold up the
    /// loop. When many end at once and the queue is full, it does.
    fn tell(&self, diary: &Diary) {
        self.count(diary.kind.gone(), 1);
        if let Err(refused) = self.parts.lives.try_send(diary.life(self.now)) {
            let (TrySendError::Full(life) | TrySendError::Closed(life)) = refused;
            life.tell();
        }
    }

    /// Unregisters what the connection stood for. The connection itself stays until it is removed.
    fn detach(&mut self, index: usize, reason: &'static str) {
        let generation = self.connections[index].generation;
        match self.deregister(index) {
            Role::Closing => {}
            Role::Sdk(sdk) => {
                tracing::debug!(shard = self.parts.number, environment = %sdk.id, reason, "SDK left");
                self.sdk_left(sdk.environment, (index, generation));
                self.let_in(sdk.waiting);
            }
            Role::Browser(browser) => {
                self.salvage(browser.session, index);
                self.browser_left(browser.session, (index, generation));
            }
        }
    }

    fn sdk_left(&mut self, index: usize, key: Key) {
        let Some(environment) = self.tables.environments.get_mut(index) else { return };
        // D-31: only the registration of this very connection.
        if environment.sdk != Some(key) {
            return;
        }
        environment.sdk = None;
        environment.probe_by = None;
        if self.draining.is_some() {
            // Its pages are told to come back; until then they need not hear that it is away (D-46).
            return;
        }
        let (id, package) = (environment.id, environment.package.clone());
        let sessions: Vec<usize> = environment.sessions.iter().copied().collect();
        self.send_to_all(&sessions, server::sdk_offline(NOBODY, id, package.as_deref()));
        if let Some(package) = package {
            self.announce(id, package, false);
        }
        self.admit_sdk(index);
    }

    fn browser_left(&mut self, index: usize, key: Key) {
        let now = self.now;
        let Some(session) = self.tables.sessions.get_mut(index) else { return };
        if session.connection != Some(key) {
            return;
        }
        session.connection = None;
        // A home page has nothing to come back to; nor has an app page that started nothing.
        if session.app.as_ref().is_none_or(|app| app.executions.is_empty()) {
            return self.end_session(index, false);
        }
        session.grace_until = Some(now + self.parts.limits.session_grace);
        self.arm_session(index);
    }

    /// D-25: what the connection did not take is kept for the browser's return; without it the page would go on with gaps.
    pub(super) fn salvage(&mut self, session: usize, index: usize) {
        let outbox = &self.connections[index].outbox;
        let Some(app) = self.tables.sessions.get_mut(session).and_then(|session| session.app.as_mut()) else { return };
        if app.resync {
            // It starts afresh when it comes back. A slow page's queue is long: no copy of it is made to be thrown away.
            let lost = outbox.unsent_messages(|message| !is_status(message));
            self.count(Count::DropReplay, lost);
            return self.forget_replay(session);
        }
        let unsent = outbox.unsent();
        app.resync |= unsent.broken;
        // What was kept since the connection was told to close is newer.
        let newer = self.take_replay(session);
        let unsent = unsent.messages.into_iter().filter(|message| !is_status(message));
        for message in unsent.chain(newer) {
            self.keep(session, Payload::Owned(message));
        }
    }

    /// A session is gone for good: its executions end, and the SDK is told so that it frees them (A9).
    pub(super) fn end_session(&mut self, index: usize, tell_sdk: bool) {
        let id = self.tables.sessions[index].id;
        let executions = match &mut self.tables.sessions[index].app {
            Some(app) => std::mem::take(&mut app.executions),
            None => Default::default(),
        };
        for execution in executions {
            self.count(Count::ExecutionEnded, 1);
            let Some(bound) = self.tables.retire(execution, self.now) else { continue };
            let environment = &self.tables.environments[bound.environment];
            if let (true, Some((sdk, _))) = (tell_sdk, environment.sdk) {
                let frame = server::browser_session_ended(environment.id, id, execution);
                self.send_made(sdk, &frame);
            }
        }
        self.take_replay(index);
        // A page that was told to close is read on without being the session's connection.
        if let Some(dismissed) = self.tables.sessions[index].dismissed
            && self.connection(dismissed).is_some_and(|connection| connection.browser().is_some())
        {
            self.deregister(dismissed.0);
        }
        self.tables.remove_session(index);
    }
}

/// Status frames are made anew for a new connection.
fn is_status(message: &[u8]) -> bool {
    message.first().is_some_and(u8::is_ascii_digit)
}
