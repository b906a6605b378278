//! Ends TLS in front of the server, because an SDK that is pointed at a `host` speaks nothing else.

use rcgen::{CertifiedKey, generate_simple_self_signed};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// A TLS listener on a free port that passes the plain bytes on. Stops when dropped.
pub struct Terminator {
    pub port: u16,
    /// The certificate as a PEM file, for `SSL_CERT_FILE`.
    pub certificate: PathBuf,
    _folder: tempfile::TempDir,
    accepting: JoinHandle<()>,
}

impl Terminator {
    /// Serves the name `localhost`, on both loopback addresses where the machine has both.
    pub async fn before(server: SocketAddr) -> Terminator {
        let (pem, config) = self_signed();
        let folder = tempfile::tempdir().expect("a folder for the certificate");
        let certificate = folder.path().join("certificate.pem");
        std::fs::write(&certificate, pem).unwrap();
        let acceptor = TlsAcceptor::from(config);

        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().unwrap().port();
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(mut tls) = acceptor.accept(client).await else { return };
                    let Ok(mut plain) = TcpStream::connect(server).await else { return };
                    let _ = copy_bidirectional(&mut tls, &mut plain).await;
                });
            }
        });
        Terminator { port, certificate, _folder: folder, accepting }
    }
}

impl Drop for Terminator {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// A certificate for `localhost` as PEM, and what a server needs to show it.
pub fn self_signed() -> (String, Arc<ServerConfig>) {
    let names = vec!["localhost".to_owned()];
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).expect("a certificate");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .expect("the certificate fits its key");
    (cert.pem(), Arc::new(config))
}
