//! How many seats a company uses (http-api 8.10), and its plan.

use uuid::Uuid;

use super::decode::column;
use super::pool::Work;
use super::{Store, StoreError};

/// Seats that are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeatsUsed {
    /// Users.
    pub standard: i64,
    /// Shares that name a person or a domain; one person on two apps counts twice.
    pub external: i64,
}

/// Takes a company. `starts_with` and not LIKE: `_` stands for any character there.
const SEATS: &str = r#"
    SELECT (SELECT count(*) FROM "user" WHERE "companyId" = $1) AS "standard",
           (SELECT count(*) FROM "externalAppUser" WHERE "companyId" = $1 AND "email" <> 'ALL'
               AND NOT starts_with("email", 'INHERIT_PERMISSIONS_FROM_APP:::')) AS "external""#;

impl SeatsUsed {
    fn read(rows: &[tokio_postgres::Row]) -> Result<Self, StoreError> {
        let row = rows.first().ok_or(StoreError::Shape { column: "count" })?;
        Ok(Self { standard: column(row, "standard")?, external: column(row, "external")? })
    }

    /// Inside a transaction that has locked the company.
    pub(super) async fn count(work: &Work, company: Uuid) -> Result<Self, StoreError> {
        Self::read(&work.run(SEATS, &[&company]).await?)
    }
}

impl Store {
    /// The seats that a company uses now.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn seats_used(&self, company: Uuid) -> Result<SeatsUsed, StoreError> {
        SeatsUsed::read(&self.pool.read(SEATS, &[&company]).await?)
    }

    /// Puts a company that is on plan `hobby` on plan `pro`; `updatedAt` stays. `false`: it was on another plan.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn upgrade_plan(&self, company: Uuid) -> Result<bool, StoreError> {
        let rows = self
            .pool
            .write(
                r#"UPDATE "company" SET "plan" = 'pro' WHERE "id" = $1 AND "plan" = 'hobby' RETURNING "id""#,
                &[&company],
            )
            .await?;
        Ok(!rows.is_empty())
    }
}
