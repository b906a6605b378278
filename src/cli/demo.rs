//! `compose-relay demo`: everything that a first look needs, in one process and one directory.
//!
//! The plan, in order: find the Postgres programs, see that the port is free, make or open the data directory, start
//! Postgres, bring its tables up to date, make a company with an owner and a development environment, serve, tell how to
//! get in, and at the end stop the server first and Postgres after it.

mod account;
mod binaries;
mod cluster;
mod guard;
mod owner;
mod place;
mod port;
mod ready;
mod state;

use std::net::SocketAddr;
use std::path::PathBuf;

use self::binaries::Search;
use self::cluster::Cluster;
use self::place::Place;
use super::failure::{Failure, exit};
use super::random::random_hex;
use super::start;
use crate::config::{self, Config};
use crate::lifecycle::Signals;
use crate::secret::Secret;
use crate::store::Store;
use crate::store::migrate::{self, Progress};
use crate::{app, auth};

const AFTER_HELP: &str = "\
It prints a link that signs you in, an API key, and a first program to run.
Ctrl-C stops everything; the data is kept for the next time. To begin anew,
remove the data directory.

It needs the Postgres server programs (initdb, postgres), version 13 or newer.
On Debian and Ubuntu: apt-get install postgresql
They are used for a private database that no network can reach. A Postgres that
runs already is left alone.

This is for one person on one machine: the sign-in link asks for no password.
For others, use `compose-relay serve`.";

/// The arguments of `demo`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Arguments {
    /// Keep the database and the secrets in this directory [default: ./.compose-relay]
    #[arg(long, value_name = "DIRECTORY")]
    data_dir: Option<PathBuf>,
    /// Listen on this loopback address instead of localhost:8080, the only address that the SDKs' development mode dials
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Take initdb and postgres from this directory and look nowhere else
    #[arg(long, value_name = "DIRECTORY")]
    postgres_bin: Option<PathBuf>,
    /// When everything works, write COMPOSE_API_KEY, COMPOSE_ADDRESS, COMPOSE_ENVIRONMENT
    /// and COMPOSE_SIGN_IN to this file, for scripts
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

/// A line about what goes on, for the person who waits.
fn say(line: &str) {
    eprintln!("compose-relay demo: {line}");
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let found = Search::new(arguments.postgres_bin.clone()).run()?;
    port::check(arguments.listen)?;
    let place = Place::open(arguments.data_dir.as_deref())?;
    let programs = found.for_cluster(place.cluster_version()?)?;
    let state = place.state()?;
    let cluster = Cluster::start(&place, &programs, &state.postgres_password)?;
    let config = config(&cluster, &state)?;
    start::logs(&config.logs)?;
    start::block_on(async {
        let outcome = serve(arguments, &place, config, state).await;
        let stopped = stop(cluster).await;
        outcome.and(stopped)
    })
}

/// The settings of a server on the private database. What is about this machine (LOG_LEVEL, RELAY_SHARDS…) comes from the
/// environment as usual; what decides who is served where does not.
fn config(cluster: &Cluster, state: &state::State) -> Result<Config, Failure> {
    let lookup = |name: &str| match name {
        "NODE_ENV" => Some("development".to_owned()),
        "PORT" => Some(port::DEFAULT.to_string()),
        "PUBLIC_ORIGINS" | "POSTGRES_SSLMODE" | "POSTGRES_SSLROOTCERT" => None,
        "POSTGRES_HOSTNAME" => Some(cluster.socket_directory().to_owned()),
        "POSTGRES_PORT" => Some(cluster::SOCKET_NUMBER.to_string()),
        "POSTGRES_USER" => Some(cluster::ROLE.to_owned()),
        "POSTGRES_DB" => Some(cluster::DATABASE.to_owned()),
        "POSTGRES_PASSWORD" => Some(state.postgres_password.expose().to_owned()),
        "PROD_API_KEY_SECRET" => Some(state.prod_api_key_secret.expose().to_owned()),
        "DEV_API_KEY_SECRET" => Some(state.dev_api_key_secret.expose().to_owned()),
        // A second demo on this machine would find the port taken.
        "LISTEN_ADMIN" => config::variable(name).or_else(|| Some("off".to_owned())),
        "DRAIN_DELAY_SECONDS" => config::variable(name).or_else(|| Some("0".to_owned())),
        _ => config::variable(name),
    };
    Config::from_env(&lookup).map_err(|faults| start::settings_failure(&faults))
}

async fn serve(arguments: &Arguments, place: &Place, config: Config, state: state::State) -> Result<(), Failure> {
    let settings = app::store_settings(&config.postgres);
    migrate::run(&settings, &mut tell).await.map_err(|error| Failure::of(exit::UNAVAILABLE, &error))?;

    let store = Store::new(settings).map_err(|error| Failure::of(exit::INTERNAL, &error))?;
    let keys = auth::Keys::new(&state.prod_api_key_secret, &state.dev_api_key_secret)
        .map_err(|error| Failure::of(exit::INTERNAL, &error))?;
    let owner = owner::find_or_make(place, state, &store, &keys).await?;
    // The server has a pool of its own.
    drop(store);

    let token = Secret::new(random_hex(32)?);
    let data = place.directory().to_owned();
    let ready_file = arguments.ready_file.clone();
    let options = app::Options {
        inherited: app::Inherited::default(),
        listen: arguments.listen,
        demo: Some(app::DemoOptions { token, user: owner.user }),
        on_ready: Box::new(move |ready| {
            ready::welcome(&ready, &owner, &data);
            if let Some(file) = ready_file
                && let Err(failure) = ready::write_file(&file, &ready, &owner)
            {
                failure.report();
            }
        }),
    };
    app::run(config, options).await.map_err(|error| start::app_failure(&error))
}

/// Of the migrations the person who waits needs to know little.
fn tell(progress: Progress) {
    if progress.is_warning() || matches!(progress, Progress::Migrating { .. } | Progress::Waiting) {
        say(&progress.to_string());
    }
}

/// Stops Postgres; a signal meanwhile ends the wait, and the guard of Postgres goes on without us.
async fn stop(cluster: Cluster) -> Result<(), Failure> {
    let mut signals = Signals::new().map_err(|error| Failure::of(exit::INTERNAL, &error))?;
    tokio::select! {
        stopped = cluster.stop() => stopped,
        signal = signals.next() => {
            say(&format!("{signal}: not waiting for Postgres, it stops by itself"));
            Ok(())
        }
    }
}
