//! The transport of a socket: plain bytes, or a TLS session that is driven from the loop.

use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;

use mio::net::TcpStream;

use crate::tls::{Emptied, End, RECORD, Scratch, Session};

/// The transport of a socket.
pub(super) enum Stream {
    Plain(TcpStream),
    Tls { tcp: TcpStream, session: Box<Session> },
}

/// What one read brought.
pub(super) struct Received {
    /// Bytes, in the clear.
    pub(super) bytes: usize,
    /// Whether the socket has more.
    pub(super) socket: Emptied,
    /// Nothing more will come after these bytes.
    pub(super) end: Option<End>,
}

impl Stream {
    pub(super) fn new(tcp: TcpStream, session: Option<Box<Session>>) -> Self {
        match session {
            Some(session) => Self::Tls { tcp, session },
            None => Self::Plain(tcp),
        }
    }

    pub(super) fn source(&mut self) -> &mut TcpStream {
        match self {
            Self::Plain(tcp) | Self::Tls { tcp, .. } => tcp,
        }
    }

    /// Whether bytes can go from the socket right to where they are wanted. Others are decrypted from shared memory.
    pub(super) fn reads_directly(&self) -> bool {
        matches!(self, Self::Plain(_))
    }

    /// Whether a read into so much room can bring anything.
    pub(super) fn has_room(&self, room: usize) -> bool {
        match self {
            Self::Plain(_) => room > 0,
            Self::Tls { .. } => room >= RECORD,
        }
    }

    /// Reads once. See [`Stream::has_room`].
    pub(super) fn receive(&mut self, room: &mut [u8], scratch: &mut Scratch) -> io::Result<Received> {
        match self {
            Self::Plain(tcp) => match tcp.read(room) {
                Ok(0) => Ok(Received { bytes: 0, socket: Emptied::No, end: Some(End::Closed) }),
                Ok(bytes) => {
                    // A short read means that the socket is empty. Asking costs a system call.
                    let socket = if bytes < room.len() { Emptied::Probably } else { Emptied::No };
                    Ok(Received { bytes, socket, end: None })
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    Ok(Received { bytes: 0, socket: Emptied::Yes, end: None })
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                    Ok(Received { bytes: 0, socket: Emptied::No, end: None })
                }
                Err(error) => Err(error),
            },
            Self::Tls { tcp, session } => match session.receive(tcp, room, scratch) {
                Ok(received) => Ok(Received { bytes: received.bytes, socket: received.socket, end: received.end }),
                Err(error) => {
                    // The alert, if the socket takes it at once: there is no later.
                    let _ = session.flush(tcp);
                    Err(error)
                }
            },
        }
    }

    /// Bytes that were taken to be written and that the socket has not taken yet.
    pub(super) fn unsent(&self) -> usize {
        match self {
            Self::Plain(_) => 0,
            Self::Tls { session, .. } => session.unsent(),
        }
    }

    /// Gives the socket what waits for it.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Tls { tcp, session } => session.flush(tcp).map(|_| ()),
        }
    }

    /// For writing: what is written at once shares records.
    pub(super) fn writer<'a>(&'a mut self, scratch: &'a mut Scratch) -> Writer<'a> {
        Writer { stream: self, scratch }
    }

    /// Announces our end. False: what is before it still waits for the socket; call again when it takes more.
    pub(super) fn finish(&mut self, scratch: &mut Scratch) -> io::Result<bool> {
        if let Self::Tls { tcp, session } = self {
            session.finish(tcp, scratch)?;
            if session.wants_write() {
                return Ok(false);
            }
        }
        self.source().shutdown(Shutdown::Write)?;
        Ok(true)
    }
}

/// Writes to a [`Stream`].
pub(super) struct Writer<'a> {
    stream: &'a mut Stream,
    scratch: &'a mut Scratch,
}

impl Write for Writer<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.stream {
            Stream::Plain(tcp) => tcp.write(bytes),
            Stream::Tls { tcp, session } => session.send(tcp, &[IoSlice::new(bytes)], self.scratch),
        }
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match self.stream {
            Stream::Plain(tcp) => tcp.write_vectored(slices),
            Stream::Tls { tcp, session } => session.send(tcp, slices, self.scratch),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
