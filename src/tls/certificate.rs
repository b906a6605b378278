//! One certificate: its chain, its key, its names and how long it is good.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, SignatureScheme};
use x509_cert::der::Decode as _;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::provider::provider;

/// A certificate chain with the key of its first certificate, ready to be shown. Clones share it.
#[derive(Clone)]
pub struct Certificate {
    key: Arc<CertifiedKey>,
    names: Arc<[String]>,
    not_before: SystemTime,
    not_after: SystemTime,
    fingerprint: [u8; 32],
}

/// Why a certificate cannot be used. The texts say what to do and hold nothing of the key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CertificateError {
    /// No PEM, or broken.
    #[error("the {what} cannot be read as PEM: {why}")]
    Pem {
        /// Certificate or key.
        what: &'static str,
        /// What the parser says.
        why: String,
    },
    /// No certificate in it.
    #[error(
        "there is no certificate in it (a block that begins with -----BEGIN CERTIFICATE-----); the file must hold the server's own certificate first, then the intermediate ones"
    )]
    NoCertificate,
    /// No key in it.
    #[error(
        "there is no private key in it (a block that begins with -----BEGIN PRIVATE KEY-----); a key with a password cannot be used: remove it with `openssl pkey`"
    )]
    NoKey,
    /// The first certificate is no X.509.
    #[error("the certificate cannot be understood: {0}")]
    Certificate(String),
    /// A kind of key that is not supported.
    #[error(
        "the key is of a kind that is not supported (RSA of 2048 bits or more, ECDSA P-256 or P-384, Ed25519): {0}"
    )]
    Key(String),
    /// The key belongs to another certificate.
    #[error(
        "the key does not belong to the certificate: is the server's own certificate the first in its file, and are both files of the same age?"
    )]
    Mismatch,
}

impl Certificate {
    /// Reads a chain (own certificate first) and its key, both PEM.
    ///
    /// # Errors
    /// [`CertificateError`]; a key that belongs to another certificate is one.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, CertificateError> {
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<_, _>>()
            .map_err(|error| CertificateError::Pem { what: "certificate", why: error.to_string() })?;
        let key = match PrivateKeyDer::from_pem_slice(key) {
            Ok(key) => key,
            Err(pem::Error::NoItemsFound) => return Err(CertificateError::NoKey),
            Err(error) => return Err(CertificateError::Pem { what: "key", why: error.to_string() }),
        };
        Self::from_der(chain, key)
    }

    /// Takes a chain (own certificate first) and its key.
    ///
    /// # Errors
    /// [`CertificateError`]; a key that belongs to another certificate is one.
    pub fn from_der(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Self, CertificateError> {
        Self::checked(chain, key, true)
    }

    /// Takes a certificate that answers `tls-alpn-01`. Whether the key fits it is not looked at: what looks refuses every
    /// certificate with a critical extension that it does not know, and this one must have such a one (RFC 8737 section 3).
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn for_challenge(
        certificate: CertificateDer<'static>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Self, CertificateError> {
        Self::checked(vec![certificate], key, false)
    }

    fn checked(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        must_fit: bool,
    ) -> Result<Self, CertificateError> {
        let leaf = chain.first().ok_or(CertificateError::NoCertificate)?;
        let unreadable = |error: x509_cert::der::Error| CertificateError::Certificate(error.to_string());
        let parsed = x509_cert::Certificate::from_der(leaf).map_err(unreadable)?.tbs_certificate;
        let names = match parsed.get::<SubjectAltName>().map_err(unreadable)? {
            Some((_, SubjectAltName(names))) => names.iter().filter_map(name).collect(),
            None => Vec::new(),
        };
        let digest = ring::digest::digest(&ring::digest::SHA256, leaf);
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(digest.as_ref());
        let key = if must_fit {
            CertifiedKey::from_der(chain, key, &provider())
        } else {
            provider().key_provider.load_private_key(key).map(|key| CertifiedKey::new(chain, key))
        };
        let key = key.map_err(|error| match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => CertificateError::Mismatch,
            other => CertificateError::Key(other.to_string()),
        })?;
        Ok(Self {
            key: Arc::new(key),
            names: names.into(),
            not_before: parsed.validity.not_before.to_system_time(),
            not_after: parsed.validity.not_after.to_system_time(),
            fingerprint,
        })
    }

    /// The names and addresses that it is made out for, lower case; a name may begin with `*.`.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether it is good for this host name (or IP address), as browsers judge it: a `*` stands for one label.
    #[must_use]
    pub fn covers(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let wildcard = wildcard_of(&host);
        self.names.iter().any(|name| *name == host || Some(name.as_str()) == wildcard.as_deref())
    }

    /// From when on it is good.
    #[must_use]
    pub fn not_before(&self) -> SystemTime {
        self.not_before
    }

    /// Until when it is good.
    #[must_use]
    pub fn not_after(&self) -> SystemTime {
        self.not_after
    }

    /// How long it is still good at `now`; `None` when it has ended.
    #[must_use]
    pub fn remaining(&self, now: SystemTime) -> Option<Duration> {
        self.not_after.duration_since(now).ok()
    }

    /// How many certificates the chain has.
    #[must_use]
    pub fn chain_length(&self) -> usize {
        self.key.cert.len()
    }

    /// What is wrong with the chain, as far as it tells by itself: each certificate must be issued by the next one, and one
    /// that did not issue itself must not stand alone. (Public authorities always sign with an intermediate certificate.)
    #[must_use]
    pub fn chain_fault(&self) -> Option<String> {
        let parsed = self.key.cert.iter().map(|der| x509_cert::Certificate::from_der(der).ok());
        let chain: Vec<x509_cert::Certificate> = parsed.collect::<Option<_>>()?;
        let names = chain.iter().map(|one| (&one.tbs_certificate.issuer, &one.tbs_certificate.subject));
        let names: Vec<_> = names.collect();
        if let [(issuer, subject)] = names[..] {
            return (issuer != subject)
                .then(|| format!("the certificate stands alone; the one of its issuer ({issuer}) is not in the file"));
        }
        let broken = names.windows(2).position(|pair| matches!(pair, [(issuer, _), (_, next)] if issuer != next))?;
        Some(format!("certificate {} of the chain was not issued by the one behind it", broken + 1))
    }

    /// SHA-256 over the own certificate: tells certificates apart.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        self.fingerprint
    }

    pub(super) fn key(&self) -> &Arc<CertifiedKey> {
        &self.key
    }

    /// Whether a client that offers these schemes can check what this key signs.
    pub(super) fn suits(&self, offered: &[SignatureScheme]) -> bool {
        self.key.key.choose_scheme(offered).is_some()
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("names", &self.names).finish_non_exhaustive()
    }
}

