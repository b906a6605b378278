//! One HTTP/1.1 connection, from the first byte to the last, and its deadlines.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HOST, HeaderName, HeaderValue, UPGRADE};
use hyper::http::uri::Authority;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper::{HeaderMap, Request as HyperRequest, StatusCode, Version};
use hyper_util::rt::TokioTimer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, sleep_until, timeout};

use super::exchange::{Exchange, tell};
use super::reply::Reply;
use super::watch::{Verdict, Watch, WatchedIo};
use super::{Closing, Fault, Request};
use crate::net::{Accepted, Stream};

/// The largest request head; one byte more is answered with 431.
const LARGEST_HEAD: usize = 16 * 1024;
/// hyper's buffers: room for the largest head and some body behind it.
const BUFFER: usize = 2 * LARGEST_HEAD;
/// For writing the answer to a request that could not be parsed, and then for the end of the connection to leave.
const LAST_WRITE_DEADLINE: Duration = Duration::from_secs(5);
/// After the last answer we read on for this long, so that what the client still sends does not destroy (by a TCP
/// reset) the answer that is on its way.
const LINGER: Duration = Duration::from_secs(2);
/// ... and at most so many bytes.
const LINGER_BYTES: usize = 8 * 1024 * 1024;

/// What answers requests: the room above.
pub trait Handler: Send + Sync + 'static {
    /// Answers one request. When the client leaves, the future is dropped at its next wait.
    fn answer(self: Arc<Self>, request: Request) -> Pin<Box<dyn Future<Output = Reply> + Send>>;

    /// Answers a request that never became one, or whose handler panicked. `target` is the request's path, as far as it
    /// is known and as it was sent.
    fn fault(&self, fault: Fault, target: &str) -> Reply;

    /// Hears of every answer, to count it.
    fn answered(&self, exchange: &Exchange);
}

/// Serves a connection until it ends, is upgraded, or runs into one of its deadlines. Once `closing` has begun, the request
/// in work is still answered, or one more if there is none, and that answer is the last.
pub(super) async fn drive<H: Handler>(accepted: Accepted, handler: Arc<H>, closing: Closing) {
    let Accepted { stream, peer, permit } = accepted;
    let watch = Arc::new(Watch::new(permit));
    let front = Front { handler: Arc::clone(&handler), peer, watch: Arc::clone(&watch), closing: closing.clone() };
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // `Watch` has the two times that hyper would put into one.
        .header_read_timeout(None)
        .max_header_size(LARGEST_HEAD)
        .max_buf_size(BUFFER)
        .serve_connection(WatchedIo::new(stream, Arc::clone(&watch)), front)
        .with_upgrades();
    let mut stopping = false;
    let mut wake = Instant::now();
    let fault = loop {
        tokio::select! {
            biased;
            outcome = &mut connection => break match outcome {
                Ok(()) => None,
                Err(error) if watch.swallowed() => {
                    tracing::debug!(%error, %peer, "a request could not be parsed");
                    Some(if error.is_parse_too_large() { Fault::HeadTooLarge } else { Fault::Malformed })
                }
                Err(error) => {
                    tracing::debug!(%error, %peer, "a connection broke");
                    None
                }
            },
            () = closing.idle_is_closed(), if !stopping => {
                stopping = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
            () = sleep_until(wake) => match watch.verdict(Instant::now()) {
                Verdict::WaitUntil(then) => wake = then,
                Verdict::SlowHead => break Some(Fault::HeadTimeout),
                Verdict::Idle | Verdict::Stalled => return,
            },
        }
    };
    // `None` after an upgrade: the socket has gone elsewhere.
    let Some(parts) = connection.into_parts() else { return };
    let head = watch.head();
    let (stream, _permit) = parts.io.into_stream();
    let last = fault.map(|fault| {
        let (method, target) = words_of(&head);
        let reply = handler.fault(fault, target);
        tell(&*handler, &Exchange::of(method, &reply, peer, Duration::ZERO));
        reply
    });
    finish(stream, last).await;
}

/// Writes a last answer, if there is one, and closes so that it arrives.
async fn finish(mut stream: Stream, last: Option<Reply>) {
    if let Some(reply) = last {
        let bytes = encode(reply).await;
        if !matches!(timeout(LAST_WRITE_DEADLINE, stream.write_all(&bytes)).await, Ok(Ok(()))) {
            return;
        }
    }
    // Over TLS what was written may still wait in our own memory: for a client that does not read, perhaps for ever.
    if !matches!(timeout(LAST_WRITE_DEADLINE, stream.shutdown()).await, Ok(Ok(()))) {
        return;
    }
    let discard = async {
        let mut scratch = [0; 4096];
        let mut discarded = 0;
        while let Ok(count @ 1..) = stream.read(&mut scratch).await {
            discarded += count;
            if discarded > LINGER_BYTES {
                break;
            }
        }
    };
    // Whether the client closed or the time ran out, the connection is over.
    let _ = timeout(LINGER, discard).await;
}

/// The bytes of an answer that is written without hyper, before the connection is closed.
async fn encode(reply: Reply) -> Vec<u8> {
    let (head, body) = reply.into_parts();
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(never) => match never {},
    };
    let reason = head.status.canonical_reason().unwrap_or_default();
    let mut bytes = format!("HTTP/1.1 {} {reason}\r\n", head.status.as_u16()).into_bytes();
    for (name, value) in head.headers.iter().filter(|(name, _)| **name != CONNECTION) {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(format!("content-length: {}\r\nconnection: close\r\n\r\n", body.len()).as_bytes());
    bytes.extend_from_slice(&body);
    bytes
}

/// The method and the path, without the query, in the first bytes of a request.
fn words_of(head: &[u8]) -> (&str, &str) {
    let line = head.split(|&byte| byte == b'\r' || byte == b'\n').find(|line| !line.is_empty()).unwrap_or_default();
    let mut words = line.split(|&byte| byte == b' ').map(|word| std::str::from_utf8(word).unwrap_or_default());
    let method = words.next().unwrap_or_default();
    (method, words.next().unwrap_or_default().split('?').next().unwrap_or_default())
}

/// The service of one connection.
struct Front<H> {
    handler: Arc<H>,
    peer: SocketAddr,
    watch: Arc<Watch>,
    closing: Closing,
}

impl<H: Handler> Service<HyperRequest<Incoming>> for Front<H> {
    type Response = Reply;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Reply, Infallible>> + Send>>;

    fn call(&self, request: HyperRequest<Incoming>) -> Self::Future {
        self.watch.begin();
        let began = Instant::now();
        let body_is_read = Arc::new(AtomicBool::new(false));
        let request = Request::new(request, self.peer, Arc::clone(&body_is_read));
        let (handler, watch) = (Arc::clone(&self.handler), Arc::clone(&self.watch));
        let closing = self.closing.clone();
        Box::pin(async move {
            let (method, version, peer) = (request.method.clone(), request.version, request.peer);
            let target = request.raw_path().to_owned();
            // Who wanted another protocol has nothing more to say in this one.
            let wants_upgrade = request.headers.contains_key(UPGRADE);
            let mut reply = if host_is_sound(version, &request.headers) {
                let work = CatchPanic::of(|| Arc::clone(&handler).answer(request));
                work.await.unwrap_or_else(|Panicked| handler.fault(Fault::Crash, &target))
            } else {
                handler.fault(Fault::Host, &target)
            };
            // A client that is still sending its body must not take the rest of it for the next request's answer.
            let may_go_on = body_is_read.load(Ordering::Relaxed) && !wants_upgrade && !closing.has_begun();
            announce(&mut reply, version, may_go_on);
            tell(&*handler, &Exchange::of(method.as_str(), &reply, peer, began.elapsed()));
            watch.answered();
            Ok(reply)
        })
    }
}

/// Says whether the connection stays open (http-api 1.1).
fn announce(reply: &mut Reply, version: Version, may_go_on: bool) {
    if reply.status() == StatusCode::SWITCHING_PROTOCOLS {
        return;
    }
    let headers = reply.headers_mut();
    if !may_go_on {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    } else if version == Version::HTTP_11 {
        headers.insert(HeaderName::from_static("keep-alive"), HeaderValue::from_static("timeout=72"));
    }
}

/// RFC 9112 section 3.2: exactly one `Host`, and it is one.
fn host_is_sound(version: Version, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => version < Version::HTTP_11,
        (Some(host), None) => Authority::try_from(host.as_bytes()).is_ok(),
        _ => false,
    }
}

