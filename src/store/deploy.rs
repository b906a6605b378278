//! Table `deploy`: which build began to serve when. The old server stops itself when a newer row of another build appears
//! (`database.md` 7).

use jiff::Timestamp;

use super::decode::column;
use super::{Store, StoreError};

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeployRow {
    /// The name of the build.
    pub build: String,
    /// By the database's clock.
    pub created_at: Timestamp,
}

impl Store {
    /// Says that this build serves from now on; returns the row's time.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn insert_deploy(&self, build: &str) -> Result<Timestamp, StoreError> {
        let rows = self
            .pool
            .write(r#"INSERT INTO "deploy" ("deployId") VALUES ($1) RETURNING "createdAt""#, &[&build])
            .await?;
        let row = rows.first().ok_or(StoreError::Shape { column: "createdAt" })?;
        column(row, "createdAt")
    }

    /// The newest row.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn newest_deploy(&self) -> Result<Option<DeployRow>, StoreError> {
        let row = self
            .pool
            .read_one(
                r#"SELECT "deployId", "createdAt" FROM "deploy" ORDER BY "createdAt" DESC, "id" DESC LIMIT 1"#,
                &[],
            )
            .await?;
        row.map(|row| Ok(DeployRow { build: column(&row, "deployId")?, created_at: column(&row, "createdAt")? }))
            .transpose()
    }
}
