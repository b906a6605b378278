//! The port, looked at before the long work begins.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use crate::cli::failure::{Failure, exit};

/// The only port that the SDKs' development mode dials.
pub(super) const DEFAULT: u16 = 8080;

/// Fails when the port is in use. With nothing said both loopback addresses must be free: `localhost` may be either, and
/// the SDK must not meet somebody else there.
pub(super) fn check(listen: Option<SocketAddr>) -> Result<(), Failure> {
    let Some(address) = listen else {
        [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)]
            .iter()
            .try_for_each(|ip| free(SocketAddr::new(*ip, DEFAULT)))?;
        return Ok(());
    };
    if !address.ip().is_loopback() {
        let text = format!(
            "The demo serves this machine alone: its sign-in link asks for no password. {address} is an address for \
             others, too.\nUse an address like 127.0.0.1:{}, or `compose-relay serve` for others.",
            address.port()
        );
        return Err(Failure::new(exit::SETTINGS, text));
    }
    free(address)
}

fn free(address: SocketAddr) -> Result<(), Failure> {
    let Err(error) = TcpListener::bind(address) else { return Ok(()) };
    let port = address.port();
    let text = match error.kind() {
        ErrorKind::AddrInUse if port == DEFAULT => format!(
            "Port {port} is used by another program, and it is the only one that the SDKs' development mode dials.\nStop \
             that program (`ss -ltnp 'sport = :{port}'` names it), or take another port with --listen 127.0.0.1:8081; \
             what is printed then says how to point an SDK there."
        ),
        ErrorKind::AddrInUse => {
            format!("Port {port} is used by another program. Choose another one: --listen {}:0", address.ip())
        }
        // No IPv6 on this machine; IPv4 alone will do.
        _ if address.is_ipv6() && port == DEFAULT => return Ok(()),
        _ => format!("Cannot listen on {address}: {error}"),
    };
    Err(Failure::new(exit::UNAVAILABLE, text))
}
