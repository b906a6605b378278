//! What a connection passes before it may speak, and what is said at the doors.

use crate::support::authority::connect;
use crate::support::http::parse;
use crate::support::{
    Message, Request, Response, Server, Upgrade, World, message, play_over_tls, play_tls_with, play_with, soon, within,
};
use serde_json::json;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use uuid::Uuid;

/// Where the server listens for plain http beside https.
async fn plain_address(world: &World) -> SocketAddr {
    soon("the plain listener", async {
        loop {
            let log = world.server.log();
            let found = log.split("sending http://").nth(1).and_then(|rest| rest.split(" on to").next());
            if let Some(address) = found {
                return address.parse().expect("an address");
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
}

/// One request over TLS, and its answer.
async fn get(world: &World, path: &str) -> Response {
    let client = world.authority().client();
    let mut stream = soon("a handshake", connect(world.server.address(), &client)).await.unwrap();
    stream
        .write_all(format!("GET {path} HTTP/1.1\r\nHost: x.test\r\nConnection: close\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut all = Vec::new();
    soon("the answer", stream.read_to_end(&mut all)).await.expect("a proper end");
    parse(&all, true).expect("an answer")
}

#[test]
fn plain_http_leads_to_https_and_says_nothing_else() {
    play_tls_with(&[("LISTEN_HTTP", "127.0.0.1:0")], async |world| {
        let plain = plain_address(world).await;
        let port = world.server.address().port();
        for (path, host, location) in [
            ("/apps/x?y=1", "tools.example.com", format!("https://tools.example.com:{port}/apps/x?y=1")),
            ("/health-check", "tools.example.com:80", format!("https://tools.example.com:{port}/health-check")),
        ] {
            let answer = Request::get(path).header("Host", host).send(plain).await;
            assert_eq!((answer.status, answer.header("location")), (308, Some(location.as_str())), "{path}");
            assert!(answer.body.is_empty() && answer.header("strict-transport-security").is_none());
        }
        let posted = Request::post("/api/v1/auth/logout", &json!({})).send(plain).await;
        assert_eq!(posted.status, 308);
        for path in ["/.well-known/acme-challenge/unknown", "/.well-known/acme-challenge/"] {
            assert_eq!(Request::get(path).send(plain).await.status, 404, "{path}");
        }
        // An SDK is told what is wrong; without a reason the Node SDK would wait for ever.
        let tenant = world.seed.tenant().await;
        let refusal = Upgrade::sdk(&tenant.environment).connect(plain).await.err().expect("no socket here");
        assert_eq!(refusal.status, 308);
        assert!(refusal.reason.expect("a reason").contains("https"));
    });
}

#[test]
fn redirects_name_the_port_that_people_use() {
    let settings = [("LISTEN_HTTP", "127.0.0.1:0"), ("PUBLIC_ORIGINS", "https://tools.example.com")];
    play_tls_with(&settings, async |world| {
        let answer = Request::get("/x").header("Host", "tools.example.com").send(plain_address(world).await).await;
        assert_eq!(answer.header("location"), Some("https://tools.example.com/x"));
    });
}

#[test]
fn https_answers_tell_browsers_to_stay_with_it() {
    const NAME: &str = "strict-transport-security";
    play_over_tls(async |world| {
        for path in ["/health-check", "/api/v1/initialize", "/nowhere"] {
            assert_eq!(get(world, path).await.header(NAME), Some("max-age=15552000"), "{path}");
        }
    });
    play_tls_with(&[("HSTS_SECONDS", "0")], async |world| {
        assert_eq!(get(world, "/health-check").await.header(NAME), None);
    });
    play_with(&[], async |world| {
        assert_eq!(Request::get("/health-check").send(world.address()).await.header(NAME), None);
    });
}

#[test]
fn cookies_are_secure_over_tls_in_every_mode() {
    play_tls_with(&[("NODE_ENV", "")], async |world| {
        let answer = get(world, "/api/v1/initialize").await;
        assert_eq!(answer.status, 401);
        let cookie = answer.header("set-cookie").expect("the cookie is cleared").to_owned();
        assert!(cookie.contains("Secure"), "{cookie}");
        assert_eq!(answer.header("strict-transport-security"), None, "not outside production");
    });
}

/// PROXY protocol version 2 for TCP over IPv4, from this address.
fn proxy_header(ip: [u8; 4]) -> Vec<u8> {
    let mut header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c".to_vec();
    header.extend(ip);
    header.extend([127, 0, 0, 1, 0x12, 0x34, 1, 187]);
    header
}

/// Sends bytes and then a request; the answer's status, or `None` when the connection ends without one.
async fn status_behind(address: SocketAddr, bytes: &[u8]) -> Option<u16> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = b"GET /health-check HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    stream.write_all(&[bytes, request].concat()).await.unwrap();
    let mut all = Vec::new();
    let _ = soon("the end", stream.read_to_end(&mut all)).await;
    parse(&all, true).map(|answer| answer.status)
}

#[test]
fn a_trusted_proxy_tells_whose_connection_it_is() {
    let settings = [("PROXY_PROTOCOL", "v2"), ("TRUSTED_PROXIES", "127.0.0.1")];
    play_with(&settings, async |world| {
        // The clients of the tests send no header.
        world.ended = true;
        let address = world.server.address();
        assert_eq!(status_behind(address, &proxy_header([198, 51, 100, 7])).await, Some(200));
        soon("the word in the log", async {
            while !world.server.log().contains("198.51.100.7") {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
        // LOCAL: a health check of the proxy itself.
        assert_eq!(status_behind(address, b"\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00").await, Some(200));
        for bad in [
            &b""[..],
            b"PROXY TCP4 198.51.100.7 127.0.0.1 1 2\r\n",
            b"\r\n\r\n\0\r\nQUIT\n\x31\x11\x00\x00",
            b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff",
        ] {
            assert_eq!(status_behind(address, bad).await, None, "{bad:?}");
        }
        assert!(world.server.is_running());
    });
}

#[test]
fn nobody_else_s_header_is_believed() {
    for settings in
        [&[("PROXY_PROTOCOL", "v2"), ("TRUSTED_PROXIES", "192.0.2.1")][..], &[("TRUSTED_PROXIES", "127.0.0.1")]]
    {
        play_with(settings, async |world| {
            let status = status_behind(world.server.address(), &proxy_header([198, 51, 100, 7])).await;
            assert_eq!(status, Some(400), "{settings:?}");
            assert_eq!(status_behind(world.server.address(), b"").await, Some(200));
            assert!(!world.server.log().contains("198.51.100.7"), "{settings:?}");
        });
    }
}

#[test]
fn the_header_of_a_proxy_comes_before_tls() {
    let settings = [("PROXY_PROTOCOL", "v2"), ("TRUSTED_PROXIES", "127.0.0.1")];
    play_tls_with(&settings, async |world| {
        world.ended = true;
        let mut tcp = TcpStream::connect(world.server.address()).await.unwrap();
        tcp.write_all(&proxy_header([198, 51, 100, 9])).await.unwrap();
        let connector = tokio_rustls::TlsConnector::from(world.authority().client());
        let name = tokio_rustls::rustls::pki_types::ServerName::try_from("localhost").unwrap();
        let mut stream = soon("a handshake", connector.connect(name, tcp)).await.unwrap();
        stream.write_all(b"GET /health-check HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut all = Vec::new();
        soon("the answer", stream.read_to_end(&mut all)).await.unwrap();
        assert_eq!(parse(&all, true).unwrap().status, 200);
    });
}

#[test]
fn an_address_has_its_own_limit_and_gets_its_places_back() {
    let settings = [
        ("PROXY_PROTOCOL", "v2"),
        ("TRUSTED_PROXIES", "127.0.0.1"),
        ("MAX_CONNECTIONS_PER_ADDRESS", "2"),
        ("LISTEN_ADMIN", "127.0.0.1:0"),
    ];
    play_with(&settings, async |world| {
        world.ended = true;
        let address = world.server.address();
        let mut open = Vec::new();
        for _ in 0..2 {
            open.push(asked(address, [198, 51, 100, 7]).await.expect("a place"));
        }
        assert!(asked(address, [198, 51, 100, 7]).await.is_none(), "a third one");
        assert!(asked(address, [198, 51, 100, 8]).await.is_some(), "another address");
        let scrape = world.server.scrape().await;
        assert!(scrape.get("compose_relay_connections_turned_away_by_address_total") >= 1.0);
        open.pop();
        soon("the place is free again", async {
            while asked(address, [198, 51, 100, 7]).await.is_none() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
    });
}

/// A kept connection of a client that has asked once; `None` when it was closed.
async fn asked(address: SocketAddr, ip: [u8; 4]) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = b"GET /health-check HTTP/1.1\r\nHost: x\r\n\r\n";
    stream.write_all(&[&proxy_header(ip), &request[..]].concat()).await.ok()?;
    let mut first = [0; 12];
    let read = soon("an answer or the end", stream.read_exact(&mut first)).await;
    read.is_ok().then_some(stream)
}

#[test]
fn a_full_table_of_descriptors_is_survived() {
    play_over_tls(async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        // As many as it has, and a handful more.
        let limit = world.server.open_files() + 20;
        let limit = std::process::Command::new("prlimit")
            .args([format!("--pid={}", world.server.pid()), format!("--nofile={limit}:")])
            .status()
            .expect("prlimit can be started");
        assert!(limit.success());
        let mut all = Vec::new();
        for _ in 0..60 {
            let socket = TcpSocket::new_v4().unwrap();
            all.push(soon("a connection", socket.connect(world.server.address())).await.unwrap());
        }
        soon("the word in the log", async {
            while !world.server.log().contains("cannot accept connections, trying again") {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
        // Who is there already notices nothing.
        running.works().await;
        drop(all);
        let client = world.authority().client();
        within(Duration::from_secs(30), "a handshake afterwards", async {
            while connect(world.server.address(), &client).await.is_err() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        })
        .await;
        running.works().await;
        let session = Uuid::new_v4();
        let mut page =
            Upgrade::page(&tenant.owner, session, tenant.environment.id, "hello").accepted(world.address()).await;
        let status: Message = page.next_is("11").await;
        assert_eq!(status.first_id(), session);
        page.send(message::click(tenant.environment.id, running.execution, "not mine")).await;
    });
}

#[test]
fn one_listener_takes_both_families_and_the_log_knows_them_apart() {
    play_tls_with(&[], async |world| {
        // The settings alone say where, on both families.
        let mut settings = world.server.settings().to_vec();
        settings.push(("LISTEN_HTTPS".to_owned(), "[::]:0".to_owned()));
        let server = Server::where_set(settings).await;
        let port = server.address().port();
        let client = world.authority().client();
        for (address, shown) in [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")] {
            let address = SocketAddr::new(address.parse().unwrap(), port);
            let mut stream = soon("a handshake", connect(address, &client)).await.unwrap();
            let request = b"GET /api/v1/auth/check HTTP/1.1\r\nHost: x.test\r\nConnection: close\r\n\r\n";
            stream.write_all(request).await.unwrap();
            soon("the answer", stream.read_to_end(&mut Vec::new())).await.expect("a proper end");
            server.says(&format!("net.client={}", address.ip())).await;
            // And one that fails, which is told where connections come in.
            TcpStream::connect(address).await.unwrap().write_all(b"no TLS at all").await.unwrap();
            server.says(&format!("no handshake net.client={shown}:")).await;
        }
        assert!(!server.log().contains("::ffff:"), "{}", server.log());
    });
}
