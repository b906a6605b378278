//! A new company with its first owner, in one transaction (`http-api.md` 8.3, D-12).

use std::fmt;

use serde_json::{Value, json};
use uuid::Uuid;

use super::decode::{column, no_nul, no_nul_in_json};
use super::{EnvironmentType, Store, StoreError};

/// The company to make.
#[derive(Clone, Debug)]
pub struct NewCompany<'a> {
    /// Shown to people.
    pub name: &'a str,
    /// `hobby` or `pro`.
    pub plan: &'a str,
}

/// Its owner.
#[derive(Clone, Debug)]
pub struct NewOwner<'a> {
    /// Given name.
    pub first_name: &'a str,
    /// Family name.
    pub last_name: &'a str,
    /// Must be new, compared without regard to case.
    pub email: &'a str,
    /// `database.md` 3.5.
    pub metadata: &'a Value,
}

/// The owner's development environment.
#[derive(Clone)]
pub struct NewEnvironment<'a> {
    /// Shown to people.
    pub name: &'a str,
    /// The keyed hash of its API key, hex.
    pub api_key_hash: &'a str,
    /// The encrypted copy of its API key.
    pub decryptable_key: &'a str,
}

impl fmt::Debug for NewEnvironment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewEnvironment").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The ids that the database gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedUp {
    /// The company.
    pub company: Uuid,
    /// The owner.
    pub user: Uuid,
    /// The development environment, when one was asked for.
    pub environment: Option<Uuid>,
}

impl Store {
    /// Makes a company, its owner and, when given, the owner's development environment. `None`: a user with this e-mail
    /// exists, compared without regard to case; nothing was changed.
    ///
    /// # Errors
    /// Any [`StoreError`]; `Conflict` when the old server beside us took the e-mail at the same moment.
    pub async fn create_company_with_owner(
        &self,
        company: &NewCompany<'_>,
        owner: &NewOwner<'_>,
        environment: Option<&NewEnvironment<'_>>,
    ) -> Result<Option<SignedUp>, StoreError> {
        no_nul([company.name, company.plan, owner.first_name, owner.last_name, owner.email])?;
        no_nul(environment.iter().flat_map(|e| [e.name, e.api_key_hash, e.decryptable_key]))?;
        no_nul_in_json(owner.metadata)?;

        let work = self.pool.begin().await?;
        work.run("SELECT pg_advisory_xact_lock(hashtextextended(lower($1), 0))", &[&owner.email]).await?;
        let taken =
            work.run(r#"SELECT "id" FROM "user" WHERE lower("email") = lower($1) LIMIT 1"#, &[&owner.email]).await?;
        if !taken.is_empty() {
            work.roll_back().await?;
            return Ok(None);
        }
        let flags = json!({ "FRIENDS_AND_FAMILY_FREE": false, "AUDIT_LOG_RATE_LIMIT_PER_MINUTE": 200 });
        let company_id = Uuid::new_v4();
        work.run(
            r#"INSERT INTO "company" ("id", "name", "plan", "billingId", "flags") VALUES ($1, $2, $3, $4, $5)"#,
            &[&company_id, &company.name, &company.plan, &company_id.to_string(), &flags],
        )
        .await?;
        let environment_id = match environment {
            None => None,
            Some(environment) => {
                let rows = work
                    .run(
                        r#"INSERT INTO "environment" ("companyId", "name", "apiKey", "type", "decryptableKey")
                           VALUES ($1, $2, $3, $4::text::"environmentType", $5) RETURNING "id""#,
                        &[
                            &company_id,
                            &environment.name,
                            &environment.api_key_hash,
                            &EnvironmentType::Development.as_str(),
                            &environment.decryptable_key,
                        ],
                    )
                    .await?;
                rows.first().map(|row| column(row, "id")).transpose()?
            }
        };
        let user_id = Uuid::new_v4();
        work.run(
            r#"INSERT INTO "user" ("id", "companyId", "firstName", "lastName", "email", "developmentEnvironmentId",
                                   "permission", "metadata")
               VALUES ($1, $2, $3, $4, $5, $6, 'owner', $7)"#,
            &[
                &user_id,
                &company_id,
                &owner.first_name,
                &owner.last_name,
                &owner.email,
                &environment_id,
                owner.metadata,
            ],
        )
        .await?;
        work.commit().await?;
        Ok(Some(SignedUp { company: company_id, user: user_id, environment: environment_id }))
    }
}
