//! The generator's sockets: prebuilt masked frames out, server frames in.

use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use compose_relay::wire::{EnvironmentId, ExecutionId, FileId, SessionId};

pub struct Client {
    pub tcp: mio::net::TcpStream,
    /// The frame that a browser sends again and again.
    pub frame: Vec<u8>,
    /// When each message on the way was sent.
    pub sent: VecDeque<Instant>,
    pub outgoing: Vec<u8>,
    written: usize,
    incoming: Vec<u8>,
    /// Fragments of a message so far.
    partial: Vec<u8>,
    buffer: Box<[u8]>,
}

impl Client {
    pub fn new(tcp: TcpStream) -> Self {
        tcp.set_nonblocking(true).expect("nonblocking");
        Self {
            tcp: mio::net::TcpStream::from_std(tcp),
            frame: Vec::new(),
            sent: VecDeque::new(),
            outgoing: Vec::new(),
            written: 0,
            incoming: Vec::new(),
            partial: Vec::new(),
            buffer: vec![0; 256 << 10].into_boxed_slice(),
        }
    }

    pub fn write(&mut self) {
        while self.written < self.outgoing.len() {
            match self.tcp.write(&self.outgoing[self.written..]) {
                Ok(n) => self.written += n,
                Err(_) => return,
            }
        }
        self.outgoing.clear();
        self.written = 0;
    }

    /// The messages that are complete, control frames left out.
    pub fn read(&mut self) -> Vec<Vec<u8>> {
        while let Ok(n) = self.tcp.read(&mut self.buffer) {
            assert!(n > 0, "the relay closed a socket");
            self.incoming.extend_from_slice(&self.buffer[..n]);
        }
        let (mut messages, mut at) = (Vec::new(), 0);
        while let Some((first, from, to)) = head(&self.incoming[at..]) {
            let payload = &self.incoming[at + from..at + to];
            assert_ne!(first & 15, 8, "the relay sent a close frame");
            match (first & 0x80 != 0, first & 15) {
                (true, 2) => messages.push(payload.to_vec()),
                (fin, 0 | 2) => {
                    self.partial.extend_from_slice(payload);
                    if fin {
                        messages.push(std::mem::take(&mut self.partial));
                    }
                }
                _ => {}
            }
            at += to;
        }
        self.incoming.drain(..at);
        messages
    }
}

/// First byte, start and end of the payload of a whole server frame.
fn head(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let (from, length) = match *bytes.get(1)? {
        126 => (4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
        127 => (10, usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?),
        n => (2, usize::from(n)),
    };
    (bytes.len() >= from + length).then_some((bytes[0], from, from + length))
}

pub fn masked(message: &[u8]) -> Vec<u8> {
    let key = [0x37, 0xfa, 0x21, 0x3d];
    let mut frame = vec![0x82];
    match message.len() {
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
    frame.extend(message.iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]));
    frame
}

pub fn start(environment: EnvironmentId, session: SessionId, execution: ExecutionId) -> Vec<u8> {
    let body = format!(
        r#"{{"type":"aa","appRoute":"hello","executionId":"{execution}","sessionId":"{session}","params":{{}}}}"#
    );
    format!("aa{environment}{execution}{body}").into_bytes()
}

pub fn hook(environment: EnvironmentId, execution: ExecutionId, size: usize) -> Vec<u8> {
    let body =
        |fill: &str| format!(r#"{{"type":"ab","componentId":"c","renderId":"{fill}","executionId":"{execution}"}}"#);
    let fill = "r".repeat(size - 74 - body("").len());
    format!("ab{environment}{execution}{}", body(&fill)).into_bytes()
}

pub fn upload(environment: EnvironmentId, execution: ExecutionId, file: FileId, size: usize) -> Vec<u8> {
    let mut message = format!("ad{environment}{execution}{file}").into_bytes();
    message.resize(size, b'x');
    message
}

pub fn render(session: SessionId, execution: ExecutionId, size: usize) -> Vec<u8> {
    let mut message = format!("av{session}{execution}").into_bytes();
    message.resize(size, b'x');
    message
}
