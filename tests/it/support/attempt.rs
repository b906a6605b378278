//! An upgrade request with all its headers in the caller's hand, sent by either client.

use super::http::parse;
use super::raw::RawSocket;
use super::{Environment, Login, PATIENCE, Peer, Response, soon, within};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, client::IntoClientRequest};
use uuid::Uuid;

pub const SDK_PATH: &str = "/api/v1/sdk/ws";
pub const BROWSER_PATH: &str = "/api/v1/browser/ws";

/// An upgrade request.
#[derive(Clone)]
pub struct Upgrade {
    pub path: String,
    pub headers: Vec<(String, String)>,
}

/// An answer other than 101.
#[derive(Debug)]
pub struct Refusal {
    pub status: u16,
    pub code: Option<String>,
    pub reason: Option<String>,
}

impl Upgrade {
    pub fn to(path: &str) -> Self {
        Upgrade { path: path.to_owned(), headers: Vec::new() }
    }

    /// What the Python SDK sends.
    pub fn sdk(environment: &Environment) -> Self {
        Upgrade::to(SDK_PATH)
            .header("x-compose-api-key", &environment.key)
            .header("x-compose-package-name", "compose-python")
            .header("x-compose-package-version", "0.27.8")
    }

    /// What the Node SDK sends.
    pub fn node_sdk(environment: &Environment) -> Self {
        Upgrade::sdk(environment)
            .header("x-compose-package-name", "compose-node")
            .header("x-compose-package-version", "0.27.9")
    }

    /// What a home page sends. `Origin` is added by [`Upgrade::connect`] when it is not given here.
    pub fn home(login: &Login, session: Uuid) -> Self {
        Upgrade::to(&format!("{BROWSER_PATH}?sessionId={session}")).login(&login.session)
    }

    /// What an app page sends.
    pub fn page(login: &Login, session: Uuid, environment: Uuid, route: &str) -> Self {
        let query = format!("sessionId={session}&environmentId={environment}&appRoute={route}");
        Upgrade::to(&format!("{BROWSER_PATH}?{query}")).login(&login.session)
    }

    /// The execution that runs at a reconnect.
    pub fn execution(mut self, execution: Uuid) -> Self {
        self.path.push_str(&format!("&executionId={execution}"));
        self
    }

    pub fn login(self, session: &str) -> Self {
        self.header("Cookie", &format!("auth_session={session}"))
    }

    /// Sets a header, in the place of an earlier one with this name.
    pub fn header(self, name: &str, value: &str) -> Self {
        let mut upgrade = self.without(name);
        upgrade.headers.push((name.to_owned(), value.to_owned()));
        upgrade
    }

    /// Adds a header beside an earlier one with this name.
    pub fn also(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    fn is_for_browsers(&self) -> bool {
        self.path.starts_with(BROWSER_PATH)
    }

    fn complete(mut self, to: SocketAddr) -> Self {
        if self.is_for_browsers() && !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("Origin")) {
            self = self.header("Origin", &format!("http://{to}"));
        }
        self.headers.retain(|(_, value)| !value.is_empty());
        self
    }

    /// Connects with tungstenite; the peer then answers pings by itself.
    pub async fn connect(self, to: SocketAddr) -> Result<Peer, Refusal> {
        let upgrade = self.complete(to);
        let mut request = format!("ws://{to}{}", upgrade.path).into_client_request().expect("a request");
        for (name, value) in &upgrade.headers {
            let name: tungstenite::http::HeaderName = name.parse().expect("a header name");
            if name == "host" {
                request.headers_mut().insert(name, value.parse().expect("a header value"));
            } else {
                request.headers_mut().append(name, value.parse().expect("a header value"));
            }
        }
        let stream = soon("a TCP connection", TcpStream::connect(to)).await.expect("the server accepts connections");
        stream.set_nodelay(true).unwrap();
        let config = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
        let handshake = tokio_tungstenite::client_async_with_config(request, stream, Some(config));
        match within(PATIENCE, "an answer to the upgrade", handshake).await {
            Ok((socket, answer)) => {
                assert!(answer.headers().get("sec-websocket-protocol").is_none(), "nobody offered a subprotocol");
                Ok(Peer::new(socket))
            }
            Err(tungstenite::Error::Http(answer)) => {
                let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
                let (reason, code) = (header("x-compose-error-reason"), header("x-compose-error-code"));
                Err(Refusal { status: answer.status().as_u16(), code, reason })
            }
            Err(other) => panic!("the upgrade was neither accepted nor refused: {other}"),
        }
    }

