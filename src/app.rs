//! The composition root: builds the rooms from the settings, joins them, and takes them down in order.

mod acme;
mod admin;
mod alive;
mod database;
mod doors;
mod encryption;
mod ports;
mod settings;
mod site;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use uuid::Uuid;

use self::doors::Inside;
use self::ports::Ports;
use crate::acme::AcmeError;
use crate::admin::Admin;
use crate::api::{self, Api, DemoSignIn};
use crate::auth::{Keys, KeysError, PublicOriginError};
use crate::config::{Config, Mode};
use crate::control::{self, Control, Handover};
use crate::dashboard::FolderError;
use crate::http::{self, TrustedProxies};
use crate::lifecycle::{Hangups, Lifecycle, Phase, Signals, service_manager};
use crate::metrics::Metrics;
use crate::net::{Admission, BindError, Crowd, Headerless, Networks};
use crate::relay::{Count, Hub};
use crate::secret::Secret;
use crate::store::{Store, StoreError};
use crate::tasks::Tasks;
use crate::tls::FilesError;

pub use crate::net::Inherited;
pub use acme::PURPOSE as ACME_KEYS;
pub use database::{DatabaseError, migrate};
pub use settings::store_settings;

/// How long requests in work and the control tasks may take at the end.
const LAST_TASKS: Duration = Duration::from_secs(10);
/// How long sockets that were on their way to us are still taken, to be told to come back, when somebody else has the port.
const LATECOMERS: Duration = Duration::from_secs(1);
/// How long connections that are used again and again stay open then, so that each ends with an answer that says so.
const KEPT_CONNECTIONS: Duration = Duration::from_secs(5);

/// What the command line adds to the settings.
pub struct Options {
    /// Listen here instead of where the settings say; port 0 lets the system choose.
    pub listen: Option<SocketAddr>,
    /// Sockets that a service manager has passed; they take the place of all addresses.
    pub inherited: Inherited,
    /// Demo mode: a sign-in link without Google, for this machine only.
    pub demo: Option<DemoOptions>,
    /// Called once when the server answers.
    pub on_ready: Box<dyn FnOnce(Ready) + Send>,
}

/// Demo mode: a sign-in link that works once.
#[derive(Clone, Debug)]
pub struct DemoOptions {
    /// The secret in the link.
    pub token: Secret,
    /// Who is signed in by it.
    pub user: Uuid,
}

/// The server answers.
#[derive(Clone, Debug)]
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
    /// Ours, or the operating system's.
    Internal,
}

