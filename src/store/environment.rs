//! Table `environment`.

use std::fmt;

use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use super::decode::{column, json, json_or_null};
use super::{Store, StoreError};

/// The enum `environmentType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EnvironmentType {
    /// Belongs to one developer.
    Development,
    /// Belongs to the company.
    Production,
}

impl EnvironmentType {
    /// The label in the database and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Production => "production",
        }
    }

    pub(super) fn read(row: &Row) -> Result<Self, StoreError> {
        match column(row, "type")? {
            "development" => Ok(Self::Development),
            "production" => Ok(Self::Production),
            _ => Err(StoreError::Shape { column: "type" }),
        }
    }
}

impl fmt::Display for EnvironmentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A row of `environment`.
#[derive(Clone, PartialEq)]
pub struct EnvironmentRow {
    /// Primary key.
    pub id: Uuid,
    /// The company that owns it.
    pub company_id: Uuid,
    /// Shown to people.
    pub name: String,
    /// Column `apiKey`: the keyed hash of the API key, hex.
    pub api_key_hash: String,
    /// Development or production.
    pub kind: EnvironmentType,
    /// `database.md` 3.2; read leniently.
    pub apps: Value,
    /// `database.md` 3.3; NULL and `null` both read as `None`.
    pub theme: Option<Value>,
    /// `database.md` 3.4; read leniently.
    pub data: Value,
    /// The encrypted development key; `None` for production.
    pub decryptable_key: Option<String>,
    /// When the row was made.
    pub created_at: Timestamp,
    /// When an SDK last configured it.
    pub updated_at: Timestamp,
}

impl fmt::Debug for EnvironmentRow {
    /// Without the key's hash and copy, and without what the SDK sent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnvironmentRow")
            .field("id", &self.id)
            .field("company_id", &self.company_id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl EnvironmentRow {
    pub(super) fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: column(row, "id")?,
            company_id: column(row, "companyId")?,
            name: column(row, "name")?,
            api_key_hash: column(row, "apiKey")?,
            kind: EnvironmentType::read(row)?,
            apps: json(row, "apps"),
            theme: json_or_null(row, "theme"),
            data: json(row, "data"),
            decryptable_key: column(row, "decryptableKey")?,
            created_at: column(row, "createdAt")?,
            updated_at: column(row, "updatedAt")?,
        })
    }
}

/// `SELECT` with the columns of [`EnvironmentRow`] and the given rest.
macro_rules! select_environment {
    ($rest:literal) => {
        concat!(
            r#"SELECT e."id", e."companyId", e."name", e."apiKey", e."type"::text AS "type", e."apps", e."theme", e."data",
                      e."decryptableKey", e."createdAt", e."updatedAt" FROM "environment" e "#,
            $rest
        )
    };
}
pub(super) use select_environment;

impl Store {
    /// An environment by id.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn environment(&self, id: Uuid) -> Result<Option<EnvironmentRow>, StoreError> {
        let row = self.pool.read_one(select_environment!(r#"WHERE e."id" = $1"#), &[&id]).await?;
        row.as_ref().map(EnvironmentRow::read).transpose()
    }

    /// Environments by id; those that are gone are left out.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn environments(&self, ids: &[Uuid]) -> Result<Vec<EnvironmentRow>, StoreError> {
        self.pool
            .read(select_environment!(r#"WHERE e."id" = ANY ($1)"#), &[&ids])
            .await?
            .iter()
            .map(EnvironmentRow::read)
            .collect()
    }

    /// All environments of a company, oldest first.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn environments_of_company(&self, company: Uuid) -> Result<Vec<EnvironmentRow>, StoreError> {
        self.pool
            .read(select_environment!(r#"WHERE e."companyId" = $1 ORDER BY e."createdAt", e."id""#), &[&company])
            .await?
            .iter()
            .map(EnvironmentRow::read)
            .collect()
    }

    /// The environments that the home page of `user` shows: those of the company minus other people's development ones,
    /// oldest first. A development environment that belongs to nobody counts as somebody else's.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn environments_for_home(&self, company: Uuid, user: Uuid) -> Result<Vec<EnvironmentRow>, StoreError> {
        self.pool
            .read(
                select_environment!(
                    r#"WHERE e."companyId" = $1
                         AND (e."type" = 'production'
                              OR e."id" = (SELECT u."developmentEnvironmentId" FROM "user" u
                                            WHERE u."id" = $2 AND u."companyId" = $1))
                       ORDER BY e."createdAt", e."id""#
                ),
                &[&company, &user],
            )
            .await?
            .iter()
            .map(EnvironmentRow::read)
            .collect()
    }

    /// The key hashes that these environments have now, to find connections whose key was changed. Environments that are
    /// gone are left out.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn key_hashes(&self, environments: &[Uuid]) -> Result<Vec<(Uuid, String)>, StoreError> {
        self.pool
            .read(r#"SELECT "id", "apiKey" FROM "environment" WHERE "id" = ANY ($1)"#, &[&environments])
            .await?
            .iter()
            .map(|row| Ok((column(row, "id")?, column(row, "apiKey")?)))
            .collect()
    }

    /// One encrypted development key, to try the secret on at start (`database.md` 9.4). `None` when there is none.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn sample_decryptable_key(&self) -> Result<Option<String>, StoreError> {
        let row = self
            .pool
            .read_one(
                r#"SELECT "decryptableKey" FROM "environment" WHERE "decryptableKey" IS NOT NULL
                    ORDER BY "createdAt" DESC, "id" LIMIT 1"#,
                &[],
            )
            .await?;
        row.as_ref().map(|row| column(row, "decryptableKey")).transpose()
    }
}
