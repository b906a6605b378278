//! The database.

use std::path::PathBuf;

use super::reader::Reader;
use super::{postgres_url, values};
use crate::secret::Secret;

/// The meanings that libpq gives to these words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SslMode {
    /// Never encrypt.
    Disable,
    /// Encrypt when the database offers it, without checking who it is.
    Prefer,
    /// Always encrypt; who the database is gets checked only when a root certificate file is given, without its name.
    Require,
    /// Always encrypt; the certificate must come from a known root and be made out for the host.
    VerifyFull,
}

/// How to reach the database.
#[derive(Clone, Debug)]
pub struct Postgres {
    /// `POSTGRES_HOSTNAME`: a name, an address, or the directory of a unix socket (begins with `/`).
    pub host: String,
    /// `POSTGRES_PORT`.
    pub port: u16,
    /// `POSTGRES_USER`.
    pub user: String,
    /// `POSTGRES_PASSWORD`; empty only over a unix socket.
    pub password: Secret,
    /// `POSTGRES_DB`.
    pub database: String,
    /// `POSTGRES_SSLMODE`.
    pub sslmode: SslMode,
    /// `POSTGRES_SSLROOTCERT`: a file that was there when the settings were read.
    pub root_cert: Option<PathBuf>,
    /// `POSTGRES_POOL_SIZE`: most connections open at once, at least 1.
    pub pool_size: usize,
}

impl Postgres {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        if let Some(url) = reader.text("POSTGRES_URL") {
            match postgres_url::parts(&url) {
                Ok(parts) => reader.stand_in(parts),
                Err(wrong) => {
                    reader.fault("POSTGRES_URL", wrong, "postgresql://compose:the-password@db.example.com/compose");
                }
            }
        }
        let host = reader.required(
            "POSTGRES_HOSTNAME",
            "the database's host name, address or unix socket directory",
            "db.example.com",
        );
        let port = u16::try_from(reader.number("POSTGRES_PORT", 1..=65_535, 5432)).unwrap_or(5432);
        let database = reader.required("POSTGRES_DB", "the name of the database", "compose");
        let user = reader.required("POSTGRES_USER", "the database role to log in as", "compose");
        let password = password(reader, host.starts_with('/'));
        let sslmode = reader.choice(
            "POSTGRES_SSLMODE",
            &[
                ("disable", SslMode::Disable),
                ("prefer", SslMode::Prefer),
                ("require", SslMode::Require),
                ("verify-full", SslMode::VerifyFull),
            ],
            SslMode::Prefer,
        );
        let root_cert = root_cert(reader, sslmode);
        let pool_size = usize::try_from(reader.number("POSTGRES_POOL_SIZE", 1..=1000, 10)).unwrap_or(10);
        Self { host, port, user, password, database, sslmode, root_cert, pool_size }
    }
}

/// A unix socket often needs no password, since the system says who is at the other end.
fn password(reader: &mut Reader<'_>, unix_socket: bool) -> Secret {
    const NAME: &str = "POSTGRES_PASSWORD";
    if unix_socket {
        Secret::new(reader.text(NAME).unwrap_or_default())
    } else {
        reader.required_secret(NAME, "the password of POSTGRES_USER", "the-password-of-POSTGRES_USER")
    }
}

fn root_cert(reader: &mut Reader<'_>, sslmode: SslMode) -> Option<PathBuf> {
    const NAME: &str = "POSTGRES_SSLROOTCERT";
    const EXAMPLE: &str = "/etc/compose-relay/postgres-ca.pem";
    let text = reader.text(NAME)?;
    let file = PathBuf::from(&text);
    if let Err(error) = std::fs::File::open(&file) {
        reader.fault(NAME, format!("is {}, which cannot be read: {error}", values::shown(&text)), EXAMPLE);
    } else if matches!(sslmode, SslMode::Disable | SslMode::Prefer) {
        let wrong = "would never be used: it needs POSTGRES_SSLMODE=verify-full (or require)".to_owned();
        reader.fault(NAME, wrong, EXAMPLE);
    }
    Some(file)
}
