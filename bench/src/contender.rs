//! Those who do the same work: they take frames from browsers to SDKs and back.
//!
//! A relay has many browsers on one SDK socket, looks into each frame and finds where it goes. A pass-through (HAProxy, nginx,
//! the TCP forwarder) has for each browser a connection to an upstream and looks at nothing behind the upgrade: it does
//! less. The upstream is in the generator's process; nothing but the contender runs on the server's core. With TLS, relays
//! have it on both sides, a pass-through on the browsers' side only.

pub mod fastwebsockets;
pub mod forwarder;
mod haproxy;
mod nginx;

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde::Serialize;

use crate::dial::Dial;
use crate::interrupt;
use crate::world::process::Process;
use crate::world::{Server, Settings, World};

/// Who.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Our server.
    ComposeRelay,
    /// Our server, built with the feature `aws-lc-rs`.
    #[serde(rename = "compose-relay-aws-lc-rs")]
    AwsLcRs,
    /// HAProxy, http mode.
    Haproxy,
    /// nginx as Debian ships it: `proxy_buffer_size` of a page.
    Nginx,
    /// nginx with `proxy_buffer_size 64k`.
    #[serde(rename = "nginx-64k")]
    Nginx64k,
    /// A bare forwarder over epoll.
    Tcp,
    /// A relay written with fastwebsockets and tokio in the usual way.
    Fastwebsockets,
}

impl Kind {
    /// Whether it is our server, however it was built.
    #[must_use]
    pub fn is_ours(self) -> bool {
        matches!(self, Self::ComposeRelay | Self::AwsLcRs)
    }

    /// As in the table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ComposeRelay => "compose-relay",
            Self::AwsLcRs => "compose-relay-aws-lc-rs",
            Self::Haproxy => "haproxy",
            Self::Nginx => "nginx",
            Self::Nginx64k => "nginx-64k",
            Self::Tcp => "tcp",
            Self::Fastwebsockets => "fastwebsockets",
        }
    }
}

/// One that runs. Everything is ended when it is dropped.
#[derive(Debug)]
pub struct Contender {
    /// Who it is.
    pub kind: Kind,
    /// How to reach it.
    pub dial: Dial,
    /// Where a pass-through connects to; `None` for a relay.
    pub upstream: Option<TcpListener>,
    runs: Runs,
}

#[derive(Debug)]
enum Runs {
    Ours(Server),
    Other(Process),
}

impl Contender {
    /// Starts one on the server's core and waits until it listens.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(world: &World, kind: Kind, tls: bool) -> Result<Self> {
        let started = match kind {
            Kind::ComposeRelay | Kind::AwsLcRs => {
                let settings = Settings::for_load().of(kind);
                let server = world.server(&if tls { settings.over_tls() } else { settings })?;
                Ok((server.address(), None, Runs::Ours(server)))
            }
            Kind::Haproxy => haproxy::start(world, tls),
            Kind::Nginx => nginx::start(world, tls, false),
            Kind::Nginx64k => nginx::start(world, tls, true),
            Kind::Tcp => forwarder::start(world),
            Kind::Fastwebsockets => fastwebsockets::start(world, tls),
        };
        let (to, upstream, runs) = started.with_context(|| format!("starting {}", kind.name()))?;
        let tls = if tls { Some(world.authority().client()?) } else { None };
        Ok(Self { kind, dial: Dial { to, tls }, upstream, runs })
    }

    /// Its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        match &self.runs {
            Runs::Ours(server) => server.pid(),
            Runs::Other(process) => process.pid(),
        }
    }

    /// Blocks of memory that it has asked for so far, where forwarding is done; `None`: only our server counts them.
    ///
    /// # Errors
    /// When it does not say.
    pub fn allocations(&self) -> Result<Option<u64>> {
        match &self.runs {
            Runs::Ours(server) => server.allocations().map(Some),
            Runs::Other(_) => Ok(None),
        }
    }

    /// The last lines that it wrote.
    #[must_use]
    pub fn log(&self) -> String {
        match &self.runs {
            Runs::Ours(server) => server.log(),
            Runs::Other(process) => process.log(),
        }
    }
}

type Started = Result<(SocketAddr, Option<TcpListener>, Runs)>;

/// The version that a program reports, in one line.
#[must_use]
pub fn version(kind: Kind) -> String {
    let asked = match kind {
        Kind::Haproxy => Command::new("haproxy").arg("-v").output(),
        Kind::Nginx | Kind::Nginx64k => Command::new("nginx").arg("-v").output(),
        Kind::Fastwebsockets => return "0.10".to_owned(),
        Kind::ComposeRelay | Kind::AwsLcRs | Kind::Tcp => return env!("CARGO_PKG_VERSION").to_owned(),
    };
    let said = asked.map(|output| [output.stdout, output.stderr].concat()).unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    let word = said.split([' ', '/', '\n']).find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    word.unwrap_or("?").to_owned()
}

fn upstream() -> Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind("127.0.0.1:0").context("a listener for the upstream")?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// A port that was free a moment ago.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Starts somebody else's program, which listens on this port, and waits until it does.
fn start_on_port(world: &World, program: &str, arguments: &[&str], port: u16) -> Result<(SocketAddr, Process)> {
    let cores = world.cores();
    let search = std::env::var("PATH").unwrap_or_default();
    let found = search
        .split(':')
        .chain(["/usr/sbin", "/usr/local/sbin"])
        .map(|it| Path::new(it).join(program))
        .find(|it| it.is_file());
    let found = found.with_context(|| format!("{program} is not installed"))?;
    let mut process = Process::start::<&str>(cores.server, cores.generator, found, arguments, &[])?;
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let begun = Instant::now();
    process.until("that it listens", |_| std::net::TcpStream::connect(address).ok())?;
    ensure!(begun.elapsed() < Duration::from_secs(60), "too late");
    interrupt::check()?;
    Ok((address, process))
}

/// Starts a part of this program that says where it listens.
fn start_own(world: &World, arguments: &[&str]) -> Result<(SocketAddr, Process)> {
    let cores = world.cores();
    let own = std::env::current_exe()?;
    let mut process = Process::start::<&str>(cores.server, cores.generator, own, arguments, &[])?;
    let address = process.until("that it listens", |log| {
        log.lines().find_map(|line| line.strip_prefix("listening on ")?.parse().ok())
    })?;
    Ok((address, process))
}