/// Why the server did not start, or did not go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The port is not to be had.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The address of `LISTEN_ADMIN` is not to be had.
    #[error("LISTEN_ADMIN: {0}")]
    Admin(#[source] BindError),
    /// The certificate or its key cannot be used.
    #[error("TLS_CERT_FILE and TLS_KEY_FILE: {0}")]
    Files(#[source] FilesError),
    /// Certificates cannot be ordered.
    #[error(transparent)]
    Acme(#[from] AcmeError),
    /// The database is not reachable or not usable.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The settings of the database cannot be used.
    #[error("the settings of the database cannot be used: {0}")]
    Store(#[from] StoreError),
    /// The secrets cannot be used.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// An origin that cannot be understood.
    #[error(transparent)]
    Origin(#[from] PublicOriginError),
    /// The web client to serve is not there.
    #[error(transparent)]
    Dashboard(#[from] FolderError),
    /// TLS to sign-in providers cannot be set up.
    #[error("sign-in providers cannot be asked: {0}")]
    Tls(#[from] http::NoTls),
    /// The system refused a thread, a signal handler or a descriptor.
    #[error("the operating system refused a resource: {0}")]
    System(#[from] std::io::Error),
}

impl Error {
    /// Whose matter it is.
    #[must_use]
    pub fn blame(&self) -> Blame {
        match self {
            Self::Bind(_) | Self::Admin(_) | Self::Database(_) => Blame::Unavailable,
            Self::Store(_) | Self::Keys(_) | Self::Origin(_) | Self::Dashboard(_) | Self::Files(_) | Self::Acme(_) => {
                Blame::Settings
            }
            Self::Tls(_) | Self::System(_) => Blame::Internal,
        }
    }
}

/// Runs the server until it was told to stop and everything has ended.
///
/// # Errors
/// [`Error`] when it cannot start; once it serves, it ends without one.
pub async fn run(config: Config, options: Options) -> Result<(), Error> {
    let lifecycle = Lifecycle::new();
    let mut signals = Signals::new()?;
    let hangups = Hangups::new()?;
    tokio::select! {
        done = serve(config, options, &lifecycle, hangups) => done,
        never = lifecycle.follow(&mut signals) => match never {},
    }
}

async fn serve(config: Config, options: Options, lifecycle: &Lifecycle, hangups: Hangups) -> Result<(), Error> {
    let began = Timestamp::now();
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        build = config.server.build_version,
        "compose-relay is starting"
    );
    for advice in config.advice() {
        tracing::warn!("{advice}");
    }
    let keys = Keys::new(&config.keys.prod_api_key_secret, &config.keys.dev_api_key_secret)?;
    // The port first: that another server runs is known at once, and not after a migration.
    let admission = Admission::new(config.server.max_connections);
    let Options { listen, inherited, demo, on_ready } = options;
    let bound = ports::bind(&config, listen, inherited, &admission)?;
    let mut encryption = encryption::prepare(&config.tls).await?;
    let site = site::read(&config.server).await?;
    let database = store_settings(&config.postgres);
    let mut stopping = lifecycle.watch();
    service_manager::status("waiting for the database");
    tokio::select! {
        prepared = database::prepare(&database) => prepared?,
        () = stopping.reached(Phase::Draining) => return Ok(()),
    }
    let metrics = Metrics::default();
    let store = Store::new(database.clone())?.counted_in(&metrics.queries);
    database::inspect(&store, &keys).await;

    let tasks = Tasks::new();
    let (requests, taken) = mpsc::channel(control::REQUESTS);
    let (hub, mut shards) = Hub::start(&settings::relay(&config.relay), &requests)?;
    // Only the shards hold the sending side: the control task ends with them.
    drop(requests);
    if let Some(mut lives) = shards.lives() {
        tasks.spawn("sockets", async move {
            while let Some(life) = lives.recv().await {
                life.tell();
            }
        });
    }
    let control = Control::start(&store, database.clone(), &hub, &tasks, taken, config.relay.authorization_recheck);
    let retention = config.limits.audit_log_retention_days;
    tasks.spawn("purge", control::purge(store.clone(), tasks.clone(), retention));
    encryption::start(encryption.as_mut(), hangups, &tasks);
    let sealer = keys.sealer(acme::PURPOSE)?;
    let acme = acme::start(&config.tls, encryption.as_ref(), (&store, database), sealer, (&tasks, &metrics))?;
    let crowd = Crowd::new(config.most_connections_per_address());
    let headerless = Headerless::default();
    let watched = http::Closing::new();
    let for_operators = Admin {
        metrics: metrics.clone(),
        hub: hub.clone(),
        store: store.clone(),
        admission,
        crowd: crowd.clone(),
        headerless: headerless.clone(),
        certificates: encryption.as_ref().map(|encryption| encryption.certificates.clone()),
        acme,
        phase: lifecycle.watch(),
        build: config.server.build_version.clone(),
        began,
    };
    admin::start(config.admin.listen, for_operators, &tasks, &watched).map_err(Error::Admin)?;
    let healthy = watch::Sender::new(false);
    let api = Api::new(api::Parts {
        store: store.clone(),
        hub: hub.clone(),
        keys: Arc::new(keys),
        audit: control.audit().clone(),
        revocations: control.revocations().clone(),
        handover: Handover::new(&store, &hub, &tasks),
        lookups: control.lookups().clone(),
        mode: settings::mode(config.server.mode),
        encrypted: config.tls.is_on(),
        hsts: config.hsts(),
        public_origins: settings::public_origins(&config.server)?,
        demo: demo.as_ref().map(|demo| DemoSignIn::new(demo.token.clone(), demo.user)),
        sign_in: settings::sign_in(&config)?,
        registration: settings::registration(&config.sign_up),
        healthy: healthy.subscribe(),
        tasks: tasks.clone(),
        limits: settings::rate_limits(&config.limits),
        site,
        proxies: TrustedProxies::new(Networks::new(config.server.trusted_proxies.clone())),
        requests: metrics.requests.clone(),
    });

    let addresses: Vec<SocketAddr> = bound.iter().map(|port| port.bound.address()).collect();
    let shown: Vec<String> = bound.iter().map(ports::Port::shown).collect();
    let https = addresses.first().map(SocketAddr::port);
    let inside = Inside::new(&config, api, encryption.as_ref(), &metrics, (&crowd, &headerless), https);
    healthy.send_replace(true);
    let mut ports = Ports::serve(bound, &inside, &tasks)?;
    lifecycle.advance(Phase::Serving);
    for line in shown {
        tracing::info!("{line}");
    }
    service_manager::ready("serving");
    tasks.spawn("watchdog", alive::tell(hub.clone(), tasks.clone()));
    let sign_in = demo.map(|demo| format!("/demo/sign-in?token={}", demo.token.expose()));
    on_ready(Ready { addresses, sign_in });

    tokio::select! {
        () = stopping.reached(Phase::Draining) => {}
        () = alive::superseded(&config.server, &store) => lifecycle.advance(Phase::Draining),
    }
    service_manager::stopping("telling browsers and SDKs to come back");
    if config.server.mode == Mode::Production && !config.server.drain_delay.is_zero() {
        healthy.send_replace(false);
        tokio::time::sleep(config.server.drain_delay).await;
    }
    let port_lives_on = ports.leave().await;
    if !port_lives_on {
        healthy.send_replace(false);
        ports.close_idle();
    }
    let left = Instant::now();
    let kept = hub.drain(if port_lives_on { LATECOMERS } else { Duration::ZERO }).await;
    control::keep(&store, kept).await;
    if port_lives_on {
        tokio::time::sleep_until(left + KEPT_CONNECTIONS).await;
        ports.close_idle();
    }
    watched.close_idle();
    tasks.stop();
    if tokio::time::timeout(LAST_TASKS, tasks.ended()).await.is_err() {
        tracing::warn!("some tasks did not end in time");
    }
    report(&hub);
    tokio::task::spawn_blocking(move || shards.join()).await.map_err(std::io::Error::other)?;
    lifecycle.advance(Phase::Stopped);
    tracing::info!("stopped");
    Ok(())
}

/// What the relay counted in its life, so that a drop is never without a trace.
fn report(hub: &Hub) {
    let counts: Vec<String> = Count::ALL
        .iter()
        .filter(|count| hub.count(**count) > 0)
        .map(|count| format!("{}={}", count.label(), hub.count(*count)))
        .collect();
    if !counts.is_empty() {
        tracing::info!(relay = counts.join(" "), "relay counters");
    }
}
