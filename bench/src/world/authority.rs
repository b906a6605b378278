//! A certificate for `localhost` and 127.0.0.1, and clients that believe nothing else.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::client::Resumption;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

use super::tickets::Tickets;

/// An authority that has signed one certificate (ECDSA P-256).
#[derive(Debug)]
pub struct Authority {
    root: CertificateDer<'static>,
    files: PathBuf,
}

impl Authority {
    /// Writes `chain.pem`, `key.pem` and `both.pem` (HAProxy wants one file) into a new directory.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn new(directory: &Path) -> Result<Self> {
        let key = KeyPair::generate()?;
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let root = parameters.self_signed(&key)?;
        let issuer = Issuer::new(parameters, key);
        let mut leaf = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()])?;
        leaf.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        let chain = leaf.signed_by(&key, &issuer)?.pem();
        let key = key.serialize_pem();
        fs::create_dir(directory).with_context(|| format!("making {}", directory.display()))?;
        for (name, text) in [("chain.pem", chain.clone()), ("key.pem", key.clone()), ("both.pem", chain + &key)] {
            fs::write(directory.join(name), text).with_context(|| format!("writing {name}"))?;
        }
        Ok(Self { root: root.der().clone(), files: directory.to_path_buf() })
    }

    /// Certificate chain and key, PEM.
    #[must_use]
    pub fn files(&self) -> [PathBuf; 2] {
        [self.files.join("chain.pem"), self.files.join("key.pem")]
    }

    /// Both in one file.
    #[must_use]
    pub fn bundle(&self) -> PathBuf {
        self.files.join("both.pem")
    }

    /// A TLS 1.3 client without resumption: each handshake is a full one.
    ///
    /// # Errors
    /// When rustls does not take it.
    pub fn client(&self) -> Result<Arc<ClientConfig>> {
        self.client_with(Resumption::disabled())
    }

    /// A TLS 1.3 client that resumes a session whenever there is a ticket.
    ///
    /// # Errors
    /// When rustls does not take it.
    pub fn resuming_client(&self, tickets: Arc<Tickets>) -> Result<Arc<ClientConfig>> {
        self.client_with(Resumption::store(tickets))
    }

    fn client_with(&self, resumption: Resumption) -> Result<Arc<ClientConfig>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.clone())?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder =
            ClientConfig::builder_with_provider(provider).with_protocol_versions(&[&rustls::version::TLS13])?;
        let mut config = builder.with_root_certificates(roots).with_no_client_auth();
        config.resumption = resumption;
        Ok(Arc::new(config))
    }
}
