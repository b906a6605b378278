//! Table `session`: log-in sessions, shared with the old server.

use std::fmt;

use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

use super::decode::{column, no_nul};
use super::{Store, StoreError};

/// A row of `session`.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// 40 characters; whoever knows them is logged in.
    pub id: String,
    /// `None` for external sessions.
    pub user_id: Option<Uuid>,
    /// `None` for external sessions.
    pub company_id: Option<Uuid>,
    /// Valid while now is before this.
    pub expires_at: Timestamp,
    /// A visitor from outside.
    pub is_external: bool,
    /// `ALL` for visitors of public apps.
    pub email: String,
}

impl fmt::Debug for SessionRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionRow")
            .field("user_id", &self.user_id)
            .field("company_id", &self.company_id)
            .field("expires_at", &self.expires_at)
            .field("is_external", &self.is_external)
            .finish_non_exhaustive()
    }
}

impl SessionRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: column(row, "id")?,
            user_id: column(row, "userId")?,
            company_id: column(row, "companyId")?,
            expires_at: column(row, "expiresAt")?,
            is_external: column(row, "isExternal")?,
            email: column(row, "email")?,
        })
    }
}

impl Store {
    /// A session by id, expired or not.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn session(&self, id: &str) -> Result<Option<SessionRow>, StoreError> {
        Ok(self.sessions(&[id.to_owned()]).await?.pop())
    }

    /// The sessions with these ids, expired or not, in no particular order; unknown ids are left out.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn sessions(&self, ids: &[String]) -> Result<Vec<SessionRow>, StoreError> {
        no_nul(ids.iter().map(String::as_str))?;
        self.pool
            .read(
                r#"SELECT "id", "userId", "companyId", "expiresAt", "isExternal", "email"
                     FROM "session" WHERE "id" = ANY ($1)"#,
                &[&ids],
            )
            .await?
            .iter()
            .map(SessionRow::read)
            .collect()
    }

    /// Stores a new session.
    ///
    /// # Errors
    /// Any [`StoreError`]; `Conflict` when the id is taken or the user or company is gone.
    pub async fn insert_session(&self, session: &SessionRow) -> Result<(), StoreError> {
        no_nul([session.id.as_str(), session.email.as_str()])?;
        self.pool.write(INSERT_SESSION, &session.params()).await.map(drop)
    }

    /// Moves the end of a session to `new`, when it still ends at `expected_before` (or earlier). `false`: somebody else
    /// was faster, or the session is gone; of any number of parallel calls one gets `true`.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn renew_session(
        &self,
        id: &str,
        expected_before: Timestamp,
        new: Timestamp,
    ) -> Result<bool, StoreError> {
        no_nul([id])?;
        let rows = self
            .pool
            .write(
                r#"UPDATE "session" SET "expiresAt" = $3
                    WHERE "id" = $1 AND "expiresAt" <= $2 AND "expiresAt" < $3 RETURNING "id""#,
                &[&id, &expected_before, &new],
            )
            .await?;
        Ok(!rows.is_empty())
    }

    /// Ends a session. Unknown ids are fine.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn delete_session(&self, id: &str) -> Result<(), StoreError> {
        no_nul([id])?;
        // Nothing is lost when this happens twice, so it may be repeated like a read.
        self.pool.read(r#"DELETE FROM "session" WHERE "id" = $1"#, &[&id]).await.map(drop)
    }

    /// Deletes at most `limit` sessions that ended before `now`; returns how many. Rows that somebody works on are
    /// skipped.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn delete_expired_sessions(&self, now: Timestamp, limit: i64) -> Result<u64, StoreError> {
        let rows = self
            .pool
            .write(
                r#"DELETE FROM "session" WHERE "id" IN (
                       SELECT "id" FROM "session" WHERE "expiresAt" < $1
                        ORDER BY "expiresAt" LIMIT $2 FOR UPDATE SKIP LOCKED)
                   RETURNING "userId""#,
                &[&now, &limit],
            )
            .await?;
        Ok(rows.len() as u64)
    }
}

/// Takes [`SessionRow::params`].
pub(super) const INSERT_SESSION: &str = r#"INSERT INTO "session" ("id", "userId", "companyId", "expiresAt", "isExternal", "email")
                                           VALUES ($1, $2, $3, $4, $5, $6)"#;

impl SessionRow {
    pub(super) fn params(&self) -> [&(dyn tokio_postgres::types::ToSql + Sync); 6] {
        [&self.id, &self.user_id, &self.company_id, &self.expires_at, &self.is_external, &self.email]
    }
}
