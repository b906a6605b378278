//! Handshakes, good and bad.

use crate::support::authority::connect;
use crate::support::http::exchange;
use crate::support::{World, play_tls_with, soon, within};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, HandshakeKind, ProtocolVersion, version};

const ADMIN: [(&str, &str); 1] = [("LISTEN_ADMIN", "127.0.0.1:0")];

async fn counted(world: &World, outcome: &str) -> f64 {
    world.server.scrape().await.get(&format!("compose_relay_tls_handshakes_total{{outcome=\"{outcome}\"}}"))
}

async fn until_counted(world: &World, outcome: &str, count: f64) {
    soon("the count", async {
        while counted(world, outcome).await < count {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
}

/// A whole exchange, so that tickets have arrived.
async fn kind(world: &World, client: &Arc<ClientConfig>) -> (HandshakeKind, ProtocolVersion) {
    let mut stream = soon("a handshake", connect(world.server.address(), client)).await.unwrap();
    stream.write_all(b"GET /health-check HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut all = Vec::new();
    soon("the answer", stream.read_to_end(&mut all)).await.expect("ends with close_notify");
    assert!(all.starts_with(b"HTTP/1.1 200"));
    let connection = stream.get_ref().1;
    (connection.handshake_kind().unwrap(), connection.protocol_version().unwrap())
}

#[test]
fn both_versions_are_spoken_and_sessions_resumed() {
    play_tls_with(&ADMIN, async |world| {
        for (of, number) in [(&version::TLS13, ProtocolVersion::TLSv1_3), (&version::TLS12, ProtocolVersion::TLSv1_2)] {
            let client = world.authority().client_of(&[of]);
            assert_eq!(kind(world, &client).await, (HandshakeKind::Full, number));
            assert_eq!(kind(world, &client).await, (HandshakeKind::Resumed, number));
        }
        assert!(counted(world, "ok").await >= 4.0);
        let took = world.server.scrape().await.get("compose_relay_tls_handshake_duration_seconds_count");
        assert!(took >= 4.0);
        let end = world
            .server
            .scrape()
            .await
            .get("compose_relay_certificate_not_after_seconds{source=\"files\",names=\"localhost 127.0.0.1\"}");
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
        assert!((59.0..60.0).contains(&((end - now) / 86_400.0)), "{end}");
    });
}

#[test]
fn only_http_1_1_is_offered_inside() {
    play_tls_with(&ADMIN, async |world| {
        let client = |protocols: &[&[u8]]| {
            let mut client = (*world.authority().client()).clone();
            client.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
            Arc::new(client)
        };
        let stream = connect(world.server.address(), &client(&[b"h2", b"http/1.1"])).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        // Nothing in common; and a check of a name that nobody has asked for.
        for (other, outcome) in [(&b"h2"[..], "refused"), (b"acme-tls/1", "no_certificate")] {
            assert!(connect(world.server.address(), &client(&[other])).await.is_err(), "{outcome}");
            until_counted(world, outcome, 1.0).await;
        }
    });
}

#[test]
fn aes_128_is_chosen_also_when_the_client_would_rather_have_aes_256() {
    play_tls_with(&ADMIN, async |world| {
        for version in [&version::TLS13, &version::TLS12] {
            let client = world.authority().client_of(&[version]);
            let stream = connect(world.server.address(), &client).await.unwrap();
            let suite = stream.get_ref().1.negotiated_cipher_suite().unwrap().suite();
            assert!(format!("{suite:?}").contains("AES_128_GCM_SHA256"), "{suite:?}");
        }
    });
}

/// A ClientHello as openssl 1.0 sent it: so much version and these cipher suites, no extension.
fn old_hello(minor: u8, suites: &[u16]) -> Vec<u8> {
    let suites: Vec<u8> = suites.iter().flat_map(|suite| suite.to_be_bytes()).collect();
    let mut body = vec![3, minor];
    body.extend([7; 32]);
    body.push(0);
    body.extend((suites.len() as u16).to_be_bytes());
    body.extend(suites);
    body.extend([1, 0]);
    let mut hello = vec![1, 0];
    hello.extend((body.len() as u16).to_be_bytes());
    hello.extend(body);
    let mut record = vec![22, 3, 1];
    record.extend((hello.len() as u16).to_be_bytes());
    record.extend(hello);
    record
}

#[test]
fn old_versions_and_weak_suites_are_refused_with_an_alert() {
    play_tls_with(&ADMIN, async |world| {
        // TLS 1.0, 1.1; then 1.2 with RSA key exchange, 3DES, RC4, NULL.
        for (minor, suites) in [
            (1, &[0xc014_u16, 0x0035][..]),
            (2, &[0xc014, 0x0035]),
            (3, &[0x009c, 0x002f]),
            (3, &[0x000a]),
            (3, &[0x0005]),
            (3, &[0x0001]),
        ] {
            let mut tcp = TcpStream::connect(world.server.address()).await.unwrap();
            tcp.write_all(&old_hello(minor, suites)).await.unwrap();
            let mut answer = Vec::new();
            soon("the end", tcp.read_to_end(&mut answer)).await.unwrap();
            // One alert, fatal: protocol_version (70) or handshake_failure (40).
            assert!(answer.len() == 7 && answer[0] == 21 && answer[5] == 2, "{minor} {suites:x?}: {answer:?}");
            assert!([40, 70].contains(&answer[6]), "{answer:?}");
        }
        until_counted(world, "refused", 6.0).await;
    });
}

#[test]
fn a_client_hello_may_come_byte_by_byte() {
    play_tls_with(&ADMIN, async |world| {
        let name = ServerName::try_from("localhost").unwrap();
        let mut client = ClientConnection::new(world.authority().client(), name).unwrap();
        let mut tcp = TcpStream::connect(world.server.address()).await.unwrap();
        tcp.set_nodelay(true).unwrap();
        while client.is_handshaking() || client.wants_write() {
            let mut bytes = Vec::new();
            while client.wants_write() {
                client.write_tls(&mut bytes).unwrap();
            }
            for byte in bytes {
                tcp.write_all(&[byte]).await.unwrap();
            }
            if client.is_handshaking() {
                let mut buffer = vec![0; 4096];
                let count = soon("an answer", tcp.read(&mut buffer)).await.unwrap();
                assert!(count > 0, "the connection has ended");
                client.read_tls(&mut &buffer[..count]).unwrap();
                client.process_new_packets().unwrap();
            }
        }
    });
}

#[test]
fn what_is_no_tls_is_turned_away_and_counted() {
    play_tls_with(&ADMIN, async |world| {
        let address = world.server.address();
        let answer = exchange(address, b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("an answer");
        assert_eq!(answer.status, 400);
        assert!(answer.text().contains("https://"), "{answer:?}");
        for garbage in [
            &b"\x00\x01\x02\x03\x04\x05\x06\x07"[..],
            b"\x16\x03\x01\xff\xff",
            b"\x16\x03\x01\x00\x05hello",
            b"quit\r\n",
        ] {
            let mut tcp = TcpStream::connect(address).await.unwrap();
            tcp.write_all(garbage).await.unwrap();
            let mut all = Vec::new();
            let _ = soon("the end", tcp.read_to_end(&mut all)).await;
            assert!(all.is_empty() || all[0] == 21, "{all:?}");
        }
        until_counted(world, "no_tls", 5.0).await;
        // Who leaves before anything, and who does not believe the certificate.
        drop(TcpStream::connect(address).await.unwrap());
        until_counted(world, "lost", 1.0).await;
        let stranger = crate::support::Authority::new().client();
        assert!(connect(address, &stranger).await.is_err());
        until_counted(world, "rejected", 1.0).await;
    });
}

#[test]
fn a_silent_connection_is_dropped_at_the_deadline_and_so_is_a_slow_one() {
    play_tls_with(&ADMIN, async |world| {
        let began = Instant::now();
        let mut silent = TcpStream::connect(world.server.address()).await.unwrap();
        let mut slow = TcpStream::connect(world.server.address()).await.unwrap();
        slow.write_all(b"\x16\x03\x01\x02").await.unwrap();
        for tcp in [&mut silent, &mut slow] {
            let mut all = Vec::new();
            let _ = within(Duration::from_secs(40), "the end", tcp.read_to_end(&mut all)).await;
        }
        assert!(began.elapsed() > Duration::from_secs(5), "{:?}", began.elapsed());
        until_counted(world, "timeout", 2.0).await;
    });
}
