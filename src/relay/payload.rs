//! A message on its way: still in the scratch buffer, or assembled in memory of its own.

use bytes::Bytes;

use super::codec::reheader;
use super::outbox::{Outbox, Spare};

pub(super) enum Payload<'a> {
    /// In the scratch buffer, behind the header that the client sent; there is room for the server's.
    InPlace {
        frame: &'a mut [u8],
        payload_at: usize,
    },
    Owned(Bytes),
}

impl Payload<'_> {
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::InPlace { frame, payload_at } => &frame[*payload_at..],
            Self::Owned(bytes) => bytes,
        }
    }

    /// Appends the message to a queue; in place, nothing is allocated for it as long as there is spare memory.
    pub(super) fn push(self, outbox: &mut Outbox, spare: &mut Spare) {
        match self {
            Self::InPlace { frame, payload_at } => {
                outbox.borrow(spare);
                outbox.push_framed(reheader(frame, payload_at));
            }
            Self::Owned(bytes) => outbox.push_shared(bytes),
        }
    }

    pub(super) fn into_bytes(self) -> Bytes {
        match self {
            Self::InPlace { frame, payload_at } => Bytes::copy_from_slice(&frame[payload_at..]),
            Self::Owned(bytes) => bytes,
        }
    }
}
