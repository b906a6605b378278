//! A strict RFC 6455 decoder for what clients send: no I/O, no clock; it can stop at any byte and go on.
//!
//! The usual frame is small and whole in the caller's read buffer: it is unmasked there and handed out as a slice, and
//! [`reheader`] makes the outgoing frame of the same bytes. Only a frame of more than [`SMALL`] bytes that is not there
//! yet, or a fragmented message, is gathered in a buffer of the decoder's own, whose memory grows with what arrived and never
//! with what a header claims.

mod assembly;
mod event;
pub(super) mod head;

pub use event::{Event, ProtocolError};

use self::assembly::Assembly;
use self::head::Head;
use super::mask::unmask;

/// An incomplete frame with at most this much payload stays in the caller's buffer; so a leftover is at most 14 bytes more.
pub const SMALL: usize = 4096;

/// How much of an oversize message is kept: a browser message's whole header, uploads included.
pub const KEPT: usize = 110;

/// From how many missing bytes on [`Decoder::direct`] is worth a read of its own.
const DIRECT: usize = 16 * 1024;

/// How large a message may be, in bytes of payload.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Larger messages are skipped and reported as [`Event::Oversize`].
    pub message: usize,
    /// Larger messages are a [`ProtocolError::TooBig`], as soon as a header claims it.
    pub hard: u64,
}

/// The state of one connection's inbound side. `Debug` shows sizes only.
pub struct Decoder {
    limits: Limits,
    /// The data frame whose payload is being consumed piece by piece.
    frame: Option<Partial>,
    /// The message that this frame, or the next data frame, belongs to.
    message: Message,
    /// After a close frame nothing counts any more (RFC 6455, 1.4).
    closed: bool,
    failed: Option<ProtocolError>,
}

struct Partial {
    fin: bool,
    key: [u8; 4],
    /// How far into the payload, modulo 4.
    phase: usize,
    left: u64,
}

enum Message {
    None,
    Assembling { binary: bool, assembly: Assembly },
    Skipping { size: u64, kept: Vec<u8> },
}

impl Message {
    fn size(&self) -> u64 {
        match self {
            Self::None => 0,
            Self::Assembling { assembly, .. } => assembly.filled() as u64,
            Self::Skipping { size, .. } => *size,
        }
    }
}

/// What [`Decoder::advance`] found in front.
enum Found {
    /// A whole frame: its head and where it ends.
    Frame(Head, usize),
    /// A message that did not lie whole in the input.
    Finished(Event<'static>),
    Nothing,
}

impl Decoder {
    /// At the very beginning of a connection. No memory is held yet.
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        Self { limits, frame: None, message: Message::None, closed: false, failed: None }
    }

    /// Changes the limits; they hold from the next frame on, also for a message that has begun.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Memory that an unfinished message holds, in bytes that were touched. At most twice what arrived of it plus 16 KiB.
    #[must_use]
    pub fn held(&self) -> usize {
        match &self.message {
            Message::None => 0,
            Message::Assembling { assembly, .. } => assembly.held(),
            Message::Skipping { kept, .. } => kept.capacity(),
        }
    }

    /// Address space that an unfinished message has, in bytes, touched or not; for tests, as no limit needs it. At most sixteen times what arrived of it plus 16 KiB.
    #[must_use]
    pub fn reserved(&self) -> usize {
        match &self.message {
            Message::None => 0,
            Message::Assembling { assembly, .. } => assembly.reserved(),
            Message::Skipping { kept, .. } => kept.capacity(),
        }
    }

