//! `compose-relay migrate`.

use super::failure::Failure;
use super::start;
use crate::app;
use crate::config;
use crate::store::migrate::Outcome;

const AFTER_HELP: &str = "\
Must be set: POSTGRES_HOSTNAME, POSTGRES_DB, POSTGRES_USER, POSTGRES_PASSWORD
(see .env.example).

It may run while servers work on the database, and several runs at once do no
harm. It needs a direct connection: a proxy that gives each transaction another
connection (transaction pooling) breaks its lock. `serve` does the same at
start; run `migrate` by itself when the servers' role may not create tables.";

/// The arguments of `migrate`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Arguments {}

pub(super) fn run(_: &Arguments) -> Result<(), Failure> {
    let (postgres, logs) =
        config::database_only(&config::variable).map_err(|faults| start::settings_failure(&faults))?;
    start::logs(&logs)?;
    let settings = app::store_settings(&postgres);
    let outcome =
        start::block_on(async { app::migrate(&settings).await.map_err(|error| start::app_failure(&error.into())) })?;
    let end = match outcome {
        Outcome::UpToDate => "up to date, there was nothing to do",
        Outcome::Created => "ready; it was empty",
        Outcome::Migrated => "up to date now",
        Outcome::Newer => "newer than this version of compose-relay, and fits it; nothing was changed",
    };
    println!("The database {:?} is {end}.", postgres.database);
    Ok(())
}
