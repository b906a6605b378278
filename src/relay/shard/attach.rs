//! Sockets that come in: an SDK to its environment's place, a browser to its session.

use std::sync::Arc;
use std::time::Duration;

use mio::{Interest, Token};
use tokio::sync::oneshot;

use crate::relay::audience::Hears;
use crate::relay::bucket::{Bucket, Rate};
use crate::relay::codec::Limits as DecoderLimits;
use crate::relay::connection::{Browser, Connection, Role, Sdk};
use crate::relay::counters::Count;
use crate::relay::directory::SessionClaim;
use crate::relay::life::{Diary, Kind};
use crate::relay::message::{Command, ReserveError};
use crate::relay::peer::{Page, SdkPeer, Socket};
use crate::relay::shard::{SCRATCH, Shard};
use crate::relay::stream::Stream;
use crate::relay::table::{App, Session};
use crate::wire::{EnvironmentId, Package, SessionId, close, server};

/// How long the place of an SDK is kept for one that was told that it may come.
const RESERVED: Duration = Duration::from_secs(10);
/// How long an SDK connection has to show that it lives when a successor asks (D-21).
const PROBE: Duration = Duration::from_millis(2_500);
/// Audit entries a second that one SDK may hand to the control side, and how many it may save up. The SDKs themselves stop at
/// 10,000 a minute; more would take the places of what other tenants ask.
pub(super) const AUDIT_LOGS: Rate = Rate { rate: 200.0, burst: 1_000.0 };
/// The first ping carries nothing (relay-protocol 2.8).
const FIRST_PING: &[u8] = b"";
/// Stands in a frame until it is addressed.
pub(super) const NOBODY: SessionId = SessionId::from_u128(0);

impl Shard {
    /// D-21: gives the place of an environment's SDK to one that asks, unless a living connection holds it.
    pub(super) fn reserve_sdk(&mut self, id: EnvironmentId, reply: oneshot::Sender<Result<u64, ReserveError>>) {
        if self.draining.is_some() {
            // It is let in and told to come back, which costs it less time than a refusal (relay-protocol 2.6).
            let _ = reply.send(Ok(0));
            return;
        }
        let generation = self.serial();
        let index = self.tables.environment(id, generation, self.now);
        self.tables.environments[index].waiters.push_back(reply);
        self.admit_sdk(index);
    }

    /// Answers the SDKs that wait for a place, as far as that is known.
    pub(super) fn admit_sdk(&mut self, index: usize) {
        let reservation = self.serial();
        let now = self.now;
        let Some(environment) = self.tables.environments.get_mut(index) else { return };
        if environment.waiters.is_empty() {
            return self.tables.drop_idle_environment(index);
        }
        if environment.reserved.is_some() {
            return self.arm_environment(index);
        }
        if let Some((sdk, _)) = environment.sdk {
            if environment.probe_by.is_none() {
                environment.probe_by = Some(now + PROBE);
                let connection = &mut self.connections[sdk];
                if let Some(sdk) = connection.sdk() {
                    sdk.probed = true;
                }
                connection.outbox.ping(b"probe");
                self.touch(sdk);
            }
            return self.arm_environment(index);
        }
        environment.reserved = Some((reservation, now + RESERVED));
        while let Some(waiter) = environment.waiters.pop_front() {
            if waiter.send(Ok(reservation)).is_ok() {
                return self.arm_environment(index);
            }
        }
        environment.reserved = None;
        self.tables.drop_idle_environment(index);
    }

    /// The registered SDK lives: those who wanted its place do not get it.
    pub(super) fn probe_answered(&mut self, index: usize) {
        let Some(environment) = self.tables.environments.get_mut(index) else { return };
        environment.probe_by = None;
        for waiter in environment.waiters.drain(..) {
            let _ = waiter.send(Err(ReserveError::Occupied));
        }
    }

