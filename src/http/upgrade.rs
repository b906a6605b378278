//! The server's half of the WebSocket handshake (RFC 6455 section 4.2). Offers of extensions and subprotocols are not
//! taken up, so the answer names none.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{
    ALLOW, CONNECTION, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper::{Method, Response, StatusCode, Version};
use tokio::time::timeout;

use super::Request;
use super::reply::Reply;
use super::watch::WatchedIo;
use crate::net::{Parts, Permit};
use crate::tasks::Tasks;
use crate::tls::Session;

/// Appended to the key before hashing (RFC 6455 section 1.3).
const ACCEPT_GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// From the handler's answer to the socket in hand: the 101 must have left by then.
const HAND_OVER_DEADLINE: Duration = Duration::from_secs(10);

/// A request that may become a WebSocket.
pub struct Handshake {
    accept: HeaderValue,
    upgrade: OnUpgrade,
}

/// A socket that HTTP is done with.
#[derive(Debug)]
pub struct RawSocket {
    /// The connection, non-blocking, not registered with any reactor.
    pub tcp: std::net::TcpStream,
    /// The TLS session on it, if this process speaks TLS.
    pub session: Option<Box<Session>>,
    /// What the client had sent after its request; to be read before the socket.
    pub leftover: Vec<u8>,
    /// The connection's place under the cap; keep it as long as the socket.
    pub permit: Option<Permit>,
}

/// Why a request cannot become a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeFault {
    /// Not a GET.
    #[error("a WebSocket is opened with GET")]
    Method,
    /// HTTP/1.0, no `Upgrade: websocket`, or no `Connection: upgrade`.
    #[error("this address answers WebSocket upgrades only")]
    NotAnUpgrade,
    /// Another version than 13.
    #[error("only WebSocket version 13 is spoken here")]
    Version,
    /// `Sec-WebSocket-Key` is missing, repeated, or not 16 bytes in base64.
    #[error("Sec-WebSocket-Key must be 16 bytes in base64")]
    Key,
    /// The request has a body.
    #[error("a WebSocket upgrade has no body")]
    Body,
}

impl HandshakeFault {
    /// The status of the answer.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAnUpgrade | Self::Version => StatusCode::UPGRADE_REQUIRED,
            Self::Key | Self::Body => StatusCode::BAD_REQUEST,
        }
    }

    /// Adds the headers that tell the client what would be right.
    pub fn explain(self, headers: &mut HeaderMap) {
        match self {
            Self::Method => drop(headers.insert(ALLOW, HeaderValue::from_static("GET"))),
            Self::NotAnUpgrade => drop(headers.insert(UPGRADE, HeaderValue::from_static("websocket"))),
            Self::Version => drop(headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"))),
            Self::Key | Self::Body => {}
        }
    }
}

impl Handshake {
    /// Checks the request. Says nothing about who asks.
    ///
    /// # Errors
    /// [`HandshakeFault`].
    pub fn of(request: &mut Request) -> Result<Self, HandshakeFault> {
        let key = check(&request.method, request.version, &request.headers)?;
        if request.has_body() {
            return Err(HandshakeFault::Body);
        }
        Ok(Self { accept: accept_value(key), upgrade: std::mem::replace(&mut request.upgrade, never()) })
    }

    /// The 101 answer. Once it has left, `attach` gets the socket; when it cannot leave (the client is gone), `attach` is
    /// dropped uncalled and with it everything that it holds reserved. Deadline 10 s. What `attach` gives is dropped when everybody
    /// else who is ready has had a turn.
    pub fn accept<T>(self, tasks: &Tasks, attach: impl FnOnce(RawSocket) -> T + Send + 'static) -> Reply
    where
        T: Send + 'static,
    {
        let upgrade = self.upgrade;
        tasks.spawn("http.upgrade", async move {
            match timeout(HAND_OVER_DEADLINE, upgrade).await {
                Ok(Ok(upgraded)) => match raw(upgraded) {
                    Ok(socket) => {
                        let attached = attach(socket);
                        // So that those who come together are told of together.
                        tokio::task::yield_now().await;
                        drop(attached);
                    }
                    Err(error) => tracing::debug!(%error, "an upgraded socket could not be handed over"),
                },
                Ok(Err(error)) => tracing::debug!(%error, "the client left during its upgrade"),
                Err(_) => tracing::debug!("the answer to an upgrade could not be sent in time"),
            }
        });
        let mut reply = Response::new(http_body_util::Full::default());
        *reply.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = reply.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_ACCEPT, self.accept);
        reply
    }
}

