//! HTTP requests by method, route and status, and how long they took.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::seconds;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    method: &'static str,
    route: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: &'static str,
}

/// Requests that were answered. Clones share the counts.
#[derive(Clone, Debug)]
pub struct Requests {
    count: Family<Labels, Counter>,
    duration: Family<Route, Histogram, fn() -> Histogram>,
}

impl Default for Requests {
    fn default() -> Self {
        Self { count: Family::default(), duration: Family::new_with_constructor(|| Histogram::new(seconds())) }
    }
}

impl Requests {
    /// Counts one answer. `method` and `route` are of a closed set: a client must not be able to make new time series.
    pub fn add(&self, method: &'static str, route: &'static str, status: u16, took: Duration) {
        self.count.get_or_create(&Labels { method, route, status }).inc();
        self.duration.get_or_create(&Route { route }).observe(took.as_secs_f64());
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("http_requests", "HTTP requests that were answered", self.count.clone());
        registry.register(
            "http_request_duration_seconds",
            "From the end of a request's head to its answer",
            self.duration.clone(),
        );
    }
}
