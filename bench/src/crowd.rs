//! Very many sockets on one thread, by the thousand: they connect and upgrade, answer pings, take in what comes, and leave.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use rustls::ClientConfig;
use socket2::{Domain, Socket, Type};

use crate::dial::ACCEPT;
use crate::frames::{PONG, Reader, Seen};
use crate::interrupt;
use crate::tls::Session;

/// Nobody may be silent for so long while something is expected.
const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes that are read at a time.
const SCRATCH: usize = 64 << 10;
/// Connections from one address of this machine, before the next one takes its turn: so no port is asked for again while its
/// last connection is still in TIME-WAIT.
const OF_ONE_ADDRESS: usize = 1_000;
/// ... of so many addresses, from 127.0.0.2 on.
const ADDRESSES: usize = 250;
/// Connections so far, of all crowds of this process.
static DIALLED: AtomicUsize = AtomicUsize::new(0);

/// Somebody who is to come.
#[derive(Clone, Debug)]
pub struct Guest {
    /// The server.
    pub to: SocketAddr,
    /// For TLS.
    pub tls: Option<Arc<ClientConfig>>,
    /// The whole upgrade request.
    pub request: Arc<str>,
}

struct Member {
    guest: Guest,
    tcp: TcpStream,
    tls: Option<Session>,
    stage: Stage,
    reader: Reader,
    out: Vec<u8>,
    written: usize,
}

enum Stage {
    /// TCP and TLS handshake; the request comes next.
    Connecting,
    /// The head of the answer, as far as it has come.
    Upgrading(Vec<u8>),
    Open,
}

/// What has happened so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seens {
    /// Upgrades that were answered with 101.
    pub opened: usize,
    /// Pings, each of them answered.
    pub pings: usize,
    /// Messages.
    pub messages: usize,
    /// Connections that the server closed before the upgrade; their owners came again.
    pub turned_away: usize,
}

/// All of them.
pub struct Crowd {
    poll: Poll,
    events: Events,
    members: Vec<Option<Member>>,
    scratch: Vec<u8>,
    seen: Vec<Seen>,
    seens: Seens,
    /// Who was turned away and comes again.
    again: Vec<Guest>,
}

impl std::fmt::Debug for Crowd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Crowd").field("seens", &self.seens).finish_non_exhaustive()
    }
}

