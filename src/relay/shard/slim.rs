//! What a burst has needed and nobody needs any more is given back.

use std::time::{Duration, Instant};

use compose_relay_allocator::{Free, give_back};

use super::Shard;
use crate::relay::counters::Count;
use crate::relay::outbox::Spare;
use crate::tls;

/// Between two looks.
const EVERY: Duration = Duration::from_secs(1);
/// What changes as long as memory may be wanted again at once.
const WORK: [Count; 5] =
    [Count::MessagesToSdk, Count::MessagesToBrowser, Count::SdkGone, Count::AppGone, Count::HomeGone];

/// The last look.
pub(super) struct Slim {
    at: Instant,
    /// Sum of the counters of [`WORK`].
    work: u64,
    /// Nothing has happened since the shard made itself slim.
    done: bool,
}

impl Slim {
    /// Nothing has happened yet.
    pub(super) fn new(now: Instant) -> Self {
        Self { at: now, work: 0, done: true }
    }
}

impl Shard {
    /// Before the shard waits, once a second: lets the allocator give back what is free, and if nothing was forwarded and
    /// nobody has left since the last look, frees what the shard itself keeps to be quick.
    pub(super) fn slim(&mut self) {
        if self.now.saturating_duration_since(self.slim.at) < EVERY {
            return;
        }
        let work = WORK.iter().map(|count| self.parts.counters.get(*count)).sum();
        let quiet = self.slim.work == work;
        let now_slim = quiet && !self.slim.done;
        if now_slim {
            self.spare = Spare::default();
            self.strokes.slim();
            self.rests = Self::rests();
            self.tls = tls::Scratch::default();
            if self.connections.len() < self.connections.capacity() / 4 {
                self.connections.shrink_to_fit();
            }
            self.tables.slim();
        }
        self.slim = Slim { at: self.now, work, done: quiet };
        give_back(if now_slim { Free::All } else { Free::Long });
    }
}
