//! The two kinds of things that wait in an outbox: a run of framed bytes, and a shared payload.

use bytes::Bytes;

use super::super::codec::head;
use super::{FRAGMENT, Spare};

const BINARY: u8 = 0x02;
const CONTINUATION: u8 = 0x00;
const FIN: u8 = 0x80;

/// Below this many bytes, written or of memory, a run is not worth compacting.
const COMPACT: usize = 16 * 1024;

pub(super) enum Piece {
    Run(Run),
    Shared(Shared),
}

impl Piece {
    /// Bytes not written.
    pub fn left(&self) -> usize {
        match self {
            Self::Run(run) => run.left(),
            Self::Shared(shared) => shared.left(),
        }
    }

    pub fn held(&self) -> usize {
        match self {
            Self::Run(run) => run.held(),
            Self::Shared(shared) => shared.payload.len(),
        }
    }

    pub fn at_boundary(&self) -> bool {
        match self {
            Self::Run(run) => run.at_boundary(),
            Self::Shared(shared) => shared.written == 0,
        }
    }

    /// Of `count` written bytes takes its own, and returns how many are left for the next piece.
    pub fn advance(&mut self, count: usize) -> usize {
        match self {
            Self::Run(run) => {
                let taken = count.min(run.left());
                run.advance(taken);
                count - taken
            }
            Self::Shared(shared) => shared.advance(count),
        }
    }

    /// Drops what is not begun.
    pub fn cut(&mut self) {
        match self {
            Self::Run(run) => run.cut(),
            Self::Shared(shared) => shared.cut(),
        }
    }
}

/// Whole frames one after the other.
#[derive(Default)]
pub(super) struct Run {
    bytes: Vec<u8>,
    /// How many are written.
    at: usize,
    /// The first frame boundary that is not before `at`.
    boundary: usize,
}

impl Run {
    /// Empty, in memory that is empty too.
    #[inline]
    pub fn in_memory(bytes: Vec<u8>) -> Self {
        Self { bytes, at: 0, boundary: 0 }
    }

    /// What it lies in.
    #[inline]
    pub fn into_memory(self) -> Vec<u8> {
        self.bytes
    }

    pub fn is_empty(&self) -> bool {
        self.at == self.bytes.len()
    }

    pub fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Bytes written and not written.
    #[inline]
    pub fn length(&self) -> usize {
        self.bytes.len()
    }

    pub fn held(&self) -> usize {
        self.bytes.capacity()
    }

    pub fn at_boundary(&self) -> bool {
        self.at == self.boundary
    }

    /// Makes room for `more` bytes.
    #[inline]
    pub fn reserve(&mut self, more: usize) {
        self.bytes.reserve(more);
    }

    #[inline]
    pub fn append(&mut self, frames: &[u8]) {
        self.bytes.extend_from_slice(frames);
    }

    /// What is to be written next; only up to the end of the frame being written, if that is asked for.
    pub fn next(&self, frame_only: bool) -> &[u8] {
        &self.bytes[self.at..if frame_only { self.boundary } else { self.bytes.len() }]
    }

    #[inline]
    pub fn advance(&mut self, count: usize) {
        self.at += count;
        if self.at == self.bytes.len() {
            self.boundary = self.at;
        }
        // Each frame's head is passed once, and only if the run was not written in one go.
        while self.boundary < self.at {
            self.boundary += frame_length(&self.bytes[self.boundary..]);
        }
        self.boundary = self.boundary.min(self.bytes.len());
    }

    /// The payloads of the frames that are not begun.
    pub fn unsent(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = &self.bytes[self.boundary..];
        std::iter::from_fn(move || {
            let head = match rest.get(1)? {
                126 => 4,
                127 => 10,
                _ => 2,
            };
            let (frame, others) = rest.split_at(frame_length(rest));
            rest = others;
            Some(&frame[head..])
        })
    }

    /// Keeps only the rest of the frame being written.
    pub fn cut(&mut self) {
        self.bytes.truncate(self.boundary);
    }