    /// The registered SDK was asked and did not show that it lives: its successor takes the place.
    pub(super) fn probe_failed(&mut self, index: usize) {
        let Some(environment) = self.tables.environments.get_mut(index) else { return };
        environment.probe_by = None;
        if let Some((sdk, _)) = environment.sdk {
            self.ends(sdk, Count::CloseReplaced);
            self.close(sdk, close::REPLACED, "replaced by a newer connection");
        }
    }

    pub(super) fn cancel_reservation(&mut self, id: EnvironmentId, reservation: u64) {
        let Some(&index) = self.tables.environment_of.get(&id) else { return };
        let environment = &mut self.tables.environments[index];
        if environment.reserved.is_some_and(|(held, _)| held == reservation) {
            environment.reserved = None;
            self.admit_sdk(index);
        }
    }

    pub(super) fn attach_sdk(&mut self, reservation: u64, socket: Socket, peer: SdkPeer) {
        let generation = self.serial();
        let environment = self.tables.environment(peer.environment, generation, self.now);
        let known = &mut self.tables.environments[environment];
        let in_time = known.reserved.is_some_and(|(held, _)| held == reservation) && known.sdk.is_none();
        if in_time {
            known.reserved = None;
        }
        let package = Arc::new(peer.package);
        let role = Role::Sdk(Box::new(Sdk {
            environment,
            id: peer.environment,
            company: peer.company,
            key_hash: peer.key_hash,
            development: peer.development,
            waiting: std::collections::VecDeque::new(),
            turned_away: 0,
            audit_logs: Bucket::new(AUDIT_LOGS, self.now),
            probed: false,
        }));
        let limits =
            DecoderLimits { message: self.parts.limits.max_message, hard: self.parts.limits.max_message as u64 };
        let diary = Diary::new(Kind::Sdk, Some(peer.environment), self.now);
        let Some(index) = self.add(generation, socket, limits, role, diary) else {
            return self.admit_sdk(environment);
        };
        // The ping goes out first: a Node SDK sends nothing before it (relay-protocol 2.8).
        self.connections[index].outbox.ping(FIRST_PING);
        self.touch(index);
        if self.draining.is_some() {
            self.turn_back(index);
            return self.tables.drop_idle_environment(environment);
        }
        if !in_time {
            self.ends(index, Count::CloseLate);
            self.connections[index].role = Role::Closing;
            self.begin_close(index, close::REPLACED, "too late", false);
            return self.admit_sdk(environment);
        }
        let known = &mut self.tables.environments[environment];
        known.sdk = Some((index, generation));
        known.package = Some(Arc::clone(&package));
        let sessions: Vec<usize> = known.sessions.iter().copied().collect();
        let limits = self.browser_limits(self.cap(environment));
        for session in &sessions {
            let Some((browser, _)) = self.tables.sessions[*session].connection else { continue };
            self.connections[browser].decoder.set_limits(limits);
        }
        self.send_to_all(&sessions, server::sdk_online(NOBODY, peer.environment, &package));
        self.announce(peer.environment, package, true);
        // Those who wait for the place have lost it to this one.
        self.probe_answered(environment);
    }

    /// Tells all shards, this one included, about an SDK that came or went.
    pub(super) fn announce(&mut self, environment: EnvironmentId, package: Arc<Package>, online: bool) {
        for (number, shard) in self.parts.shards.iter().enumerate() {
            if number != self.parts.number {
                shard.send(Command::Status { environment, package: Arc::clone(&package), online });
            }
        }
        self.status(environment, package, online);
    }

    /// `11` to the home pages of this shard that hear of the environment.
    pub(super) fn status(&mut self, id: EnvironmentId, package: Arc<Package>, online: bool) {
        let sessions: Vec<usize> = self.tables.audiences.of(id).collect();
        if sessions.is_empty() {
            return self.tables.set_online(id, package, online);
        }
        let frame = if online {
            server::sdk_online(NOBODY, id, &package)
        } else {
            server::sdk_offline(NOBODY, id, Some(&package))
        };
        self.send_to_all(&sessions, frame);
        self.tables.set_online(id, package, online);
    }

