//! What waits to be written to one client, already framed: small frames in one growing run, large payloads by reference.
//!
//! Many small frames leave in one write. A payload of more than [`FRAGMENT`] bytes leaves in fragments, so that a ping or
//! pong has to wait for at most one fragment, however much is queued (D-28). Nothing here bounds the queue: the owner looks
//! at [`Outbox::queued`] and decides what being slow means.

mod piece;
mod spare;
mod unsent;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::io::{self, ErrorKind, IoSlice, Write};

use bytes::Bytes;

use self::piece::{Piece, Run, Shared};
use super::codec::head;

pub use self::spare::Spare;
pub use self::unsent::Unsent;

/// Payloads of more bytes than this leave in fragments of this size.
pub const FRAGMENT: usize = 64 * 1024;

/// From this size on a payload is kept by reference; below, copying it is cheaper than a slice of its own in the write.
pub const SHARE: usize = 16 * 1024;

/// How much one call of [`Outbox::write_to`] writes at most, give or take a fragment, so that one fast reader with a long
/// queue does not hold up everybody else.
pub const TURN: usize = 1024 * 1024;

/// A run of small frames takes no more than this, unless one write does: a long queue must not move as it grows.
const RUN: usize = 512 * 1024;

/// Slices per vectored write.
const SLICES: usize = 32;

const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;

/// Longest payload of a control frame.
const CONTROL: usize = 125;

/// Everything that waits to be written to one client. `Debug` shows sizes only.
#[derive(Default)]
pub struct Outbox {
    /// What goes before `tail`. Empty as long as only small frames are pushed.
    pieces: VecDeque<Piece>,
    /// Takes the small frames.
    tail: Run,
    /// Bytes of `pieces` and `tail` that are not written, with all headers.
    queued: usize,
    /// The client did not take all of it the last time.
    blocked: bool,
    /// A control frame, or two, being written; only ever non-empty between two data frames.
    control: Cow<'static, [u8]>,
    control_at: usize,
    /// Control frames that wait for the end of the data frame being written; empty: none.
    ping: Cow<'static, [u8]>,
    pong: Cow<'static, [u8]>,
    closing: Closing,
}

#[derive(Default)]
enum Closing {
    #[default]
    No,
    /// This close frame goes after everything queued.
    Waiting(Vec<u8>),
    /// It is what `control` holds.
    Begun,
    Done,
}

/// What one call of [`Outbox::write_to`] achieved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes written, headers and control frames included.
    pub written: usize,
    /// Why it stopped.
    pub state: State,
}

/// Why [`Outbox::write_to`] stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Everything is written.
    Drained,
    /// The socket takes no more: call again when it is writable.
    Blocked,
    /// [`TURN`] bytes are written and the socket may take more: call again in the next turn, no event will tell.
    Yielded,
}

impl Outbox {
    /// Empty; allocates nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes of messages not yet written, with their headers; control frames are not counted (at most some 400 bytes).
    #[must_use]
    pub fn queued(&self) -> usize {
        self.queued
    }

    /// What waits beside the largest message, once one of `more` bytes is added: how far the client is behind. A large message
    /// alone puts nobody behind. A run that is full counts with its memory, at most twice what waits in it.
    #[must_use]
    pub fn behind(&self, more: usize) -> usize {
        let (mut held, mut largest) = (self.tail.left() + more, more);
        for piece in &self.pieces {
            let left = piece.left();
            match piece {
                Piece::Run(run) => held += run.held().min(2 * left),
                Piece::Shared(_) => (held, largest) = (held + left, largest.max(left)),
            }
        }
        held - largest
    }

    /// Memory held for messages, in bytes: capacity of the runs, and the whole of each shared payload.
    #[must_use]
    pub fn held(&self) -> usize {
        self.pieces.iter().map(Piece::held).sum::<usize>() + self.tail.held()
    }

    /// What is queued, and of the message being written also the part that is written: it is freed as a whole.
    #[must_use]
    pub fn weight(&self) -> usize {
        match self.pieces.front() {
            Some(Piece::Shared(shared)) => self.queued + shared.size().saturating_sub(shared.left()),
            _ => self.queued,
        }
    }

