//! Answers to the challenges of a certificate authority (RFC 8555 HTTP-01, RFC 8737 TLS-ALPN-01) that are expected now.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::server::ClientHello;

use super::certificate::Certificate;

/// The protocol that a certificate authority offers for TLS-ALPN-01, and nobody else does.
pub const ACME_TLS_ALPN: &[u8] = b"acme-tls/1";

/// Most answers of each kind that may wait at once; a certificate has at most 100 names.
const MOST: usize = 256;

/// Challenges that are answered now. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Challenges(Arc<Mutex<Answers>>);

#[derive(Debug, Default)]
struct Answers {
    /// Certificate by lower-case name, and the number of whom it belongs to.
    tls_alpn: HashMap<String, (u64, Certificate)>,
    /// Key authorization by token.
    http: HashMap<String, (u64, Arc<str>)>,
    last: u64,
}

/// Too many challenges at once (256 of a kind).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many challenges are being answered at once")]
pub struct TooMany;

/// An answer that is given as long as this lives.
#[derive(Debug)]
#[must_use = "dropping it takes the answer back"]
pub struct Pending {
    answers: Arc<Mutex<Answers>>,
    key: Key,
    number: u64,
}

#[derive(Debug)]
enum Key {
    TlsAlpn(String),
    Http(String),
}

impl Challenges {
    fn answers(&self) -> MutexGuard<'_, Answers> {
        lock(&self.0)
    }

    /// Shows `certificate` to whoever asks for `name` with the protocol `acme-tls/1`. A newer answer for the same name takes
    /// the place of an older one.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn answer_tls_alpn(&self, name: &str, certificate: Certificate) -> Result<Pending, TooMany> {
        let name = name.to_ascii_lowercase();
        let number = self.answers().tls_alpn(&name, certificate)?;
        Ok(Pending { answers: Arc::clone(&self.0), key: Key::TlsAlpn(name), number })
    }

    /// Answers `GET /.well-known/acme-challenge/TOKEN` on `LISTEN_HTTP` with this key authorization.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn answer_http(&self, token: &str, key_authorization: &str) -> Result<Pending, TooMany> {
        let number = self.answers().http(token, key_authorization)?;
        Ok(Pending { answers: Arc::clone(&self.0), key: Key::Http(token.to_owned()), number })
    }

    /// The key authorization for a token of HTTP-01.
    #[must_use]
    pub fn key_authorization(&self, token: &str) -> Option<Arc<str>> {
        self.answers().http.get(token).map(|(_, text)| Arc::clone(text))
    }

    /// Whether `acme-tls/1` is to be offered.
    #[must_use]
    pub fn expect_tls_alpn(&self) -> bool {
        !self.answers().tls_alpn.is_empty()
    }

    pub(super) fn certificate(&self, name: &str) -> Option<Certificate> {
        self.answers().tls_alpn.get(&name.to_ascii_lowercase()).map(|(_, certificate)| certificate.clone())
    }

    /// Whether this is a certificate authority that checks (RFC 8737 section 3: it offers this protocol and no other).
    pub(super) fn is_asked_by(&self, hello: &ClientHello<'_>) -> bool {
        hello.alpn().is_some_and(|mut offered| offered.next() == Some(ACME_TLS_ALPN) && offered.next().is_none())
    }
}

impl Answers {
    fn tls_alpn(&mut self, name: &str, certificate: Certificate) -> Result<u64, TooMany> {
        if self.tls_alpn.len() >= MOST && !self.tls_alpn.contains_key(name) {
            return Err(TooMany);
        }
        self.last += 1;
        self.tls_alpn.insert(name.to_owned(), (self.last, certificate));
        Ok(self.last)
    }

    fn http(&mut self, token: &str, key_authorization: &str) -> Result<u64, TooMany> {
        if self.http.len() >= MOST && !self.http.contains_key(token) {
            return Err(TooMany);
        }
        self.last += 1;
        self.http.insert(token.to_owned(), (self.last, key_authorization.into()));
        Ok(self.last)
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        let mut answers = lock(&self.answers);
        match &self.key {
            Key::TlsAlpn(name) if answers.tls_alpn.get(name).is_some_and(|(number, _)| *number == self.number) => {
                answers.tls_alpn.remove(name);
            }
            Key::Http(token) if answers.http.get(token).is_some_and(|(number, _)| *number == self.number) => {
                answers.http.remove(token);
            }
            // A newer answer has the place.
            Key::TlsAlpn(_) | Key::Http(_) => {}
        }
    }
}

fn lock(answers: &Mutex<Answers>) -> MutexGuard<'_, Answers> {
    // Plain maps that are consistent between any two statements: a panic elsewhere cannot spoil them.
    answers.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_lives_as_long_as_its_guard_and_a_newer_one_stays() {
        let challenges = Challenges::default();
        let old = challenges.answer_http("token", "old").unwrap();
        let new = challenges.answer_http("token", "new").unwrap();
        drop(old);
        assert_eq!(challenges.key_authorization("token").as_deref(), Some("new"));
        drop(new);
        assert_eq!(challenges.key_authorization("token"), None);
    }

    #[test]
    fn the_protocol_is_offered_while_an_answer_waits() {
        let made = rcgen::generate_simple_self_signed(["a.test".to_owned()]).unwrap();
        let pem = (made.cert.pem(), made.signing_key.serialize_pem());
        let certificate = Certificate::from_pem(pem.0.as_bytes(), pem.1.as_bytes()).unwrap();
        let challenges = Challenges::default();
        assert!(!challenges.expect_tls_alpn());
        let pending = challenges.answer_tls_alpn("A.test", certificate).unwrap();
        assert!(challenges.expect_tls_alpn());
        assert_eq!(challenges.certificate("a.TEST").unwrap().names(), ["a.test"]);
        drop(pending);
        assert!(!challenges.expect_tls_alpn() && challenges.certificate("a.test").is_none());
    }

    #[test]
    fn there_is_a_bound() {
        let challenges = Challenges::default();
        let all: Vec<_> = (0..MOST).map(|n| challenges.answer_http(&n.to_string(), "x").unwrap()).collect();
        assert_eq!(challenges.answer_http("more", "x").unwrap_err(), TooMany);
        let _again = challenges.answer_http("7", "y").unwrap();
        drop(all);
        assert!(challenges.answer_http("more", "x").is_ok());
    }
}