    pub(super) fn attach_browser(&mut self, claim: SessionClaim, socket: Socket, page: Page) {
        let (environment, cap) = match &page {
            Page::App { environment, .. } => {
                let generation = self.serial();
                let index = self.tables.environment(*environment, generation, self.now);
                (Some((index, *environment)), self.cap(index))
            }
            Page::Home { .. } => (None, self.parts.limits.max_message),
        };
        let generation = self.serial();
        let [frames, bytes] = self.browser_rates().map(|rate| Bucket::new(rate, self.now));
        let role = Role::Browser(Box::new(Browser { session: usize::MAX, frames, bytes }));
        let kind = if environment.is_some() { Kind::App } else { Kind::Home };
        let diary = Diary::new(kind, environment.map(|(_, id)| id), self.now);
        let Some(index) = self.add(generation, socket, self.browser_limits(cap), role, diary) else {
            if let Some((environment, _)) = environment {
                self.tables.drop_idle_environment(environment);
            }
            return;
        };
        self.connections[index].outbox.ping(FIRST_PING);
        self.touch(index);
        if self.draining.is_some() {
            self.turn_back(index);
            if let Some((environment, _)) = environment {
                self.tables.drop_idle_environment(environment);
            }
            return;
        }
        let session = self.session(claim, page, environment);
        if let Some(browser) = self.connections[index].browser() {
            browser.session = session;
        }
        // D-22: the newer connection of the same user replaces the older at once.
        self.tables.sessions[session].grace_until = None;
        if let Some((old, _)) = self.tables.sessions[session].connection.take() {
            self.ends(old, Count::CloseReplaced);
            self.deregister(old);
            self.salvage(session, old);
            self.begin_close(old, close::REPLACED, "replaced by a newer connection", true);
        }
        self.tables.sessions[session].connection = Some((index, generation));
        if let Some((environment, _)) = environment {
            self.tables.environments[environment].pages += 1;
        }
        self.first_frames(index, session);
    }

    /// The session of a claim: the one that is there, or a new one.
    fn session(&mut self, claim: SessionClaim, page: Page, environment: Option<(usize, EnvironmentId)>) -> usize {
        let (app, company, own) = match (page, environment) {
            (Page::App { route, .. }, Some((index, _))) => (Some((index, route)), Vec::new(), None),
            (Page::Home { company, own }, _) => (None, company, own),
            (Page::App { .. }, None) => (None, Vec::new(), None),
        };
        if let Some(index) = self.tables.session(claim.session(), app.as_ref().map(|(index, _)| *index)) {
            // The claims are of the same owner; the newer one knows the newer login.
            let session = &mut self.tables.sessions[index];
            session.claim = claim;
            if let (Some(known), Some((_, route))) = (&mut session.app, app) {
                known.route = route;
            }
            self.tables.audiences.leave(index, session.hears);
            session.hears = self.tables.audiences.join(index, &company, own);
            return index;
        }
        let generation = self.serial();
        let id = claim.session();
        let index = self.tables.add_session(Session {
            id,
            generation,
            claim,
            connection: None,
            app: app.map(|(environment, route)| App::new(environment, route)),
            hears: Hears::default(),
            grace_until: None,
            dismissed: None,
        });
        self.tables.sessions[index].hears = self.tables.audiences.join(index, &company, own);
        index
    }

