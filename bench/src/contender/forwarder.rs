//! The least that anybody can do who takes bytes from one socket to another: a read and a write, epoll, no look at the bytes.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;

use anyhow::Result;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

use super::{Runs, Started, start_own, upstream};
use crate::world::World;

const LISTENER: Token = Token(usize::MAX);

pub(super) fn start(world: &World) -> Started {
    let (listener, to) = upstream()?;
    let (address, process) = start_own(world, &["forward", &to.to_string()])?;
    Ok((address, Some(listener), Runs::Other(process)))
}

/// One direction's end. Ends 2n and 2n + 1 belong together.
struct End {
    tcp: TcpStream,
    /// What this socket did not take yet; its partner is not read meanwhile.
    unsent: Vec<u8>,
}

/// Takes connections and has for each one to `to`. Runs until it is killed.
///
/// # Errors
/// When the system refuses what it needs.
pub fn run(to: SocketAddr) -> Result<()> {
    let mut poll = Poll::new()?;
    let mut listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    println!("listening on {}", listener.local_addr()?);
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut events = Events::with_capacity(1024);
    let mut buffer = vec![0; 64 << 10];
    let mut ends: Vec<Option<End>> = Vec::new();
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                while let Ok((near, _)) = listener.accept() {
                    let far = TcpStream::connect(to)?;
                    for mut tcp in [near, far] {
                        tcp.set_nodelay(true)?;
                        let token = Token(ends.len());
                        poll.registry().register(&mut tcp, token, Interest::READABLE | Interest::WRITABLE)?;
                        ends.push(Some(End { tcp, unsent: Vec::new() }));
                    }
                }
                continue;
            }
            let index = event.token().0;
            // Every event says that the socket is writable; it matters only to one that was full.
            let full = ends[index].as_ref().is_some_and(|end| !end.unsent.is_empty());
            if event.is_writable() && full && forward(&mut ends, index ^ 1, &mut buffer).is_err()
                || event.is_readable() && forward(&mut ends, index, &mut buffer).is_err()
            {
                ends[index] = None;
                ends[index ^ 1] = None;
            }
        }
    }
}

/// Takes from the end `from` what is there and gives it to its partner.
fn forward(ends: &mut [Option<End>], from: usize, buffer: &mut [u8]) -> io::Result<()> {
    let [Some(a), Some(b)] = &mut ends[from & !1..=from | 1] else { return Ok(()) };
    let (from, to) = if from & 1 == 0 { (a, b) } else { (b, a) };
    if !to.unsent.is_empty() {
        let written = write(&mut to.tcp, &to.unsent)?;
        to.unsent.drain(..written);
    }
    while to.unsent.is_empty() {
        let read = match from.tcp.read(buffer) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(read) => read,
            // Not connected yet counts as nothing there.
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => return Ok(()),
            Err(error) => return Err(error),
        };
        let written = write(&mut to.tcp, &buffer[..read])?;
        to.unsent.extend_from_slice(&buffer[written..read]);
        if read < buffer.len() {
            return Ok(());
        }
    }
    Ok(())
}

fn write(tcp: &mut TcpStream, bytes: &[u8]) -> io::Result<usize> {
    let mut written = 0;
    while written < bytes.len() {
        match tcp.write(&bytes[written..]) {
            Ok(n) => written += n,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(written)
}