    /// Connects and expects to be let in.
    pub async fn accepted(self, to: SocketAddr) -> Peer {
        self.connect(to).await.unwrap_or_else(|refusal| panic!("the upgrade was refused: {refusal:?}"))
    }

    /// Connects and expects a refusal with this code and, as everywhere, with a readable reason.
    pub async fn refused(self, to: SocketAddr, code: &str) -> Refusal {
        let path = self.path.clone();
        let refusal = match self.connect(to).await {
            Ok(_) => panic!("the upgrade of {path} was accepted; {code} was expected"),
            Err(refusal) => refusal,
        };
        assert_eq!(refusal.code.as_deref(), Some(code), "{path}: {refusal:?}");
        refusal.assert_readable();
        refusal
    }

    /// The bytes of the request, for [`RawSocket`] and for bad requests.
    pub fn bytes(self, to: SocketAddr) -> Vec<u8> {
        let upgrade = self.complete(to).header("Connection", "Upgrade").header("Upgrade", "websocket");
        let mut upgrade = upgrade.header("Sec-WebSocket-Version", "13");
        if !upgrade.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("Host")) {
            upgrade = upgrade.header("Host", &to.to_string());
        }
        let upgrade = upgrade.header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        let mut text = format!("GET {} HTTP/1.1\r\n", upgrade.path);
        for (name, value) in &upgrade.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        text.into_bytes()
    }

    /// Connects with the raw client, whose every byte is the test's.
    pub async fn raw(self, to: SocketAddr) -> RawSocket {
        let mut stream = TcpStream::connect(to).await.expect("the server accepts connections");
        stream.set_nodelay(true).unwrap();
        stream.write_all(&self.bytes(to)).await.unwrap();
        let mut input = Vec::new();
        let answer: Response = within(PATIENCE, "an answer to the upgrade", async {
            loop {
                // Byte by byte up to the end of the head, so that no frame behind it is lost.
                let byte = stream.read_u8().await.expect("an answer to the upgrade");
                input.push(byte);
                if let Some(answer) = parse(&input, false) {
                    return answer;
                }
            }
        })
        .await;
        assert_eq!(answer.status, 101, "{answer:?}");
        assert_eq!(answer.header("sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        RawSocket::new(stream)
    }
}

impl Refusal {
    /// Rules 1 to 3 of section 2.5: a status that is an error, a reason in valid percent-encoding, and a code.
    pub fn assert_readable(&self) {
        assert!((400..600).contains(&self.status), "{self:?}");
        assert_readable(self.reason.as_deref(), self.code.as_deref());
    }
}

/// The same for an answer that was read by the HTTP client.
pub fn assert_readable(reason: Option<&str>, code: Option<&str>) {
    assert!(code.is_some_and(|code| !code.is_empty()), "x-compose-error-code is missing");
    let reason = reason.expect("x-compose-error-reason is missing");
    assert!(!reason.is_empty() && reason.is_ascii(), "{reason:?}");
    let stray = reason
        .split('%')
        .skip(1)
        .find(|part| !part.as_bytes().get(..2).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit)));
    assert_eq!(stray, None, "a stray percent sign in {reason:?}");
    percent_encoding::percent_decode_str(reason).decode_utf8().expect("the reason is UTF-8");
}
