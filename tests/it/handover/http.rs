//! People who ask all the time, on fresh connections and on ones that they keep. No call may fail.

use crate::support::Request;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::watch;

pub const PAUSE: Duration = Duration::from_millis(5);
const PATIENCE: Duration = Duration::from_secs(30);

/// What came of the calls.
#[derive(Debug, Default)]
pub struct Calls {
    pub good: usize,
    pub failed: Vec<String>,
    /// Kept connections that the server ended in an orderly way.
    pub renewed: usize,
}

/// One connection for each call.
pub async fn fresh(to: SocketAddr, pause: Duration, stop: watch::Receiver<bool>) -> Calls {
    let mut calls = Calls::default();
    while !*stop.borrow() {
        let call = async {
            let mut connection = Connection::open(to).await?;
            connection.ask(to, true).await.map(|_| false)
        };
        calls.count(tokio::time::timeout(PATIENCE, call).await, "fresh");
        tokio::time::sleep(pause).await;
    }
    calls
}

/// One connection for as many calls as the server allows.
pub async fn kept(to: SocketAddr, stop: watch::Receiver<bool>) -> Calls {
    let mut calls = Calls::default();
    let mut connection = None;
    while !*stop.borrow() {
        let call = async {
            let mut open = match connection.take() {
                Some(open) => open,
                None => Connection::open(to).await?,
            };
            let last = open.ask(to, false).await?;
            if !last {
                connection = Some(open);
            }
            std::io::Result::Ok(last)
        };
        calls.count(tokio::time::timeout(PATIENCE, call).await, "kept");
        tokio::time::sleep(PAUSE * 4).await;
    }
    calls
}

/// Calls that need the database and a login.
pub async fn logged_in(to: SocketAddr, session: String, stop: watch::Receiver<bool>) -> Calls {
    let mut calls = Calls::default();
    while !*stop.borrow() {
        let answer = Request::get("/api/v1/initialize").login(&session).send(to).await;
        match answer.status {
            200 => calls.good += 1,
            other => calls.failed.push(format!("initialize: {other} {}", answer.text())),
        }
        tokio::time::sleep(PAUSE * 10).await;
    }
    calls
}

impl Calls {
    fn count(&mut self, outcome: Result<std::io::Result<bool>, tokio::time::error::Elapsed>, what: &str) {
        match outcome {
            Ok(Ok(last)) => {
                self.good += 1;
                self.renewed += usize::from(last);
            }
            Ok(Err(error)) => self.failed.push(format!("{what}: {error} after {} good ones", self.good)),
            Err(_) => self.failed.push(format!("{what}: no answer in {PATIENCE:?}")),
        }
    }
}

struct Connection(BufReader<TcpStream>);

impl Connection {
    async fn open(to: SocketAddr) -> std::io::Result<Self> {
        Ok(Self(BufReader::new(TcpStream::connect(to).await?)))
    }

    /// Whether the server says that this answer is the last.
    async fn ask(&mut self, to: SocketAddr, last: bool) -> std::io::Result<bool> {
        let connection = if last { "close" } else { "keep-alive" };
        let request = format!("GET /health-check HTTP/1.1\r\nHost: {to}\r\nConnection: {connection}\r\n\r\n");
        self.0.write_all(request.as_bytes()).await?;
        let (mut first, mut length, mut closes) = (String::new(), 0, false);
        if self.0.read_line(&mut first).await? == 0 {
            return Err(std::io::Error::other("the connection ended without an answer"));
        }
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).await?;
            let line = line.trim_end().to_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.parse().map_err(std::io::Error::other)?;
            }
            closes |= line == "connection: close";
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await?;
        if !first.starts_with("HTTP/1.1 200 ") || body != b"success" {
            return Err(std::io::Error::other(format!("{first:?} {:?}", String::from_utf8_lossy(&body))));
        }
        Ok(closes)
    }
}