impl Crowd {
    /// Nobody yet.
    ///
    /// # Errors
    /// When the system gives no epoll descriptor.
    pub fn new() -> Result<Self> {
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            members: Vec::new(),
            scratch: vec![0; SCRATCH],
            seen: Vec::new(),
            seens: Seens::default(),
            again: Vec::new(),
        })
    }

    /// What has happened so far.
    #[must_use]
    pub fn seens(&self) -> Seens {
        self.seens
    }

    /// Brings all guests in, so many of them at a time, and returns when the last one has its 101.
    ///
    /// # Errors
    /// When one is refused or lost, or nothing happens for a minute.
    pub fn welcome(&mut self, guests: impl IntoIterator<Item = Guest>, at_once: usize) -> Result<()> {
        let mut guests: VecDeque<Guest> = guests.into_iter().collect();
        let (before, all) = (self.seens.opened, guests.len());
        let mut on_the_way = 0;
        let (mut heard, mut opened) = (Instant::now(), before);
        while self.seens.opened < before + all {
            // Some at a time, so that those who have connected are not kept waiting for the last one to begin.
            for _ in 0..64 {
                if on_the_way - (self.seens.opened - before) >= at_once {
                    break;
                }
                let Some(guest) = guests.pop_front() else { break };
                self.dial(guest)?;
                on_the_way += 1;
            }
            for guest in std::mem::take(&mut self.again) {
                self.dial(guest)?;
            }
            let room = !guests.is_empty() && on_the_way - (self.seens.opened - before) < at_once;
            self.turn(if room { Duration::ZERO } else { Duration::from_millis(100) })?;
            if self.seens.opened > opened {
                (heard, opened) = (Instant::now(), self.seens.opened);
            }
            let missing = before + all - self.seens.opened;
            ensure!(heard.elapsed() < PATIENCE, "{missing} of {all} upgrades are not answered");
        }
        Ok(())
    }

    /// Takes part for so long.
    ///
    /// # Errors
    /// When somebody is lost, or the run is interrupted.
    pub fn stay(&mut self, time: Duration) -> Result<()> {
        let end = Instant::now() + time;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            self.turn(left.min(Duration::from_millis(100)))?;
        }
    }

    /// The same without ever sleeping. To wake a reader costs the one who writes to it half as much again as the write, on the same
    /// machine only: browsers are on others.
    ///
    /// # Errors
    /// As for [`Crowd::stay`].
    pub fn stay_awake(&mut self, time: Duration) -> Result<()> {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.turn(Duration::ZERO)?;
        }
        Ok(())
    }

    /// Takes part until so many messages have come in all; awake, as [`Crowd::stay_awake`].
    ///
    /// # Errors
    /// When they do not within a minute.
    pub fn until_messages(&mut self, messages: usize) -> Result<()> {
        let begun = Instant::now();
        while self.seens.messages < messages {
            self.turn(Duration::ZERO)?;
            let have = self.seens.messages;
            ensure!(begun.elapsed() < PATIENCE, "{have} messages of {messages} have come");
        }
        Ok(())
    }

    /// All who came first, so many of them, close their connections.
    pub fn dismiss(&mut self, count: usize) {
        for place in self.members.iter_mut().filter(|place| place.is_some()).take(count) {
            *place = None;
        }
    }

    fn dial(&mut self, guest: Guest) -> Result<()> {
        let SocketAddr::V4(to) = guest.to else { bail!("an IPv4 address is needed") };
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        socket.set_tcp_nodelay(true)?;
        let turn = DIALLED.fetch_add(1, Ordering::Relaxed) / OF_ONE_ADDRESS;
        let host = u8::try_from(2 + turn % ADDRESSES).context("an address of this machine")?;
        socket.bind(&SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, host), 0).into()).context("a local port")?;
        match socket.connect(&SocketAddr::from(to).into()) {
            Ok(()) => {}
            Err(error) if error.raw_os_error() == Some(nix::libc::EINPROGRESS) => {}
            Err(error) => return Err(error).context("connecting"),
        }
        let mut tcp = TcpStream::from_std(socket.into());
        let index = self.members.len();
        self.poll.registry().register(&mut tcp, Token(index), Interest::READABLE | Interest::WRITABLE)?;
        let tls = guest.tls.as_ref().map(Session::begin).transpose()?;
        let (reader, out) = (Reader::default(), Vec::new());
        self.members.push(Some(Member { guest, tcp, tls, stage: Stage::Connecting, reader, out, written: 0 }));
        Ok(())
    }

    /// Waits for something to happen, at most for so long, and does what follows from it.
    fn turn(&mut self, wait: Duration) -> Result<()> {
        interrupt::check()?;
        match self.poll.poll(&mut self.events, Some(wait)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            done => done?,
        }
        for event in &self.events {
            let place = &mut self.members[event.token().0];
            let Some(member) = place else { continue };
            match member.go_on(&mut self.scratch, &mut self.seen, &mut self.seens) {
                Err(error) if matches!(member.stage, Stage::Open) || is_refusal(&error) => return Err(error),
                Err(_) => {
                    // As browsers and SDKs do it.
                    self.seens.turned_away += 1;
                    self.again.extend(place.take().map(|member| member.guest));
                }
                Ok(()) => {}
            }
        }
        Ok(())
    }
}

