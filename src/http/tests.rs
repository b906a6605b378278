//! The behaviour of the connection layer, seen over real sockets.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::*;
use crate::net::{Admission, Crowd, Entrance, EntranceParts, Headerless, Listener, Networks};
use crate::tasks::Tasks;

/// Answers a few paths and hands upgraded sockets to the test.
struct Double {
    tasks: Tasks,
    sockets: mpsc::UnboundedSender<Option<RawSocket>>,
    exchanges: mpsc::UnboundedSender<Exchange>,
}

/// Tells the test when it is dropped without having been used.
struct Note(mpsc::UnboundedSender<Option<RawSocket>>, bool);

impl Drop for Note {
    fn drop(&mut self) {
        if !self.1 {
            let _ = self.0.send(None);
        }
    }
}

impl Handler for Double {
    fn answer(self: Arc<Self>, mut request: Request) -> Pin<Box<dyn Future<Output = Reply> + Send>> {
        Box::pin(async move {
            match request.raw_path() {
                "/panic" => panic!("on purpose"),
                "/ws" | "/slow-ws" => {
                    let Ok(handshake) = Handshake::of(&mut request) else {
                        return json(StatusCode::BAD_REQUEST, &json!(null));
                    };
                    let mut note = Note(self.sockets.clone(), false);
                    if request.raw_path() == "/slow-ws" {
                        tokio::time::sleep(Duration::from_secs(5)).await;
                    }
                    handshake.accept(&self.tasks, move |socket| {
                        note.1 = true;
                        let _ = note.0.send(Some(socket));
                    })
                }
                "/echo" => match request.json().await {
                    Ok(value) => json(StatusCode::OK, &json!({"got": value.map(|v| v.to_string().len())})),
                    Err(fault) => self.fault(fault, "/echo"),
                },
                "/big" => reply(StatusCode::OK, "text/plain", "HTTP/1.1 4".repeat(100_000)),
                _ => json(StatusCode::OK, &json!(null)),
            }
        })
    }

    fn fault(&self, fault: Fault, target: &str) -> Reply {
        json(fault.status(), &json!({"fault": format!("{fault:?}"), "target": target}))
    }

    fn answered(&self, exchange: &Exchange) {
        let _ = self.exchanges.send(*exchange);
    }
}

struct Rig {
    address: SocketAddr,
    tasks: Tasks,
    closing: Closing,
    sockets: mpsc::UnboundedReceiver<Option<RawSocket>>,
    exchanges: mpsc::UnboundedReceiver<Exchange>,
}

fn rig() -> Rig {
    rig_behind(Entrance::open())
}

fn rig_behind(entrance: Entrance) -> Rig {
    let (sender, sockets) = mpsc::unbounded_channel();
    let (heard, exchanges) = mpsc::unbounded_channel();
    let (tasks, closing) = (Tasks::new(), Closing::new());
    let listener = Listener::bind(SocketAddr::from(([127, 0, 0, 1], 0)), Admission::new(64)).unwrap();
    let address = listener.address();
    let handler = Arc::new(Double { tasks: tasks.clone(), sockets: sender, exchanges: heard });
    tasks.spawn("http.serve", serve(listener, entrance, handler, tasks.clone(), closing.clone(), oneshot::channel().0));
    Rig { address, tasks, closing, sockets, exchanges }
}

#[tokio::test]
async fn every_answer_is_told_with_nothing_that_a_client_wrote() {
    let mut rig = rig();
    for (request, method, status) in [
        (get("/x?key=secret"), "GET", 200),
        (get("/x").replace("GET", "SECRET"), "other", 200),
        (get("/panic"), "GET", 500),
        (get("/x").replace("Host: x.test\r\n", ""), "GET", 400),
        ("PUT /x?key=secret HTTP/9.9\r\n\r\n".to_owned(), "PUT", 400),
        (get("/x").replace("Host:", &format!("X: {}\r\nHost:", "x".repeat(20_000))), "GET", 431),
    ] {
        let answer = exchange(rig.address, &request).await;
        let told = timeout(Duration::from_secs(5), rig.exchanges.recv()).await.expect("told in time").unwrap();
        assert_eq!((told.method, told.route, told.status), (method, "(none)", status), "{request}");
        assert_eq!(told.client, rig.address.ip());
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.len() as u64);
        assert_eq!(Some(told.bytes), body, "{answer}");
    }
    assert!(rig.exchanges.try_recv().is_err(), "one for each");
}

