//! How to reach Postgres: plain values, already checked by whoever read them.

use std::path::PathBuf;
use std::time::Duration;

use crate::secret::Secret;

/// What the pool needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Host name or address; a text that starts with `/` is the directory of a unix socket.
    pub host: String,
    /// TCP port, or the number in the name of the unix socket.
    pub port: u16,
    /// Role to log in as.
    pub user: String,
    /// Its password; may be empty where the server asks for none.
    pub password: Secret,
    /// Name of the database.
    pub database: String,
    /// Encryption. Not looked at for a unix socket, which never leaves the machine.
    pub sslmode: SslMode,
    /// File with the accepted root certificates (PEM).
    pub root_cert: Option<PathBuf>,
    /// Most connections open at once; at least 1.
    pub pool_size: usize,
    /// Longest wait for a connection: for a free place in the pool, the TCP and TLS handshakes and the log-in together.
    pub connect_timeout: Duration,
    /// Longest run of one statement, kept by the server. Our own deadline is [`GRACE`] later.
    pub statement_timeout: Duration,
}

/// How much longer than the server we wait for the end of a statement: time for its "cancelled" to reach us.
pub(super) const GRACE: Duration = Duration::from_secs(2);

/// The meanings that libpq gives to these words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SslMode {
    /// Never encrypt.
    Disable,
    /// Encrypt when the server offers it, without checking who it is.
    Prefer,
    /// Always encrypt. Who the server is gets checked only when a root certificate file is given, and then without its
    /// host name.
    Require,
    /// Always encrypt; the certificate must come from a known root and be made out for the host.
    VerifyFull,
}

impl SslMode {
    /// Reads the value of `POSTGRES_SSLMODE`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "disable" => Self::Disable,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-full" => Self::VerifyFull,
            _ => return None,
        })
    }
}

impl Settings {
    /// Whether the server is reached over a unix socket.
    #[must_use]
    pub fn is_unix_socket(&self) -> bool {
        self.host.starts_with('/')
    }
}
