//! Session tickets of very many clients that all talk to one server: rustls's own store keeps eight for each name.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustls::NamedGroup;
use rustls::client::{ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::pki_types::ServerName;

/// As many as the clients of a scene can have.
const MOST: usize = 100_000;

/// Gathers tickets, and after [`Tickets::give_out`] gives each of them out once, the oldest first.
#[derive(Default)]
pub struct Tickets {
    held: Mutex<VecDeque<Tls13ClientSessionValue>>,
    given_out: AtomicBool,
}

impl Tickets {
    fn held(&self) -> MutexGuard<'_, VecDeque<Tls13ClientSessionValue>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on sessions are resumed; until then all handshakes are full ones.
    pub fn give_out(&self) {
        self.given_out.store(true, Ordering::SeqCst);
    }

    /// How many are there.
    #[must_use]
    pub fn count(&self) -> usize {
        self.held().len()
    }
}

impl fmt::Debug for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tickets").field("count", &self.count()).finish()
    }
}

impl ClientSessionStore for Tickets {
    fn set_kx_hint(&self, _server_name: ServerName<'static>, _group: NamedGroup) {}

    fn kx_hint(&self, _server_name: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _server_name: ServerName<'static>, _value: Tls12ClientSessionValue) {}

    fn tls12_session(&self, _server_name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }

    fn remove_tls12_session(&self, _server_name: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _server_name: ServerName<'static>, value: Tls13ClientSessionValue) {
        let mut held = self.held();
        if held.len() < MOST {
            held.push_back(value);
        }
    }

    fn take_tls13_ticket(&self, _server_name: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        if self.given_out.load(Ordering::SeqCst) { self.held().pop_front() } else { None }
    }
}
