//! Settings: environment variables → one typed value, read once at start.
//!
//! - Every mistake is found and reported in one go ([`Faults`]), so that nobody has to fix them one start at a time.
//! - A variable that is set to nothing counts as not set.
//! - `.env.example` lists every variable with unit, default and effect; a test below holds it against this code.
//! - Only `cli` and `app` see this room; all others get plain values from `app`.

mod acme;
mod address;
mod admin;
mod fault;
mod google;
mod keys;
mod limits;
mod logs;
mod oidc;
mod postgres;
mod postgres_url;
mod reader;
mod relay;
mod server;
mod sign_up;
mod tls;
mod values;

use std::env::VarError;
use std::time::Duration;

pub use acme::{Acme, AcmeChallenge};
pub use admin::Admin;
pub use fault::{Fault, Faults};
pub use google::Google;
pub use keys::Keys;
pub use limits::Limits;
pub use logs::{LogFormat, Logs};
pub use oidc::Oidc;
pub use postgres::{Postgres, SslMode};
pub use relay::Relay;
pub use server::{Handover, Mode, ProxyProtocol, Server, WebClient};
pub use sign_up::{Plan, SignUp};
pub use tls::{CertificateFiles, Tls};

use reader::Reader;

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct Config {
    /// The process and its HTTP side.
    pub server: Server,
    /// TLS in this process.
    pub tls: Tls,
    /// The database.
    pub postgres: Postgres,
    /// The secrets behind API keys.
    pub keys: Keys,
    /// Sign-in with Google, when it is set up.
    pub google: Option<Google>,
    /// Sign-in with an OpenID Connect provider, when it is set up.
    pub oidc: Option<Oidc>,
    /// Who may found an organization.
    pub sign_up: SignUp,
    /// Limits and times of the relay.
    pub relay: Relay,
    /// How often people may ask, and how long things are kept.
    pub limits: Limits,
    /// Where the operator's tools ask.
    pub admin: Admin,
    /// What is logged and how.
    pub logs: Logs,
}

impl Config {
    /// Reads all settings through `lookup`, which gives the value of a variable.
    ///
    /// # Errors
    /// [`Faults`] with everything that is wrong, in the order of `.env.example`.
    pub fn from_env(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, Faults> {
        let (config, faults) = Self::with_faults(lookup);
        if faults.is_empty() { Ok(config) } else { Err(Faults(faults)) }
    }

    /// The same for who looks at what is wrong: in place of each wrong value stands its default, or nothing.
    #[must_use]
    pub fn with_faults(lookup: &dyn Fn(&str) -> Option<String>) -> (Self, Vec<Fault>) {
        let mut reader = Reader::new(lookup);
        let config = Self {
            server: Server::read(&mut reader),
            tls: Tls::read(&mut reader),
            postgres: Postgres::read(&mut reader),
            keys: Keys::read(&mut reader),
            google: Google::read(&mut reader),
            oidc: Oidc::read(&mut reader),
            sign_up: SignUp::read(&mut reader),
            relay: Relay::read(&mut reader),
            limits: Limits::read(&mut reader),
            admin: Admin::read(&mut reader),
            logs: Logs::read(&mut reader),
        };
        (config, reader.faults())
    }

    /// Most connections of one address at a time; `None`: no limit. Where TLS is ended by somebody else all connections may
    /// come from one address, so there is no limit unless one is set.
    #[must_use]
    pub fn most_connections_per_address(&self) -> Option<usize> {
        const USUAL: usize = 2_000;
        self.server.max_connections_per_address.unwrap_or_else(|| self.tls.is_on().then_some(USUAL))
    }

    /// How long browsers shall remember that this server is reached by https only: in production, when this process itself
    /// speaks it.
    #[must_use]
    pub fn hsts(&self) -> Option<Duration> {
        let wanted = self.tls.is_on() && self.server.mode == Mode::Production && !self.tls.hsts.is_zero();
        wanted.then_some(self.tls.hsts)
    }

    /// Hints on settings that are allowed but hardly meant, one line each, for the log.
    #[must_use]
    pub fn advice(&self) -> Vec<String> {
        let mut advice = self.keys.advice();
        advice.extend(self.tls.advice());
        if self.server.proxy_protocol == ProxyProtocol::V2 && self.server.trusted_proxies.is_empty() {
            advice.push("PROXY_PROTOCOL has no effect without TRUSTED_PROXIES: nobody's header is believed".to_owned());
        }
        advice.extend(self.admin.advice());
        if self.server.mode == Mode::Production && self.google.is_none() && self.oidc.is_none() {
            advice.push("neither GOOGLE_OAUTH_CLIENT_ID nor OIDC_ISSUER_URL is set: nobody can sign in".to_owned());
        }
        advice
    }
}

/// A variable of this process's environment; the only place that reads it.
///
/// A value that is not UTF-8 comes back with U+FFFD in place of the bad bytes; no setting accepts that character, so it
/// ends in a fault that names the variable.
#[must_use]
pub fn variable(name: &str) -> Option<String> {
    match std::env::var(name) {
        Ok(value) => Some(value),
        Err(VarError::NotPresent) => None,
        Err(VarError::NotUnicode(value)) => Some(value.to_string_lossy().into_owned()),
    }
}

/// The settings for `migrate`, which needs the database and nothing else.
///
/// # Errors
/// [`Faults`] with everything that is wrong in `POSTGRES_*` and `LOG_*`.
pub fn database_only(lookup: &dyn Fn(&str) -> Option<String>) -> Result<(Postgres, Logs), Faults> {
    let mut reader = Reader::new(lookup);
    let settings = (Postgres::read(&mut reader), Logs::read(&mut reader));
    reader.finish(settings)
}

#[cfg(test)]
mod tests;
