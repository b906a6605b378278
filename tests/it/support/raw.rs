//! A client whose every byte is the test's: bad frames, single bytes, fragments, stalls, a peer that never reads.

use super::{Message, PATIENCE, within};
use bytes::{Buf, BytesMut};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub const CONTINUATION: u8 = 0;
pub const TEXT: u8 = 1;
pub const BINARY: u8 = 2;
pub const CLOSE: u8 = 8;
pub const PING: u8 = 9;
pub const PONG: u8 = 10;

/// A frame as it goes out. Every rule of RFC 6455 can be broken.
#[derive(Clone)]
pub struct Outgoing {
    pub fin: bool,
    pub rsv: u8,
    pub opcode: u8,
    pub mask: Option<[u8; 4]>,
    /// Bytes used for the length: 0 (in the second byte), 2 or 8; `None` for the shortest.
    pub length_bytes: Option<usize>,
    pub payload: Vec<u8>,
}

impl Outgoing {
    pub fn new(opcode: u8, payload: impl Into<Vec<u8>>) -> Self {
        let mask = Some([0x1f, 0xa2, 0x03, 0xc4]);
        Outgoing { fin: true, rsv: 0, opcode, mask, length_bytes: None, payload: payload.into() }
    }

    pub fn binary(payload: impl Into<Vec<u8>>) -> Self {
        Outgoing::new(BINARY, payload)
    }

    /// The head alone, which claims `claimed` bytes of payload.
    pub fn head(&self, claimed: u64) -> Vec<u8> {
        let mut bytes = vec![u8::from(self.fin) << 7 | self.rsv << 4 | self.opcode];
        let masked = if self.mask.is_some() { 0x80 } else { 0 };
        let shortest = if claimed < 126 {
            0
        } else if claimed < 65536 {
            2
        } else {
            8
        };
        match self.length_bytes.unwrap_or(shortest) {
            0 => bytes.push(masked | claimed as u8),
            2 => {
                bytes.push(masked | 126);
                bytes.extend_from_slice(&(claimed as u16).to_be_bytes());
            }
            _ => {
                bytes.push(masked | 127);
                bytes.extend_from_slice(&claimed.to_be_bytes());
            }
        }
        bytes.extend_from_slice(self.mask.as_ref().map_or(&[], |mask| mask.as_slice()));
        bytes
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.head(self.payload.len() as u64);
        match self.mask {
            Some(mask) => bytes.extend(self.payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask)),
            None => bytes.extend_from_slice(&self.payload),
        }
        bytes
    }

    /// One message in `count` fragments of nearly equal size.
    pub fn fragments(message: &[u8], count: usize) -> Vec<Outgoing> {
        let size = message.len().div_ceil(count).max(1);
        let mut parts: Vec<Outgoing> =
            message.chunks(size).map(|part| Outgoing { fin: false, ..Outgoing::new(CONTINUATION, part) }).collect();
        if parts.is_empty() {
            parts.push(Outgoing::new(CONTINUATION, []));
        }
        parts.first_mut().unwrap().opcode = BINARY;
        parts.last_mut().unwrap().fin = true;
        parts
    }
}

/// A frame as it came in; the parser has refused everything that a server must not send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    pub fin: bool,
    pub opcode: u8,
    pub payload: Vec<u8>,
}

impl Incoming {
    /// The code in a close frame.
    pub fn close_code(&self) -> Option<u16> {
        assert_eq!(self.opcode, CLOSE, "{self:?}");
        self.payload.get(..2).map(|code| u16::from_be_bytes([code[0], code[1]]))
    }
}

/// An upgraded TCP connection.
pub struct RawSocket {
    pub stream: TcpStream,
    input: BytesMut,
}

impl RawSocket {
    pub fn new(stream: TcpStream) -> Self {
        RawSocket { stream, input: BytesMut::new() }
    }

    pub async fn write(&mut self, bytes: &[u8]) {
        within(PATIENCE, "room to write", self.stream.write_all(bytes)).await.expect("the bytes can be written");
    }

    pub async fn send(&mut self, frame: &Outgoing) {
        self.write(&frame.bytes()).await;
    }

