//! What the two socket endpoints share: the form of a refusal (relay-protocol 2.5), and patience with the database.

use std::future::Future;
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::time::{Instant, sleep, timeout_at};

use super::refusal::{chain, sentence};
use crate::http::{HandshakeFault, HeaderName, HeaderValue, Path, RawSocket, Reply, Request, StatusCode, reply};
use crate::relay::Socket;
use crate::store::StoreError;

const REASON: HeaderName = HeaderName::from_static("x-compose-error-reason");
const CODE: HeaderName = HeaderName::from_static("x-compose-error-code");
const PACKAGE_NAME: HeaderName = HeaderName::from_static("x-compose-package-name");

/// The code of refusals that the list of the protocol has no code for: not an upgrade, no such address, broken HTTP.
pub(super) const NOT_AN_UPGRADE: &str = "srvr12";

/// An upgrade that does not happen.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UpgradeRefusal {
    pub status: StatusCode,
    pub code: &'static str,
    pub reason: String,
}

impl UpgradeRefusal {
    /// 400: trying again changes nothing.
    pub fn new(code: &'static str, reason: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, reason: reason.into() }
    }

    /// 503: trying again may help.
    pub fn temporary(code: &'static str, reason: impl Into<String>) -> Self {
        Self { status: StatusCode::SERVICE_UNAVAILABLE, code, reason: reason.into() }
    }

    pub fn reply(self) -> Reply {
        let mut reply = reply(self.status, "text/plain; charset=utf-8", self.reason.clone());
        put_headers(&mut reply, self.code, &self.reason);
        reply
    }
}

/// The answer to a request that is no good WebSocket handshake.
pub(super) fn no_handshake(fault: HandshakeFault, code: &'static str) -> Reply {
    let refusal = UpgradeRefusal { status: fault.status(), code, reason: sentence(&fault.to_string()) };
    let mut reply = refusal.reply();
    fault.explain(reply.headers_mut());
    reply
}

/// An upgraded socket as the relay takes it; its place under the connection cap goes with it.
pub(super) fn relay_socket(raw: RawSocket) -> Socket {
    Socket { tcp: raw.tcp, session: raw.session, leftover: raw.leftover, place: Box::new(raw.permit) }
}

fn put_headers(reply: &mut Reply, code: &'static str, reason: &str) {
    // A stray percent sign or a non-ASCII letter would end the Node SDK's process, so everything but letters and digits
    // is encoded.
    let reason = utf8_percent_encode(reason, NON_ALPHANUMERIC).to_string();
    if let Ok(reason) = HeaderValue::try_from(reason) {
        reply.headers_mut().insert(REASON, reason);
    }
    reply.headers_mut().insert(CODE, HeaderValue::from_static(code));
}

/// Whether a path, as it was sent, begins with the SDK endpoint's.
pub(super) fn is_sdk_path(target: &str) -> bool {
    const PREFIX: &str = "/api/v1/sdk";
    if target.starts_with(PREFIX) {
        return true;
    }
    Path::parse(target).is_ok_and(|path| format!("/{}", path.segments().join("/")).starts_with(PREFIX))
}

/// Whether the request is one that only an SDK sends: it may have been given a wrong path.
pub(super) fn comes_from_an_sdk(request: &Request) -> bool {
    request.headers.contains_key(PACKAGE_NAME)
}

/// Without a reason the Node SDK waits for ever: every answer that is not a 101 gets one (D-23).
pub(super) fn explain_to_sdk(reply: &mut Reply) {
    let status = reply.status();
    if status == StatusCode::SWITCHING_PROTOCOLS || reply.headers().contains_key(REASON) {
        return;
    }
    let what = status.canonical_reason().unwrap_or("refused");
    let reason =
        format!("The server answered {} ({what}). The address of the SDK endpoint is /api/v1/sdk/ws.", status.as_u16());
    put_headers(reply, NOT_AN_UPGRADE, &reason);
}

/// The same where plain http leads to https.
pub(super) fn explain_https(reply: &mut Reply) {
    let reason = "This server is to be reached by https. The SDK uses it when it is given a host.";
    put_headers(reply, NOT_AN_UPGRADE, reason);
}

/// How long an upgrade is held open instead of being refused. Python's SDK gives up at 10 s.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// For the database to come back.
    pub database: Duration,
    /// For everything.
    pub total: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { database: Duration::from_millis(7000), total: Duration::from_millis(7800) }
    }
}

/// The database did not come back in time, or failed in a way that waiting does not mend (then it is logged).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DatabaseAway;

/// Asks the database, again and again with growing pauses while it is away, until `deadline`. Cancel-safe as far as
/// `ask` is; only for reads.
pub(super) async fn patiently<T, F>(deadline: Instant, mut ask: impl FnMut() -> F) -> Result<T, DatabaseAway>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let mut pause = Duration::from_millis(50);
    loop {
        match timeout_at(deadline, ask()).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) if error.is_transient() => {
                tracing::debug!(%error, "an upgrade waits for the database");
            }
            Ok(Err(error)) => {
                tracing::error!(error = chain(&error), "an upgrade failed in the database");
                return Err(DatabaseAway);
            }
            Err(_) => return Err(DatabaseAway),
        }
        if Instant::now() + pause >= deadline {
            return Err(DatabaseAway);
        }
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_ascii_and_validly_encoded() {
        let reply = UpgradeRefusal::new("srvr8", "100% of the keys – “ck”\r\nare wrong").reply();
        let reason = reply.headers()[REASON].to_str().unwrap();
        assert!(reason.starts_with("100%25%20of%20the%20keys"), "{reason}");
        assert!(reason.bytes().all(|byte| byte == b'%' || byte.is_ascii_alphanumeric()), "{reason}");
        assert_eq!(reply.headers()[CODE], "srvr8");
    }

    #[test]
    fn paths_of_the_sdk_endpoint_are_recognised_in_every_writing() {
        for target in
            ["/api/v1/sdk/ws", "/api/v1/sdk", "/api/v1/sdk/ws/", "/api/v1/sdkx", "/%61pi/v1/sdk/ws", "/api/v1/sdk/%zz"]
        {
            assert!(is_sdk_path(target), "{target}");
        }
        for target in ["/", "", "*", "/api/v1/browser/ws", "/%zz", "/x/api/v1/sdk"] {
            assert!(!is_sdk_path(target), "{target}");
        }
    }

    #[tokio::test]
    async fn a_database_that_comes_back_is_waited_for() {
        let mut calls = 0;
        let outcome = patiently(Instant::now() + Duration::from_secs(5), || {
            calls += 1;
            let back = calls == 3;
            async move { if back { Ok(7) } else { Err(StoreError::Timeout) } }
        });
        assert_eq!(outcome.await, Ok(7));
        let never = || async { Err::<(), _>(StoreError::Timeout) };
        let began = Instant::now();
        assert_eq!(patiently(began + Duration::from_millis(300), never).await, Err(DatabaseAway));
        assert!(began.elapsed() < Duration::from_millis(400));
        let broken = || async { Err::<(), _>(StoreError::Shape { column: "type" }) };
        let began = Instant::now();
        assert_eq!(patiently(began + Duration::from_secs(5), broken).await, Err(DatabaseAway));
        assert!(began.elapsed() < Duration::from_secs(1));
        let silent = std::future::pending::<Result<(), _>>;
        assert_eq!(patiently(Instant::now() + Duration::from_millis(100), silent).await, Err(DatabaseAway));
    }
}
