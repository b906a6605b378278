//! Whose account an e-mail address is (`http-api.md` 8.2, D-29).

use super::user::UserRow;
use super::{Store, StoreError};
use crate::store::decode::no_nul;

/// What a look-up by e-mail found.
#[derive(Clone, Debug, PartialEq)]
pub enum ByEmail {
    /// Nobody.
    Nobody,
    /// The user with exactly this address, or the only one with it in another case.
    One(Box<UserRow>),
    /// Several users have it in other cases, none as it is.
    Ambiguous,
}

impl Store {
    /// The user with this address: an exact match first, else one in another case when there is no other.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn user_by_email(&self, email: &str) -> Result<ByEmail, StoreError> {
        no_nul([email])?;
        let rows = self
            .pool
            .read(
                r#"SELECT "id", "companyId", "firstName", "lastName", "email", "createdAt", "updatedAt",
                          "developmentEnvironmentId", "permission", "metadata"
                     FROM "user" WHERE lower("email") = lower($1) ORDER BY "email" = $1 DESC, "id" LIMIT 2"#,
                &[&email],
            )
            .await?;
        let mut users = rows.iter().map(UserRow::read).collect::<Result<Vec<_>, _>>()?.into_iter();
        Ok(match (users.next(), users.next()) {
            (None, _) => ByEmail::Nobody,
            (Some(first), second) if second.is_none() || first.email == email => ByEmail::One(Box::new(first)),
            _ => ByEmail::Ambiguous,
        })
    }
}
