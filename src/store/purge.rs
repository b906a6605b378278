//! Deleting what has had its time, in small batches: a batch holds its locks for a moment only, and rows that somebody else
//! works on (another server that purges, the old server) are left for the next time.

use jiff::Timestamp;
use uuid::Uuid;

use super::decode::column;
use super::{Store, StoreError};

impl Store {
    /// The ids of companies after `after`, in order, at most `limit`.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn company_ids(&self, after: Uuid, limit: i64) -> Result<Vec<Uuid>, StoreError> {
        self.pool
            .read(r#"SELECT "id" FROM "company" WHERE "id" > $1 ORDER BY "id" LIMIT $2"#, &[&after, &limit])
            .await?
            .iter()
            .map(|row| column(row, "id"))
            .collect()
    }

    /// Deletes at most `limit` entries of a company's audit log that are older than `before`, the oldest first; returns how
    /// many.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn delete_old_logs(&self, company: Uuid, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        let rows = self
            .pool
            .write(
                r#"DELETE FROM "log" WHERE "id" IN (
                       SELECT "id" FROM "log" WHERE "companyId" = $1 AND "createdAt" < $2
                        ORDER BY "createdAt" LIMIT $3 FOR UPDATE SKIP LOCKED)
                   RETURNING "severity""#,
                &[&company, &before, &limit],
            )
            .await?;
        Ok(rows.len() as u64)
    }

    /// Deletes at most `limit` rows of `deploy` that are older than `before`; returns how many. The newest row stays
    /// whatever its age: the old server looks at it (`database.md` 7).
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn delete_old_deploys(&self, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        let rows = self
            .pool
            .write(
                r#"DELETE FROM "deploy" WHERE "id" IN (
                       SELECT "id" FROM "deploy"
                        WHERE "createdAt" < $1 AND "createdAt" < (SELECT max("createdAt") FROM "deploy")
                        ORDER BY "createdAt" LIMIT $2 FOR UPDATE SKIP LOCKED)
                   RETURNING "id""#,
                &[&before, &limit],
            )
            .await?;
        Ok(rows.len() as u64)
    }
}
