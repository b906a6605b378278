//! Settings of the listeners: limits by address, the PROXY protocol, https and what leads to it.

use crate::support::http::{exchange, parse};
use crate::support::world::play_tls_with;
use crate::support::{Request, play_with, soon};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The header of a proxy that passes on a connection from this address (PROXY protocol, version 2).
fn proxied(from: Ipv4Addr) -> Vec<u8> {
    let mut header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c".to_vec();
    header.extend_from_slice(&from.octets());
    header.extend_from_slice(&[127, 0, 0, 1]);
    header.extend_from_slice(&4711_u16.to_be_bytes());
    header.extend_from_slice(&80_u16.to_be_bytes());
    header
}

const ASK: &[u8] = b"GET /api/v1/auth/check HTTP/1.1\r\nHost: x.test\r\n\r\n";

/// Opens a connection that comes from there, and asks something. `None`: it was closed.
async fn connected(to: SocketAddr, from: Ipv4Addr) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(to).await.unwrap();
    let _ = stream.write_all(&[&proxied(from), ASK].concat()).await;
    let mut input = Vec::new();
    loop {
        match soon("an answer", stream.read_buf(&mut input)).await {
            Ok(0) | Err(_) => return None,
            Ok(_) if parse(&input, false).is_some() => return Some(stream),
            Ok(_) => {}
        }
    }
}

#[test]
fn the_proxy_protocol_tells_the_client_and_each_client_has_a_limit() {
    let settings = [
        ("LISTEN_ADMIN", "127.0.0.1:0"),
        ("TRUSTED_PROXIES", "127.0.0.1"),
        ("PROXY_PROTOCOL", "v2"),
        ("MAX_CONNECTIONS_PER_ADDRESS", "2"),
        ("LOG_LEVEL", "info"),
    ];
    play_with(&settings, async |world| {
        let (one, other) = (Ipv4Addr::new(198, 51, 100, 7), Ipv4Addr::new(198, 51, 100, 8));
        let first = connected(world.address(), one).await.expect("a place");
        let _second = connected(world.address(), one).await.expect("a place");
        assert!(connected(world.address(), one).await.is_none(), "a third connection from one address");
        let _others = connected(world.address(), other).await.expect("a place for somebody else");
        let turned_away = "compose_relay_connections_turned_away_by_address_total";
        assert_eq!(world.server.scrape().await.get(turned_away), 1.0);
        drop(first);
        soon("a place again", async {
            while connected(world.address(), one).await.is_none() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
        soon("the client in the log", world.server.says("net.client=198.51.100.7")).await;
        let without = "compose_relay_connections_without_proxy_header_total";
        assert_eq!(world.server.scrape().await.get(without), 0.0);
        // A balancer that only looks whether anybody is there.
        drop(TcpStream::connect(world.address()).await.unwrap());
        for _ in 0..2 {
            assert!(exchange(world.address(), ASK).await.is_none(), "a connection without the header is closed");
        }
        assert_eq!(world.server.scrape().await.get(without), 2.0);
        world.server.says("set PROXY_PROTOCOL=off").await;
        assert_eq!(world.server.log().matches("set PROXY_PROTOCOL=off").count(), 1, "one line for all of them");
        world.ended = true;
    });
}

#[test]
fn https_tells_browsers_to_stay_and_http_leads_there() {
    // A port that is free; the server takes it a moment later.
    let http = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let settings = [("LISTEN_HTTP", http.to_string()), ("HSTS_SECONDS", "1234".to_owned())];
    let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
    play_tls_with(&settings, async |world| {
        let answer = Request::get("/api/v1/auth/providers").send(world.address()).await;
        let stay = answer.header("strict-transport-security").expect("the header");
        assert!(stay.starts_with("max-age=1234"), "{stay}");
        let answer = Request::get("/x?y=1").header("Host", "tools.test").send(http).await;
        assert_eq!(answer.status, 308);
        let port = world.server.address().port();
        assert_eq!(answer.header("location"), Some(format!("https://tools.test:{port}/x?y=1").as_str()));
    });
}
