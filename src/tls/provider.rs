//! The cryptography of all TLS in this program, as server and as client: chosen here and nowhere else.

use std::sync::{Arc, LazyLock};

use rustls::crypto::CryptoProvider;
#[cfg(feature = "aws-lc-rs")]
use rustls::crypto::aws_lc_rs as chosen;
#[cfg(not(feature = "aws-lc-rs"))]
use rustls::crypto::ring as chosen;
use rustls::server::ProducesTickets;

static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| Arc::new(chosen::default_provider()));

/// `ring`; with the cargo feature `aws-lc-rs` that library, and with it the key exchange X25519MLKEM768.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    Arc::clone(&PROVIDER)
}

/// Makes session tickets, under keys that change every six hours.
///
/// # Errors
/// When the system gives no random bytes.
pub(super) fn ticketer() -> Result<Arc<dyn ProducesTickets>, rustls::Error> {
    chosen::Ticketer::new()
}

#[cfg(test)]
mod tests {
    use rustls::NamedGroup;

    use super::*;

    #[test]
    fn the_feature_decides_about_the_key_exchange_that_withstands_quantum_computers() {
        let first = provider().kx_groups[0].name();
        assert_eq!(first == NamedGroup::X25519MLKEM768, cfg!(feature = "aws-lc-rs"), "{first:?}");
    }
}
