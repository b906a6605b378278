//! Making and deleting environments, and giving them new keys.

use uuid::Uuid;

use super::decode::{column, no_nul};
use super::environment::select_environment;
use super::{EnvironmentRow, NewEnvironment, Store, StoreError};

impl Store {
    /// Makes a production environment.
    ///
    /// # Errors
    /// Any [`StoreError`]; `Conflict` when the company is gone.
    pub async fn create_production_environment(
        &self,
        company: Uuid,
        name: &str,
        api_key_hash: &str,
    ) -> Result<Option<EnvironmentRow>, StoreError> {
        no_nul([name, api_key_hash])?;
        let rows = self
            .pool
            .write(
                r#"INSERT INTO "environment" ("companyId", "name", "apiKey", "type")
                   VALUES ($1, $2, $3, 'production') RETURNING "id""#,
                &[&company, &name, &api_key_hash],
            )
            .await?;
        match rows.first() {
            Some(row) => self.environment(column(row, "id")?).await,
            None => Ok(None),
        }
    }

    /// Makes a development environment and links it to its user (D-31). `None`: the user has one, or is gone.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn create_development_environment(
        &self,
        company: Uuid,
        user: Uuid,
        environment: &NewEnvironment<'_>,
    ) -> Result<Option<EnvironmentRow>, StoreError> {
        no_nul([environment.name, environment.api_key_hash, environment.decryptable_key])?;
        let work = self.pool.begin().await?;
        let free = work
            .run(
                r#"SELECT "id" FROM "user" WHERE "id" = $1 AND "companyId" = $2 AND "developmentEnvironmentId" IS NULL
                      FOR NO KEY UPDATE"#,
                &[&user, &company],
            )
            .await?;
        if free.is_empty() {
            work.roll_back().await?;
            return Ok(None);
        }
        let id = Uuid::new_v4();
        work.run(
            r#"INSERT INTO "environment" ("id", "companyId", "name", "apiKey", "type", "decryptableKey")
               VALUES ($1, $2, $3, $4, 'development', $5)"#,
            &[&id, &company, &environment.name, &environment.api_key_hash, &environment.decryptable_key],
        )
        .await?;
        work.run(r#"UPDATE "user" SET "developmentEnvironmentId" = $2 WHERE "id" = $1"#, &[&user, &id]).await?;
        let rows = work.run(select_environment!(r#"WHERE e."id" = $1"#), &[&id]).await?;
        work.commit().await?;
        rows.first().map(EnvironmentRow::read).transpose()
    }

    /// Deletes a production environment of this company with its shares; its logs stay. `false`: there is no such one.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn delete_production_environment(&self, company: Uuid, id: Uuid) -> Result<bool, StoreError> {
        let rows = self
            .pool
            .write(
                r#"DELETE FROM "environment" WHERE "id" = $1 AND "companyId" = $2 AND "type" = 'production' RETURNING "id""#,
                &[&id, &company],
            )
            .await?;
        Ok(!rows.is_empty())
    }

    /// Gives an environment of this company another key; the recoverable copy is `None` for production. `updatedAt`
    /// stays. `None`: there is no such environment.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn change_api_key(
        &self,
        company: Uuid,
        id: Uuid,
        api_key_hash: &str,
        decryptable_key: Option<&str>,
    ) -> Result<Option<EnvironmentRow>, StoreError> {
        no_nul([api_key_hash].into_iter().chain(decryptable_key))?;
        let rows = self
            .pool
            .write(
                r#"UPDATE "environment" SET "apiKey" = $3, "decryptableKey" = $4 WHERE "id" = $1 AND "companyId" = $2
                   RETURNING "id""#,
                &[&id, &company, &api_key_hash, &decryptable_key],
            )
            .await?;
        if rows.is_empty() {
            return Ok(None);
        }
        self.environment(id).await
    }
}
