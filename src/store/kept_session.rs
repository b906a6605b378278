//! Table `relay_kept_session`: what one process leaves to the next. A row is taken once: by the first who asks.

use std::fmt;

use serde_json::Value;
use uuid::Uuid;

use super::decode::column;
use super::{Store, StoreError};

/// A row. `Debug` shows no login and no message.
#[derive(Clone, PartialEq)]
pub struct KeptSessionRow {
    /// The environment of the page.
    pub environment: Uuid,
    /// The browser session.
    pub session: Uuid,
    /// Id of the login session.
    pub login: String,
    /// The internal user.
    pub user: Option<Uuid>,
    /// The internal user's company.
    pub company: Option<Uuid>,
    /// The e-mail.
    pub email: Option<String>,
    /// The route that the page was opened for.
    pub route: String,
    /// Its executions.
    pub executions: Value,
    /// The messages that wait for it.
    pub frames: Vec<u8>,
}

impl fmt::Debug for KeptSessionRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptSessionRow")
            .field("environment", &self.environment)
            .field("bytes", &self.frames.len())
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Keeps these sessions for `seconds`, all or none of them.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn keep_sessions(&self, rows: &[KeptSessionRow], seconds: f64) -> Result<(), StoreError> {
        fn each<'a, T>(rows: &'a [KeptSessionRow], of: impl Fn(&'a KeptSessionRow) -> T) -> Vec<T> {
            rows.iter().map(of).collect()
        }
        self.pool
            .write(
                r#"INSERT INTO "relay_kept_session" ("environmentId", "sessionId", "login", "userId", "companyId", "email",
                                                     "appRoute", "executions", "frames", "expiresAt")
                   SELECT *, now() + make_interval(secs => $10)
                     FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::text[], $7::text[],
                                 $8::jsonb[], $9::bytea[])
                   ON CONFLICT ("environmentId", "sessionId") DO UPDATE
                      SET "login" = excluded."login", "userId" = excluded."userId", "companyId" = excluded."companyId",
                          "email" = excluded."email", "appRoute" = excluded."appRoute",
                          "executions" = excluded."executions", "frames" = excluded."frames",
                          "expiresAt" = excluded."expiresAt""#,
                &[
                    &each(rows, |row| row.environment),
                    &each(rows, |row| row.session),
                    &each(rows, |row| row.login.as_str()),
                    &each(rows, |row| row.user),
                    &each(rows, |row| row.company),
                    &each(rows, |row| row.email.as_deref()),
                    &each(rows, |row| row.route.as_str()),
                    &each(rows, |row| &row.executions),
                    &each(rows, |row| row.frames.as_slice()),
                    &seconds,
                ],
            )
            .await
            .map(drop)
    }

    /// Takes the kept sessions of an environment; nobody else gets them then.
    ///
    /// # Errors
    /// Any [`StoreError`]; they may be taken all the same.
    pub async fn take_kept_sessions(&self, environment: Uuid) -> Result<Vec<KeptSessionRow>, StoreError> {
        self.pool
            .write(
                r#"WITH taken AS (DELETE FROM "relay_kept_session" WHERE "environmentId" = $1 RETURNING *)
                   SELECT "environmentId", "sessionId", "login", "userId", "companyId", "email", "appRoute", "executions",
                          "frames"
                     FROM taken WHERE "expiresAt" > now()"#,
                &[&environment],
            )
            .await?
            .iter()
            .map(|row| {
                Ok(KeptSessionRow {
                    environment: column(row, "environmentId")?,
                    session: column(row, "sessionId")?,
                    login: column(row, "login")?,
                    user: column(row, "userId")?,
                    company: column(row, "companyId")?,
                    email: column(row, "email")?,
                    route: column(row, "appRoute")?,
                    executions: column(row, "executions")?,
                    frames: column(row, "frames")?,
                })
            })
            .collect()
    }

    /// Deletes at most `limit` kept sessions that nobody came back for in time; returns how many.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn delete_expired_kept_sessions(&self, limit: i64) -> Result<u64, StoreError> {
        let rows = self
            .pool
            .write(
                r#"DELETE FROM "relay_kept_session" WHERE ("environmentId", "sessionId") IN (
                       SELECT "environmentId", "sessionId" FROM "relay_kept_session"
                        WHERE "expiresAt" < now() ORDER BY "expiresAt" LIMIT $1 FOR UPDATE SKIP LOCKED)
                   RETURNING "environmentId""#,
                &[&limit],
            )
            .await?;
        Ok(rows.len() as u64)
    }
}
