//! The migration runner (`database.md` 9): from any older state to the one this version works on.
//!
//! - Everything but the indexes is one transaction: a crash leaves the old state, and the next run starts from it.
//! - One run at a time, by an advisory lock; the others find nothing left to do. Runs of `db-migrations/all.sql` with
//!   `psql` take the same lock.
//! - With nothing to do no lock is taken and no right is needed.
//!
//! It uses a connection of its own, which must be direct: a proxy that gives each transaction another connection breaks
//! the lock.

mod error;
mod files;
mod indexes;
mod look;
mod state;

use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};
use tokio_postgres::Client;

pub use error::{MigrateError, Progress};
pub use look::{Look, look};

use self::files::{BASELINE, OLD_STEPS, Way, statements};
use self::state::State;
use super::connect::milliseconds;
use super::settings::GRACE;
use super::{Settings, StoreError, connect, structure, tls};

/// Key of the advisory lock: "relaymig" in ASCII.
const LOCK: i64 = 0x7265_6c61_796d_6967;

/// How often the lock is tried. Blocking in the database instead would hold a snapshot, and whoever builds an index
/// under the lock waits for all snapshots: a deadlock.
const LOCK_POLL: Duration = Duration::from_millis(250);

/// Longest wait for another run.
const LOCK_PATIENCE: Duration = Duration::from_secs(600);

/// Longest wait for a table that somebody else is using; then everything is undone and tried again, so that the others
/// are not held up behind us.
const TABLE_PATIENCE: Duration = Duration::from_secs(3);

/// How often that is tried.
const ATTEMPTS: u32 = 20;

/// Longest run of one statement. Filling a column of a large `log` takes its time.
const STATEMENT_PATIENCE: Duration = Duration::from_secs(1800);

/// How the database was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There was nothing to do.
    UpToDate,
    /// It was empty.
    Created,
    /// It had an older structure, or lacked something.
    Migrated,
    /// A newer version has migrated it, in ways that this version can live with. Nothing was changed.
    Newer,
}

/// Brings the database up to date. `progress` is called before every longer step; it must not block for long.
///
/// Dropping the future leaves the database as it was, save for indexes that are already built.
///
/// # Errors
/// Any [`MigrateError`]; the structure is then as it was before. An index that cannot be built is no error, it is reported
/// to `progress` and tried again by the next run.
pub async fn run<P: FnMut(Progress)>(settings: &Settings, progress: &mut P) -> Result<Outcome, MigrateError> {
    let config = connect::config(settings);
    let tls = tls::connector(settings)?;
    let (client, connection) = timeout(settings.connect_timeout, config.connect(tls))
        .await
        .map_err(|_| StoreError::Timeout)?
        .map_err(StoreError::from)?;
    // The connection is driven here, beside the work, and ends with it.
    tokio::select! {
        outcome = migrate(&client, progress) => outcome,
        ended = connection => Err(match ended {
            Err(error) => StoreError::from(error).into(),
            Ok(()) => MigrateError::ConnectionLost,
        }),
    }
}

async fn migrate<P: FnMut(Progress)>(client: &Client, progress: &mut P) -> Result<Outcome, MigrateError> {
    execute(client, &connect::session_setup(STATEMENT_PATIENCE)).await?;
    let state = State::read(client).await?;
    if let Some(outcome) = state.outcome_without_work()? {
        return Ok(outcome);
    }
    lock(client, progress).await?;
    let outcome = migrate_locked(client, progress).await;
    // The end of the connection would unlock too; a failure to do it now changes nothing.
    let _ = execute(client, &format!("SELECT pg_advisory_unlock({LOCK})")).await;
    outcome
}

async fn migrate_locked<P: FnMut(Progress)>(client: &Client, progress: &mut P) -> Result<Outcome, MigrateError> {
    // Again: whoever held the lock before us may have done it all.
    let state = State::read(client).await?;
    if let Some(outcome) = state.outcome_without_work()? {
        return Ok(outcome);
    }
    let mut outcome = Outcome::Migrated;
    if state.needs_transaction() {
        state.check_rights()?;
        outcome = change_structure(client, &state, progress).await?;
    }
    for migration in state.missing().filter(|m| m.way == Way::Indexes) {
        indexes::build(client, migration, progress).await?;
    }
    progress(Progress::Done);
    Ok(outcome)
}

/// The transaction, tried again while tables are in use.
async fn change_structure<P: FnMut(Progress)>(
    client: &Client,
    state: &State,
    progress: &mut P,
) -> Result<Outcome, MigrateError> {
    for attempt in 1..=ATTEMPTS {
        match change_structure_once(client, state, progress).await {
            Err(MigrateError::Busy) if attempt < ATTEMPTS => {
                execute(client, "ROLLBACK").await?;
                let pause = Duration::from_millis(250) * attempt.min(20);
                progress(Progress::Busy { pause });
                sleep(pause).await;
            }
            Err(error) => {
                // Undone by the end of the connection at the latest.
                let _ = execute(client, "ROLLBACK").await;
                return Err(error);
            }
            Ok(outcome) => return Ok(outcome),
        }
    }
    Err(MigrateError::Busy)
}

async fn change_structure_once<P: FnMut(Progress)>(
    client: &Client,
    state: &State,
    progress: &mut P,
) -> Result<Outcome, MigrateError> {
    execute(client, "BEGIN").await?;
    execute(client, &format!("SET LOCAL lock_timeout = {}", milliseconds(TABLE_PATIENCE))).await?;
    if state.needs_baseline() {
        progress(Progress::Migrating { id: OLD_STEPS, name: "baseline" });
        for statement in statements(BASELINE) {
            execute(client, statement).await?;
        }
    }
    for migration in state.missing().filter(|m| m.way == Way::Transaction) {
        progress(Progress::Migrating { id: migration.id, name: migration.name });
        for statement in statements(migration.sql) {
            execute(client, statement).await?;
        }
        state::record(client, migration).await?;
    }
    let found = bounded(structure::check_on(client)).await?;
    if !found.faults.is_empty() {
        return Err(MigrateError::Structure { faults: found.faults });
    }
    let created = state::was_created(client).await?;
    execute(client, "COMMIT").await?;
    Ok(if created && state.was_empty() { Outcome::Created } else { Outcome::Migrated })
}

async fn lock<P: FnMut(Progress)>(client: &Client, progress: &mut P) -> Result<(), MigrateError> {
    let begin = Instant::now();
    let mut told = false;
    loop {
        let row = bounded(async { Ok(client.query_one("SELECT pg_try_advisory_lock($1)", &[&LOCK]).await?) }).await?;
        if row.try_get::<_, bool>(0).unwrap_or(false) {
            return Ok(());
        }
        if begin.elapsed() > LOCK_PATIENCE {
            return Err(MigrateError::Locked { waited: LOCK_PATIENCE });
        }
        if !told {
            progress(Progress::Waiting);
            told = true;
        }
        sleep(LOCK_POLL).await;
    }
}

/// Runs one statement that returns nothing of interest.
async fn execute(client: &Client, statement: &str) -> Result<(), MigrateError> {
    match timeout(STATEMENT_PATIENCE + GRACE, client.batch_execute(statement)).await {
        Ok(result) => result.map_err(|error| MigrateError::of(error, statement)),
        Err(_) => Err(StoreError::Timeout.into()),
    }
}

/// Gives a short read a deadline.
async fn bounded<T>(work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    timeout(Duration::from_secs(30), work).await.map_err(|_| StoreError::Timeout)?
}
