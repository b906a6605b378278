//! One end of a socket that the relay has: a blocking client whose every byte is the test's.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

pub const BINARY: u8 = 2;
pub const CLOSE: u8 = 8;
pub const PING: u8 = 9;
pub const PONG: u8 = 10;

/// How long a test waits for something that must happen; the machine may be busy.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub struct Client {
    pub tcp: TcpStream,
    input: Vec<u8>,
}

/// A whole masked frame.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let key = [0x1f, 0xa2, 0x03, 0xc4];
    let mut frame = vec![first];
    match payload.len() {
        n @ 0..126 => frame.push(0x80 | n as u8),
        n @ 126..=0xffff => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&(n as u16).to_be_bytes());
        }
        n => {
            frame.push(0x80 | 127);
            frame.extend_from_slice(&(n as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(&key);
    frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

/// A whole binary message.
pub fn message(payload: &[u8]) -> Vec<u8> {
    frame(0x80 | BINARY, payload)
}

impl Client {
    pub fn new(tcp: TcpStream) -> Self {
        tcp.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { tcp, input: Vec::new() }
    }

    pub fn write(&mut self, bytes: &[u8]) {
        self.tcp.write_all(bytes).expect("room to write");
    }

    pub fn send(&mut self, payload: &[u8]) {
        self.write(&message(payload));
    }

    /// A second handle, for a thread that writes while the test reads.
    pub fn writer(&self) -> TcpStream {
        self.tcp.try_clone().unwrap()
    }

    /// Reads at most `most` bytes of what the relay sent; none at the end.
    pub fn fill(&mut self, most: usize) -> usize {
        let mut buffer = vec![0; most];
        let count = self.tcp.read(&mut buffer).expect("something within the patience");
        self.input.extend_from_slice(&buffer[..count]);
        count
    }

    /// First byte and payload of the next frame; `None` at the end of the connection.
    pub fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        loop {
            if let Some((from, to)) = head(&self.input).filter(|(_, to)| *to <= self.input.len()) {
                let rest = self.input.split_off(to);
                let frame = std::mem::replace(&mut self.input, rest);
                return Some((frame[0], frame[from..].to_vec()));
            }
            if self.fill(1 << 20) == 0 {
                return None;
            }
        }
    }

    /// The next message; pings and pongs are passed over and not answered.
    pub fn message(&mut self) -> Vec<u8> {
        let mut whole = Vec::new();
        loop {
            let (first, payload) = self.frame().expect("a message, not the end");
            match first & 15 {
                CLOSE => panic!("closed in the place of a message: {payload:?}"),
                PING | PONG => {}
                _ => {
                    whole.extend_from_slice(&payload);
                    if first & 0x80 != 0 {
                        return whole;
                    }
                }
            }
        }
    }

    /// The next message with this code; others are passed over.
    pub fn until(&mut self, code: &str) -> Vec<u8> {
        loop {
            let message = self.message();
            if message.starts_with(code.as_bytes()) {
                return message;
            }
        }
    }

    /// Waits until the relay has read everything sent so far. Messages that come before are lost.
    pub fn settle(&mut self) {
        self.write(&frame(0x80 | PING, b"settle"));
        while self.frame().expect("a pong, not the end") != (0x80 | PONG, b"settle".to_vec()) {}
    }

    /// The code of the close frame; `None` when the connection just ended.
    pub fn closed(&mut self) -> Option<u16> {
        loop {
            let (first, payload) = self.frame()?;
            if first & 15 == CLOSE {
                return Some(u16::from_be_bytes([payload[0], payload[1]]));
            }
        }
    }
}

/// Where the payload of the first frame begins and ends.
fn head(bytes: &[u8]) -> Option<(usize, usize)> {
    let (from, length) = match *bytes.get(1)? {
        126 => (4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
        127 => (10, usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?),
        n => (2, usize::from(n)),
    };
    Some((from, from + length))
}
