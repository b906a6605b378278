//! Answers.

use std::net::IpAddr;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use hyper::{Response, StatusCode};
use serde_json::Value;

/// An answer whose body is whole in memory.
pub type Reply = Response<Full<Bytes>>;

/// What stands for the path in the log line of a request and in the counters. Put into a reply's extensions.
#[derive(Clone, Copy, Debug)]
pub struct Label {
    /// The pattern in the table of routes, or a word in parentheses.
    pub route: &'static str,
    /// Whether it comes all the time and says nothing (health checks, files of the web client).
    pub quiet: bool,
}

/// Who asked, when proxies that are trusted stand between. Put into a reply's extensions.
#[derive(Clone, Copy, Debug)]
pub struct RequestedBy(pub IpAddr);

/// A body of some type, never cached and never sniffed.
#[must_use]
pub fn reply(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(body.into()));
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));
    reply
}

/// A JSON answer, as every API route gives (http-api 1.1).
#[must_use]
pub fn json(status: StatusCode, value: &Value) -> Reply {
    reply(status, "application/json; charset=utf-8", value.to_string())
}

/// Sends the browser elsewhere with a GET.
#[must_use]
pub fn see_other(path: &'static str) -> Reply {
    let mut reply = reply(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", "");
    reply.headers_mut().insert(LOCATION, HeaderValue::from_static(path));
    reply
}

/// As [`see_other`], to an address that is not known beforehand. `None` when it cannot stand in a header.
#[must_use]
pub fn see_other_to(address: &str) -> Option<Reply> {
    let mut reply = see_other("/");
    reply.headers_mut().insert(LOCATION, HeaderValue::try_from(address).ok()?);
    Some(reply)
}
