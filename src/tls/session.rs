//! One TLS connection without a socket of its own: whoever has the socket, async or not, drives it with this.
//!
//! rustls keeps no buffers here. Bytes from the socket are read into scratch memory that all connections of a thread share
//! and are decrypted there; only an incomplete record, or what the socket did not take, stays with the connection. So a
//! quiet connection holds its keys and nothing else.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::sync::Arc;

use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{ConnectionState, EncodeError, EncryptError};
use rustls::{ProtocolVersion, ServerConfig};

/// The most plaintext in a record (RFC 8446 section 5.1). [`Session::receive`] needs room for so much.
pub const RECORD: usize = 16 << 10;

/// Plaintext that is encrypted and written at a time: four full records, in one system call.
const CHUNK: usize = 64 << 10;

/// Bytes that are read from a socket at a time.
const READ: usize = 64 << 10;

/// The largest record on the wire with its head (TLS 1.2 allows 2 KiB of expansion), and what may be left of another.
const WIRE: usize = RECORD + 2048 + 5;

/// Pieces of spare memory that a thread keeps, and how large each may be.
const SPARE: usize = 32;
const PIECE: usize = 2 * WIRE;

/// What a chunk may grow by: heads, nonces and tags of its records, and a key update or tickets before it.
const OVERHEAD: usize = 4 << 10;

/// The server's end of one connection. `Debug` shows sizes only.
pub struct Session {
    connection: UnbufferedServerConnection,
    /// Read from the socket and not decrypted yet.
    unread: Vec<u8>,
    /// Whether `unread` may hold whole records, for which there was no room.
    whole: bool,
    /// Encrypted and not taken by the socket yet: from `written` on.
    unsent: Vec<u8>,
    written: usize,
    /// What waits was not offered to the socket yet: it goes with what is written next.
    held: bool,
    /// The peer has closed the connection properly.
    closed: bool,
    /// The socket has come to its end.
    eof: bool,
    /// Our own end is announced.
    finished: bool,
    /// The peer has broken the protocol; nothing goes any more but the alert.
    broken: bool,
}

/// Memory that the sessions of a thread share. Nothing of one call is needed in the next.
#[derive(Default)]
pub struct Scratch {
    /// Ciphertext from the socket.
    input: Vec<u8>,
    /// Ciphertext for the socket.
    output: Vec<u8>,
    /// Plaintext slices put together for one record.
    gathered: Vec<u8>,
    /// Empty memory for the incomplete records of connections that are in the middle of something.
    spare: Vec<Vec<u8>>,
}

/// What [`Session::receive`] achieved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// Plaintext bytes.
    pub bytes: usize,
    /// What is known of the socket.
    pub socket: Emptied,
    /// No further plaintext will come after these bytes.
    pub end: Option<End>,
}

/// Whether the socket has more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emptied {
    /// It said so.
    Yes,
    /// It gave less than there was room for: an event tells when there is more, unless its end was announced before.
    Probably,
    /// Call again: there may be more in it, or here.
    No,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The peer said so (close_notify): nothing is missing.
    Closed,
    /// The transport just ended: an attacker may have cut it.
    Truncated,
}

impl Session {
    /// A connection that begins with the client's first byte.
    ///
    /// # Errors
    /// When rustls does not take the settings.
    pub fn new(config: Arc<ServerConfig>) -> Result<Self, rustls::Error> {
        Ok(Self {
            connection: UnbufferedServerConnection::new(config)?,
            unread: Vec::new(),
            whole: false,
            unsent: Vec::new(),
            written: 0,
            held: false,
            closed: false,
            eof: false,
            finished: false,
            broken: false,
        })
    }

    /// Whether the handshake is still to be completed.
    #[must_use]
    pub fn is_handshaking(&self) -> bool {
        self.connection.is_handshaking()
    }

