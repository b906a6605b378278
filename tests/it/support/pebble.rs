//! Let's Encrypt's own test server, `pebble`, with the DNS server that belongs to it.

use super::authority::{Authority, Pair};
use super::{PATIENCE, within};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Where everything of a scene is: chosen before anything starts, because each has to know the others.
#[derive(Clone, Copy)]
pub struct Ports {
    pub acme: u16,
    management: u16,
    dns: u16,
    dns_management: u16,
    /// Where the server under test listens for https, and where pebble comes to for tls-alpn-01.
    pub https: u16,
    /// The same for http and http-01.
    pub http: u16,
}

impl Ports {
    /// Free ones, all different.
    pub fn choose() -> Ports {
        let held: Vec<TcpListener> = (0..6).map(|_| TcpListener::bind("127.0.0.1:0").expect("a free port")).collect();
        let port = |n: usize| held[n].local_addr().unwrap().port();
        let (acme, management, dns) = (port(0), port(1), port(2));
        Ports { acme, management, dns, dns_management: port(3), https: port(4), http: port(5) }
    }
}

/// How pebble is to behave.
#[derive(Clone, Copy)]
pub struct Manner {
    /// Percentage of good nonces that it rejects.
    pub nonces_rejected: u8,
    /// Seconds for which a certificate is good.
    pub validity: u32,
}

impl Default for Manner {
    fn default() -> Self {
        Manner { nonces_rejected: 0, validity: 90 * 86_400 }
    }
}

/// Certificate authority and DNS. Both end with it.
pub struct Pebble {
    pub ports: Ports,
    processes: Vec<Child>,
    _folder: tempfile::TempDir,
    client: Arc<ClientConfig>,
}

/// What pebble's own listener shows; the same before and after a restart.
pub struct Door {
    authority: Authority,
    pair: Pair,
}

impl Door {
    pub fn new() -> Door {
        let authority = Authority::new();
        let pair = authority.issue();
        Door { authority, pair }
    }

    pub fn pair(&self) -> &Pair {
        &self.pair
    }

    /// For `ACME_CA_FILE`.
    pub fn root_file(&self) -> String {
        self.authority.root_file().to_str().unwrap().to_owned()
    }
}

impl Pebble {
    /// Starts both and waits until they answer. All names lead to 127.0.0.1.
    pub async fn start(ports: Ports, door: &Door, manner: Manner) -> Pebble {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let config = serde_json::json!({"pebble": {
            "listenAddress": format!("127.0.0.1:{}", ports.acme),
            "managementListenAddress": format!("127.0.0.1:{}", ports.management),
            "certificate": file("chain.pem", &door.pair.chain),
            "privateKey": file("key.pem", &door.pair.key),
            "httpPort": ports.http,
            "tlsPort": ports.https,
            "certificateValidityPeriod": manner.validity,
        }});
        let config = file("config.json", &config.to_string());
        let local = |port: u16| format!("127.0.0.1:{port}");
        let mut names = program("pebble-challtestsrv");
        names.args(["-dns01", &local(ports.dns), "-management", &local(ports.dns_management)]);
        names.args(["-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv6", ""]);
        names.args(["-defaultIPv4", "127.0.0.1"]);
        let mut pebble = program("pebble");
        pebble.args(["-config", &config, "-dnsserver", &local(ports.dns)]);
        pebble.env("PEBBLE_VA_NOSLEEP", "1").env("PEBBLE_AUTHZREUSE", "0");
        pebble.env("PEBBLE_WFE_NONCEREJECT", manner.nonces_rejected.to_string());
        let processes = [names, pebble].map(|mut command| command.spawn().expect("pebble starts")).into();
        let pebble = Pebble { ports, processes, _folder: folder, client: door.authority.client() };
        for port in [ports.acme, ports.management, ports.dns_management] {
            within(PATIENCE, "pebble answers", async {
                while TcpStream::connect(local(port).parse::<SocketAddr>().unwrap()).await.is_err() {
                    tokio::time::sleep(Duration::from_millis(30)).await;
                }
            })
            .await;
        }
        pebble
    }

    /// The client that believes what this pebble signs: its root is another one in every life.
    pub async fn believer(&self) -> Arc<ClientConfig> {
        let address = SocketAddr::from(([127, 0, 0, 1], self.ports.management));
        let mut tls = super::authority::connect(address, &self.client).await.expect("pebble's management");
        tls.write_all(b"GET /roots/0 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        let _ = within(PATIENCE, "the root certificate", tls.read_to_end(&mut answer)).await;
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&answer).expect("a root certificate")).unwrap();
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let mut client = builder.with_root_certificates(roots).with_no_client_auth();
        // A resumed session shows no certificate.
        client.resumption = Resumption::disabled();
        Arc::new(client)
    }

    /// From now on a name leads there.
    pub async fn lead(&self, name: &str, address: &str) {
        let management = SocketAddr::from(([127, 0, 0, 1], self.ports.dns_management));
        let host = format!("{name}.");
        // Adding alone would leave the old one there, too.
        for (path, body) in [
            ("/clear-a", serde_json::json!({"host": host})),
            ("/add-a", serde_json::json!({"host": host, "addresses": [address]})),
        ] {
            let answer = super::Request::post(path, &body).send(management).await;
            assert_eq!(answer.status, 200, "{answer:?}");
        }
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn program(name: &str) -> Command {
    let found = std::env::var_os("PATH")
        .and_then(|path| std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.exists()))
        .unwrap_or_else(|| panic!("{name} is missing; on Debian and Ubuntu: apt-get install pebble"));
    let mut command = Command::new(found);
    command.current_dir(Path::new("/")).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// The certificate that a server shows for a name, when the client believes it; else why it does not.
pub async fn shown(port: u16, name: &str, client: &Arc<ClientConfig>) -> std::io::Result<Vec<u8>> {
    let tcp = TcpStream::connect(("127.0.0.1", port)).await?;
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut tls = TlsConnector::from(Arc::clone(client)).connect(name, tcp).await?;
    let leaf = tls.get_ref().1.peer_certificates().unwrap()[0].to_vec();
    tls.write_all(b"GET /health-check HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await?;
    let mut answer = Vec::new();
    tls.read_to_end(&mut answer).await?;
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    Ok(leaf)
}
