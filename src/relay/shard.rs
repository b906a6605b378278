//! One thread of the relay: it owns whole environments, so that a browser, its SDK and their queues never leave it.
//!
//! A turn of the loop: wait for sockets and commands; read each ready socket within a budget, appending what is to be
//! forwarded to the queues of the destinations; do what is due by the clock; then write each touched queue once.

mod attach;
mod command;
mod drain;
mod from_browser;
mod from_sdk;
mod leave;
mod measure;
mod outbound;
mod read;
mod restore;
mod slim;
mod snapshot;
mod through;
mod timers;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token, Waker};
use slab::Slab;
use tokio::sync::mpsc;

use self::drain::Draining;
use self::timers::Timer;
use super::codec::SMALL;
use super::connection::{Connection, Hold};
use super::counters::{Count, Counters};
use super::hub::ShardHandle;
use super::life::Life;
use super::message::{Command, Request};
use super::outbox::{Spare, State};
use super::peer::Limits;
use super::strokes::Strokes;
use super::table::{Key, Tables};
use crate::tls;

/// Token of the waker; slab indexes stay far below it.
const WAKE: Token = Token(usize::MAX);
/// Socket bytes that are decoded at a time; stays in the second-level cache, and takes a run of 64 KiB with its headers in
/// one read. A held socket's rest fits in it too.
pub(super) const SCRATCH: usize = 96 << 10;
/// Longest wait without anything due, so that a lost timer could never stop the clock, and memory that was freed last is given
/// back soon.
const IDLE_WAIT: Duration = Duration::from_secs(2);

/// Connections that end, in one turn: one costs some 20 µs.
const ENDING: usize = 16;

/// What a shard is made from.
pub(super) struct Parts {
    pub(super) number: usize,
    pub(super) limits: Limits,
    pub(super) poll: Poll,
    pub(super) commands: Receiver<Command>,
    /// Set by who sends a command and wakes us for it.
    pub(super) told: Arc<AtomicBool>,
    pub(super) requests: mpsc::Sender<Request>,
    /// All shards, this one included.
    pub(super) shards: Vec<ShardHandle>,
    pub(super) counters: Arc<Counters>,
    /// Partly received bytes of all connections of all shards; touched only when a large message grows or ends.
    pub(super) held: Arc<AtomicUsize>,
    /// Takes the last line of each socket.
    pub(super) lives: mpsc::Sender<Life>,
}

pub(super) struct Shard {
    parts: Parts,
    connections: Slab<Connection>,
    tables: Tables,
    /// Connections that may have more to read, in order.
    ready: Vec<Key>,
    /// Connections whose end was told, in order; what they have sent before it is not read yet.
    ending: VecDeque<Key>,
    /// There may be more commands than were taken in this turn.
    commanded: bool,
    /// Connections whose queue was touched in this turn.
    dirty: Vec<usize>,
    /// What is due by the clock: pings on its strokes, the rest in a heap.
    strokes: Strokes<Key>,
    timers: BinaryHeap<Reverse<(Instant, Timer)>>,
    scratch: Box<[u8]>,
    /// Where the frame that is being handled begins in `scratch`.
    frame_at: usize,
    /// Frames in `scratch` that are not written yet.
    through: Vec<through::Waiting>,
    /// Memory for the queues of busy connections.
    spare: Spare,
    /// Memory for frames that came in part. A whole one is small; a peer that sends half a frame can hold no more than that.
    rests: Spare,
    /// Memory for TLS; empty as long as no socket has it.
    tls: tls::Scratch,
    /// The start of this turn.
    now: Instant,
    /// How long the last turn took, waiting left out.
    busy: Duration,
    /// Source of generations, serials and reservation numbers.
    next: u64,
    /// Bytes that wait for browsers, in queues and for their return.
    outbound: usize,
    /// When it last looked for memory that nobody needs.
    slim: slim::Slim,
    /// Set while the shard waits for its last connections to go.
    draining: Option<Draining>,
}

