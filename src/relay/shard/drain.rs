//! The end of a shard: everybody is told to come back, and nothing that was sent by then is lost (relay-protocol 7; D-46,
//! D-47).
//!
//! The pages of an environment are closed first, then its SDK. A connection that was sent its close frame is read until it
//! answers with its own: what a page had sent still goes to the SDK, and what the SDK had sent is kept for the page.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::relay::connection::Role;
use crate::relay::counters::Count;
use crate::relay::kept::Kept;
use crate::relay::message::ReserveError;
use crate::relay::shard::Shard;
use crate::relay::table::Key;
use crate::wire::close;

/// So many sockets are closed at once; more are spread, because all of them come back exactly as far apart.
const AT_ONCE: usize = 64;
/// Between two closes, unless that would be more than [`LONGEST`] or less than [`SHORTEST`] for all of them.
const PACE: Duration = Duration::from_millis(5);
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(3);
/// How long an SDK is kept for pages that were told to come back and have not answered.
const PAGES: Duration = Duration::from_secs(1);
/// How often it is looked whether they have.
const LOOK: Duration = Duration::from_millis(10);
/// How long the last connections have to take their close frames.
const LAST: Duration = Duration::from_secs(3);
const REASON: &str = "server update";

/// A shard on its way out.
pub(super) struct Draining {
    reply: oneshot::Sender<Vec<Kept>>,
    /// Not before this.
    from: Instant,
    /// Whoever is still there then is not waited for.
    by: Instant,
    /// Who is to be told when, in this order.
    closes: VecDeque<(Instant, Key)>,
    /// SDKs whose pages are on their way out, and how long they are waited for.
    sdks: Vec<(Instant, Key)>,
}

impl Draining {
    /// When there is something to do.
    pub(super) fn due(&self, now: Instant) -> Instant {
        let close = self.closes.front().map(|(at, _)| *at);
        let look = (!self.sdks.is_empty()).then_some(now + LOOK);
        let end = if now < self.from { self.from } else { self.by };
        [close, look].into_iter().flatten().fold(end, Instant::min)
    }
}

impl Shard {
    pub(super) fn drain(&mut self, linger: Duration, reply: oneshot::Sender<Vec<Kept>>) {
        let closes = self.plan();
        let last = closes.back().map_or(self.now, |(at, _)| *at);
        let by = last + PAGES + LAST;
        self.draining = Some(Draining { reply, from: self.now + linger, by, closes, sdks: Vec::new() });
        for (_, environment) in &mut self.tables.environments {
            for waiter in environment.waiters.drain(..) {
                let _ = waiter.send(Err(ReserveError::Stopping));
            }
        }
        self.drain_on();
    }

    /// Environment by environment, pages before the SDK; home pages at the end. What belongs to a small environment goes
    /// together.
    fn plan(&self) -> VecDeque<(Instant, Key)> {
        let mut order: Vec<(usize, bool, Key)> = self
            .connections
            .iter()
            .filter(|(_, connection)| !connection.is_closing())
            .map(|(index, connection)| {
                let environment = self.environment_of(index).unwrap_or(usize::MAX);
                (environment, matches!(connection.role, Role::Sdk(_)), (index, connection.generation))
            })
            .collect();
        order.sort_unstable();
        let count = u32::try_from(order.len()).unwrap_or(u32::MAX).max(1);
        let whole = if order.len() <= AT_ONCE { Duration::ZERO } else { (PACE * count).clamp(SHORTEST, LONGEST) };
        let mut closes = VecDeque::new();
        for group in order.chunk_by(|one, two| one.0 == two.0) {
            let first = closes.len();
            for (number, (_, _, key)) in group.iter().enumerate() {
                let place = if group.len() <= AT_ONCE { first } else { first + number };
                let at = whole.mul_f64(place as f64 / f64::from(count));
                closes.push_back((self.now + at, *key));
            }
        }
        closes
    }