    /// Gives back memory that is mostly waste, else moves what is left to the front once that is less than what is written: so
    /// every byte is moved at most once for each byte written, and at most three quarters of the memory are waste, be it
    /// because a long queue has become short or because more was borrowed than was needed.
    pub fn compact(&mut self, spare: &mut Spare) {
        if self.held() > COMPACT && self.left() < self.held() / 4 {
            let rest = self.bytes[self.at..].to_vec();
            spare.give(std::mem::replace(&mut self.bytes, rest));
        } else if self.at >= COMPACT && self.at >= self.left() {
            self.bytes.drain(..self.at);
        } else {
            return;
        }
        self.boundary -= self.at;
        self.at = 0;
    }
}

/// Length of the server frame in front of `bytes`, which holds its head.
fn frame_length(bytes: &[u8]) -> usize {
    match bytes {
        [_, 126, high, low, ..] => 4 + usize::from(u16::from_be_bytes([*high, *low])),
        [_, 127, length @ ..] => match length.first_chunk() {
            // The frame lies in memory, so its length fits.
            Some(length) => 10 + u64::from_be_bytes(*length) as usize,
            None => bytes.len(),
        },
        [_, length, ..] => 2 + usize::from(*length),
        _ => bytes.len(),
    }
}

/// One message by reference, cut into fragments as it is written.
pub(super) struct Shared {
    payload: Bytes,
    /// Where the current fragment begins in the payload.
    start: usize,
    head: [u8; 10],
    head_length: usize,
    /// Written bytes of the current fragment, its head included.
    written: usize,
    /// All bytes not written, with the heads of the fragments to come.
    left: usize,
}

impl Shared {
    pub fn new(payload: Bytes) -> Self {
        let (whole, rest) = (payload.len() / FRAGMENT, payload.len() % FRAGMENT);
        let heads = whole * head::server(0, FRAGMENT).1 + if rest > 0 { head::server(0, rest).1 } else { 0 };
        let left = payload.len() + heads;
        let mut shared = Self { payload, start: 0, head: [0; 10], head_length: 0, written: 0, left };
        shared.write_head();
        shared
    }

    pub fn left(&self) -> usize {
        self.left
    }

    /// Length of the current fragment's payload.
    fn length(&self) -> usize {
        (self.payload.len() - self.start).min(FRAGMENT)
    }

    /// Whether the current fragment is the last.
    pub fn is_last(&self) -> bool {
        self.start + self.length() == self.payload.len()
    }

    fn write_head(&mut self) {
        let opcode = if self.start == 0 { BINARY } else { CONTINUATION };
        let fin = if self.is_last() { FIN } else { 0 };
        (self.head, self.head_length) = head::server(fin | opcode, self.length());
    }

    /// The current fragment's unwritten rest: head, which may be empty, and payload, which is not.
    pub fn next(&self) -> (&[u8], &[u8]) {
        let head = &self.head[self.written.min(self.head_length)..self.head_length];
        let from = self.start + self.written.saturating_sub(self.head_length);
        (head, &self.payload[from..self.start + self.length()])
    }

    pub fn advance(&mut self, mut count: usize) -> usize {
        while count > 0 && self.left > 0 {
            let taken = count.min(self.head_length + self.length() - self.written);
            self.written += taken;
            self.left -= taken;
            count -= taken;
            if self.written == self.head_length + self.length() {
                self.start += self.length();
                self.written = 0;
                self.write_head();
            }
        }
        count
    }

    /// Bytes of the whole message.
    pub fn size(&self) -> usize {
        self.payload.len()
    }

    /// The message from its beginning, however much of it is written.
    pub fn whole(&self) -> Bytes {
        self.payload.clone()
    }

    /// Keeps only the rest of the fragment being written. The message then never ends, which only a close frame may follow.
    pub fn cut(&mut self) {
        let kept = if self.written == 0 { 0 } else { self.length() };
        // A copy, at most a fragment: a slice would keep the whole message in memory until the close frame is out.
        self.payload = Bytes::copy_from_slice(&self.payload[self.start..self.start + kept]);
        self.start = 0;
        self.left = if kept == 0 { 0 } else { self.head_length + kept - self.written };
    }
}