/// The handler panicked. (The panic hook has logged where.)
struct Panicked;

/// A future whose panic ends only itself.
struct CatchPanic<T>(Option<Pin<Box<dyn Future<Output = T> + Send>>>);

impl<T> CatchPanic<T> {
    fn of(start: impl FnOnce() -> Pin<Box<dyn Future<Output = T> + Send>>) -> Self {
        Self(catch_unwind(AssertUnwindSafe(start)).ok())
    }
}

impl<T> Future for CatchPanic<T> {
    type Output = Result<T, Panicked>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(work) = self.0.as_mut() else { return Poll::Ready(Err(Panicked)) };
        // Unwind safety: after a panic the future is dropped and never polled again; what it shares with others is behind
        // locks that recover from poisoning, or in Postgres transactions that roll back.
        match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
            Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(_) => {
                self.0 = None;
                Poll::Ready(Err(Panicked))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_of_a_broken_request_is_found_without_its_query() {
        assert_eq!(words_of(b"GET /api/v1/sdk/ws?key=secret HTTP/1.1\r\nHost: x"), ("GET", "/api/v1/sdk/ws"));
        assert_eq!(words_of(b"\r\nGET /a b HTTP/1.1"), ("GET", "/a"));
        assert_eq!(words_of(b"\x16\x03\x01\x02\xff"), ("", ""));
        assert_eq!(words_of(b""), ("", ""));
    }

    #[test]
    fn hosts_are_checked() {
        let sound = |version, values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(HOST, HeaderValue::from_static(value));
            }
            host_is_sound(version, &headers)
        };
        for host in ["localhost:8080", "x.test", "[::1]:8080", "127.0.0.1", "relay_1:8080"] {
            assert!(sound(Version::HTTP_11, &[host]), "{host}");
        }
        for host in ["a b", "", "a/b", "x.test:80:80"] {
            assert!(!sound(Version::HTTP_11, &[host]), "{host}");
        }
        assert!(!sound(Version::HTTP_11, &[]));
        assert!(!sound(Version::HTTP_11, &["a", "a"]));
        assert!(sound(Version::HTTP_10, &[]));
    }
}
