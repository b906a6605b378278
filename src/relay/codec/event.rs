//! What the decoder finds: messages, control frames, violations.

use std::fmt;

use bytes::Bytes;

use super::head::{CLOSE, Head, PING};
use crate::wire::close;

/// One thing that a client sent. Payloads are unmasked. `Debug` shows sizes, never content.
pub enum Event<'a> {
    /// A message in one frame that lies whole in the caller's buffer. The payload is `frame[payload_at..]`.
    Message {
        /// Whether it is binary; else text, whose UTF-8 is not checked because the protocol refuses text anyway.
        binary: bool,
        /// The frame from the client's header on, as [`reheader`](super::reheader) wants it.
        frame: &'a mut [u8],
        /// Where in `frame` the payload begins: 6, 8 or 14.
        payload_at: usize,
    },
    /// A message that came in fragments or was too large to wait for in the caller's buffer.
    Assembled {
        /// Whether it is binary; else text, unchecked.
        binary: bool,
        /// The whole payload.
        payload: Bytes,
    },
    /// A message over [`Limits::message`](super::Limits); reported when its last byte has been skipped.
    Oversize {
        /// The first [`KEPT`](super::KEPT) bytes of the payload, or all of it.
        head: Box<[u8]>,
        /// Length of the whole payload in bytes.
        size: u64,
    },
    /// A ping; to be answered with a pong of the same payload (at most 125 bytes).
    Ping(&'a [u8]),
    /// A pong.
    Pong(&'a [u8]),
    /// The client's close frame; its code is one that may be sent.
    Close {
        /// `None` if the frame is empty.
        code: Option<u16>,
        /// At most 123 bytes.
        reason: &'a str,
    },
}

impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message { binary, frame, payload_at } => {
                write!(f, "Message(binary: {binary}, {} bytes)", frame.len() - payload_at)
            }
            Self::Assembled { binary, payload } => write!(f, "Assembled(binary: {binary}, {} bytes)", payload.len()),
            Self::Oversize { size, .. } => write!(f, "Oversize({size} bytes)"),
            Self::Ping(payload) => write!(f, "Ping({} bytes)", payload.len()),
            Self::Pong(payload) => write!(f, "Pong({} bytes)", payload.len()),
            Self::Close { code, .. } => write!(f, "Close({code:?})"),
        }
    }
}

/// How a client broke RFC 6455.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ProtocolError {
    /// A frame without a mask (5.1).
    #[error("a frame is not masked")]
    Unmasked,
    /// One of the three bits is set that only extensions use (5.2).
    #[error("a reserved bit is set")]
    ReservedBits,
    /// An opcode without a meaning (5.2).
    #[error("a reserved opcode is used")]
    ReservedOpcode,
    /// A length written with more bytes than it needs (5.2).
    #[error("a length is not in its shortest form")]
    LengthNotMinimal,
    /// A 64-bit length with its top bit set (5.2).
    #[error("a length has its top bit set")]
    LengthTopBit,
    /// A control frame of more than 125 bytes (5.5).
    #[error("a control frame is longer than 125 bytes")]
    LongControl,
    /// A control frame without FIN (5.5).
    #[error("a control frame is fragmented")]
    FragmentedControl,
    /// A continuation, but no message has begun (5.4).
    #[error("a continuation frame continues nothing")]
    UnexpectedContinuation,
    /// A new message inside a fragmented one (5.4).
    #[error("a new message begins inside a fragmented one")]
    Interleaved,
    /// A close frame with a payload of one byte (5.5.1).
    #[error("a close frame has half a code")]
    HalfCloseCode,
    /// A close code that must not be sent (7.4).
    #[error("a close frame has a code that must not be sent")]
    BadCloseCode,
    /// A close reason that is not UTF-8 (5.5.1).
    #[error("a close reason is not UTF-8")]
    BadCloseReason,
    /// A message over [`Limits::hard`](super::Limits).
    #[error("a message is over the hard limit")]
    TooBig,
}

impl ProtocolError {
    /// The close code that answers this fault.
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::BadCloseReason => close::INVALID_PAYLOAD,
            Self::TooBig => close::TOO_BIG,
            _ => close::PROTOCOL_ERROR,
        }
    }
}

/// The event of a control frame.
pub(super) fn control<'a>(head: &Head, payload: &'a [u8]) -> Result<Event<'a>, ProtocolError> {
    match head.opcode {
        CLOSE => parse_close(payload),
        PING => Ok(Event::Ping(payload)),
        _ => Ok(Event::Pong(payload)),
    }
}

fn parse_close(payload: &[u8]) -> Result<Event<'_>, ProtocolError> {
    let Some((&code, reason)) = payload.split_first_chunk() else {
        return if payload.is_empty() {
            Ok(Event::Close { code: None, reason: "" })
        } else {
            Err(ProtocolError::HalfCloseCode)
        };
    };
    let code = u16::from_be_bytes(code);
    // 1004 to 1006 and 1015 must not be sent, below 3000 the rest is not assigned (RFC 6455, 7.4, and IANA's registry).
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(ProtocolError::BadCloseCode);
    }
    let reason = std::str::from_utf8(reason).map_err(|_| ProtocolError::BadCloseReason)?;
    Ok(Event::Close { code: Some(code), reason })
}