/// An `OnUpgrade` that is never fulfilled, to leave in place of one that was taken.
fn never() -> OnUpgrade {
    hyper::upgrade::on(hyper::Request::new(()))
}

fn raw(upgraded: Upgraded) -> std::io::Result<RawSocket> {
    let parts = upgraded
        .downcast::<WatchedIo>()
        .map_err(|_| std::io::Error::other("the upgraded socket is of another type than was served"))?;
    let (stream, permit) = parts.io.into_stream();
    let Parts { tcp, session, unread } = stream.into_parts()?;
    let mut leftover = Vec::from(parts.read_buf);
    leftover.extend_from_slice(&unread);
    Ok(RawSocket { tcp, session, leftover, permit })
}

/// The checks of RFC 6455 section 4.2.1; gives back the key.
fn check<'a>(method: &Method, version: Version, headers: &'a HeaderMap) -> Result<&'a [u8], HandshakeFault> {
    if *method != Method::GET {
        return Err(HandshakeFault::Method);
    }
    if version != Version::HTTP_11
        || !has_token(headers, &UPGRADE, b"websocket")
        || !has_token(headers, &CONNECTION, b"upgrade")
    {
        return Err(HandshakeFault::NotAnUpgrade);
    }
    if single(headers, &SEC_WEBSOCKET_VERSION) != Some(b"13") {
        return Err(HandshakeFault::Version);
    }
    let key = single(headers, &SEC_WEBSOCKET_KEY).ok_or(HandshakeFault::Key)?;
    match STANDARD.decode(key) {
        Ok(bytes) if bytes.len() == 16 => Ok(key),
        _ => Err(HandshakeFault::Key),
    }
}

fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Some(value.as_bytes().trim_ascii()),
        _ => None,
    }
}

fn has_token(headers: &HeaderMap, name: &HeaderName, token: &[u8]) -> bool {
    let values = headers.get_all(name).iter();
    values.flat_map(|value| value.as_bytes().split(|&b| b == b',')).any(|t| t.trim_ascii().eq_ignore_ascii_case(token))
}

fn accept_value(key: &[u8]) -> HeaderValue {
    let mut digest = ring::digest::Context::new(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY);
    digest.update(key);
    digest.update(ACCEPT_GUID);
    let text = STANDARD.encode(digest.finish());
    // Base64 has only characters that a header value may have, so the fallback is never used.
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(change: &[(&'static str, &[&str])]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("upgrade", "websocket"),
            ("connection", "Upgrade"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        for (name, values) in change {
            headers.remove(*name);
            for value in *values {
                headers.append(*name, value.parse().unwrap());
            }
        }
        headers
    }

    #[test]
    fn the_sample_of_rfc_6455_is_answered_with_its_accept_value() {
        assert_eq!(accept_value(b"dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn tokens_are_found_in_lists_and_in_any_case() {
        for change in [
            &[("connection", &["keep-alive, UPGRADE"][..])][..],
            &[("connection", &["keep-alive", "upgrade"])],
            &[("upgrade", &["WebSocket"])],
        ] {
            assert!(check(&Method::GET, Version::HTTP_11, &headers(change)).is_ok(), "{change:?}");
        }
    }

    #[test]
    fn each_fault_of_a_handshake_has_its_name() {
        let fault = |change: &[(&'static str, &[&str])]| check(&Method::GET, Version::HTTP_11, &headers(change)).err();
        assert_eq!(fault(&[]), None);
        assert_eq!(fault(&[("upgrade", &[])]), Some(HandshakeFault::NotAnUpgrade));
        assert_eq!(fault(&[("upgrade", &["h2c"])]), Some(HandshakeFault::NotAnUpgrade));
        assert_eq!(fault(&[("connection", &["close"])]), Some(HandshakeFault::NotAnUpgrade));
        for version in [&[][..], &["8"], &["13", "13"]] {
            assert_eq!(fault(&[("sec-websocket-version", version)]), Some(HandshakeFault::Version), "{version:?}");
        }
        for key in
            [&[][..], &["x"], &["dGhlIHNhbXBsZQ=="], &["dGhlIHNhbXBsZSBub25jZQ=="; 2], &["dGhlIHNhbXBsZSBub25jZQ"]]
        {
            assert_eq!(fault(&[("sec-websocket-key", key)]), Some(HandshakeFault::Key), "{key:?}");
        }
        assert_eq!(check(&Method::POST, Version::HTTP_11, &headers(&[])).err(), Some(HandshakeFault::Method));
        assert_eq!(check(&Method::GET, Version::HTTP_10, &headers(&[])).err(), Some(HandshakeFault::NotAnUpgrade));
    }
}