/// `*.example.com` for `www.example.com`.
pub(super) fn wildcard_of(host: &str) -> Option<String> {
    host.split_once('.').map(|(_, parent)| format!("*.{parent}"))
}

fn name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.as_str().to_ascii_lowercase()),
        GeneralName::IpAddress(bytes) => match bytes.as_bytes() {
            bytes if bytes.len() == 4 => {
                <[u8; 4]>::try_from(bytes).ok().map(|ip| std::net::Ipv4Addr::from(ip).to_string())
            }
            bytes => <[u8; 16]>::try_from(bytes).ok().map(|ip| std::net::Ipv6Addr::from(ip).to_string()),
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(names: &[&str]) -> (String, String) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    fn read(chain: &str, key: &str) -> Result<Certificate, CertificateError> {
        Certificate::from_pem(chain.as_bytes(), key.as_bytes())
    }

    #[test]
    fn names_and_times_are_read() {
        let mut parameters =
            rcgen::CertificateParams::new(["A.test", "*.b.test", "127.0.0.1", "::1"].map(String::from)).unwrap();
        parameters.not_before = rcgen::date_time_ymd(2020, 1, 2);
        parameters.not_after = rcgen::date_time_ymd(2020, 1, 4);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = read(&parameters.self_signed(&key).unwrap().pem(), &key.serialize_pem()).unwrap();
        assert_eq!(certificate.names(), ["a.test", "*.b.test", "127.0.0.1", "::1"]);
        let days = |days: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(days * 86_400);
        assert_eq!((certificate.not_before(), certificate.not_after()), (days(18_263), days(18_265)));
        assert_eq!(certificate.remaining(days(18_264)), Some(Duration::from_secs(86_400)));
        assert_eq!(certificate.remaining(days(18_266)), None);
        for (host, covered) in [
            ("A.TEST", true),
            ("x.b.test", true),
            ("b.test", false),
            ("x.y.b.test", false),
            ("::1", true),
            ("c", false),
        ] {
            assert_eq!(certificate.covers(host), covered, "{host}");
        }
    }

    #[test]
    fn each_fault_is_named_and_no_key_is_shown() {
        let (chain, key) = made(&["a.test"]);
        let (other, _) = made(&["a.test"]);
        assert!(read(&chain, &key).is_ok());
        assert!(read(&format!("{chain}{other}"), &key).is_ok(), "further certificates are the chain");
        let half = &chain[..chain.len() / 2];
        assert_eq!(read(&other, &key).unwrap_err(), CertificateError::Mismatch);
        assert_eq!(read(&format!("{other}{chain}"), &key).unwrap_err(), CertificateError::Mismatch);
        for nothing in ["", "hello\n", &key] {
            assert_eq!(read(nothing, &key).unwrap_err(), CertificateError::NoCertificate);
        }
        for nothing in ["", &chain] {
            assert_eq!(read(&chain, nothing).unwrap_err(), CertificateError::NoKey);
        }
        assert!(matches!(read(half, &key).unwrap_err(), CertificateError::Pem { what: "certificate", .. }));
        let half = &key[..key.len() / 2];
        assert!(matches!(read(&chain, half).unwrap_err(), CertificateError::Pem { what: "key", .. }));
        let no_key = "-----BEGIN PRIVATE KEY-----\nAAECAwQ=\n-----END PRIVATE KEY-----\n";
        assert!(matches!(read(&chain, no_key).unwrap_err(), CertificateError::Key(_)));
        let no_certificate = "-----BEGIN CERTIFICATE-----\nAAECAwQ=\n-----END CERTIFICATE-----\n";
        assert!(matches!(read(no_certificate, &key).unwrap_err(), CertificateError::Certificate(_)));
        assert!(!format!("{:?}", read(&chain, &key)).contains("PRIVATE"));
    }
}
