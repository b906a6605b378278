//! What the home page begins with, in one statement.

use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use super::decode::{column, json};
use super::{CompanyRow, EnvironmentRow, ShareRow, Store, StoreError};

/// A company as one of its users sees it on the home page.
#[derive(Clone, Debug, PartialEq)]
pub struct Home {
    /// The company.
    pub company: CompanyRow,
    /// As [`Store::environments_for_home`], each with all its shares, planted ones included, oldest first.
    pub environments: Vec<(EnvironmentRow, Vec<ShareRow>)>,
}

impl Store {
    /// The home page of a user. `None`: the company is gone.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn home(&self, company: Uuid, user: Uuid) -> Result<Option<Home>, StoreError> {
        let rows = self
            .pool
            .read(
                r#"SELECT c."id" AS "ofCompany", c."name" AS "companyName", c."plan", c."billingId", c."flags",
                          c."createdAt" AS "companyCreated", c."updatedAt" AS "companyUpdated",
                          e."id" IS NOT NULL AS "hasEnvironment",
                          e."id", e."companyId", e."name", e."apiKey", e."type"::text AS "type", e."apps", e."theme",
                          e."data", e."decryptableKey", e."createdAt", e."updatedAt",
                          (SELECT jsonb_agg(jsonb_build_object(
                                      'id', s."id", 'email', s."email", 'appRoute', s."appRoute",
                                      'companyId', s."companyId", 'createdByUserId', s."createdByUserId",
                                      'createdBySdk', s."createdBySdk", 'createdAt', s."createdAt",
                                      'updatedAt', s."updatedAt") ORDER BY s."createdAt", s."id")
                             FROM "externalAppUser" s WHERE s."environmentId" = e."id") AS "shares"
                     FROM "company" c
                     LEFT JOIN "environment" e ON e."companyId" = c."id"
                          AND (e."type" = 'production'
                               OR e."id" = (SELECT u."developmentEnvironmentId" FROM "user" u
                                             WHERE u."id" = $2 AND u."companyId" = $1))
                    WHERE c."id" = $1
                    ORDER BY e."createdAt", e."id""#,
                &[&company, &user],
            )
            .await?;
        let Some(first) = rows.first() else { return Ok(None) };
        let mut environments = Vec::new();
        for row in &rows {
            if column(row, "hasEnvironment")? {
                let environment = EnvironmentRow::read(row)?;
                let shares = json(row, "shares");
                let shares = shares.as_array().into_iter().flatten();
                let shares: Result<_, _> = shares.map(|share| read_share(environment.id, share)).collect();
                environments.push((environment, shares?));
            }
        }
        Ok(Some(Home { company: read_company(first)?, environments }))
    }
}

fn read_company(row: &Row) -> Result<CompanyRow, StoreError> {
    Ok(CompanyRow {
        id: column(row, "ofCompany")?,
        name: column(row, "companyName")?,
        plan: column(row, "plan")?,
        billing_id: column(row, "billingId")?,
        flags: json(row, "flags"),
        created_at: column(row, "companyCreated")?,
        updated_at: column(row, "companyUpdated")?,
    })
}

/// A share as the statement above built it.
fn read_share(environment_id: Uuid, share: &Value) -> Result<ShareRow, StoreError> {
    let text = |key: &'static str| share[key].as_str().ok_or(StoreError::Shape { column: key });
    let id = |key| text(key)?.parse::<Uuid>().map_err(|_| StoreError::Shape { column: key });
    let time = |key| text(key)?.parse::<Timestamp>().map_err(|_| StoreError::Shape { column: key });
    Ok(ShareRow {
        id: id("id")?,
        email: text("email")?.to_owned(),
        environment_id,
        app_route: text("appRoute")?.to_owned(),
        created_by_user_id: if share["createdByUserId"].is_null() { None } else { Some(id("createdByUserId")?) },
        created_at: time("createdAt")?,
        updated_at: time("updatedAt")?,
        company_id: id("companyId")?,
        created_by_sdk: share["createdBySdk"] == true,
    })
}
