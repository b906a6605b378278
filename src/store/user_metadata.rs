//! Column `user.metadata`, changed under a lock so that two changes at once both last.

use serde_json::Value;
use uuid::Uuid;

use super::decode::no_nul_in_json;
use super::team::select_user;
use super::{Store, StoreError, UserRow};

impl Store {
    /// Replaces the metadata of a user by what `change` makes of it. `None`: there is no such user. An error of `change`
    /// is passed on and nothing is changed. `updatedAt` stays.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn change_user_metadata<E>(
        &self,
        user: Uuid,
        change: impl FnOnce(&Value) -> Result<Value, E> + Send,
    ) -> Result<Option<Result<UserRow, E>>, StoreError> {
        let work = self.pool.begin().await?;
        let rows = work.run(select_user!(r#"WHERE u."id" = $1 FOR NO KEY UPDATE"#), &[&user]).await?;
        let Some(mut row) = rows.first().map(UserRow::read).transpose()? else {
            work.roll_back().await?;
            return Ok(None);
        };
        let metadata = match change(&row.metadata) {
            Ok(metadata) => metadata,
            Err(refused) => {
                work.roll_back().await?;
                return Ok(Some(Err(refused)));
            }
        };
        no_nul_in_json(&metadata)?;
        work.run(r#"UPDATE "user" SET "metadata" = $2 WHERE "id" = $1"#, &[&user, &metadata]).await?;
        work.commit().await?;
        row.metadata = metadata;
        Ok(Some(Ok(row)))
    }
}
