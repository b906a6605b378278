//! Table `user`.

use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use super::decode::{column, json};
use super::{Store, StoreError};

/// A row of `user`.
#[derive(Clone, Debug, PartialEq)]
pub struct UserRow {
    /// Primary key.
    pub id: Uuid,
    /// The company that the user works for.
    pub company_id: Uuid,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// In the spelling that the identity provider gave.
    pub email: String,
    /// When the row was made.
    pub created_at: Timestamp,
    /// Not kept up by most writes.
    pub updated_at: Timestamp,
    /// The user's own development environment.
    pub development_environment_id: Option<Uuid>,
    /// Role; a text outside the five known ones gives no rights.
    pub permission: String,
    /// `database.md` 3.5; what is no object reads as it is.
    pub metadata: Value,
}

impl UserRow {
    pub(super) fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: column(row, "id")?,
            company_id: column(row, "companyId")?,
            first_name: column(row, "firstName")?,
            last_name: column(row, "lastName")?,
            email: column(row, "email")?,
            created_at: column(row, "createdAt")?,
            updated_at: column(row, "updatedAt")?,
            development_environment_id: column(row, "developmentEnvironmentId")?,
            permission: column(row, "permission")?,
            metadata: json(row, "metadata"),
        })
    }
}

impl Store {
    /// A user by id.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn user(&self, id: Uuid) -> Result<Option<UserRow>, StoreError> {
        Ok(self.users(&[id]).await?.pop())
    }

    /// The users with these ids, in no particular order; unknown ids are left out.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn users(&self, ids: &[Uuid]) -> Result<Vec<UserRow>, StoreError> {
        self.pool
            .read(
                r#"SELECT "id", "companyId", "firstName", "lastName", "email", "createdAt", "updatedAt",
                          "developmentEnvironmentId", "permission", "metadata"
                     FROM "user" WHERE "id" = ANY ($1)"#,
                &[&ids],
            )
            .await?
            .iter()
            .map(UserRow::read)
            .collect()
    }
}
