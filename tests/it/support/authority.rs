//! A certificate authority of the test's own, and clients that trust nobody else.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};

/// Makes certificates that its clients believe.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    root: rcgen::Certificate,
    folder: tempfile::TempDir,
}

/// A chain and its key, PEM.
#[derive(Clone)]
pub struct Pair {
    pub chain: String,
    pub key: String,
    /// The own certificate, DER: tells it apart on the wire.
    pub leaf: Vec<u8>,
}

impl Authority {
    pub fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::CommonName, "compose-relay test authority");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let root = parameters.self_signed(&key).unwrap();
        let folder = tempfile::tempdir().expect("a folder for certificates");
        std::fs::write(folder.path().join("root.pem"), root.pem()).unwrap();
        Authority { issuer: Issuer::new(parameters, key), root, folder }
    }

    /// The root as a PEM file, for `SSL_CERT_FILE`.
    pub fn root_file(&self) -> PathBuf {
        self.folder.path().join("root.pem")
    }

    /// A new certificate for `localhost` and 127.0.0.1, good for 60 days.
    pub fn issue(&self) -> Pair {
        self.issue_for(&["localhost", "127.0.0.1"], 60)
    }

    pub fn issue_for(&self, names: &[&str], days: u64) -> Pair {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut parameters = CertificateParams::new(names).unwrap();
        let hour = std::time::Duration::from_secs(3600);
        parameters.not_before = (std::time::SystemTime::now() - hour).into();
        parameters.not_after = (std::time::SystemTime::now() + hour * 24 * u32::try_from(days).unwrap()
            - std::time::Duration::from_secs(1))
        .into();
        parameters.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate().unwrap();
        let leaf = parameters.signed_by(&key, &self.issuer).unwrap();
        Pair { chain: leaf.pem(), key: key.serialize_pem(), leaf: leaf.der().to_vec() }
    }

    /// A certificate for somebody else's key, PEM.
    pub fn sign(&self, key: &impl rcgen::PublicKeyData, name: &str) -> String {
        let mut parameters = CertificateParams::new([name.to_owned()]).unwrap();
        let hour = std::time::Duration::from_secs(3600);
        parameters.not_before = (std::time::SystemTime::now() - hour).into();
        parameters.not_after = (std::time::SystemTime::now() + hour * 24 * 90).into();
        parameters.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
        parameters.signed_by(key, &self.issuer).unwrap().pem()
    }

    /// Where a server reads its certificate.
    pub fn files(&self) -> [PathBuf; 2] {
        ["chain.pem", "key.pem"].map(|name| self.folder.path().join(name))
    }

    /// Puts a pair into these files.
    pub fn install(&self, pair: &Pair) {
        let [chain, key] = self.files();
        replace(&chain, &pair.chain);
        replace(&key, &pair.key);
    }

    /// What a client needs to believe the authority.
    pub fn client(&self) -> Arc<ClientConfig> {
        self.client_of(tokio_rustls::rustls::ALL_VERSIONS)
    }

    pub fn client_of(&self, versions: &[&'static SupportedProtocolVersion]) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.der().clone()).unwrap();
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
        Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
    }
}

/// Whole or not at all, as careful tools do it.
fn replace(file: &Path, text: &str) {
    let new = file.with_extension("new");
    std::fs::write(&new, text).unwrap();
    std::fs::rename(&new, file).unwrap();
}

/// A TLS connection to the server, by the name `localhost`.
pub async fn connect(to: SocketAddr, client: &Arc<ClientConfig>) -> std::io::Result<TlsStream<TcpStream>> {
    let tcp = TcpStream::connect(to).await?;
    tcp.set_nodelay(true)?;
    TlsConnector::from(Arc::clone(client)).connect(ServerName::try_from("localhost").unwrap(), tcp).await
}

/// A plain listener whose every connection goes on to the server over TLS. So all clients of the tests speak TLS. Stops when
/// dropped.
pub struct Tunnel {
    pub address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Tunnel {
    pub async fn to(server: SocketAddr, client: Arc<ClientConfig>) -> Tunnel {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().unwrap();
        let accepting = tokio::spawn(async move {
            while let Ok((mut plain, _)) = listener.accept().await {
                let client = Arc::clone(&client);
                tokio::spawn(async move {
                    plain.set_nodelay(true).unwrap();
                    let Ok(mut tls) = connect(server, &client).await else { return };
                    let _ = copy_bidirectional(&mut plain, &mut tls).await;
                });
            }
        });
        Tunnel { address, accepting }
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}
