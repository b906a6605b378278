//! A request as the rooms above see it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hyper::body::{Body as _, Incoming};
use hyper::header::{COOKIE, HeaderName};
use hyper::upgrade::OnUpgrade;
use hyper::{HeaderMap, Method, Version};
use serde_json::Value;
use url::form_urlencoded;

use super::body::{self, MediaType};
use super::{BadEscape, Fault, Path};

/// The head of a request, with the ways to its body and to the socket under it. Has no `Debug`: its headers hold secrets.
pub struct Request {
    /// The method.
    pub method: Method,
    /// The HTTP version.
    pub version: Version,
    /// All headers.
    pub headers: HeaderMap,
    /// The other end of the connection as TCP sees it.
    pub peer: SocketAddr,
    path: String,
    query: Option<String>,
    body: Incoming,
    body_is_read: Arc<AtomicBool>,
    pub(super) upgrade: OnUpgrade,
}

impl Request {
    pub(super) fn new(mut request: hyper::Request<Incoming>, peer: SocketAddr, body_is_read: Arc<AtomicBool>) -> Self {
        let upgrade = hyper::upgrade::on(&mut request);
        let (head, body) = request.into_parts();
        body_is_read.store(body.is_end_stream(), Ordering::Relaxed);
        Self {
            method: head.method,
            version: head.version,
            headers: head.headers,
            peer,
            path: head.uri.path().to_owned(),
            query: head.uri.query().map(str::to_owned),
            body,
            body_is_read,
            upgrade,
        }
    }

    /// The path, taken apart.
    ///
    /// # Errors
    /// [`BadEscape`] for broken percent-encoding.
    pub fn path(&self) -> Result<Path, BadEscape> {
        Path::parse(&self.path)
    }

    /// The path as it was sent, without the query. It may hold secrets (invite codes): not for logs.
    #[must_use]
    pub fn raw_path(&self) -> &str {
        &self.path
    }

    /// Path and query as they were sent. They may hold secrets: not for logs.
    #[must_use]
    pub fn target(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }

    /// The first value of a query parameter; an empty value counts as absent (relay-protocol 3.1).
    #[must_use]
    pub fn query(&self, name: &str) -> Option<String> {
        let query = self.query.as_deref()?;
        let (_, value) = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name)?;
        Some(value.into_owned()).filter(|value| !value.is_empty())
    }

    /// The value of a header that must not be repeated: `None` when it is missing or there more than once.
    #[must_use]
    pub fn only(&self, name: &HeaderName) -> Option<&[u8]> {
        let mut values = self.headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => Some(value.as_bytes()),
            _ => None,
        }
    }

    /// All `Cookie` headers.
    pub fn cookies(&self) -> impl Iterator<Item = &[u8]> {
        self.headers.get_all(COOKIE).iter().map(|value| value.as_bytes())
    }

    /// Whether the request brings a body of at least one byte, or one of unknown length.
    #[must_use]
    pub fn has_body(&self) -> bool {
        !self.body.is_end_stream()
    }

    /// Reads the body as JSON within 30 s. `None`: there is no body and none was announced.
    ///
    /// # Errors
    /// [`Fault`], for a body of another type, too large, too slow, broken, or no JSON. Cancel-safe only in so far as the
    /// request is lost with it.
    pub async fn json(&mut self) -> Result<Option<Value>, Fault> {
        match MediaType::of(&self.headers) {
            MediaType::Other => return Err(Fault::MediaType),
            MediaType::None if self.has_body() => return Err(Fault::MediaType),
            MediaType::None => return Ok(None),
            MediaType::Json => {}
        }
        let bytes = body::read(&mut self.body).await?;
        self.body_is_read.store(true, Ordering::Relaxed);
        body::parse(&bytes).map(Some)
    }
}
