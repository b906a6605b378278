//! Table `externalAppUser`: shares, the rows that let people from outside into an app.

use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

use super::decode::column;
use super::{Store, StoreError};

/// What `email` starts with when the share means "whoever may open that other app".
pub const INHERIT_PREFIX: &str = "INHERIT_PERMISSIONS_FROM_APP:::";

/// A row of `externalAppUser`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShareRow {
    /// Primary key.
    pub id: Uuid,
    /// E-mail address, domain, `ALL`, or [`INHERIT_PREFIX`] and a route; old databases may hold anything.
    pub email: String,
    /// The environment of the app.
    pub environment_id: Uuid,
    /// The app.
    pub app_route: String,
    /// Who shared; `None` when an SDK did, or the user is gone.
    pub created_by_user_id: Option<Uuid>,
    /// When the row was made.
    pub created_at: Timestamp,
    /// Never kept up.
    pub updated_at: Timestamp,
    /// The company of whoever shared. Differs from the environment's in planted rows (D-01).
    pub company_id: Uuid,
    /// Made from an SDK's configuration.
    pub created_by_sdk: bool,
}

impl ShareRow {
    pub(super) fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: column(row, "id")?,
            email: column(row, "email")?,
            environment_id: column(row, "environmentId")?,
            app_route: column(row, "appRoute")?,
            created_by_user_id: column(row, "createdByUserId")?,
            created_at: column(row, "createdAt")?,
            updated_at: column(row, "updatedAt")?,
            company_id: column(row, "companyId")?,
            created_by_sdk: column(row, "createdBySdk")?,
        })
    }
}

impl Store {
    /// All shares of an environment, planted ones included, oldest first.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn shares_of_environment(&self, environment: Uuid) -> Result<Vec<ShareRow>, StoreError> {
        self.shares_of_environments(&[environment]).await
    }

    /// All shares of these environments, planted ones included, oldest first.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn shares_of_environments(&self, environments: &[Uuid]) -> Result<Vec<ShareRow>, StoreError> {
        self.pool
            .read(
                r#"SELECT "id", "email", "environmentId", "appRoute", "createdByUserId", "createdAt", "updatedAt",
                          "companyId", "createdBySdk"
                     FROM "externalAppUser" WHERE "environmentId" = ANY ($1) ORDER BY "createdAt", "id""#,
                &[&environments],
            )
            .await?
            .iter()
            .map(ShareRow::read)
            .collect()
    }
}
