//! Whether the ports are to be had, or serve already.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpSocket;

use super::names::public_names;
use super::{Finding, Subject, not_looked_at};
use crate::config::{Config, ProxyProtocol};
use crate::http::{ClientError, Preface, probe};

const AREA: &str = "port";
/// For one question to one port of this machine.
const DEADLINE: Duration = Duration::from_secs(3);

pub(super) async fn look(subject: &Subject) -> Vec<Finding> {
    let settings = ["PORT", "LISTEN_HTTPS", "LISTEN_HTTP", "TLS_CERT_FILE", "TLS_KEY_FILE", "LISTEN_ADMIN"];
    if let Some(name) = subject.wrong(&settings) {
        return not_looked_at(AREA, name);
    }
    let host = public_names(subject).into_iter().next().unwrap_or_else(|| "localhost".to_owned());
    let mut findings = Vec::new();
    for (address, encrypted) in subject.listeners() {
        // With TLS the plain port only leads to the encrypted one.
        let leads = subject.config.tls.is_on() && !encrypted;
        let ordered = encrypted && subject.config.tls.acme.is_some();
        let preface = preface(&subject.config, near(address), encrypted);
        findings.push(public(address, &host, preface, leads, ordered).await);
    }
    if let Some(address) = subject.config.admin.listen.filter(|address| address.port() != 0) {
        findings.push(admin(address).await);
    }
    findings
}

/// `leads`: plain HTTP that leads to https. `ordered`: https with certificates that the server orders itself.
async fn public(address: SocketAddr, host: &str, preface: Preface, leads: bool, ordered: bool) -> Finding {
    let answer = probe(near(address), host, preface, "/health-check", DEADLINE).await;
    match answer {
        Ok(answer) if leads && answer.status() == 308 => {
            Finding::ok(AREA, format!("{address} leads to https already: a server runs"))
        }
        Ok(answer) if serves(answer.status().as_u16(), answer.body()) => {
            Finding::ok(AREA, format!("{address} serves already: compose-relay runs"))
        }
        Ok(answer) if answer.status() == 503 && answer.body() == b"failure" => {
            let what = format!("compose-relay is starting or stopping on {address}");
            Finding::warning(AREA, what, "look at its log if this lasts")
        }
        Err(ClientError::Connect) => free(address),
        Err(ClientError::Tls) if ordered => {
            let what = format!("whoever listens on {address} has no certificate to show");
            let next = format!(
                "a compose-relay that waits for its first certificate does this: see its log; \
                 `ss -ltnp 'sport = :{}'` tells whether it is one",
                address.port()
            );
            Finding::warning(AREA, what, next)
        }
        Ok(_) | Err(_) => taken(address),
    }
}

async fn admin(address: SocketAddr) -> Finding {
    match probe(near(address), "localhost", Preface::default(), "/health", DEADLINE).await {
        Ok(answer) if answer.body().starts_with(b"{") && answer.headers().contains_key("content-type") => {
            Finding::ok(AREA, format!("{address} (LISTEN_ADMIN) serves already"))
        }
        Err(ClientError::Connect) => free(address),
        Ok(_) | Err(_) => {
            let what = format!("another program uses {address} (LISTEN_ADMIN): there would be no metrics");
            Finding::warning(AREA, what, "choose another port, or LISTEN_ADMIN=off")
        }
    }
}

/// Where a server with these settings is asked from this machine, and whether by TLS.
#[must_use]
pub fn front(config: &Config) -> (SocketAddr, bool) {
    let https = config.tls.https.first().filter(|_| config.tls.is_on()).map(|address| (near(*address), true));
    https.unwrap_or_else(|| (near(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), config.server.port)), false))
}

/// What is to be said first at an address of this machine. Whoever connects to one comes from the same address; where that is a
/// trusted proxy's, the server waits for a proxy's header.
fn preface(config: &Config, address: SocketAddr, encrypted: bool) -> Preface {
    let ip = address.ip().to_canonical();
    let is_proxy = config.server.trusted_proxies.iter().any(|network| network.contains(&ip));
    Preface { proxy_header: is_proxy && config.server.proxy_protocol == ProxyProtocol::V2, encrypted }
}

/// Asks the server with these settings, at this address, whether it serves.
///
/// # Errors
/// Why it does not, in words.
pub async fn ask(config: &Config, address: SocketAddr, encrypted: bool, deadline: Duration) -> Result<(), String> {
    match probe(address, "localhost", preface(config, address, encrypted), "/health-check", deadline).await {
        Ok(answer) if serves(answer.status().as_u16(), answer.body()) => Ok(()),
        Ok(answer) if answer.status() == 503 => Err("it is starting or stopping".to_owned()),
        Ok(answer) => Err(format!("what listens there is no compose-relay (it answers {})", answer.status().as_u16())),
        Err(ClientError::Connect) => Err("nobody listens there".to_owned()),
        Err(ClientError::Timeout) => Err(format!("no answer within {} s", deadline.as_secs())),
        Err(ClientError::Tls) if config.tls.acme.is_some() => {
            Err("no TLS with it; a server that waits for its first certificate refuses it: see its log".to_owned())
        }
        Err(error) => Err(error.to_string()),
    }
}

/// Whether this is what `/health-check` says of a server that serves.
fn serves(status: u16, body: &[u8]) -> bool {
    status == 200 && body == b"success"
}

/// Where on this machine one asks who listens on an address.
fn near(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        // A listener on [::] takes IPv4 as well, unless the system says otherwise.
        IpAddr::V6(ip) if ip.is_unspecified() && !has_ipv6() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn has_ipv6() -> bool {
    std::net::UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()
}

/// Nobody answers. Bound for a moment and not listened on: nobody can be connected to us meanwhile.
fn free(address: SocketAddr) -> Finding {
    match bind(address) {
        Ok(()) => Finding::ok(AREA, format!("{address} is free")),
        Err(error) => match error.kind() {
            std::io::ErrorKind::PermissionDenied => Finding::failure(
                AREA,
                format!("{address} is reserved for the administrator"),
                "choose a port from 1024 up, or give the program CAP_NET_BIND_SERVICE (deploy/ does)",
            ),
            std::io::ErrorKind::AddrNotAvailable => Finding::failure(
                AREA,
                format!("this machine has no address {}", address.ip()),
                "0.0.0.0 and [::] stand for all that it has",
            ),
            std::io::ErrorKind::AddrInUse => taken(address),
            _ => Finding::failure(AREA, format!("{address} cannot be listened on: {error}"), "choose another address"),
        },
    }
}

fn bind(address: SocketAddr) -> std::io::Result<()> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)
}

fn taken(address: SocketAddr) -> Finding {
    let next = format!(
        "`ss -ltnp 'sport = :{}'` names it; stop it, or choose another port. (A socket that systemd holds for us looks the \
         same while the service is stopped.)",
        address.port()
    );
    Finding::failure(AREA, format!("another program uses {address}"), next)
}
