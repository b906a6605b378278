//! The cryptography of all TLS in this program, as server and as client: chosen here and nowhere else.

use std::sync::{Arc, LazyLock};

use rustls::CipherSuite;
use rustls::crypto::CryptoProvider;
#[cfg(feature = "aws-lc-rs")]
use rustls::crypto::aws_lc_rs as chosen;
#[cfg(not(feature = "aws-lc-rs"))]
use rustls::crypto::ring as chosen;
use rustls::server::ProducesTickets;

static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| {
    let mut provider = chosen::default_provider();
    provider.cipher_suites.sort_by_key(|suite| !is_aes_128(suite.suite()));
    Arc::new(provider)
});

/// `ring`; with the cargo feature `aws-lc-rs` that library, and with it the key exchange X25519MLKEM768. Of the cipher suites
/// those with AES-128 come first; beyond that their order is the library's.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    Arc::clone(&PROVIDER)
}

fn is_aes_128(suite: CipherSuite) -> bool {
    matches!(
        suite,
        CipherSuite::TLS13_AES_128_GCM_SHA256
            | CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
            | CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
    )
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
