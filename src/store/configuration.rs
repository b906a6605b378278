//! What an SDK's INITIALIZE does to the database (`relay-protocol.md` 6.1, D-39).

use std::fmt;

use serde_json::Value;
use uuid::Uuid;

use super::decode::{column, no_nul, no_nul_in_json};
use super::{INHERIT_PREFIX, Store, StoreError};

/// A checked configuration. The caller has validated it and filled in `hidden` and the labels of `navs`.
#[derive(Clone, PartialEq)]
pub struct Configuration {
    /// `database.md` 3.2.
    pub apps: Value,
    /// `None` is stored as JSON `null`, as the old server does.
    pub theme: Option<Value>,
    /// `database.md` 3.4.
    pub data: Value,
    /// For every app its route and, when it takes its shares from another app, the route of that one.
    pub parents: Vec<(String, Option<String>)>,
}

impl fmt::Debug for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Configuration").field("apps", &self.parents.len()).finish_non_exhaustive()
    }
}

/// What became of a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// Stored.
    Stored,
    /// The environment is gone; nothing was changed.
    EnvironmentGone,
}

impl Store {
    /// Stores what an SDK said about an environment, in one transaction that locks the environment's row, so that two of
    /// them do not mix.
    ///
    /// Of the shares only rows made by an SDK are touched, and only those of the routes in `parents`: rows that name
    /// another parent, or a parent that is no more, go; the right one is added when there is none, be it of an SDK or
    /// of a person, in the environment's company.
    ///
    /// # Errors
    /// Any [`StoreError`]; nothing is changed then, except that after `Timeout` and `Unavailable` it may be stored.
    pub async fn apply_configuration(
        &self,
        environment: Uuid,
        configuration: &Configuration,
    ) -> Result<Applied, StoreError> {
        let Configuration { apps, theme, data, parents } = configuration;
        no_nul_in_json(apps)?;
        no_nul_in_json(data)?;
        theme.as_ref().map_or(Ok(()), no_nul_in_json)?;
        no_nul(parents.iter().flat_map(|(route, parent)| [route.as_str()].into_iter().chain(parent.as_deref())))?;
        let routes: Vec<&str> = parents.iter().map(|(route, _)| route.as_str()).collect();
        let wanted: Vec<Option<String>> =
            parents.iter().map(|(_, parent)| parent.as_ref().map(|p| format!("{INHERIT_PREFIX}{p}"))).collect();
        let theme = theme.as_ref().unwrap_or(&Value::Null);

        let work = self.pool.begin().await?;
        let locked = work
            .run(r#"SELECT "companyId" FROM "environment" WHERE "id" = $1 FOR NO KEY UPDATE"#, &[&environment])
            .await?;
        let Some(row) = locked.first() else {
            work.roll_back().await?;
            return Ok(Applied::EnvironmentGone);
        };
        let company: Uuid = column(row, "companyId")?;
        work.run(
            r#"DELETE FROM "externalAppUser" s
                USING unnest($2::text[], $3::text[]) AS app (route, wanted)
                WHERE s."environmentId" = $1 AND s."createdBySdk" AND s."appRoute" = app.route
                  AND starts_with(s."email", $4) AND s."email" IS DISTINCT FROM app.wanted"#,
            &[&environment, &routes, &wanted, &INHERIT_PREFIX],
        )
        .await?;
        work.run(
            r#"INSERT INTO "externalAppUser" ("companyId", "email", "environmentId", "appRoute", "createdBySdk")
               SELECT DISTINCT $4::uuid, app.wanted, $1::uuid, app.route, true
                 FROM unnest($2::text[], $3::text[]) AS app (route, wanted)
                WHERE app.wanted IS NOT NULL
                  AND NOT EXISTS (SELECT FROM "externalAppUser" s
                                   WHERE s."environmentId" = $1 AND s."appRoute" = app.route
                                     AND s."email" = app.wanted AND s."companyId" = $4)"#,
            &[&environment, &routes, &wanted, &company],
        )
        .await?;
        work.run(
            r#"UPDATE "environment" SET "apps" = $2, "theme" = $3, "data" = $4, "updatedAt" = CURRENT_TIMESTAMP
                WHERE "id" = $1"#,
            &[&environment, apps, theme, data],
        )
        .await?;
        work.commit().await?;
        Ok(Applied::Stored)
    }
}
