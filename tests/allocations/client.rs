//! The far end of a socket of the relay, plain or TLS, that counts what comes in.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rustls::{ClientConnection, StreamOwned};

/// How long a test waits for something that must happen; the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// Fixed: what is sent is not what is tested.
const KEY: [u8; 4] = [0x1f, 0xa2, 0x03, 0xc4];

pub enum Transport {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, Wire>>),
}

/// A TCP socket that counts the TLS records that pass it.
pub struct Wire {
    tcp: TcpStream,
    read: Records,
    written: Records,
}

/// Records of one direction.
#[derive(Default)]
struct Records {
    count: u64,
    /// The head of the record that passes, as far as it is there.
    head: Vec<u8>,
    /// Bytes of its body that are still to come.
    left: usize,
}

impl Records {
    fn pass(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let body = self.left.min(bytes.len());
            self.left -= body;
            bytes = &bytes[body..];
            if let (0, Some((byte, rest))) = (self.left, bytes.split_first()) {
                self.head.push(*byte);
                bytes = rest;
                if let [_, _, _, high, low] = self.head[..] {
                    self.left = usize::from(u16::from_be_bytes([high, low]));
                    self.count += 1;
                    self.head.clear();
                }
            }
        }
    }
}

impl Wire {
    pub fn new(tcp: TcpStream) -> Self {
        Self { tcp, read: Records::default(), written: Records::default() }
    }

    pub fn tcp(&self) -> &TcpStream {
        &self.tcp
    }
}

impl Read for Wire {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let count = self.tcp.read(room)?;
        self.read.pass(&room[..count]);
        Ok(count)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.tcp.write(bytes)?;
        self.written.pass(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub struct Client {
    transport: Transport,
    input: Vec<u8>,
    at: usize,
}

/// A whole masked binary message.
pub fn message(payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x82];
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
    frame.extend_from_slice(&KEY);
    frame.extend(payload.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

impl Client {
    pub fn new(transport: Transport) -> Self {
        let tcp = match &transport {
            Transport::Plain(tcp) => tcp,
            Transport::Tls(tls) => tls.sock.tcp(),
        };
        tcp.set_read_timeout(Some(PATIENCE)).unwrap();
        tcp.set_write_timeout(Some(PATIENCE)).unwrap();
        tcp.set_nodelay(true).unwrap();
        Self { transport, input: Vec::new(), at: 0 }
    }

    /// TLS records so far, in both directions; none on a plain socket.
    pub fn records(&self) -> u64 {
        match &self.transport {
            Transport::Plain(_) => 0,
            Transport::Tls(tls) => tls.sock.read.count + tls.sock.written.count,
        }
    }

    pub fn write(&mut self, bytes: &[u8]) {
        match &mut self.transport {
            Transport::Plain(tcp) => tcp.write_all(bytes),
            Transport::Tls(tls) => tls.write_all(bytes).and_then(|()| tls.flush()),
        }
        .expect("the relay reads");
    }

    /// The next message; pings are passed over.
    pub fn read(&mut self) -> Vec<u8> {
        let mut whole = Vec::new();
        loop {
            let (first, payload) = self.frame();
            match first & 15 {
                8 => panic!("closed in the place of a message: {payload:?}"),
                9 | 10 => {}
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
            let message = self.read();
            if message.starts_with(code.as_bytes()) {
                return message;
            }
        }
    }

    fn frame(&mut self) -> (u8, Vec<u8>) {
        loop {
            let bytes = &self.input[self.at..];
            if let Some((from, to)) = bounds(bytes).filter(|(_, to)| *to <= bytes.len()) {
                let frame = (bytes[0], bytes[from..to].to_vec());
                self.at += to;
                return frame;
            }
            self.input.drain(..self.at);
            self.at = 0;
            let mut room = vec![0; 256 << 10];
            let count = match &mut self.transport {
                Transport::Plain(tcp) => tcp.read(&mut room),
                Transport::Tls(tls) => tls.read(&mut room),
            }
            .expect("something within the patience");
            assert!(count > 0, "the relay ended the connection");
            self.input.extend_from_slice(&room[..count]);
        }
    }
}

/// Where the payload of the first frame begins and ends.
fn bounds(bytes: &[u8]) -> Option<(usize, usize)> {
    let (from, length) = match *bytes.get(1)? {
        126 => (4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
        127 => (10, usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?),
        n => (2, usize::from(n)),
    };
    Some((from, from + length))
}