    /// What was agreed on: versions, protocol, whether a session was resumed.
    #[must_use]
    pub fn agreed(&self) -> &rustls::CommonState {
        &self.connection
    }

    /// Whether bytes wait for the socket: call [`Session::flush`] when it takes more.
    #[must_use]
    pub fn wants_write(&self) -> bool {
        self.unsent() > 0
    }

    /// Lets what waits go with what [`Session::send`] writes next, in one system call: a ticket with the answer to a request that
    /// came right behind the handshake. [`Session::flush`] gives it to the socket without waiting for that.
    ///
    /// False: nothing waits, or it is what the client waits for, the end of our handshake before TLS 1.3.
    pub fn hold(&mut self) -> bool {
        let tickets = self.agreed().protocol_version() == Some(ProtocolVersion::TLSv1_3);
        self.held = tickets && self.wants_write();
        self.held
    }

    /// Whether what waits goes with what is written next.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.held
    }

    /// How many bytes wait for the socket.
    #[must_use]
    pub fn unsent(&self) -> usize {
        self.unsent.len() - self.written
    }

    /// Memory beside the keys that the connection holds now.
    #[must_use]
    pub fn held(&self) -> usize {
        self.unread.capacity() + self.unsent.capacity()
    }

    /// Reads from the socket once, and decrypts what is there into `plain`, which must have room for [`RECORD`] bytes. Does the
    /// handshake on the way. What is to be sent for that waits for [`Session::flush`].
    ///
    /// # Errors
    /// Those of the socket, except `WouldBlock`. `InvalidData` with a [`rustls::Error`] in it when the peer breaks the
    /// protocol: an alert then waits for [`Session::flush`], and the connection is lost.
    pub fn receive(&mut self, socket: &mut impl Read, plain: &mut [u8], scratch: &mut Scratch) -> io::Result<Received> {
        if self.broken {
            return Err(ErrorKind::NotConnected.into());
        }
        let Scratch { input, spare, .. } = scratch;
        if input.is_empty() {
            input.resize(WIRE + READ, 0);
        }
        let mut filled = self.unread.len();
        input[..filled].copy_from_slice(&self.unread);
        give(spare, std::mem::take(&mut self.unread));
        let emptied = if self.whole || self.eof || self.closed {
            Emptied::No
        } else {
            let room = READ.min(input.len() - filled);
            match socket.read(&mut input[filled..filled + room]) {
                Ok(0) => {
                    self.eof = true;
                    Emptied::No
                }
                Ok(read) => {
                    filled += read;
                    if read < room { Emptied::Probably } else { Emptied::No }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => Emptied::Yes,
                Err(error) if error.kind() == ErrorKind::Interrupted => Emptied::No,
                Err(error) => return Err(error),
            }
        };
        self.whole = false;
        let (used, bytes) = self.process(&mut input[..filled], plain)?;
        if !self.closed {
            self.keep(&input[used..filled], spare)?;
        }
        let end = match (self.closed, self.eof && !self.whole) {
            (true, _) => Some(End::Closed),
            (false, true) => Some(End::Truncated),
            (false, false) => None,
        };
        Ok(Received { bytes, socket: if self.whole { Emptied::No } else { emptied }, end })
    }

    /// Keeps ciphertext for the next call.
    fn keep(&mut self, rest: &[u8], spare: &mut Vec<Vec<u8>>) -> io::Result<()> {
        // What is left without a whole record is at most a record, or a handshake message in pieces.
        if !self.whole && rest.len() > WIRE {
            return Err(io::Error::new(ErrorKind::InvalidData, "a handshake message is too large"));
        }
        if !rest.is_empty() {
            self.unread = spare.pop().unwrap_or_default();
            self.unread.extend_from_slice(rest);
        }
        Ok(())
    }

    /// Decrypts as many records as there is room for. Returns how much of `input` is used up, and the plaintext bytes.
    fn process(&mut self, input: &mut [u8], plain: &mut [u8]) -> io::Result<(usize, usize)> {
        let (mut used, mut bytes) = (0, 0);
        loop {
            if plain.len() - bytes < RECORD {
                self.whole = true;
                return Ok((used, bytes));
            }
            let status = self.connection.process_tls_records(&mut input[used..]);
            let mut discard = status.discard;
            match status.state {
                Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                    while let Some(record) = traffic.next_record() {
                        let record = record.map_err(broken)?;
                        discard += record.discard;
                        // One record at a time, so it fits.
                        plain[bytes..bytes + record.payload.len()].copy_from_slice(record.payload);
                        bytes += record.payload.len();
                    }
                }
                Ok(ConnectionState::EncodeTlsData(mut data)) => append(&mut self.unsent, |room| data.encode(room)),
                Ok(ConnectionState::TransmitTlsData(sent)) => sent.done(),
                Ok(ConnectionState::PeerClosed | ConnectionState::Closed) => {
                    self.closed = true;
                    return Ok((used + discard, bytes));
                }
                Ok(ConnectionState::BlockedHandshake | ConnectionState::WriteTraffic(_)) => {
                    return Ok((used + discard, bytes));
                }
                // Early data is off.
                Ok(_) => return Err(broken(rustls::Error::General("early data".to_owned()))),
                Err(error) => {
                    self.say_why(&mut input[used..]);
                    return Err(broken(error));
                }
            }
            used += discard;
        }
    }

    /// After an error: the alert that tells the peer. rustls must not see the broken record again, but gives out what is to
    /// be sent before it looks at the input.
    fn say_why(&mut self, input: &mut [u8]) {
        self.broken = true;
        while self.connection.wants_write()
            && let Ok(ConnectionState::EncodeTlsData(mut data)) = self.connection.process_tls_records(input).state
        {
            append(&mut self.unsent, |room| data.encode(room));
        }
    }

    /// Encrypts at most 64 KiB from the front of `slices` and gives them to the socket; what it does not take waits here. Returns how much
    /// plaintext was taken, which is never 0 unless `slices` are empty.
    ///
    /// # Errors
    /// Those of the socket. `WouldBlock`: nothing was taken, because bytes still wait for the socket.
    pub fn send(
        &mut self,
        socket: &mut impl Write,
        slices: &[IoSlice<'_>],
        scratch: &mut Scratch,
    ) -> io::Result<usize> {
        if !std::mem::take(&mut self.held) && !self.flush(socket)? {
            return Err(ErrorKind::WouldBlock.into());
        }
        let Scratch { output, gathered, .. } = scratch;
        let plain = match slices {
            [one] => &one[..one.len().min(CHUNK)],
            _ => {
                gathered.clear();
                for slice in slices {
                    let room = CHUNK - gathered.len();
                    gathered.extend_from_slice(&slice[..slice.len().min(room)]);
                }
                &gathered[..]
            }
        };
        if output.is_empty() {
            output.resize(CHUNK + OVERHEAD, 0);
        }
        let sealed = self.seal(output, |traffic, output| traffic.encrypt(plain, output))?;
        self.pass_on(socket, &output[..sealed])?;
        Ok(plain.len())
    }

    /// Announces our end (close_notify), and flushes. May be called again until [`Session::wants_write`] is false.
    ///
    /// # Errors
    /// Those of the socket, except `WouldBlock`.
    pub fn finish(&mut self, socket: &mut impl Write, scratch: &mut Scratch) -> io::Result<()> {
        if !self.finished {
            self.finished = true;
            if self.is_handshaking() || self.broken {
                return self.flush(socket).map(|_| ());
            }
            if scratch.output.is_empty() {
                scratch.output.resize(CHUNK + OVERHEAD, 0);
            }
            let sealed = self.seal(&mut scratch.output, |traffic, output| traffic.queue_close_notify(output))?;
            self.unsent.extend_from_slice(&scratch.output[..sealed]);
        }
        self.flush(socket).map(|_| ())
    }

    /// Brings the connection into the state in which something can be encrypted, and does that.
    fn seal(
        &mut self,
        output: &mut [u8],
        encrypt: impl Fn(
            &mut rustls::unbuffered::WriteTraffic<'_, rustls::server::ServerConnectionData>,
            &mut [u8],
        ) -> Result<usize, EncryptError>,
    ) -> io::Result<usize> {
        // rustls remembers where a handshake message in pieces lies in the input, so it must see that again. Whole records
        // that wait for room it must not see: they would have to be decrypted now.
        if self.broken {
            return Err(ErrorKind::NotConnected.into());
        }
        let mut nothing = [];
        loop {
            let input = if self.whole { &mut nothing[..] } else { &mut self.unread[..] };
            match self.connection.process_tls_records(input).state {
                Ok(ConnectionState::WriteTraffic(mut traffic)) => {
                    return encrypt(&mut traffic, output).map_err(|error| io::Error::other(error.to_string()));
                }
                Ok(ConnectionState::EncodeTlsData(mut data)) => append(&mut self.unsent, |room| data.encode(room)),
                Ok(ConnectionState::TransmitTlsData(sent)) => sent.done(),
                Ok(ConnectionState::PeerClosed) => self.closed = true,
                Ok(_) => return Err(ErrorKind::NotConnected.into()),
                Err(error) => return Err(broken(error)),
            }
        }
    }

    /// Gives sealed bytes to the socket behind those that wait; keeps what it does not take.
    fn pass_on(&mut self, socket: &mut impl Write, sealed: &[u8]) -> io::Result<()> {
        if self.wants_write() {
            self.unsent.extend_from_slice(sealed);
            return self.flush(socket).map(|_| ());
        }
        let mut taken = 0;
        while taken < sealed.len() {
            match write(socket, &sealed[taken..])? {
                Some(count) => taken += count,
                None => {
                    self.unsent.extend_from_slice(&sealed[taken..]);
                    break;
                }
            }
        }
        Ok(())
    }

    /// Gives the socket what waits for it. False: it takes no more for now.
    ///
    /// # Errors
    /// Those of the socket, except `WouldBlock`.
    pub fn flush(&mut self, socket: &mut impl Write) -> io::Result<bool> {
        self.held = false;
        while self.wants_write() {
            match write(socket, &self.unsent[self.written..])? {
                Some(count) => self.written += count,
                None => return Ok(false),
            }
        }
        if self.unsent.capacity() > 0 {
            self.unsent = Vec::new();
        }
        self.written = 0;
        Ok(true)
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("unread", &self.unread.len())
            .field("unsent", &self.unsent())
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Scratch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scratch").finish_non_exhaustive()
    }
}

/// Keeps memory for the next incomplete record.
fn give(spare: &mut Vec<Vec<u8>>, mut piece: Vec<u8>) {
    if (1..=PIECE).contains(&piece.capacity()) && spare.len() < SPARE {
        piece.clear();
        spare.push(piece);
    }
}

/// Lets rustls write a record behind what is there; it says how much room that takes.
fn append(bytes: &mut Vec<u8>, mut encode: impl FnMut(&mut [u8]) -> Result<usize, EncodeError>) {
    let start = bytes.len();
    if let Err(EncodeError::InsufficientSize(needed)) = encode(&mut []) {
        bytes.resize(start + needed.required_size, 0);
        let written = encode(&mut bytes[start..]).unwrap_or(0);
        bytes.truncate(start + written);
    }
}

/// One write. `None`: the socket takes no more for now.
fn write(socket: &mut impl Write, bytes: &[u8]) -> io::Result<Option<usize>> {
    loop {
        match socket.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => return Ok(Some(count)),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(error),
        }
    }
}

fn broken(error: rustls::Error) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, error)
}
