//! A request and its answer, as the log and the counters see them.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hyper::body::Body as _;

use super::connection::Handler;
use super::reply::{Label, Reply, RequestedBy};

/// The route of a request that has none: what was asked for is no address of ours, or could not be read.
const NO_ROUTE: &str = "(none)";

/// The methods that are told apart; a client may invent others.
const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"];

/// What may be told of a request and its answer: no path, query, header or body, because they may hold secrets.
#[derive(Clone, Copy, Debug)]
pub struct Exchange {
    /// The method, or `other`.
    pub method: &'static str,
    /// The pattern in the table of routes, or a word in parentheses.
    pub route: &'static str,
    /// Whether it is of a kind that comes all the time and says nothing.
    pub quiet: bool,
    /// The status.
    pub status: u16,
    /// From the end of the head to the answer.
    pub took: Duration,
    /// Bytes of the answer's body.
    pub bytes: u64,
    /// Who asked, behind trusted proxies as far as that is known.
    pub client: IpAddr,
}

impl Exchange {
    pub(super) fn of(method: &str, reply: &Reply, peer: SocketAddr, took: Duration) -> Self {
        let label = reply.extensions().get::<Label>();
        Self {
            method: METHODS.into_iter().find(|known| *known == method).unwrap_or("other"),
            route: label.map_or(NO_ROUTE, |label| label.route),
            quiet: label.is_none_or(|label| label.quiet),
            status: reply.status().as_u16(),
            took,
            bytes: reply.body().size_hint().lower(),
            client: reply
                .extensions()
                .get::<RequestedBy>()
                .map_or(peer.ip(), |RequestedBy(address)| *address)
                .to_canonical(),
        }
    }
}

/// One line in the log, and a word to the handler.
pub(super) fn tell(handler: &impl Handler, exchange: &Exchange) {
    let Exchange { method, route, quiet, status, took, bytes, client } = *exchange;
    let ms = took.as_micros() as f64 / 1000.0;
    if quiet {
        tracing::debug!(http.method = method, http.route = route, http.status = status, http.ms = ms, http.bytes = bytes, net.client = %client, "request");
    } else {
        tracing::info!(http.method = method, http.route = route, http.status = status, http.ms = ms, http.bytes = bytes, net.client = %client, "request");
    }
    handler.answered(exchange);
}
