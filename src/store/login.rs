//! Sessions together with their users: what the gate asks for at every request, in one statement.

use tokio_postgres::Row;

use super::decode::{column, no_nul};
use super::{SessionRow, Store, StoreError, UserRow};

impl Store {
    /// The sessions with these ids, expired or not, in no particular order, each with its user; unknown ids are left
    /// out. External sessions have no user; internal ones have none when the user is gone.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn logins(&self, ids: &[String]) -> Result<Vec<(SessionRow, Option<UserRow>)>, StoreError> {
        no_nul(ids.iter().map(String::as_str))?;
        self.pool
            .read(
                r#"SELECT s."id" AS "session", s."userId" AS "sessionUser", s."companyId" AS "sessionCompany",
                          s."expiresAt", s."isExternal", s."email" AS "sessionEmail", u."id" IS NOT NULL AS "hasUser",
                          u."id", u."companyId", u."firstName", u."lastName", u."email", u."createdAt", u."updatedAt",
                          u."developmentEnvironmentId", u."permission", u."metadata"
                     FROM "session" s LEFT JOIN "user" u ON u."id" = s."userId" AND NOT s."isExternal"
                    WHERE s."id" = ANY ($1)"#,
                &[&ids],
            )
            .await?
            .iter()
            .map(|row| {
                let user = if column(row, "hasUser")? { Some(UserRow::read(row)?) } else { None };
                Ok((session(row)?, user))
            })
            .collect()
    }
}

fn session(row: &Row) -> Result<SessionRow, StoreError> {
    Ok(SessionRow {
        id: column(row, "session")?,
        user_id: column(row, "sessionUser")?,
        company_id: column(row, "sessionCompany")?,
        expires_at: column(row, "expiresAt")?,
        is_external: column(row, "isExternal")?,
        email: column(row, "sessionEmail")?,
    })
}