    /// Reads at most one event from the front of `input`, which are bytes as the client sent them.
    ///
    /// Returns how many bytes are consumed. Without an event the rest is an incomplete frame of at most [`SMALL`] + 14 bytes:
    /// the caller gives it again with more bytes behind it. Payloads are unmasked in place, and consumed bytes are spoilt.
    /// After [`Event::Close`] everything is consumed and nothing reported.
    ///
    /// # Errors
    /// The first violation of RFC 6455, or a message over the hard limit. From then on every call fails with the same error.
    pub fn decode<'a>(&mut self, input: &'a mut [u8]) -> Result<(usize, Option<Event<'a>>), ProtocolError> {
        let mut at = 0;
        match self.advance(input, &mut at) {
            Ok(Found::Nothing) => Ok((at, None)),
            Ok(Found::Finished(event)) => Ok((at, Some(event))),
            Ok(Found::Frame(head, end)) => {
                let frame = &mut input[at..end];
                unmask(&mut frame[head.length..], head.key, 0);
                let event = if head.is_control() {
                    event::control(&head, &frame[head.length..]).map_err(|error| self.fail(error))?
                } else {
                    Event::Message { binary: head.is_binary(), frame, payload_at: head.length }
                };
                self.closed = matches!(event, Event::Close { .. });
                Ok((end, Some(event)))
            }
            Err(error) => Err(self.fail(error)),
        }
    }

    /// Consumes what needs no event, from `at` on.
    #[inline]
    fn advance(&mut self, input: &mut [u8], at: &mut usize) -> Result<Found, ProtocolError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if self.closed {
            *at = input.len();
            return Ok(Found::Nothing);
        }
        loop {
            if self.frame.is_some() {
                *at += self.consume(&mut input[*at..]);
                if let Some(event) = self.complete() {
                    return Ok(Found::Finished(event));
                }
                if self.frame.is_some() {
                    return Ok(Found::Nothing);
                }
            }
            let rest = &input[*at..];
            let Some(head) = Head::parse(rest)? else { return Ok(Found::Nothing) };
            let there = rest.len() - head.length;
            let complete = head.payload <= there as u64;
            // Both casts of `payload` below follow a comparison with a length in memory.
            if head.is_control() {
                return Ok(if complete {
                    Found::Frame(head, *at + head.length + head.payload as usize)
                } else {
                    Found::Nothing
                });
            }
            let begins = matches!(self.message, Message::None);
            if head.is_continuation() == begins {
                return Err(if begins { ProtocolError::UnexpectedContinuation } else { ProtocolError::Interleaved });
            }
            let size = self.message.size().saturating_add(head.payload);
            if size > self.limits.hard {
                return Err(ProtocolError::TooBig);
            }
            let fits = size <= self.limits.message as u64;
            if complete && begins && head.fin && fits {
                return Ok(Found::Frame(head, *at + head.length + head.payload as usize));
            }
            if !complete && head.payload <= SMALL as u64 {
                return Ok(Found::Nothing);
            }
            *at += head.length;
            self.begin(&head, fits);
        }
    }

    /// Makes the frame of `head` the one being consumed.
    fn begin(&mut self, head: &Head, fits: bool) {
        if !head.is_continuation() {
            self.message = Message::Assembling { binary: head.is_binary(), assembly: Assembly::default() };
        }
        match &mut self.message {
            Message::Assembling { assembly, .. } if !fits => {
                let kept = assembly.front(KEPT).to_vec();
                self.message = Message::Skipping { size: assembly.filled() as u64, kept };
            }
            Message::Assembling { assembly, .. } => {
                // The last frame says how long the message will be; earlier ones only that it goes on.
                assembly.expect(head.fin.then_some(head.payload));
            }
            _ => {}
        }
        self.frame = Some(Partial { fin: head.fin, key: head.key, phase: 0, left: head.payload });
    }

    /// Takes as much of `input` as belongs to the frame being consumed, and says how much that is.
    fn consume(&mut self, input: &mut [u8]) -> usize {
        let Some(frame) = &self.frame else { return 0 };
        let taken = usize::try_from(frame.left).map_or(input.len(), |left| left.min(input.len()));
        let bytes = &mut input[..taken];
        match &mut self.message {
            Message::None => {}
            Message::Assembling { assembly, .. } => {
                unmask(bytes, frame.key, frame.phase);
                assembly.append(bytes);
            }
            Message::Skipping { size, kept } => {
                let wanted = (KEPT - kept.len()).min(taken);
                unmask(&mut bytes[..wanted], frame.key, frame.phase);
                kept.extend_from_slice(&bytes[..wanted]);
                *size += taken as u64;
            }
        }
        self.count(taken);
        taken
    }

    /// Counts bytes of the frame being consumed.
    fn count(&mut self, taken: usize) {
        if let Some(frame) = &mut self.frame {
            frame.phase = (frame.phase + taken) & 3;
            frame.left -= taken as u64;
        }
    }

    /// Once the frame being consumed is all there, forgets it; the message comes out if that was its last frame.
    fn complete(&mut self) -> Option<Event<'static>> {
        let Partial { fin, .. } = self.frame.take_if(|frame| frame.left == 0)?;
        if !fin {
            return None;
        }
        match std::mem::replace(&mut self.message, Message::None) {
            Message::None => None,
            Message::Assembling { binary, assembly } => Some(Event::Assembled { binary, payload: assembly.finish() }),
            Message::Skipping { size, kept } => Some(Event::Oversize { head: kept.into_boxed_slice(), size }),
        }
    }

    /// Spare room for the rest of a large frame, so that the socket can be read straight into it; `None` when the caller
    /// should read into its own buffer and call [`Decoder::decode`].
    ///
    /// The room grows in steps with what has arrived. Say with [`Decoder::direct_filled`] how much was read into it.
    pub fn direct(&mut self) -> Option<&mut [u8]> {
        let left = usize::try_from(self.frame.as_ref()?.left).ok()?;
        match &mut self.message {
            Message::Assembling { assembly, .. } if left >= DIRECT => Some(assembly.room(DIRECT, left)),
            _ => None,
        }
    }

    /// Takes the first `filled` bytes of the room that [`Decoder::direct`] gave, as read from the client.
    ///
    /// # Errors
    /// The error that the decoder has already met, if any.
    ///
    /// # Panics
    /// If `filled` is more than that room.
    pub fn direct_filled(&mut self, filled: usize) -> Result<Option<Event<'static>>, ProtocolError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if let (Some(frame), Message::Assembling { assembly, .. }) = (&self.frame, &mut self.message) {
            let bytes = assembly.fill(filled);
            unmask(bytes, frame.key, frame.phase);
            self.count(filled);
        }
        Ok(self.complete())
    }

    #[cold]
    fn fail(&mut self, error: ProtocolError) -> ProtocolError {
        self.failed = Some(error);
        self.message = Message::None;
        self.frame = None;
        error
    }
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").field("limits", &self.limits).field("held", &self.held()).finish_non_exhaustive()
    }
}

/// Makes the frame of an [`Event::Message`] one that a server may send: writes the header of an unfragmented binary message
/// right before the payload, over the client's header and mask, and returns header and payload as one slice.
///
/// # Panics
/// If `payload_at` leaves no room for the header; the client's header always does, being four bytes longer.
#[inline]
#[must_use]
pub fn reheader(frame: &mut [u8], payload_at: usize) -> &[u8] {
    let (header, length) = head::server(head::BINARY_FIN, frame.len() - payload_at);
    let start = payload_at - length;
    frame[start..payload_at].copy_from_slice(&header[..length]);
    &frame[start..]
}
