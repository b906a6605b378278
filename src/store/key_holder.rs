//! What an API key opens: no more of its environment than an upgrade needs, in one statement for many keys.

use uuid::Uuid;

use super::decode::{column, no_nul};
use super::environment::EnvironmentType;
use super::{Store, StoreError};

/// Whose a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyHolder {
    /// The environment that it opens.
    pub environment: Uuid,
    /// The company that the environment names.
    pub company: Uuid,
    /// Development or production.
    pub kind: EnvironmentType,
    /// Whether there is such a company.
    pub company_exists: bool,
}

impl Store {
    /// Whose these keys are, by their hashes; unknown ones are left out.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn key_holders(&self, hashes: &[String]) -> Result<Vec<(String, KeyHolder)>, StoreError> {
        no_nul(hashes.iter().map(String::as_str))?;
        self.pool
            .read(
                r#"SELECT e."apiKey", e."id", e."companyId", e."type"::text AS "type", c."id" IS NOT NULL AS "hasCompany"
                     FROM "environment" e LEFT JOIN "company" c ON c."id" = e."companyId"
                    WHERE e."apiKey" = ANY ($1)"#,
                &[&hashes],
            )
            .await?
            .iter()
            .map(|row| {
                let holder = KeyHolder {
                    environment: column(row, "id")?,
                    company: column(row, "companyId")?,
                    kind: EnvironmentType::read(row)?,
                    company_exists: column(row, "hasCompany")?,
                };
                Ok((column(row, "apiKey")?, holder))
            })
            .collect()
    }

    /// What [`Store::environments_for_home`] finds for each of these users of these companies: ids alone, with the user's company
    /// and id before them. Users for whom there is nothing are left out.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn ids_for_home(&self, people: &[(Uuid, Uuid)]) -> Result<Vec<((Uuid, Uuid), Vec<Uuid>)>, StoreError> {
        let (companies, users): (Vec<Uuid>, Vec<Uuid>) = people.iter().copied().unzip();
        self.pool
            .read(
                r#"SELECT p."company", p."user", array_agg(e."id" ORDER BY e."createdAt", e."id") AS "ids"
                     FROM unnest($1::uuid[], $2::uuid[]) AS p("company", "user")
                     LEFT JOIN "user" u ON u."id" = p."user" AND u."companyId" = p."company"
                     JOIN "environment" e ON e."companyId" = p."company"
                          AND (e."type" = 'production' OR e."id" = u."developmentEnvironmentId")
                    GROUP BY p."company", p."user""#,
                &[&companies, &users],
            )
            .await?
            .iter()
            .map(|row| Ok(((column(row, "company")?, column(row, "user")?), column(row, "ids")?)))
            .collect()
    }
}
