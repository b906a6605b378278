//! The certificates that this room has, on their way into the handshakes.

use std::sync::{Arc, Mutex, PoisonError};

use crate::tls::{Certificate, Certificates, Source};

/// A name, and what it has.
type Place = (String, Option<Certificate>);

/// The newest certificate of each name. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Shelf {
    certificates: Certificates,
    /// In the order of `DOMAIN`: the first is shown to who names none.
    held: Arc<Mutex<Vec<Place>>>,
}

impl Shelf {
    pub fn new(certificates: Certificates, domains: &[String]) -> Self {
        let held = domains.iter().map(|domain| (domain.clone(), None)).collect();
        Self { certificates, held: Arc::new(Mutex::new(held)) }
    }

    /// Shows this one from the next handshake on.
    pub fn put(&self, domain: &str, certificate: Certificate) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, place)) = held.iter_mut().find(|(name, _)| name == domain) {
            *place = Some(certificate);
        }
        let all = held.iter().filter_map(|(_, certificate)| certificate.clone()).collect();
        self.certificates.replace(Source::Acme, all);
    }
}
