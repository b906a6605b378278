//! Table `emailCode`: invites. An invite's id is the secret of its link.

use std::fmt;

use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use super::decode::{column, json, no_nul, no_nul_in_json};
use super::{Store, StoreError};

/// A row of `emailCode`.
#[derive(Clone, PartialEq)]
pub struct InviteRow {
    /// Primary key; whoever has the address of the invite and this may join.
    pub id: Uuid,
    /// Where to.
    pub company_id: Option<Uuid>,
    /// Who.
    pub email: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
    /// `database.md` 3.6; read leniently.
    pub metadata: Value,
}

impl fmt::Debug for InviteRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InviteRow")
            .field("company_id", &self.company_id)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl InviteRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: column(row, "id")?,
            company_id: column(row, "companyId")?,
            email: column(row, "email")?,
            created_at: column(row, "createdAt")?,
            expires_at: column(row, "expiresAt")?,
            metadata: json(row, "metadata"),
        })
    }
}

impl Store {
    /// An invite by id, ended or not, and the name of its company.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn invite(&self, id: Uuid) -> Result<Option<(InviteRow, Option<String>)>, StoreError> {
        let row = self
            .pool
            .read_one(
                r#"SELECT i."id", i."companyId", i."email", i."createdAt", i."expiresAt", i."metadata",
                          c."name" AS "companyName"
                     FROM "emailCode" i LEFT JOIN "company" c ON c."id" = i."companyId" WHERE i."id" = $1"#,
                &[&id],
            )
            .await?;
        row.as_ref().map(|row| Ok((InviteRow::read(row)?, column(row, "companyName")?))).transpose()
    }

    /// Stores an invite, unless somebody with this e-mail is a user of any company (`None`).
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn insert_invite(
        &self,
        company: Uuid,
        email: &str,
        metadata: &Value,
        expires_at: Timestamp,
    ) -> Result<Option<InviteRow>, StoreError> {
        no_nul([email])?;
        no_nul_in_json(metadata)?;
        let rows = self
            .pool
            .write(
                r#"INSERT INTO "emailCode" ("companyId", "email", "expiresAt", "metadata")
                   SELECT $1::uuid, $2::text, $3::timestamptz, $4::jsonb
                    WHERE NOT EXISTS (SELECT 1 FROM "user" WHERE lower("email") = lower($2::text))
                   RETURNING "id", "companyId", "email", "createdAt", "expiresAt", "metadata""#,
                &[&company, &email, &expires_at, &metadata],
            )
            .await?;
        rows.first().map(InviteRow::read).transpose()
    }

    /// Deletes an invite of this company. `false`: there is none.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn delete_invite(&self, id: Uuid, company: Uuid) -> Result<bool, StoreError> {
        let rows = self
            .pool
            .write(r#"DELETE FROM "emailCode" WHERE "id" = $1 AND "companyId" = $2 RETURNING "id""#, &[&id, &company])
            .await?;
        Ok(!rows.is_empty())
    }
}
