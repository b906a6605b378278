//! From the settings to orders at a certificate authority.

use super::encryption::Encryption;
use crate::acme::{Acme, AcmeError, Kind, Orders, Parts};
use crate::auth::Sealer;
use crate::config::{self, AcmeChallenge};
use crate::metrics::Metrics;
use crate::store::{Settings, Store};
use crate::tasks::Tasks;

/// What the keys of certificates and of the account are sealed for. Another word would make all that is stored unreadable.
pub const PURPOSE: &str = "acme";

/// Starts to order and to renew, when there is something to order.
pub(super) fn start(
    settings: &config::Tls,
    encryption: Option<&Encryption>,
    (store, database): (&Store, Settings),
    sealer: Sealer,
    (tasks, metrics): (&Tasks, &Metrics),
) -> Result<Option<Acme>, AcmeError> {
    let (Some(acme), Some(encryption)) = (&settings.acme, encryption) else { return Ok(None) };
    let kind = |challenge: &AcmeChallenge| match challenge {
        AcmeChallenge::TlsAlpn01 => Kind::TlsAlpn01,
        AcmeChallenge::Http01 => Kind::Http01,
    };
    let orders = Orders {
        domains: acme.domains.clone(),
        email: acme.email.clone(),
        directory: acme.directory.clone(),
        ca_file: acme.ca_file.clone(),
        challenges: acme.challenges.iter().map(kind).collect(),
        cache: acme.cache.clone(),
    };
    let parts = Parts {
        store: store.clone(),
        database,
        sealer,
        certificates: encryption.certificates.clone(),
        tasks: tasks.clone(),
        orders: metrics.orders.clone(),
    };
    Acme::start(orders, parts).map(Some)
}
