//! Frame heads: the client's, read and judged; the server's, written.

use super::event::ProtocolError;

/// First byte of an unfragmented binary message.
pub(crate) const BINARY_FIN: u8 = 0x82;

const CONTINUATION: u8 = 0x0;
const BINARY: u8 = 0x2;
pub(super) const CLOSE: u8 = 0x8;
pub(super) const PING: u8 = 0x9;
const PONG: u8 = 0xa;

/// A client frame's head, itself without fault.
#[derive(Clone, Copy)]
pub(super) struct Head {
    pub fin: bool,
    pub opcode: u8,
    pub key: [u8; 4],
    /// Length of the head itself: 6, 8 or 14.
    pub length: usize,
    /// Length of the payload; below 2^63.
    pub payload: u64,
}

impl Head {
    /// Reads the head in front of `input`; `None` if it is not all there.
    #[inline]
    pub fn parse(input: &[u8]) -> Result<Option<Self>, ProtocolError> {
        let &[first, second, ref rest @ ..] = input else { return Ok(None) };
        let (fin, opcode) = (first & 0x80 != 0, first & 0x0f);
        if first & 0x70 != 0 {
            return Err(ProtocolError::ReservedBits);
        }
        if second & 0x80 == 0 {
            return Err(ProtocolError::Unmasked);
        }
        let short = second & 0x7f;
        match opcode {
            CONTINUATION..=BINARY => {}
            CLOSE..=PONG if !fin => return Err(ProtocolError::FragmentedControl),
            CLOSE..=PONG if short > 125 => return Err(ProtocolError::LongControl),
            CLOSE..=PONG => {}
            _ => return Err(ProtocolError::ReservedOpcode),
        }
        let (payload, rest) = match short {
            126 => {
                let Some((&length, rest)) = rest.split_first_chunk() else { return Ok(None) };
                let length = u64::from(u16::from_be_bytes(length));
                if length < 126 {
                    return Err(ProtocolError::LengthNotMinimal);
                }
                (length, rest)
            }
            127 => {
                let Some((&length, rest)) = rest.split_first_chunk() else { return Ok(None) };
                let length = u64::from_be_bytes(length);
                if length >> 63 != 0 {
                    return Err(ProtocolError::LengthTopBit);
                }
                if length <= 0xffff {
                    return Err(ProtocolError::LengthNotMinimal);
                }
                (length, rest)
            }
            _ => (u64::from(short), rest),
        };
        let Some((&key, rest)) = rest.split_first_chunk() else { return Ok(None) };
        Ok(Some(Self { fin, opcode, key, length: input.len() - rest.len(), payload }))
    }

    pub fn is_control(&self) -> bool {
        self.opcode >= CLOSE
    }

    pub fn is_continuation(&self) -> bool {
        self.opcode == CONTINUATION
    }

    pub fn is_binary(&self) -> bool {
        self.opcode == BINARY
    }
}

/// The head of a server's frame: `first` is the byte with FIN and opcode. Returns the bytes and how many of them count
/// (2, 4 or 10).
#[inline]
pub(crate) fn server(first: u8, payload: usize) -> ([u8; 10], usize) {
    let mut head = [first, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    match payload {
        0..=125 => {
            head[1] = payload as u8;
            (head, 2)
        }
        126..=0xffff => {
            head[1] = 126;
            head[2..4].copy_from_slice(&(payload as u16).to_be_bytes());
            (head, 4)
        }
        _ => {
            head[1] = 127;
            head[2..].copy_from_slice(&(payload as u64).to_be_bytes());
            (head, 10)
        }
    }
}