    /// `12` on a home page; on an app page `11`, then what was kept while the browser was away (D-25).
    fn first_frames(&mut self, index: usize, key: usize) {
        let session = &self.tables.sessions[key];
        let Some(app) = &session.app else {
            let online = &self.tables.online;
            let heard = self.tables.audiences.environments(session.hears);
            let frame = server::active_connections(heard.iter().map(|id| (id, online.contains_key(&id))));
            return self.send_made(index, &frame);
        };
        let environment = &self.tables.environments[app.environment];
        let frame = match (&environment.package, environment.sdk) {
            (Some(package), Some(_)) => server::sdk_online(session.id, environment.id, package),
            (package, _) => server::sdk_offline(session.id, environment.id, package.as_deref()),
        };
        self.send_made(index, &frame);
        let kept = self.take_replay(key);
        self.count(Count::Replayed, kept.len());
        for message in kept {
            let connection = &mut self.connections[index];
            connection.diary.sent.add(message.len());
            connection.outbox.push_shared(message);
        }
        self.charge(index);
    }

    /// Frames, and bytes, that one browser may send on.
    pub(super) fn browser_rates(&self) -> [Rate; 2] {
        let limits = &self.parts.limits;
        [limits.browser_frames_per_second, limits.browser_bytes_per_second].map(|per_second| {
            let rate = f64::from(per_second);
            // Five seconds may be saved up: a form with many fields, a page of uploads.
            Rate { rate, burst: rate * 5.0 }
        })
    }

    pub(super) fn browser_limits(&self, cap: usize) -> DecoderLimits {
        // Up to the SDK's bound a message is assembled; up to the largest bound of all it is skipped and the sender told.
        DecoderLimits { message: cap, hard: (self.parts.limits.max_message as u64).max(cap as u64) }
    }

    /// Takes a socket into the loop. None: it is already broken.
    fn add(
        &mut self,
        generation: u64,
        socket: Socket,
        limits: DecoderLimits,
        role: Role,
        diary: Diary,
    ) -> Option<usize> {
        if let Err(error) = socket.tcp.set_nonblocking(true) {
            tracing::debug!(shard = self.parts.number, %error, "socket lost before it was attached");
            return None;
        }
        if socket.leftover.len() > SCRATCH {
            // The handshake reads far less at a time, so this is no client's doing.
            tracing::error!(
                shard = self.parts.number,
                bytes = socket.leftover.len(),
                "too much was read before the hand-over"
            );
            return None;
        }
        let mut stream = mio::net::TcpStream::from_std(socket.tcp);
        let entry = self.connections.vacant_entry();
        let index = entry.key();
        if let Err(error) =
            self.parts.poll.registry().register(&mut stream, Token(index), Interest::READABLE | Interest::WRITABLE)
        {
            tracing::warn!(shard = self.parts.number, %error, "socket could not be registered");
            return None;
        }
        let opened = diary.kind.opened();
        let stream = Stream::new(stream, socket.session);
        let connection = entry.insert(Connection::new(generation, stream, limits, role, socket.place, diary));
        connection.inbound = socket.leftover;
        let second_ping = self.second_ping();
        self.connections[index].next_ping = second_ping;
        self.count(opened, 1);
        self.list(index);
        self.arm(index);
        Some(index)
    }

    /// Queues one frame to the pages of these sessions, as far as they are there: made once, and addressed to each.
    pub(super) fn send_to_all(&mut self, sessions: &[usize], mut frame: Vec<u8>) {
        for session in sessions {
            let session = &self.tables.sessions[*session];
            let Some((browser, _)) = session.connection else { continue };
            server::address(&mut frame, session.id);
            self.send_made(browser, &frame);
        }
    }

    /// Queues a frame that the server made. A browser that does not read its answers is closed when this turn ends: whoever
    /// sends one is in the middle of something.
    pub(super) fn send_made(&mut self, index: usize, frame: &[u8]) {
        if matches!(self.connections[index].role, Role::Browser(_)) && self.is_behind(index, frame.len()) {
            self.connections[index].overfull = true;
        } else {
            let connection = &mut self.connections[index];
            connection.diary.sent.add(frame.len());
            connection.outbox.push_copy(frame);
        }
        self.touch(index);
    }
}
