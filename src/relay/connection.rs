//! One socket of a shard: its stream, codec, queue and clocks. What it means is in its role.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;
use uuid::Uuid;

use super::bucket::{Bucket, Rate};
use super::codec::{Decoder, Limits as DecoderLimits};
use super::life::Diary;
use super::outbox::Outbox;
use super::stream::Stream;
use crate::wire::{EnvironmentId, ExecutionId, LastIds};

/// A connection from which nothing was heard, and to which nothing could be written, for this long is dead. The Python SDK
/// does not answer pings while a synchronous handler computes, so it must be well over 20 s (relay-protocol 2.8).
pub(super) const SILENCE: Duration = Duration::from_secs(40);

/// Frames over the rules of A5 that a connection may save up, and how many a second are forgiven.
pub(super) const OFFENCES: Rate = Rate { rate: 0.2, burst: 32.0 };

/// Why a socket is not read for now.
pub(super) enum Hold {
    /// The SDK's queue is over its mark.
    Sdk,
    /// The sender is over its rate.
    Rate { until: Instant },
    /// A START_EXECUTION waits for its verdict; what follows must not overtake it.
    Verdict { start: Box<PendingStart>, until: Instant },
}

pub(super) struct PendingStart {
    pub(super) serial: u64,
    pub(super) execution: ExecutionId,
    pub(super) route: Box<str>,
    pub(super) message: Bytes,
}

pub(super) struct Sdk {
    /// Slab index of its environment.
    pub(super) environment: usize,
    pub(super) id: EnvironmentId,
    pub(super) company: Uuid,
    pub(super) key_hash: Box<str>,
    pub(super) development: bool,
    /// Browsers that wait for room in the queue, oldest first.
    pub(super) waiting: VecDeque<(usize, u64)>,
    /// How many of these, at the front, were not let in at all since the queue last had room.
    pub(super) turned_away: usize,
    pub(super) audit_logs: Bucket,
    /// A successor asked whether this one still lives (D-21); the next byte is the answer.
    pub(super) probed: bool,
}

pub(super) struct Browser {
    /// Slab index of its session.
    pub(super) session: usize,
    pub(super) frames: Bucket,
    pub(super) bytes: Bucket,
}

pub(super) enum Role {
    Sdk(Box<Sdk>),
    Browser(Box<Browser>),
    /// Deregistered; only its close frame is still to go out.
    Closing,
}

pub(super) struct Connection {
    /// Tells a later user of the same slab index apart (D-31).
    pub(super) generation: u64,
    pub(super) stream: Stream,
    /// Dropped with the connection.
    _place: Box<dyn Send>,
    pub(super) decoder: Decoder,
    /// What the decoder holds, as far as it is counted against the bounds.
    pub(super) held: usize,
    pub(super) outbox: Outbox,
    /// Read but not decoded: the start of a small frame, or what came behind a frame that made it wait.
    pub(super) inbound: Vec<u8>,
    pub(super) role: Role,
    /// Only of a connection that has sent something.
    pub(super) ids: Option<Box<LastIds>>,
    /// The kernel may have more for us (events are edge-triggered).
    pub(super) readable: bool,
    /// The peer announced its end; it comes behind what is still to be read.
    pub(super) ended: bool,
    /// Stands in the shard's ready list.
    pub(super) listed: bool,
    /// Stands in the shard's dirty list.
    pub(super) dirty: bool,
    /// A browser that does not read was to get a frame of the server's own; it is closed at the end of the turn.
    pub(super) overfull: bool,
    /// Bytes of a browser's queue that its environment was charged for.
    pub(super) charged: usize,
    /// The kernel's buffer was full at the last write.
    pub(super) blocked: bool,
    pub(super) hold: Option<Hold>,
    pub(super) last_alive: Instant,
    pub(super) next_ping: Instant,
    /// When its timer is set for.
    pub(super) armed: Option<Instant>,
    pub(super) close_by: Option<Instant>,
    pub(super) offences: Bucket,
    pub(super) diary: Diary,
}

impl Connection {
    pub(super) fn new(
        generation: u64,
        stream: Stream,
        limits: DecoderLimits,
        role: Role,
        place: Box<dyn Send>,
        diary: Diary,
    ) -> Self {
        let now = diary.opened;
        Self {
            generation,
            stream,
            _place: place,
            decoder: Decoder::new(limits),
            held: 0,
            outbox: Outbox::new(),
            inbound: Vec::new(),
            role,
            ids: None,
            readable: true,
            ended: false,
            listed: false,
            dirty: false,
            overfull: false,
            blocked: false,
            charged: 0,
            hold: None,
            last_alive: now,
            next_ping: now,
            armed: None,
            close_by: None,
            offences: Bucket::new(OFFENCES, now),
            diary,
        }
    }

    pub(super) fn is_closing(&self) -> bool {
        matches!(self.role, Role::Closing)
    }

    pub(super) fn sdk(&mut self) -> Option<&mut Sdk> {
        match &mut self.role {
            Role::Sdk(sdk) => Some(sdk),
            _ => None,
        }
    }

    pub(super) fn browser(&mut self) -> Option<&mut Browser> {
        match &mut self.role {
            Role::Browser(browser) => Some(browser),
            _ => None,
        }
    }

    /// When something is to be done for this connection without a byte from it.
    pub(super) fn due(&self) -> Instant {
        if let Some(by) = self.close_by {
            return match &self.hold {
                Some(Hold::Rate { until } | Hold::Verdict { until, .. }) => by.min(*until),
                Some(Hold::Sdk) | None => by,
            };
        }
        let due = self.next_ping.min(self.last_alive + SILENCE);
        match &self.hold {
            // A socket that we do not read cannot show that it lives.
            Some(Hold::Sdk) => self.next_ping,
            Some(Hold::Rate { until } | Hold::Verdict { until, .. }) => self.next_ping.min(*until),
            None => due,
        }
    }
}
