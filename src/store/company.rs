//! Table `company`.

use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use super::decode::{column, json};
use super::{Store, StoreError};

/// A row of `company`.
#[derive(Clone, Debug, PartialEq)]
pub struct CompanyRow {
    /// Primary key.
    pub id: Uuid,
    /// Shown to people.
    pub name: String,
    /// `hobby` or `pro`; old databases may hold anything.
    pub plan: String,
    /// Own id as text, or empty.
    pub billing_id: String,
    /// `database.md` 3.1; read leniently.
    pub flags: Value,
    /// When the row was made.
    pub created_at: Timestamp,
    /// When the old server last touched it.
    pub updated_at: Timestamp,
}

impl CompanyRow {
    pub(super) fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: column(row, "id")?,
            name: column(row, "name")?,
            plan: column(row, "plan")?,
            billing_id: column(row, "billingId")?,
            flags: json(row, "flags"),
            created_at: column(row, "createdAt")?,
            updated_at: column(row, "updatedAt")?,
        })
    }
}

impl Store {
    /// A company by id.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn company(&self, id: Uuid) -> Result<Option<CompanyRow>, StoreError> {
        let row = self
            .pool
            .read_one(
                r#"SELECT "id", "name", "plan", "billingId", "flags", "createdAt", "updatedAt" FROM "company" WHERE "id" = $1"#,
                &[&id],
            )
            .await?;
        row.as_ref().map(CompanyRow::read).transpose()
    }
}
