//! The harness: a server process, its database, tenants, and peers that speak the protocol well or badly.

pub mod acme_double;
pub mod attempt;
pub mod authority;
pub mod command;
pub mod http;
pub mod message;
pub mod metrics;
pub mod numbers;
pub mod pebble;
pub mod peer;
#[allow(dead_code, reason = "shared with the other integration tests; each uses a part of it")]
pub mod postgres;
pub mod provider;
pub mod raw;
pub mod running;
pub mod seed;
pub mod server;
pub mod thread;
pub mod tls;
pub mod world;

pub use attempt::Upgrade;
pub use authority::{Authority, Tunnel};
pub use http::{Request, Response};
pub use message::Message;
pub use numbers::Numbers;
pub use peer::{Event, Peer};
pub use provider::Provider;
pub use running::Running;
pub use seed::{Environment, Login, Seed, Tenant};
pub use server::Server;
pub use world::{World, play, play_on, play_on_cluster, play_over_tls, play_tls_with, play_with};

use std::time::Duration;

/// How long a test waits for something that must happen: far more than it takes, because the machine may be busy.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for `what` at most [`PATIENCE`].
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    within(PATIENCE, what, future).await
}

/// Waits for `what` at most `limit`, and fails the test by name when it does not come.
pub async fn within<T>(limit: Duration, what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(limit, future).await {
        Ok(value) => value,
        Err(_) => panic!("{what}: not within {limit:?}"),
    }
}