    /// The next frame. `None` when the connection has ended.
    pub async fn frame(&mut self) -> Option<Incoming> {
        self.frame_within(PATIENCE).await
    }

    pub async fn frame_within(&mut self, limit: Duration) -> Option<Incoming> {
        within(limit, "the next frame", async {
            loop {
                if let Some(frame) = take_frame(&mut self.input) {
                    return Some(frame);
                }
                if self.stream.read_buf(&mut self.input).await.unwrap_or(0) == 0 {
                    return None;
                }
            }
        })
        .await
    }

    /// The next whole message, put together from its fragments; pings are answered.
    pub async fn message(&mut self) -> Message {
        let mut whole = Vec::new();
        loop {
            let frame = self.frame().await.expect("a message, not the end of the connection");
            match frame.opcode {
                BINARY | CONTINUATION => {
                    whole.extend_from_slice(&frame.payload);
                    if frame.fin {
                        return whole.into();
                    }
                }
                PING => self.send(&Outgoing::new(PONG, frame.payload)).await,
                PONG => {}
                other => panic!("a message was expected, not opcode {other}"),
            }
        }
    }

    /// Passes over everything up to the close frame and gives its code; `None` when the connection just ended.
    pub async fn closed_within(&mut self, limit: Duration) -> Option<u16> {
        let end = Instant::now() + limit;
        loop {
            match self.frame_within(end.saturating_duration_since(Instant::now())).await {
                Some(frame) if frame.opcode == CLOSE => {
                    return Some(frame.close_code().expect("a close frame carries a code"));
                }
                Some(_) => {}
                None => return None,
            }
        }
    }

    pub async fn closed(&mut self) -> Option<u16> {
        self.closed_within(PATIENCE).await
    }

    /// Ends the connection with a TCP reset.
    pub fn reset(self) {
        self.stream.set_zero_linger().expect("linger can be set");
    }
}

/// Reads a server frame from the front of `input`, and fails the test when it breaks a rule.
fn take_frame(input: &mut BytesMut) -> Option<Incoming> {
    let (first, second) = (*input.first()?, *input.get(1)?);
    assert_eq!(first & 0x70, 0, "a reserved bit is set");
    assert_eq!(second & 0x80, 0, "a server must not mask");
    let (head, length) = match second {
        126 => (4, u64::from(u16::from_be_bytes(input.get(2..4)?.try_into().unwrap()))),
        127 => (10, u64::from_be_bytes(input.get(2..10)?.try_into().unwrap())),
        short => (2, u64::from(short)),
    };
    assert!(second < 126 || length >= if second == 126 { 126 } else { 65536 }, "the length is not minimal");
    let length = usize::try_from(length).unwrap();
    let frame =
        Incoming { fin: first & 0x80 != 0, opcode: first & 0x0f, payload: input.get(head..head + length)?.to_vec() };
    assert!([CONTINUATION, BINARY, CLOSE, PING, PONG].contains(&frame.opcode), "opcode {}", frame.opcode);
    assert!(frame.opcode < CLOSE || (frame.fin && length <= 125), "a bad control frame");
    input.advance(head + length);
    Some(frame)
}

#[test]
fn frames_have_the_lengths_of_the_rfc() {
    for (size, head) in [(0, 6), (125, 6), (126, 8), (65535, 8), (65536, 14)] {
        let frame = Outgoing::binary(vec![5; size]);
        assert_eq!(frame.bytes().len(), head + size);
        let unmasked = Outgoing { mask: None, ..frame };
        let mut input = BytesMut::from(unmasked.bytes().as_slice());
        assert_eq!(take_frame(&mut input).unwrap().payload.len(), size);
        assert!(input.is_empty());
    }
    let parts = Outgoing::fragments(b"abcdefg", 3);
    assert_eq!(
        parts.iter().map(|part| (part.opcode, part.fin)).collect::<Vec<_>>(),
        [(2, false), (0, false), (0, true)]
    );
    let whole: Vec<u8> = parts.into_iter().flat_map(|part| part.payload).collect();
    assert_eq!(whole, b"abcdefg");
}
