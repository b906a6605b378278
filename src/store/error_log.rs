//! Table `errorLog`.

use serde_json::Value;

use super::decode::no_nul_in_json;
use super::{Store, StoreError};

impl Store {
    /// Stores an error report (`database.md` 3.9) with status `PENDING`.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn insert_error_log(&self, data: &Value) -> Result<(), StoreError> {
        no_nul_in_json(data)?;
        self.pool.write(r#"INSERT INTO "errorLog" ("data", "status") VALUES ($1, 'PENDING')"#, &[data]).await.map(drop)
    }
}