impl Member {
    fn go_on(&mut self, scratch: &mut [u8], seen: &mut Vec<Seen>, seens: &mut Seens) -> Result<()> {
        if matches!(self.stage, Stage::Connecting) {
            if self.tcp.peer_addr().is_err() {
                if let Some(error) = self.tcp.take_error()? {
                    return Err(error).context("connecting");
                }
                return Ok(());
            }
            if self.tls.is_none() {
                self.out.extend_from_slice(self.guest.request.as_bytes());
                self.stage = Stage::Upgrading(Vec::new());
            } else {
                self.shake_hands()?;
            }
        }
        self.flush()?;
        loop {
            let kept = self.tls.as_ref().map_or(0, Session::kept);
            let read = match self.tcp.read(&mut scratch[kept..]) {
                Ok(0) => bail!("the server ended a connection"),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error).context("reading"),
            };
            let last = kept + read < scratch.len();
            match (&mut self.tls, &self.stage) {
                (None, _) => {
                    let Self { stage, reader, .. } = self;
                    take(stage, reader, &scratch[..read], seen, seens)?;
                }
                (Some(session), Stage::Connecting) => {
                    session.add(&scratch[kept..kept + read]);
                    self.shake_hands()?;
                    if !matches!(self.stage, Stage::Connecting) {
                        // What came behind the handshake.
                        let mut rest = vec![0; self.tls.as_ref().map_or(0, Session::kept)];
                        self.decrypt(&mut rest, seen, seens)?;
                    }
                }
                (Some(_), _) => self.decrypt(&mut scratch[..kept + read], seen, seens)?,
            }
            for seen in seen.drain(..) {
                match seen {
                    Seen::Ping => {
                        seens.pings += 1;
                        match &mut self.tls {
                            None => self.out.extend_from_slice(PONG),
                            Some(session) => drop(session.send(PONG, &mut self.out)?),
                        }
                    }
                    Seen::Message { .. } => seens.messages += 1,
                }
            }
            self.flush()?;
            if last {
                return Ok(());
            }
        }
    }

    fn shake_hands(&mut self) -> Result<()> {
        let (Some(session), Stage::Connecting) = (&mut self.tls, &self.stage) else { return Ok(()) };
        if session.advance(&mut self.out)? {
            session.send(self.guest.request.as_bytes(), &mut self.out)?;
            self.stage = Stage::Upgrading(Vec::new());
        }
        Ok(())
    }

    fn decrypt(&mut self, bytes: &mut [u8], seen: &mut Vec<Seen>, seens: &mut Seens) -> Result<()> {
        let Self { tls: Some(session), stage, reader, .. } = self else { return Ok(()) };
        session.receive(bytes, |plain| take(stage, reader, plain, seen, seens))
    }

    fn flush(&mut self) -> Result<()> {
        while self.written < self.out.len() {
            match self.tcp.write(&self.out[self.written..]) {
                Ok(0) => bail!("the server takes nothing"),
                Ok(count) => self.written += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error).context("writing"),
            }
        }
        (self.out, self.written) = (Vec::new(), 0);
        Ok(())
    }
}

/// An answer other than the one that is wanted: trying again would not help.
#[derive(Debug, thiserror::Error)]
#[error("an upgrade was refused:\n{0}")]
struct Refused(String);

fn is_refusal(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Refused>().is_some()
}

/// Plaintext from the server.
fn take(stage: &mut Stage, reader: &mut Reader, plain: &[u8], seen: &mut Vec<Seen>, seens: &mut Seens) -> Result<()> {
    let Stage::Upgrading(head) = stage else { return reader.read(plain, seen) };
    head.extend_from_slice(plain);
    let Some(end) = head.windows(4).position(|it| it == b"\r\n\r\n") else { return Ok(()) };
    let text = String::from_utf8_lossy(&head[..end]);
    if !text.starts_with("HTTP/1.1 101 ") || !text.contains(ACCEPT) {
        return Err(Refused(text.into_owned()).into());
    }
    seens.opened += 1;
    let rest = head.split_off(end + 4);
    *stage = Stage::Open;
    reader.read(&rest, seen)
}