    /// Does what is due.
    pub(super) fn drain_on(&mut self) {
        let Some(draining) = &mut self.draining else { return };
        let (mut due, mut sdks) = (Vec::new(), std::mem::take(&mut draining.sdks));
        while let Some((_, key)) = draining.closes.pop_front_if(|(at, _)| *at <= self.now) {
            due.push(key);
        }
        for key in due {
            let Some(connection) = self.connection(key) else { continue };
            match connection.role {
                Role::Sdk(_) => sdks.push((self.now + PAGES, key)),
                Role::Browser(_) => self.dismiss_browser(key),
                Role::Closing => {}
            }
        }
        sdks.retain(|(until, key)| {
            let Some(connection) = self.connection(*key) else { return false };
            let Some(environment) = connection.sdk().map(|sdk| sdk.environment) else { return false };
            let waits =
                self.now < *until && self.tables.environments.get(environment).is_some_and(|known| known.pages > 0);
            if !waits {
                self.dismiss_sdk(*key, environment);
            }
            waits
        });
        if let Some(draining) = &mut self.draining {
            draining.sdks = sdks;
        }
    }

    /// From now on the page is away; what it has sent still counts.
    fn dismiss_browser(&mut self, key: Key) {
        if let Some(session) = self.connections[key.0].browser().map(|browser| browser.session)
            && let Some(session) = self.tables.sessions.get_mut(session)
            && session.connection == Some(key)
        {
            session.connection = None;
            session.dismissed = Some(key);
        }
        self.dismiss(key.0, close::SERVER_UPDATE);
    }

    fn dismiss_sdk(&mut self, key: Key, environment: usize) {
        if let Some(environment) = self.tables.environments.get_mut(environment)
            && environment.sdk == Some(key)
        {
            environment.sdk = None;
            environment.probe_by = None;
        }
        let waiting = self.connections[key.0].sdk().map(|sdk| std::mem::take(&mut sdk.waiting)).unwrap_or_default();
        self.let_in(waiting);
        self.dismiss(key.0, close::for_sdk(close::SERVER_UPDATE));
    }

    fn dismiss(&mut self, index: usize, code: u16) {
        let by = self.now + LAST;
        self.ends(index, Count::CloseUpdate);
        let connection = &mut self.connections[index];
        connection.outbox.finish(code, REASON);
        connection.diary.code = Some(code);
        connection.close_by = Some(by);
        self.touch(index);
        self.arm(index);
        tracing::debug!(shard = self.parts.number, connection = index, code, reason = REASON, "closing");
    }

    /// Tells who came too late for the plan.
    pub(super) fn turn_back(&mut self, index: usize) {
        self.connections[index].role = Role::Closing;
        self.begin_close(index, close::SERVER_UPDATE, REASON, false);
    }

    /// Ends the shard when everybody is gone, or has had their time. True: it is over.
    pub(super) fn is_drained(&mut self) -> bool {
        let Some(draining) = &self.draining else { return false };
        // Sockets on their way in are taken, so that they are told to come back.
        let gone = self.connections.is_empty() && !self.commanded && self.now >= draining.from;
        if !gone && self.now < draining.by {
            return false;
        }
        // What does not answer has taken all that it will take.
        let rest: Vec<usize> = self.connections.iter().map(|(index, _)| index).collect();
        for index in rest {
            self.leave(index, "wait", &"the time to close is over");
        }
        let kept = self.kept();
        if let Some(draining) = self.draining.take() {
            // The hub may have stopped waiting; then nobody needs to know.
            let _ = draining.reply.send(kept);
        }
        true
    }

    /// Pages that run something and have lost nothing.
    fn kept(&self) -> Vec<Kept> {
        let sessions = self.tables.sessions.iter().filter_map(|(_, session)| {
            let app = session.app.as_ref().filter(|app| !app.resync && !app.executions.is_empty())?;
            let executions = app.executions.iter();
            Some(Kept {
                environment: self.tables.environments.get(app.environment)?.id,
                session: session.id,
                identity: session.claim.identity().clone(),
                route: app.route.clone(),
                executions: executions
                    .filter_map(|id| Some((*id, self.tables.executions.get(id)?.route.clone())))
                    .collect(),
                frames: app.replay.clone(),
            })
        });
        sessions.collect()
    }
}
