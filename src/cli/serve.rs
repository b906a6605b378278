//! `compose-relay serve`.

use std::net::SocketAddr;

use super::failure::Failure;
use super::start;
use crate::app;
use crate::config::{self, Config};

const AFTER_HELP: &str = "\
Must be set: POSTGRES_HOSTNAME, POSTGRES_DB, POSTGRES_USER, POSTGRES_PASSWORD,
PROD_API_KEY_SECRET, DEV_API_KEY_SECRET. The file .env.example explains these
and all others. The database is brought up to date at start.

Stop it with SIGTERM or Ctrl-C: it closes all connections so that browsers and
SDKs come back by themselves. A second signal ends it at once. With HANDOVER it
can be replaced by a newer one on the same port without a gap.";

/// The arguments of `serve`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Arguments {
    /// Listen on this address instead of PORT; port 0 lets the system choose one, which is then in the log
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let config = Config::from_env(&config::variable).map_err(|faults| start::settings_failure(&faults))?;
    start::logs(&config.logs)?;
    // Here no second thread runs yet, so nobody reads the environment while it is changed.
    let inherited = app::Inherited::take_from_environment(config.server.socket_names.as_deref());
    let options = app::Options { listen: arguments.listen, inherited, demo: None, on_ready: Box::new(|_| {}) };
    start::block_on(async { app::run(config, options).await.map_err(|error| start::app_failure(&error)) })
}
