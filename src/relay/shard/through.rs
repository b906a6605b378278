//! Large messages that lie whole in the scratch buffer: written from there, without a copy.
//!
//! They are in the processor's cache now; a copy in a queue is not any more at the end of the turn. A run of them for one
//! destination leaves in one write, as soon as something else comes or the buffer is decoded. What the destination does not
//! take goes into its queue.

use std::io::{IoSlice, Write as _};
use std::ops::Range;

use crate::relay::codec::reheader;
use crate::relay::connection::Role;
use crate::relay::outbox::FRAGMENT;
use crate::relay::payload::Payload;
use crate::relay::shard::Shard;
use crate::relay::table::Key;

/// From this size on a write for every read costs less than a copy.
pub(super) const THROUGH: usize = 8 * 1024;

/// Frames in one write.
const SLICES: usize = 16;

/// A frame with its server header that waits in the scratch buffer.
pub(super) struct Waiting {
    to: Key,
    at: Range<usize>,
}

impl Shard {
    /// Gives a connection a message: at once from the scratch buffer if it is large and nothing is in its way, else by its
    /// queue.
    pub(super) fn hand_over(&mut self, to: usize, payload: Payload<'_>) {
        let connection = &mut self.connections[to];
        let payload = match payload {
            // Its control frames shall not have to wait for all of it.
            Payload::InPlace { .. } if payload.bytes().len() > FRAGMENT => Payload::Owned(payload.into_bytes()),
            payload => payload,
        };
        match payload {
            Payload::InPlace { frame, payload_at }
                if frame.len() >= THROUGH
                    && connection.outbox.is_vacant()
                    && !connection.blocked
                    && connection.stream.unsent() == 0 =>
            {
                let length = reheader(frame, payload_at).len();
                let end = self.frame_at + frame.len();
                self.through.push(Waiting { to: (to, connection.generation), at: end - length..end });
            }
            payload => payload.push(&mut connection.outbox, &mut self.spare),
        }
    }

    /// Writes what waits in `decoded`, the front of the scratch buffer.
    pub(super) fn settle(&mut self, decoded: &[u8]) {
        let mut through = std::mem::take(&mut self.through);
        for run in through.chunk_by(|one, next| one.to == next.to) {
            let Some(connection) = self.connections.get_mut(run[0].to.0).filter(|it| it.generation == run[0].to.1)
            else {
                continue;
            };
            let mut slices = [IoSlice::new(&[]); SLICES];
            let frames = run.iter().map(|frame| &decoded[frame.at.clone()]);
            let count =
                slices.iter_mut().zip(frames.clone()).map(|(slice, frame)| *slice = IoSlice::new(frame)).count();
            // Something may have come in the way meanwhile. An error comes again with the next write, where it is dealt with.
            let mut taken = match connection.outbox.is_vacant() {
                true => connection.stream.writer(&mut self.tls).write_vectored(&slices[..count]).unwrap_or(0),
                false => 0,
            };
            for frame in frames {
                if taken < frame.len() {
                    connection.outbox.borrow(&mut self.spare);
                }
                match taken {
                    0 => connection.outbox.push_framed(frame),
                    part if part < frame.len() => connection.outbox.push_rest(frame, part),
                    _ => {}
                }
                taken = taken.saturating_sub(frame.len());
            }
            // What waits for an SDK has a mark of its own, and is no matter of its pages.
            if matches!(self.connections[run[0].to.0].role, Role::Browser(_)) {
                self.charge(run[0].to.0);
            }
        }
        through.clear();
        self.through = through;
    }
}
