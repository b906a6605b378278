//! Indexes, built while everybody else goes on writing.

use std::time::Duration;

use tokio_postgres::Client;

use super::files::{Migration, statements};
use super::{MigrateError, Progress, bounded, execute, state};
use crate::store::StoreError;
use crate::store::connect::milliseconds;

/// Longest wait for the transactions of others. A building index waits for all that are older than itself; a forgotten
/// one must not hold up the start of the server for ever.
const PATIENCE: Duration = Duration::from_secs(20);

/// Builds what is missing. Records the migration when all are there; otherwise the next run goes on.
///
/// # Errors
/// When the connection is lost. An index that the database refuses is told to `progress`.
pub(super) async fn build<P: FnMut(Progress)>(
    client: &Client,
    migration: &Migration,
    progress: &mut P,
) -> Result<(), MigrateError> {
    execute(client, &format!("SET lock_timeout = {}", milliseconds(PATIENCE))).await?;
    for statement in statements(migration.sql) {
        let name = index_name(statement);
        if let Err(error) = build_one(client, name, statement, progress).await {
            if matches!(error, MigrateError::Store(_)) {
                return Err(error);
            }
            let reason = match &error {
                MigrateError::Statement { source, .. } => source.to_string(),
                other => other.to_string(),
            };
            progress(Progress::IndexFailed { name: name.to_owned(), reason });
            // What stopped this one (rights, a long transaction) would stop the others, each after a wait.
            return Ok(());
        }
    }
    match state::record(client, migration).await {
        // No right to write the row: all indexes are there, that is what matters.
        Err(MigrateError::Statement { .. }) => Ok(()),
        other => other,
    }
}

async fn build_one<P: FnMut(Progress)>(
    client: &Client,
    name: &str,
    statement: &str,
    progress: &mut P,
) -> Result<(), MigrateError> {
    match validity(client, name).await? {
        Some(true) => return Ok(()),
        // The leftover of a build that was interrupted.
        Some(false) => execute(client, &format!("DROP INDEX CONCURRENTLY IF EXISTS \"{name}\"")).await?,
        None => {}
    }
    progress(Progress::BuildingIndex { name: name.to_owned() });
    execute(client, statement).await
}

/// `None`: there is no such index.
async fn validity(client: &Client, name: &str) -> Result<Option<bool>, StoreError> {
    let row = bounded(async {
        Ok(client
            .query_opt(
                "SELECT i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
                   JOIN pg_namespace n ON n.oid = c.relnamespace
                  WHERE n.nspname = current_schema() AND c.relname = $1",
                &[&name],
            )
            .await?)
    })
    .await?;
    row.map(|row| row.try_get(0).map_err(|_| StoreError::Shape { column: "indisvalid" })).transpose()
}

/// The first quoted name of the statement; the form is held by a test of the files.
fn index_name(statement: &str) -> &str {
    statement.split('"').nth(1).unwrap_or_default()
}
