//! One WebSocket of the generator: it reads once and writes once in a turn, however many frames that are.

use std::collections::VecDeque;
use std::io::{ErrorKind, IoSlice, Read as _, Write as _};
use std::rc::Rc;

use anyhow::{Context as _, Result, bail};
use mio::net::TcpStream;

use crate::dial::Socket;
use crate::frames::{Reader, Seen};
use crate::tls;

/// Bytes of the memory that all links read into.
pub const SCRATCH: usize = 512 << 10;
/// Frames from here on are written from where they are; smaller ones are put together first.
const LARGE: usize = 4 << 10;
/// Reads of one socket in a turn.
const READS: usize = 4;
/// Frames in one system call.
const SLICES: usize = 64;

/// An open WebSocket that does not block.
#[derive(Debug)]
pub struct Link {
    /// For registering.
    pub tcp: TcpStream,
    tls: Option<tls::Session>,
    reader: Reader,
    /// Messages that came with the answer to the upgrade.
    early: Vec<Seen>,
    small: Vec<u8>,
    large: VecDeque<Rc<[u8]>>,
    /// Written of `small`, or when that is empty of the first in `large`.
    written: usize,
    /// Encrypted, from `sealed_written` on not written yet.
    sealed: Vec<u8>,
    sealed_written: usize,
}

impl Link {
    /// Takes an opened socket over.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn new(socket: Socket) -> Result<Self> {
        socket.tcp.set_nonblocking(true)?;
        let (mut reader, mut early) = (Reader::default(), Vec::new());
        reader.read(&socket.rest, &mut early)?;
        Ok(Self {
            tcp: TcpStream::from_std(socket.tcp),
            tls: socket.tls,
            reader,
            early,
            small: Vec::new(),
            large: VecDeque::new(),
            written: 0,
            sealed: Vec::new(),
            sealed_written: 0,
        })
    }

    /// Adds a frame to what is written at the next [`Link::flush`].
    pub fn push(&mut self, frame: &Rc<[u8]>) {
        if frame.len() < LARGE && self.large.is_empty() {
            self.small.extend_from_slice(frame);
        } else {
            self.large.push_back(Rc::clone(frame));
        }
    }

    /// Reads what is there, and adds the messages to `seen`. False: there may be more.
    ///
    /// # Errors
    /// When the peer is gone or does not keep to the protocol.
    pub fn read(&mut self, scratch: &mut [u8], seen: &mut Vec<Seen>) -> Result<bool> {
        seen.append(&mut self.early);
        for _ in 0..READS {
            let kept = self.tls.as_ref().map_or(0, tls::Session::kept);
            let read = match self.tcp.read(&mut scratch[kept..]) {
                Ok(0) => bail!("the peer ended the connection"),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error).context("reading"),
            };
            let whole = kept + read < scratch.len();
            match &mut self.tls {
                None => self.reader.read(&scratch[..read], seen)?,
                Some(session) => {
                    session.receive(&mut scratch[..kept + read], |plain| self.reader.read(plain, seen))?;
                }
            }
            if whole {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Writes what is waiting, as far as the socket takes it; call it again when it takes more.
    ///
    /// # Errors
    /// When the peer is gone.
    pub fn flush(&mut self) -> Result<()> {
        match &mut self.tls {
            None => {
                while self.written < self.small.len() {
                    match write(&mut self.tcp, &[IoSlice::new(&self.small[self.written..])])? {
                        0 => return Ok(()),
                        n => self.written += n,
                    }
                }
                if !self.small.is_empty() {
                    self.small.clear();
                    self.written = 0;
                }
                while let Some(first) = self.large.front() {
                    let mut slices = [IoSlice::new(&[]); SLICES];
                    slices[0] = IoSlice::new(&first[self.written..]);
                    for (slice, frame) in slices[1..].iter_mut().zip(self.large.iter().skip(1)) {
                        *slice = IoSlice::new(frame);
                    }
                    let used = self.large.len().min(SLICES);
                    match write(&mut self.tcp, &slices[..used])? {
                        0 => return Ok(()),
                        n => self.written += n,
                    }
                    while let Some(first) = self.large.front()
                        && self.written >= first.len()
                    {
                        self.written -= first.len();
                        self.large.pop_front();
                    }
                }
                Ok(())
            }
            Some(session) => loop {
                while self.sealed_written < self.sealed.len() {
                    match write(&mut self.tcp, &[IoSlice::new(&self.sealed[self.sealed_written..])])? {
                        0 => return Ok(()),
                        n => self.sealed_written += n,
                    }
                }
                self.sealed.clear();
                self.sealed_written = 0;
                if !self.small.is_empty() {
                    self.written += session.send(&self.small[self.written..], &mut self.sealed)?;
                    if self.written == self.small.len() {
                        self.small.clear();
                        self.written = 0;
                    }
                }
                while self.small.is_empty()
                    && self.sealed.len() < tls::CHUNK
                    && let Some(first) = self.large.front()
                {
                    self.written += session.send(&first[self.written..], &mut self.sealed)?;
                    if self.written == first.len() {
                        self.large.pop_front();
                        self.written = 0;
                    }
                }
                if self.sealed.is_empty() {
                    return Ok(());
                }
            },
        }
    }
}

/// 0: the socket takes nothing now.
fn write(tcp: &mut TcpStream, slices: &[IoSlice<'_>]) -> Result<usize> {
    loop {
        match tcp.write_vectored(slices) {
            Ok(0) => bail!("the peer ended the connection"),
            Ok(n) => return Ok(n),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(0),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error).context("writing"),
        }
    }
}