impl Shard {
    pub(super) fn new(parts: Parts) -> Self {
        let now = Instant::now();
        Self {
            parts,
            connections: Slab::new(),
            tables: Tables::default(),
            ready: Vec::new(),
            ending: VecDeque::new(),
            commanded: false,
            dirty: Vec::new(),
            strokes: Strokes::new(now),
            timers: BinaryHeap::new(),
            scratch: vec![0; SCRATCH].into_boxed_slice(),
            frame_at: 0,
            through: Vec::new(),
            spare: Spare::default(),
            rests: Self::rests(),
            tls: tls::Scratch::default(),
            now,
            busy: Duration::ZERO,
            next: 1,
            outbound: 0,
            slim: slim::Slim::new(now),
            draining: None,
        }
    }

    /// Room for frames that came in part.
    fn rests() -> Spare {
        Spare::up_to(2 * SMALL)
    }

    /// Registers the token that wakes the loop for a command.
    pub(super) fn waker(poll: &Poll) -> io::Result<Waker> {
        Waker::new(poll.registry(), WAKE)
    }

    /// Runs until it was drained and its last connection is gone.
    pub(super) fn run(mut self) {
        let mut events = Events::with_capacity(1024);
        let mut turn = Vec::new();
        loop {
            self.bulkhead(Self::slim, None);
            if let Err(error) = self.parts.poll.poll(&mut events, Some(self.wait()))
                && error.kind() != io::ErrorKind::Interrupted
            {
                // Only a broken epoll descriptor gets here; going on is better than leaving every tenant of this shard.
                tracing::error!(shard = self.parts.number, %error, "waiting for sockets failed");
                std::thread::sleep(Duration::from_millis(10));
            }
            self.now = Instant::now();
            for event in &events {
                let Token(index) = event.token();
                if event.token() == WAKE {
                    continue;
                }
                let Some(connection) = self.connections.get_mut(index) else { continue };
                if event.is_read_closed() || event.is_error() {
                    connection.readable = true;
                    connection.ended = true;
                    self.ending.push_back((index, connection.generation));
                } else if event.is_readable() {
                    connection.readable = true;
                    self.list(index);
                }
                if event.is_writable() {
                    self.touch(index);
                }
            }
            self.bulkhead(Self::take_commands, None);
            self.list_ending();
            std::mem::swap(&mut turn, &mut self.ready);
            for (index, generation) in turn.drain(..) {
                if let Some(connection) = self.connection((index, generation)) {
                    connection.listed = false;
                    self.bulkhead(|shard| shard.read(index), Some((index, generation)));
                }
            }
            self.bulkhead(Self::fire_timers, None);
            self.bulkhead(Self::drain_on, None);
            self.bulkhead(Self::flush, None);
            self.parts.counters.set(Count::Allocation, compose_relay_allocator::asked());
            self.busy = self.now.elapsed();
            if self.is_drained() {
                return;
            }
        }
    }

    /// A panic is a mistake of ours; it must cost the connection that met it, and nobody else of this shard but for large
    /// frames that it had just sent to others.
    fn bulkhead(&mut self, work: impl FnOnce(&mut Self), culprit: Option<Key>) {
        if catch_unwind(AssertUnwindSafe(|| work(self))).is_ok() {
            return;
        }
        self.count(Count::Panic, 1);
        tracing::error!(
            shard = self.parts.number,
            connection = culprit.map(|key| key.0),
            "a panic in the relay; going on"
        );
        self.through.clear();
        if self.scratch.is_empty() {
            self.scratch = vec![0; SCRATCH].into_boxed_slice();
        }
        if let Some(key) = culprit
            && self.connection(key).is_some()
        {
            self.ends(key.0, Count::ClosePanic);
            let leave = |shard: &mut Self| shard.leave(key.0, "read", &"a panic");
            if catch_unwind(AssertUnwindSafe(|| leave(self))).is_err() && self.connection(key).is_some() {
                self.remove(key.0);
            }
        }
    }

    fn wait(&self) -> Duration {
        if !self.ready.is_empty() || !self.ending.is_empty() || !self.dirty.is_empty() || self.commanded {
            return Duration::ZERO;
        }
        let timer = self.timers.peek().map(|Reverse((at, _))| *at);
        let drain = self.draining.as_ref().map(|draining| draining.due(self.now));
        match timer.into_iter().chain(self.strokes.next()).chain(drain).min() {
            Some(at) => at.saturating_duration_since(Instant::now()).min(IDLE_WAIT),
            None => IDLE_WAIT,
        }
    }

