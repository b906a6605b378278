//! Stand-in for the composition root.

use std::net::SocketAddr;
use std::time::Duration;

use uuid::Uuid;

use crate::config::{self, Config};
use crate::lifecycle::{Lifecycle, Phase, Signals};
use crate::net::{Admission, BindError, Listener};
use crate::secret::Secret;
use crate::store;

/// What the command line adds to the settings.
pub struct Options {
    /// Listen here and nowhere else.
    pub listen: Option<SocketAddr>,
    /// Demo mode.
    pub demo: Option<DemoOptions>,
    /// Called once, when everything works.
    pub on_ready: Box<dyn FnOnce(Ready) + Send>,
}

/// Demo mode: a sign-in link that works once.
#[derive(Debug)]
pub struct DemoOptions {
    /// The secret in the link.
    pub token: Secret,
    /// Who is signed in by it.
    pub user: Uuid,
}

/// What is known once the server works.
#[derive(Debug)]
pub struct Ready {
    /// Where it listens, with real ports; never empty.
    pub addresses: Vec<SocketAddr>,
    /// Path and query of the sign-in link, in demo mode.
    pub sign_in: Option<String>,
}

/// Whose matter an [`Error`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// A setting.
    Settings,
    /// The database or the port.
    Unavailable,
    /// Ours.
    Internal,
}

/// Why the server could not start or ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No port.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// No signals.
    #[error("the system refused the signal handlers")]
    Signals(#[from] std::io::Error),
}

impl Error {
    /// Whose matter it is.
    #[must_use]
    pub fn blame(&self) -> Blame {
        match self {
            Self::Bind(_) => Blame::Unavailable,
            Self::Signals(_) => Blame::Internal,
        }
    }
}

/// The database settings in the words of the store.
#[must_use]
pub fn store_settings(postgres: &config::Postgres) -> store::Settings {
    store::Settings {
        host: postgres.host.clone(),
        port: postgres.port,
        user: postgres.user.clone(),
        password: postgres.password.clone(),
        database: postgres.database.clone(),
        sslmode: match postgres.sslmode {
            config::SslMode::Disable => store::SslMode::Disable,
            config::SslMode::Prefer => store::SslMode::Prefer,
            config::SslMode::Require => store::SslMode::Require,
            config::SslMode::VerifyFull => store::SslMode::VerifyFull,
        },
        root_cert: postgres.root_cert.clone(),
        pool_size: postgres.pool_size,
        connect_timeout: Duration::from_secs(5),
        statement_timeout: Duration::from_secs(10),
    }
}

/// Runs the server until a signal ends it.
///
/// # Errors
/// [`Error`] when it cannot start.
pub async fn run(config: Config, options: Options) -> Result<(), Error> {
    let mut signals = Signals::new()?;
    let life = Lifecycle::new();
    let mut addresses = Vec::new();
    let mut listeners = Vec::new();
    for address in options.listen.map_or_else(|| config.server.addresses(), |address| vec![address]) {
        let listener = match Listener::bind(address, Admission::new(config.server.max_connections)) {
            Err(_) if !addresses.is_empty() => continue,
            listener => listener?,
        };
        tracing::info!("listening on http://{}", listener.address());
        addresses.push(listener.address());
        listeners.push(listener);
    }
    life.advance(Phase::Serving);
    (options.on_ready)(Ready {
        addresses,
        sign_in: options.demo.map(|demo| format!("/demo/sign-in?token={}", demo.token.expose())),
    });
    let mut phase = life.watch();
    tokio::select! {
        _ = life.follow(&mut signals) => {}
        () = phase.reached(Phase::Draining) => {}
    }
    life.advance(Phase::Stopped);
    Ok(())
}
