//! A small HTTP/1.1 client that sends whatever bytes it is given, and reads one answer.

use super::{PATIENCE, within};
use serde_json::Value;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One request; `send` writes it on a connection of its own.
pub struct Request {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Request {
    pub fn new(method: &str, path: &str) -> Self {
        Request { method: method.to_owned(), path: path.to_owned(), headers: Vec::new(), body: None }
    }

    pub fn get(path: &str) -> Self {
        Request::new("GET", path)
    }

    pub fn post(path: &str, body: &Value) -> Self {
        Request::new("POST", path).header("Content-Type", "application/json").body(body.to_string())
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The cookie that carries this login session.
    pub fn login(self, session: &str) -> Self {
        self.header("Cookie", &format!("auth_session={session}"))
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// `Host` and, but for GET and HEAD, a matching `Origin` are added when they were not given.
    pub async fn send(mut self, to: SocketAddr) -> Response {
        let has =
            |headers: &[(String, String)], name| headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
        if !has(&self.headers, "Host") {
            self.headers.insert(0, ("Host".into(), to.to_string()));
        }
        if !has(&self.headers, "Origin") && !["GET", "HEAD"].contains(&self.method.as_str()) {
            self.headers.push(("Origin".into(), format!("http://{to}")));
        }
        self.headers.push(("Connection".into(), "close".into()));
        if let Some(body) = &self.body
            && !has(&self.headers, "Content-Length")
        {
            self.headers.push(("Content-Length".into(), body.len().to_string()));
        }
        let mut bytes = format!("{} {} HTTP/1.1\r\n", self.method, self.path).into_bytes();
        for (name, value) in self.headers.iter().filter(|(_, value)| !value.is_empty()) {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body.unwrap_or_default());
        let what = format!("{} {}", self.method, self.path);
        exchange(to, &bytes).await.unwrap_or_else(|| panic!("{what}: the connection ended without an answer"))
    }
}

/// One answer.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// All `Set-Cookie` values.
    pub fn cookies(&self) -> Vec<&str> {
        let named = self.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
        named.map(|(_, value)| value.as_str()).collect()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("no JSON in {self:?}: {error}"))
    }

    /// The text that the web client shows for a failure.
    pub fn message(&self) -> String {
        self.json()["message"].as_str().unwrap_or_else(|| panic!("no message in {self:?}")).to_owned()
    }
}

/// Writes any bytes and reads what comes until the end of the first answer. `None` when the connection just ends.
pub async fn exchange(to: SocketAddr, bytes: &[u8]) -> Option<Response> {
    within(PATIENCE, "an HTTP answer", async {
        let mut stream = TcpStream::connect(to).await.expect("the server accepts connections");
        // The server may answer and close before it has read everything: a failed write is no failed test.
        let _ = stream.write_all(bytes).await;
        let mut input = Vec::new();
        loop {
            let count = stream.read_buf(&mut input).await.unwrap_or(0);
            if let Some(response) = parse(&input, count == 0) {
                return Some(response);
            }
            if count == 0 {
                return None;
            }
        }
    })
    .await
}

/// Reads an answer from the front of `input`; `None` when more bytes are needed.
pub fn parse(input: &[u8], ended: bool) -> Option<Response> {
    let head_end = input.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&input[..head_end]).expect("the head is ASCII");
    let mut lines = head.split("\r\n").filter(|line| !line.is_empty());
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
    let headers: Vec<(String, String)> = lines
        .map(|line| line.split_once(':').unwrap_or_else(|| panic!("no colon in header {line:?}")))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    let mut response = Response { status: status.expect("a status line"), headers, body: Vec::new() };
    let rest = &input[head_end..];
    if response.status == 101 {
        return Some(response);
    }
    match response.header("content-length").map(|length| length.parse::<usize>().unwrap()) {
        Some(length) if rest.len() < length && !ended => return None,
        Some(length) => response.body = rest[..length.min(rest.len())].to_vec(),
        None if response.header("transfer-encoding").is_some() => response.body = chunks(rest)?,
        None if !ended => return None,
        None => response.body = rest.to_vec(),
    }
    Some(response)
}

fn chunks(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = rest.windows(2).position(|two| two == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).ok()?, 16).ok()?;
        rest = &rest[line + 2..];
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size + 2..)?;
    }
}

#[test]
fn answers_are_read_in_all_three_forms() {
    let text = |input: &[u8], ended| parse(input, ended).map(|response| response.text());
    let sized = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
    assert_eq!(text(sized, false).as_deref(), Some("abc"));
    assert_eq!(text(&sized[..sized.len() - 1], false), None);
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n";
    assert_eq!(text(chunked, false).as_deref(), Some("abc"));
    assert_eq!(text(b"HTTP/1.1 400 Bad\r\n\r\nabc", true).as_deref(), Some("abc"));
}
