//! Challenges: what they are called, and the certificate that answers `tls-alpn-01`.

use instant_acme::ChallengeType;
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};

use crate::tls::Certificate;

/// How a name is proved to be ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// RFC 8737, over port 443.
    TlsAlpn01,
    /// RFC 8555 section 8.3, over port 80.
    Http01,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::TlsAlpn01 => "tls-alpn-01",
            Self::Http01 => "http-01",
        }
    }

    /// The port that the authority comes to.
    pub(super) fn port(self) -> u16 {
        match self {
            Self::TlsAlpn01 => 443,
            Self::Http01 => 80,
        }
    }

    pub(super) fn of_type(self) -> ChallengeType {
        match self {
            Self::TlsAlpn01 => ChallengeType::TlsAlpn01,
            Self::Http01 => ChallengeType::Http01,
        }
    }
}

/// The certificate that RFC 8737 section 3 describes: self-signed, for the one name, with the digest of the key authorization
/// in a critical extension. Its key is made here, so it never travels. `None` when it cannot be made.
pub(super) fn certificate(domain: &str, key_authorization: &str) -> Option<Certificate> {
    let digest = ring::digest::digest(&ring::digest::SHA256, key_authorization.as_bytes());
    let mut parameters = CertificateParams::new([domain.to_owned()]).ok()?;
    parameters.distinguished_name = DistinguishedName::new();
    parameters.custom_extensions = vec![CustomExtension::new_acme_identifier(digest.as_ref())];
    let key = KeyPair::generate().ok()?;
    let certificate = parameters.self_signed(&key).ok()?;
    Certificate::for_challenge(certificate.der().clone(), key.into()).ok()
}

#[cfg(test)]
mod tests {
    use super::certificate;

    #[test]
    fn the_answer_is_for_the_one_name() {
        let made = certificate("a.test", "token.thumbprint").unwrap();
        assert_eq!(made.names(), ["a.test"]);
        assert!(certificate("not a name\0ü", "x").is_none());
    }
}
