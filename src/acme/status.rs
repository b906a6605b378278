//! How each name stands, for who asks.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// How a name stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The name.
    pub domain: String,
    /// The end of the certificate that is shown; `None`: there is none.
    pub not_after: Option<SystemTime>,
    /// Why the last attempt to get one failed; `None` when it did not.
    pub last_error: Option<String>,
    /// When the next one is made; for a certificate that is good, when it is renewed.
    pub next_attempt: Option<SystemTime>,
}

/// The statuses of all names. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Board(Arc<Mutex<Vec<Status>>>);

impl Board {
    pub fn new(domains: &[String]) -> Self {
        let status =
            |domain: &String| Status { domain: domain.clone(), not_after: None, last_error: None, next_attempt: None };
        Self(Arc::new(Mutex::new(domains.iter().map(status).collect())))
    }

    pub fn statuses(&self) -> Vec<Status> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn change(&self, domain: &str, change: impl FnOnce(&mut Status)) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(status) = all.iter_mut().find(|status| status.domain == domain) {
            change(status);
        }
    }
}