async fn exchange(address: SocketAddr, request: impl AsRef<[u8]>) -> String {
    let mut tcp = TcpStream::connect(address).await.unwrap();
    // The server may answer and stop reading before everything is written.
    let _ = tcp.write_all(request.as_ref()).await;
    let mut answer = Vec::new();
    timeout(Duration::from_secs(5), tcp.read_to_end(&mut answer)).await.expect("the answer came in time").unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// Reads one answer with a content length and leaves the connection open.
async fn one(tcp: &mut TcpStream) -> String {
    let mut text = Vec::new();
    timeout(Duration::from_secs(5), async {
        loop {
            let whole = String::from_utf8_lossy(&text).to_lowercase();
            if let Some((head, body)) = whole.split_once("\r\n\r\n") {
                let length = head
                    .split("content-length: ")
                    .nth(1)
                    .map_or(0, |rest| rest.split("\r\n").next().unwrap().parse::<usize>().unwrap());
                if body.len() >= length {
                    break;
                }
            }
            assert_ne!(tcp.read_buf(&mut text).await.unwrap(), 0, "closed after {whole}");
        }
    })
    .await
    .unwrap();
    String::from_utf8(text).unwrap()
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x.test\r\nConnection: close\r\n\r\n")
}

fn post(body: &[u8], extra: &str) -> Vec<u8> {
    let head = format!(
        "POST /echo HTTP/1.1\r\nHost: x.test\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{extra}\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn a_request_head_over_16_kib_is_answered_with_431() {
    let rig = rig();
    for fill in [17_000, 70_000, 400_000] {
        let head = format!("GET /api/v1/sdk/ws?x HTTP/1.1\r\nHost: x.test\r\nX-Fill: {}\r\n\r\n", "x".repeat(fill));
        let answer = exchange(rig.address, head).await;
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
        assert!(answer.contains(r#"{"fault":"HeadTooLarge","target":"/api/v1/sdk/ws"}"#), "{answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
    }
    let head = "GET / HTTP/1.1\r\nHost: x.test\r\nConnection: close\r\nX-Fill: ";
    let exact = format!("{head}{}\r\n\r\n", "x".repeat(16 * 1024 - head.len() - 4));
    assert!(exchange(rig.address, exact).await.starts_with("HTTP/1.1 200 "));
    let many = format!("GET / HTTP/1.1\r\nHost: x.test\r\n{}\r\n", "A: b\r\n".repeat(101));
    assert!(exchange(rig.address, many).await.starts_with("HTTP/1.1 431 "));
}

#[tokio::test]
async fn what_is_not_http_gets_one_answer_and_the_server_lives() {
    let rig = rig();
    for broken in [
        &b"GET /api/v1/sdk/ws\x00 HTTP/1.1\r\n\r\n"[..],
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nbad header\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
    ] {
        let broken = [&broken[..broken.len() - 2], b"Connection: close\r\n\r\n"].concat();
        let answer = exchange(rig.address, &broken).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{}: {answer}", broken.escape_ascii());
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
        assert!(answer.contains("fault"), "{answer}");
    }
    assert!(exchange(rig.address, get("//[")).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn a_panic_is_a_500_for_that_request_alone() {
    let rig = rig();
    let mut tcp = TcpStream::connect(rig.address).await.unwrap();
    tcp.write_all(b"GET /panic HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let answer = one(&mut tcp).await;
    assert!(answer.starts_with("HTTP/1.1 500 ") && !answer.contains("on purpose"), "{answer}");
    tcp.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let answer = one(&mut tcp).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("keep-alive: timeout=72\r\n"), "{answer}");
}

#[tokio::test]
async fn bodies_pass_up_to_exactly_one_mebibyte() {
    let rig = rig();
    let body = |length: usize| format!("\"{}\"", "x".repeat(length - 2)).into_bytes();
    let answer = exchange(rig.address, post(&body(LARGEST_BODY), "")).await;
    assert!(answer.contains(&format!("{{\"got\":{LARGEST_BODY}}}")), "{answer}");
    let answer = exchange(rig.address, post(&body(LARGEST_BODY + 1), "")).await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("connection: close"), "{answer}");
    let mut chunked =
        b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
            .to_vec();
    for _ in 0..=LARGEST_BODY / 65_536 {
        chunked.extend_from_slice(b"10000\r\n");
        chunked.extend_from_slice(&[b'1'; 65_536]);
        chunked.extend_from_slice(b"\r\n");
    }
    chunked.extend_from_slice(b"0\r\n\r\n");
    assert!(exchange(rig.address, chunked).await.starts_with("HTTP/1.1 413 "));
}

#[tokio::test]
async fn faults_of_bodies_are_told() {
    let rig = rig();
    assert!(exchange(rig.address, post(b"{", "")).await.contains("\"Json\""));
    assert!(exchange(rig.address, post(b"", "")).await.contains("\"EmptyJson\""));
    assert!(exchange(rig.address, post(b"{}", "Content-Type: text/plain\r\n")).await.contains("\"MediaType\""));
    let chunk =
        b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n";
    assert!(exchange(rig.address, chunk).await.contains("\"BodyLength\""));
}

#[tokio::test]
async fn large_answers_are_whole() {
    let rig = rig();
    let answer = exchange(rig.address, get("/big")).await;
    assert!(answer.ends_with(&"HTTP/1.1 4".repeat(100_000)), "{} bytes", answer.len());
}

const UPGRADE: &str = "Host: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Protocol: chat\r\n\r\n";

#[tokio::test]
async fn an_upgraded_socket_comes_with_the_bytes_that_were_sent_early() {
    let mut rig = rig();
    let mut tcp = TcpStream::connect(rig.address).await.unwrap();
    tcp.write_all(format!("GET /ws HTTP/1.1\r\n{UPGRADE}early").as_bytes()).await.unwrap();
    let answer = one(&mut tcp).await;
    assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
    assert!(answer.contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{answer}");
    assert!(!answer.contains("extensions") && !answer.contains("protocol"), "{answer}");
    let socket = timeout(Duration::from_secs(5), rig.sockets.recv()).await.unwrap().unwrap().unwrap();
    assert_eq!(socket.leftover, b"early");
    assert!(socket.permit.is_some());
    let mut back = TcpStream::from_std(socket.tcp).unwrap();
    back.write_all(b"pong").await.unwrap();
    let mut bytes = [0; 4];
    tcp.read_exact(&mut bytes).await.unwrap();
    assert_eq!(&bytes, b"pong");
}

#[tokio::test]
async fn d15b_a_reset_while_the_upgrade_waits_frees_what_it_holds() {
    let mut rig = rig();
    let mut tcp = TcpStream::connect(rig.address).await.unwrap();
    tcp.write_all(format!("GET /slow-ws HTTP/1.1\r\n{UPGRADE}").as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    tcp.set_zero_linger().unwrap();
    drop(tcp);
    let freed = timeout(Duration::from_secs(2), rig.sockets.recv()).await.unwrap().unwrap();
    assert!(freed.is_none());
    assert!(exchange(rig.address, get("/")).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn shutdown_closes_the_port_and_idle_connections() {
    let rig = rig();
    let mut tcp = TcpStream::connect(rig.address).await.unwrap();
    tcp.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    one(&mut tcp).await;
    rig.closing.close_idle();
    let mut rest = Vec::new();
    timeout(Duration::from_secs(2), tcp.read_to_end(&mut rest)).await.unwrap().unwrap();
    assert!(rest.is_empty());
    drop(tcp);
    timeout(Duration::from_secs(3), rig.tasks.ended()).await.unwrap();
    assert!(TcpStream::connect(rig.address).await.is_err());
}

#[tokio::test]
async fn a_kept_connection_is_answered_once_more_when_closing_begins() {
    let rig = rig();
    let mut tcp = TcpStream::connect(rig.address).await.unwrap();
    let mut unused = TcpStream::connect(rig.address).await.unwrap();
    tcp.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    one(&mut tcp).await;
    rig.closing.begin();
    for tcp in [&mut tcp, &mut unused] {
        tcp.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut rest = Vec::new();
        timeout(Duration::from_secs(2), tcp.read_to_end(&mut rest)).await.unwrap().unwrap();
        let text = String::from_utf8(rest).unwrap().to_lowercase();
        assert!(text.starts_with("http/1.1 200 ") && text.contains("connection: close"), "{text}");
    }
}

#[tokio::test]
async fn who_has_not_got_through_the_entrance_does_not_hold_up_the_end() {
    let entrance = Entrance::new(EntranceParts {
        tls: None,
        proxy_header: true,
        proxies: Networks::new(vec!["127.0.0.0/8".parse().unwrap()]),
        headerless: Headerless::default(),
        crowd: Crowd::new(None),
        handshakes: 1,
        count: Default::default(),
        for_plain_http: b"",
    });
    let rig = rig_behind(entrance);
    // It was asked for a header, and says nothing.
    let mut silent = TcpStream::connect(rig.address).await.unwrap();
    // Behind it in the queue: once this one is closed for what it sent instead, the silent one has been accepted, too.
    let mut wrong = TcpStream::connect(rig.address).await.unwrap();
    wrong.write_all(b"GET /x HTTP/1.1\r").await.unwrap();
    closed(&mut wrong).await;
    rig.closing.close_idle();
    rig.tasks.stop();
    timeout(Duration::from_secs(5), rig.tasks.ended()).await.expect("the end comes before the entrance's deadline");
    closed(&mut silent).await;
}

async fn closed(tcp: &mut TcpStream) {
    let mut byte = [0; 1];
    let read = timeout(Duration::from_secs(5), tcp.read(&mut byte)).await.expect("closed in time");
    assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
}
