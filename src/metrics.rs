//! What is counted, in the words of Prometheus. A leaf: the rooms that count hold handles from here, and at a scrape
//! `admin` adds what is read only then ([`Readings`]): the relay's counters, the pool, the process.
//!
//! - All names begin with `compose_relay_`, or with `process_` where Prometheus has a name for it already.
//! - Labels come from closed sets (an enum, a table of routes, a status), so nobody outside can make new time series.
//! - Nothing here is touched on the way of a frame: shards have counters of their own, which are added up at a scrape.

mod process;
mod readings;
mod requests;
mod timed;

use std::fmt;
use std::sync::Arc;

use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;

pub use process::{most_files, read as read_process};
pub use readings::Readings;
pub use requests::Requests;
pub use timed::{Handshake, Order, Outcome, Query, Timed};

/// The media type of [`Metrics::text`].
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What each name begins with.
const PREFIX: &str = "compose_relay";

/// All handles of this process. Clones share them.
#[derive(Clone)]
pub struct Metrics {
    /// HTTP requests.
    pub requests: Requests,
    /// Statements sent to Postgres.
    pub queries: Timed<Query>,
    /// TLS handshakes of incoming connections.
    pub handshakes: Timed<Handshake>,
    /// Orders at a certificate authority.
    pub orders: Timed<Order>,
    registry: Arc<Registry>,
}

impl Default for Metrics {
    fn default() -> Self {
        let (requests, queries, handshakes, orders) =
            (Requests::default(), Timed::default(), Timed::default(), Timed::default());
        let mut registry = Registry::with_prefix(PREFIX);
        requests.register(&mut registry);
        queries.register(
            &mut registry,
            ("db_queries", "Statements sent to Postgres"),
            ("db_query_duration_seconds", "From sending a statement to the end of its answer"),
        );
        handshakes.register(
            &mut registry,
            ("tls_handshakes", "TLS handshakes of incoming connections"),
            ("tls_handshake_duration_seconds", "From accepting a connection to the end of its TLS handshake"),
        );
        orders.register(
            &mut registry,
            ("acme_orders", "Certificates ordered from a certificate authority"),
            ("acme_order_duration_seconds", "From the beginning of an order to its end"),
        );
        Self { requests, queries, handshakes, orders, registry: Arc::new(registry) }
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// Everything as OpenMetrics text, with `readings` behind what was counted.
    #[must_use]
    pub fn text(&self, readings: Readings) -> String {
        let mut more = Registry::default();
        more.register_collector(Box::new(readings));
        let mut out = String::new();
        // Writing to a `String` does not fail.
        let _ = text::encode_registry(&mut out, &self.registry);
        let _ = text::encode_registry(&mut out, &more);
        let _ = text::encode_eof(&mut out);
        out
    }
}

/// Bounds of the histograms in seconds: from a local Postgres to the deadline of a request.
fn seconds() -> [f64; 12] {
    [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_text_is_what_prometheus_reads() {
        let metrics = Metrics::default();
        metrics.requests.add("GET", "/health-check", 200, Duration::from_millis(3));
        metrics.queries.add(Query::Failed, Duration::from_millis(700));
        metrics.handshakes.add(Handshake::Refused, Duration::from_millis(1));
        let mut readings = Readings::default();
        readings.gauge("compose_relay_x", "An example", [(&[("kind", "a \"b\"\n")][..], 2.5)]);
        readings.counter("compose_relay_y", "Another", [(&[][..], 7)]);
        let text = metrics.text(readings);
        for line in [
            "compose_relay_http_requests_total{method=\"GET\",route=\"/health-check\",status=\"200\"} 1",
            "compose_relay_http_request_duration_seconds_bucket{le=\"0.005\",route=\"/health-check\"} 1",
            "compose_relay_db_queries_total{outcome=\"failed\"} 1",
            "compose_relay_db_queries_total{outcome=\"ok\"} 0",
            "compose_relay_db_query_duration_seconds_count 1",
            "compose_relay_tls_handshakes_total{outcome=\"refused\"} 1",
            "# TYPE compose_relay_x gauge",
            "compose_relay_x{kind=\"a \\\"b\\\"\\n\"} 2.5",
            "compose_relay_y_total 7",
            "# EOF",
        ] {
            assert!(text.lines().any(|known| known == line), "{line} is not in\n{text}");
        }
    }
}
