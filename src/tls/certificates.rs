//! All certificates of this process, by name.

use std::collections::HashMap;
use std::sync::Arc;

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::sync::watch;

use super::certificate::{Certificate, wildcard_of};
use super::challenges::Challenges;

/// Where certificates come from. Each source replaces its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// `TLS_CERT_FILE` and `TLS_KEY_FILE`.
    Files,
    /// A certificate authority, by ACME.
    Acme,
}

impl Source {
    /// The word in metrics.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Acme => "acme",
        }
    }
}

/// The certificates that handshakes choose from. Clones share them. Replacing is atomic: a handshake sees all of the old
/// ones or all of the new ones.
#[derive(Clone, Debug)]
pub struct Certificates {
    index: Arc<watch::Sender<Arc<Index>>>,
    challenges: Challenges,
}

/// What is in use at one moment.
#[derive(Debug, Default)]
struct Index {
    /// In the order of their sources; the first of all is shown to who names none that we know.
    all: Vec<(Source, Certificate)>,
    /// Places in `all`; a key may begin with `*.`.
    by_name: HashMap<String, Vec<usize>>,
}

impl Certificates {
    /// None yet: every handshake fails until [`Certificates::replace`]. `challenges` are answered beside them.
    #[must_use]
    pub fn new(challenges: Challenges) -> Self {
        Self { index: Arc::new(watch::Sender::default()), challenges }
    }

    /// The challenges that are answered beside them.
    #[must_use]
    pub fn challenges(&self) -> &Challenges {
        &self.challenges
    }

    /// Puts `certificates` in place of all that this source gave before. Open connections keep theirs. Where several are
    /// good for a name the first one whose key the client can check is shown, `Files` before `Acme`.
    pub fn replace(&self, source: Source, certificates: Vec<Certificate>) {
        self.index.send_modify(|index| {
            let others = index.all.iter().filter(|(from, _)| *from != source).cloned();
            let mut all: Vec<_> = others.chain(certificates.into_iter().map(|one| (source, one))).collect();
            all.sort_by_key(|(from, _)| *from);
            *index = Arc::new(Index::of(all));
        });
    }

    /// What is in use now, in the order of preference.
    #[must_use]
    pub fn list(&self) -> Vec<(Source, Certificate)> {
        self.index.borrow().all.clone()
    }

    /// Tells of every replacement: `changed()`, then [`Certificates::list`].
    #[must_use]
    pub fn watch(&self) -> Replaced {
        Replaced(self.index.subscribe())
    }

    fn resolve(&self, name: Option<&str>, suits: impl Fn(&Certificate) -> bool) -> Option<Arc<CertifiedKey>> {
        let index = Arc::clone(&self.index.borrow());
        let certificate = index.choose(name, suits)?;
        Some(Arc::clone(certificate.key()))
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        if self.challenges.is_asked_by(&hello) {
            return self.challenges.certificate(hello.server_name()?).map(|certificate| Arc::clone(certificate.key()));
        }
        self.resolve(hello.server_name(), |certificate| certificate.suits(hello.signature_schemes()))
    }
}

/// Tells of replacements. See [`Certificates::watch`].
#[derive(Debug)]
pub struct Replaced(watch::Receiver<Arc<Index>>);

impl Replaced {
    /// Resolves when certificates were replaced since the last call; never again once all [`Certificates`] are gone.
    /// Cancel-safe.
    pub async fn changed(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Index {
    fn of(all: Vec<(Source, Certificate)>) -> Self {
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (place, (_, certificate)) in all.iter().enumerate() {
            for name in certificate.names() {
                by_name.entry(name.clone()).or_default().push(place);
            }
        }
        Self { all, by_name }
    }

    /// Exact name, then wildcard, then the first one: a browser that names a wrong host shows a clearer page for a
    /// certificate of another name than for a handshake that breaks. Of several the first one that the client can check; if
    /// there is none, any: then the handshake fails with the right alert.
    fn choose(&self, name: Option<&str>, suits: impl Fn(&Certificate) -> bool) -> Option<&Certificate> {
        let named = |name: &str| {
            let places = self.by_name.get(name)?;
            places.iter().map(|place| &self.all[*place].1).find(|certificate| suits(certificate))
        };
        let name = name.map(str::to_ascii_lowercase);
        let found = name.as_deref().and_then(|name| named(name).or_else(|| named(&wildcard_of(name)?)));
        let mut all = self.all.iter().map(|(_, certificate)| certificate);
        found.or_else(|| all.clone().find(|certificate| suits(certificate))).or_else(|| all.next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(names: &[&str]) -> Certificate {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        Certificate::from_pem(made.cert.pem().as_bytes(), made.signing_key.serialize_pem().as_bytes()).unwrap()
    }

    fn shown(certificates: &Certificates, name: Option<&str>) -> Vec<String> {
        let key = certificates.resolve(name, |_| true).unwrap();
        let all = certificates.list();
        all.into_iter().find(|(_, one)| Arc::ptr_eq(one.key(), &key)).unwrap().1.names().to_vec()
    }

    #[test]
    fn exact_names_go_before_wildcards_and_the_first_is_the_default() {
        let certificates = Certificates::new(Challenges::default());
        assert!(certificates.resolve(Some("a.test"), |_| true).is_none(), "nothing to show yet");
        let all = [&["a.test"][..], &["*.b.test"], &["x.b.test", "b.test"]];
        certificates.replace(Source::Files, all.map(certificate).to_vec());
        assert_eq!(shown(&certificates, Some("A.test")), ["a.test"]);
        assert_eq!(shown(&certificates, Some("y.b.test")), ["*.b.test"]);
        assert_eq!(shown(&certificates, Some("x.b.test")), ["x.b.test", "b.test"]);
        for unknown in [None, Some("y.x.b.test"), Some("c.test"), Some("")] {
            assert_eq!(shown(&certificates, unknown), ["a.test"], "{unknown:?}");
        }
    }

    #[test]
    fn a_source_replaces_its_own_and_the_watch_tells() {
        let certificates = Certificates::new(Challenges::default());
        let mut watch = certificates.watch().0;
        certificates.replace(Source::Acme, vec![certificate(&["a.test"])]);
        certificates.replace(Source::Files, vec![certificate(&["a.test", "file.test"])]);
        assert!(watch.has_changed().unwrap());
        watch.mark_unchanged();
        assert_eq!(shown(&certificates, Some("a.test")), ["a.test", "file.test"], "files go first");
        certificates.replace(Source::Files, Vec::new());
        assert!(watch.has_changed().unwrap());
        assert_eq!(shown(&certificates, Some("a.test")), ["a.test"]);
    }

    #[test]
    fn a_client_gets_a_key_that_it_can_check() {
        let certificates = Certificates::new(Challenges::default());
        certificates.replace(Source::Files, vec![certificate(&["a.test"]), certificate(&["a.test"])]);
        let second = certificates.list()[1].1.fingerprint();
        let key = certificates.resolve(Some("a.test"), |one| one.fingerprint() == second).unwrap();
        assert!(Arc::ptr_eq(&key, certificates.list()[1].1.key()));
        let any = certificates.resolve(Some("a.test"), |_| false).unwrap();
        assert!(Arc::ptr_eq(&any, certificates.list()[0].1.key()), "so that the alert says what is wrong");
    }
}
