//! The database at the start: wait for it, bring it up to date, look for what will make trouble.

use std::time::{Duration, Instant};

use crate::auth::Keys;
use crate::store::migrate::{self, MigrateError, Outcome, Progress};
use crate::store::{Settings, Store};

/// How long a start waits for a database that does not answer. Both are often started together.
const PATIENCE: Duration = Duration::from_secs(60);
const RETRY: Duration = Duration::from_secs(1);

/// The database is not reachable or not usable.
#[derive(Debug, thiserror::Error)]
#[error("the database `{database}` at {host}:{port} cannot be used: {source}{hint}")]
pub struct DatabaseError {
    host: String,
    port: u16,
    database: String,
    hint: &'static str,
    source: MigrateError,
}

impl DatabaseError {
    fn new(settings: &Settings, source: MigrateError) -> Self {
        let hint = if source.is_transient() {
            ". Is it running, and do POSTGRES_HOSTNAME, POSTGRES_PORT and POSTGRES_SSLMODE say how to reach it?"
        } else {
            ""
        };
        let (host, port, database) = (settings.host.clone(), settings.port, settings.database.clone());
        Self { host, port, database, hint, source }
    }
}

/// Runs the migrations alone, with progress in the log.
///
/// # Errors
/// [`DatabaseError`]; the structure is as it was before, or further.
pub async fn migrate(settings: &Settings) -> Result<Outcome, DatabaseError> {
    let mut tell = |step: Progress| {
        if step.is_warning() {
            tracing::warn!("{step}");
        } else {
            tracing::info!("{step}");
        }
    };
    migrate::run(settings, &mut tell).await.map_err(|e| DatabaseError::new(settings, e))
}

/// Brings the database up to date; waits up to a minute for one that does not answer yet.
pub(super) async fn prepare(settings: &Settings) -> Result<(), DatabaseError> {
    let begun = Instant::now();
    loop {
        match migrate(settings).await {
            Ok(outcome) => {
                tracing::info!(
                    "{}",
                    match outcome {
                        Outcome::UpToDate => "the database is up to date",
                        Outcome::Created => "the database was empty; its tables are made",
                        Outcome::Migrated => "the database is brought up to date",
                        Outcome::Newer => "the database was migrated by a newer version, which this one can work with",
                    }
                );
                return Ok(());
            }
            Err(error) if error.source.is_transient() && begun.elapsed() < PATIENCE => {
                tracing::warn!("{error} Trying again.");
                tokio::time::sleep(RETRY).await;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Warns of what will make trouble later; never stops the start.
pub(super) async fn inspect(store: &Store, keys: &Keys) {
    match store.sample_decryptable_key().await {
        Ok(Some(sealed)) if keys.open(&sealed).is_err() => tracing::warn!(
            "a development API key in the database cannot be decrypted: DEV_API_KEY_SECRET is not the one it was made with"
        ),
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "the development API keys could not be checked"),
    }
    match store.oddities().await {
        Ok(found) => {
            for (what, number) in found {
                tracing::warn!(number, "{what}");
            }
        }
        Err(error) => tracing::warn!(%error, "the database could not be searched for odd rows"),
    }
}
