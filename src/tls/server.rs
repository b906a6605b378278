//! The settings of every handshake.

use std::fmt;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::server::ServerSessionMemoryCache;

use super::certificates::Certificates;
use super::challenges::{ACME_TLS_ALPN, Challenges};
use super::provider::{provider, ticketer};
use super::session::Session;

/// The only protocol that is spoken inside.
const HTTP_1_1: &[u8] = b"http/1.1";

/// Sessions of TLS 1.2 clients that know no tickets; everybody else carries their own.
const SESSIONS: usize = 4096;

/// Tickets for each handshake of TLS 1.3. A client that comes again uses one up and gets a new one.
const TICKETS: usize = 1;

/// Begins sessions: TLS 1.3 and 1.2 with forward secrecy, AES-GCM and ChaCha20, resumption by tickets (their keys change every
/// six hours and die with the process), `http/1.1`, the certificates by SNI. Clones share all of it.
#[derive(Clone)]
pub struct Server {
    usual: Arc<ServerConfig>,
    /// The same with the protocol of TLS-ALPN-01, offered only while a challenge waits.
    challenged: Arc<ServerConfig>,
    challenges: Challenges,
}

impl Server {
    /// Shows these certificates.
    ///
    /// # Errors
    /// When the system gives no random bytes for the keys of tickets.
    pub fn new(certificates: &Certificates) -> Result<Self, rustls::Error> {
        let mut usual = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(certificates.clone()));
        // AES-128-GCM, whatever the client would rather have: its SHA-256 has instructions of its own, and SDKs ask for
        // AES-256-GCM first, with SHA-384.
        usual.ignore_client_order = true;
        usual.alpn_protocols = vec![HTTP_1_1.to_vec()];
        usual.ticketer = ticketer()?;
        usual.send_tls13_tickets = TICKETS;
        usual.session_storage = ServerSessionMemoryCache::new(SESSIONS);
        let mut challenged = usual.clone();
        challenged.alpn_protocols.push(ACME_TLS_ALPN.to_vec());
        Ok(Self {
            usual: Arc::new(usual),
            challenged: Arc::new(challenged),
            challenges: certificates.challenges().clone(),
        })
    }

    /// A session for a new connection.
    ///
    /// # Errors
    /// When rustls does not take the settings.
    pub fn session(&self) -> Result<Session, rustls::Error> {
        let config = if self.challenges.expect_tls_alpn() { &self.challenged } else { &self.usual };
        Session::new(Arc::clone(config))
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("challenges", &self.challenges).finish_non_exhaustive()
    }
}
