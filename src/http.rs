//! HTTP/1.1 over [`crate::net`]: connections with all their deadlines, the router, bodies, answers, and the server's half
//! of the WebSocket handshake. Knows no route, no session and no text of an error body: a [`Handler`] does.

mod body;
mod client;
mod connection;
mod exchange;
mod fault;
mod path;
mod proxies;
mod reply;
mod request;
mod router;
mod server;
mod upgrade;
mod watch;

pub use crate::net::network;
pub use body::{LARGEST_BODY, MediaType};
pub use client::{Client, ClientError, NoTls, Preface, probe};
pub use connection::Handler;
pub use exchange::Exchange;
pub use fault::Fault;
pub use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
pub use hyper::{Method, Request as OutboundRequest, StatusCode};
pub use path::{BadEscape, Path};
pub use proxies::TrustedProxies;
pub use reply::{Label, Reply, RequestedBy, json, reply, see_other, see_other_to};
pub use request::Request;
pub use router::{Found, Parameters, Router};
pub use server::{Closing, serve};
pub use upgrade::{Handshake, HandshakeFault, RawSocket};

#[cfg(test)]
mod tests;