    /// Whether there is nothing to write, control frames included.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queued == 0
            && self.control.is_empty()
            && self.ping.is_empty()
            && self.pong.is_empty()
            && !matches!(self.closing, Closing::Waiting(_))
    }

    /// Whether a frame pushed now would be the next thing to write.
    #[must_use]
    pub fn is_vacant(&self) -> bool {
        self.is_empty() && !self.closing()
    }

    /// Takes memory for small frames, if nothing is queued and some lies spare. Without this the queue makes its own.
    #[inline]
    pub fn borrow(&mut self, spare: &mut Spare) {
        if self.tail.held() == 0 && self.pieces.is_empty() {
            self.tail = Run::in_memory(spare.take());
        }
    }

    /// Queues whole frames that already have their server headers, by copying them. Ignored once closing.
    #[inline]
    pub fn push_framed(&mut self, frames: &[u8]) {
        if !self.closing() {
            self.make_room(frames.len());
            self.tail.append(frames);
            self.queued += frames.len();
        }
    }

    /// As [`Outbox::push_framed`], of frames whose first `taken` bytes are written already. Only with nothing queued.
    pub fn push_rest(&mut self, frames: &[u8], taken: usize) {
        self.push_framed(frames);
        self.advance(taken);
    }

    /// Makes room for small frames: in the run there is, or in a new one.
    #[inline]
    fn make_room(&mut self, more: usize) {
        if self.tail.length() + more > self.tail.held().min(RUN) {
            self.make_more_room(more);
        }
    }

    fn make_more_room(&mut self, more: usize) {
        // What the run of a blocked queue outgrows would be free, and nobody takes it.
        let stays = self.blocked && self.tail.length() >= FRAGMENT;
        if (stays || self.tail.length() + more > RUN) && !self.tail.is_empty() {
            // More will come, and what is not used costs no memory.
            let next = Run::in_memory(Vec::with_capacity(RUN.max(more)));
            self.pieces.push_back(Piece::Run(std::mem::replace(&mut self.tail, next)));
        }
        self.tail.reserve(more);
    }

    /// Queues a binary message by copying it. Ignored once closing.
    #[inline]
    pub fn push_copy(&mut self, payload: &[u8]) {
        if payload.len() > FRAGMENT {
            self.push_shared(Bytes::copy_from_slice(payload));
        } else if !self.closing() {
            let (head, length) = head::server(head::BINARY_FIN, payload.len());
            self.make_room(length + payload.len());
            self.tail.append(&head[..length]);
            self.tail.append(payload);
            self.queued += length + payload.len();
        }
    }

    /// Queues a binary message; one of [`SHARE`] bytes or more is not copied, and freed when its last byte is written.
    /// Ignored once closing.
    pub fn push_shared(&mut self, payload: Bytes) {
        if payload.len() < SHARE {
            self.push_copy(&payload);
        } else if !self.closing() {
            if !self.tail.is_empty() {
                self.pieces.push_back(Piece::Run(std::mem::take(&mut self.tail)));
            }
            let shared = Shared::new(payload);
            self.queued += shared.left();
            self.pieces.push_back(Piece::Shared(shared));
        }
    }

    /// Sends a ping at the next frame boundary, before everything queued. Replaces one that still waits. Of `payload` at
    /// most 125 bytes are sent.
    pub fn ping(&mut self, payload: &[u8]) {
        if self.takes_control() {
            self.ping = control(PING, payload);
        }
    }

    /// Sends a pong in the same way.
    pub fn pong(&mut self, payload: &[u8]) {
        if self.takes_control() {
            self.pong = control(PONG, payload);
        }
    }

    /// Sends a close frame after everything queued; what is pushed from now on is ignored. `reason` is cut to 123 bytes.
    /// Without effect once closing.
    pub fn finish(&mut self, code: u16, reason: &str) {
        if !self.closing() {
            self.closing = Closing::Waiting(close(code, reason));
        }
    }

    /// Drops everything that is not begun, then sends a close frame: after the frame, or the fragment, being written. Takes
    /// the place of an earlier close frame that is not begun.
    pub fn abort(&mut self, code: u16, reason: &str) {
        if matches!(self.closing, Closing::Begun | Closing::Done) {
            return;
        }
        self.closing = Closing::Waiting(close(code, reason));
        self.ping = Cow::default();
        self.pong = Cow::default();
        if self.control_at == 0 {
            self.control = Cow::default();
        }
        let mut front = self.pieces.pop_front();
        self.pieces = VecDeque::new();
        match &mut front {
            Some(piece) => {
                self.tail = Run::default();
                piece.cut();
                self.queued = piece.left();
            }
            None => {
                self.tail.cut();
                self.queued = self.tail.left();
            }
        }
        self.pieces.extend(front.filter(|piece| piece.left() > 0));
    }

    /// Whether [`Outbox::finish`] or [`Outbox::abort`] was called.
    #[must_use]
    pub fn closing(&self) -> bool {
        !matches!(self.closing, Closing::No)
    }

    /// Whether the close frame is written to its last byte.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        matches!(self.closing, Closing::Done)
    }

    fn takes_control(&self) -> bool {
        !matches!(self.closing, Closing::Begun | Closing::Done)
    }

    /// Writes until all is written, `io` would block, or [`TURN`] bytes are out. Never blocks if `io` does not; may be called
    /// at any time and continues at the byte where the last call stopped. Once all is written, the memory of small frames goes
    /// to `spare` and nothing is held.
    ///
    /// # Errors
    /// The error of `io`, except that `WouldBlock` is [`State::Blocked`] and `Interrupted` is tried again; `WriteZero` if
    /// `io` takes nothing. The connection is lost then.
    pub fn write_to(&mut self, io: &mut impl Write, spare: &mut Spare) -> io::Result<Progress> {
        let mut written = 0;
        loop {
            self.promote();
            if self.is_empty() {
                self.blocked = false;
                self.free(spare);
                return Ok(Progress { written, state: State::Drained });
            }
            if written >= TURN {
                self.compact(spare);
                return Ok(Progress { written, state: State::Yielded });
            }
            match self.write_once(io) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.advance(count);
                    written += count;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.blocked = true;
                    self.compact(spare);
                    return Ok(Progress { written, state: State::Blocked });
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Between two frames: makes the waiting control frames, or else the close frame, the next to be written.
    #[inline]
    fn promote(&mut self) {
        if !self.control.is_empty() || !self.at_boundary() {
            return;
        }
        if !self.ping.is_empty() || !self.pong.is_empty() {
            let (pong, ping) = (std::mem::take(&mut self.pong), std::mem::take(&mut self.ping));
            self.control = if pong.is_empty() { ping } else { [pong, ping].concat().into() };
        } else if self.queued == 0
            && let Closing::Waiting(frame) = &mut self.closing
        {
            self.control = std::mem::take(frame).into();
            self.closing = Closing::Begun;
        }
    }

    /// Whether the next byte of `pieces` and `tail` begins a frame or a fragment.
    fn at_boundary(&self) -> bool {
        match self.pieces.front() {
            Some(piece) => piece.at_boundary(),
            None => self.tail.at_boundary(),
        }
    }

    /// One write of the bytes that are next, in order.
    #[inline]
    fn write_once(&self, io: &mut impl Write) -> io::Result<usize> {
        let control = &self.control[self.control_at..];
        // A waiting control frame goes out as soon as the frame being written is complete.
        let frame_only = !self.ping.is_empty() || !self.pong.is_empty();
        if frame_only && !control.is_empty() {
            return io.write(control);
        }
        if self.pieces.is_empty() && control.is_empty() {
            return io.write(self.tail.next(frame_only));
        }
        let mut slices = [IoSlice::new(&[]); SLICES];
        let mut count = 0;
        let mut put = |bytes| {
            slices[count] = IoSlice::new(bytes);
            count += 1;
            count + 2 < SLICES
        };
        if !control.is_empty() {
            put(control);
        }
        // Each piece takes at most two slices; a message of several fragments is written one fragment at a time.
        let mut open = true;
        for piece in &self.pieces {
            open = match piece {
                Piece::Run(run) => put(run.next(frame_only)),
                Piece::Shared(shared) => {
                    let (head, payload) = shared.next();
                    (head.is_empty() || put(head)) && put(payload) && shared.is_last()
                }
            } && !frame_only;
            if !open {
                break;
            }
        }
        if open && !self.tail.is_empty() {
            put(self.tail.next(frame_only));
        }
        io.write_vectored(&slices[..count])
    }

    /// Forgets the `count` bytes just written: the same ones, in the same order, as in `write_once`.
    #[inline]
    fn advance(&mut self, mut count: usize) {
        if !self.control.is_empty() {
            let taken = count.min(self.control.len() - self.control_at);
            self.control_at += taken;
            count -= taken;
            if self.control_at < self.control.len() {
                return;
            }
            (self.control, self.control_at) = (Cow::default(), 0);
            if matches!(self.closing, Closing::Begun) {
                self.closing = Closing::Done;
            }
        }
        self.queued -= count;
        while let Some(piece) = self.pieces.front_mut() {
            count = piece.advance(count);
            if piece.left() > 0 {
                return;
            }
            self.pieces.pop_front();
        }
        self.tail.advance(count);
    }

    /// A slow reader takes a run bit by bit: drops the written part, so that what is held stays near what is queued.
    fn compact(&mut self, spare: &mut Spare) {
        if let Some(Piece::Run(run)) = self.pieces.front_mut() {
            run.compact(spare);
        } else if self.pieces.is_empty() {
            self.tail.compact(spare);
        }
    }

    /// All is written: gives the memory back.
    #[inline]
    fn free(&mut self, spare: &mut Spare) {
        spare.give(std::mem::take(&mut self.tail).into_memory());
        if self.pieces.capacity() > 0 {
            self.pieces = VecDeque::new();
        }
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox").field("queued", &self.queued).field("closing", &self.closing()).finish_non_exhaustive()
    }
}

/// A whole control frame; our own pings are empty and need no memory.
fn control(first: u8, payload: &[u8]) -> Cow<'static, [u8]> {
    let payload = &payload[..payload.len().min(CONTROL)];
    if (first, payload) == (PING, b"") {
        return Cow::Borrowed(&[PING, 0]);
    }
    let (head, length) = head::server(first, payload.len());
    [&head[..length], payload].concat().into()
}

/// A whole close frame; the reason is cut at a character.
fn close(code: u16, reason: &str) -> Vec<u8> {
    let reason = &reason[..reason.floor_char_boundary(CONTROL - 2)];
    control(CLOSE, &[&code.to_be_bytes(), reason.as_bytes()].concat()).into_owned()
}