    fn count(&self, count: Count, n: usize) {
        self.parts.counters.add(count, n);
    }

    fn serial(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Puts a connection on the list of those to be read in the next pass.
    fn list(&mut self, index: usize) {
        let connection = &mut self.connections[index];
        if !connection.listed {
            connection.listed = true;
            self.ready.push((index, connection.generation));
        }
    }

    /// Puts some of the connections that end on that list. When thousands end at once, frames pass between them.
    fn list_ending(&mut self) {
        for _ in 0..ENDING {
            let Some((index, generation)) = self.ending.pop_front() else { break };
            if self.connection((index, generation)).is_some() {
                self.list(index);
            }
        }
    }

    /// Marks a connection whose queue is to be written at the end of the turn.
    fn touch(&mut self, index: usize) {
        let connection = &mut self.connections[index];
        if !connection.dirty {
            connection.dirty = true;
            self.dirty.push(index);
        }
    }

    /// The connection that a key names, if it is still that one.
    fn connection(&mut self, key: Key) -> Option<&mut Connection> {
        self.connections.get_mut(key.0).filter(|connection| connection.generation == key.1)
    }

    /// Lifts a hold, so that the connection is read again.
    fn resume(&mut self, index: usize) {
        let connection = &mut self.connections[index];
        connection.hold = None;
        // It was not read, so it could not show that it lives.
        connection.last_alive = self.now;
        self.list(index);
    }

    fn flush(&mut self) {
        // Leaving may touch further queues (status frames), which then join this very pass.
        let mut again = Vec::new();
        while let Some(index) = self.dirty.pop() {
            let Some(connection) = self.connections.get_mut(index) else { continue };
            connection.dirty = false;
            if std::mem::take(&mut connection.overfull)
                && let Some(session) = connection.browser().map(|browser| browser.session)
            {
                // This touches it again, for its close frame.
                self.too_slow(session);
                continue;
            }
            let waited = connection.stream.unsent();
            if connection.outbox.is_empty() && waited == 0 {
                continue;
            }
            let flushed = connection.stream.flush();
            let mut writer = connection.stream.writer(&mut self.tls);
            match flushed.and_then(|()| connection.outbox.write_to(&mut writer, &mut self.spare)) {
                Ok(progress) => {
                    let waits = connection.stream.unsent();
                    // Room in a kernel buffer that was full is the peer's doing; room in one that was not says nothing.
                    let taken = connection.blocked && (progress.written > 0 || waits < waited);
                    if taken {
                        connection.last_alive = self.now;
                    }
                    connection.blocked = progress.state == State::Blocked || waits > 0;
                    if taken {
                        self.heard(index);
                    }
                    if self.connections[index].charged > 0 {
                        self.charge(index);
                    }
                    let connection = &mut self.connections[index];
                    if connection.outbox.is_finished() {
                        // The peer still gets what the kernel holds; then it sees the end. As long as the kernel does not
                        // take our last bytes, its next event leads here again.
                        if connection.stream.finish(&mut self.tls).is_err() {
                            self.remove(index);
                        }
                        continue;
                    }
                    if progress.state == State::Yielded {
                        again.push(index);
                    }
                    if progress.state == State::Drained || connection.outbox.queued() < self.parts.limits.sdk_outbox / 2
                    {
                        self.admit_waiting(index);
                    }
                }
                Err(error) => self.leave(index, "write", &error),
            }
        }
        // The socket takes more; the others come first.
        for index in again {
            if self.connections.contains(index) {
                self.touch(index);
            }
        }
    }

    /// Lets browsers send again that waited for room in this SDK's queue, oldest first.
    fn admit_waiting(&mut self, index: usize) {
        let Some(sdk) = self.connections[index].sdk() else { return };
        if sdk.waiting.is_empty() {
            return;
        }
        sdk.turned_away = 0;
        let waiting = std::mem::take(&mut sdk.waiting);
        self.let_in(waiting);
    }

    /// Ends the wait of browsers for an SDK.
    fn let_in(&mut self, waiting: VecDeque<Key>) {
        for key in waiting {
            if self.connection(key).is_some_and(|browser| matches!(browser.hold, Some(Hold::Sdk))) {
                self.resume(key.0);
            }
        }
    }
}
