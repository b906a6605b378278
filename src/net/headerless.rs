//! Proxies that should send the header of the PROXY protocol and do not.

use std::fmt::Display;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// At most one line in this time.
const COMPLAINT_EVERY: Duration = Duration::from_secs(60);

/// Counts the connections that were closed for it, and says so in the log: when the settings here and there do not match, nobody
/// at all is served. Clones share the count.
#[derive(Clone, Debug, Default)]
pub struct Headerless {
    count: Arc<AtomicU64>,
    complained: Arc<Mutex<Option<Instant>>>,
}

impl Headerless {
    /// How many there were so far.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    pub(super) fn add(&self, proxy: SocketAddr, why: &dyn Display) {
        let count = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        // A single value: a poisoned lock is still good.
        let mut complained = self.complained.lock().unwrap_or_else(PoisonError::into_inner);
        if complained.is_some_and(|at| at.elapsed() < COMPLAINT_EVERY) {
            tracing::debug!(net.proxy = %proxy, why = %why, "closed: no header of the PROXY protocol");
            return;
        }
        *complained = Some(Instant::now());
        drop(complained);
        tracing::warn!(
            net.proxy = %proxy,
            net.closed = count,
            why = %why,
            "connections of a proxy are closed because they do not begin with the header of the PROXY protocol, version 2: let the proxy send it, or set PROXY_PROTOCOL=off"
        );
    }
}
