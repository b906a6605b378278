//! Bad data that old servers left behind (`database.md` 6): counted at start, so that the operator knows; lived with by all
//! pages. Only numbers are told, never contents.

use super::decode::column;
use super::{Store, StoreError};

/// A statement that counts the rows of another.
macro_rules! count {
    ($rows:literal) => {
        concat!(r#"SELECT count(*) AS "count" FROM ("#, $rows, ") AS odd")
    };
}

/// What is counted: the text for the operator and the rows that are meant.
const COUNTS: &[(&str, &str)] = &[
    (
        "shares were made by another company than the app's; they are ignored (the owner can delete them)",
        count!(
            r#"SELECT FROM "externalAppUser" s JOIN "environment" e ON e."id" = s."environmentId"
            WHERE s."companyId" <> e."companyId""#
        ),
    ),
    (
        "shares name neither an address nor a domain nor everybody nor an app; they let nobody in",
        count!(
            r#"SELECT FROM "externalAppUser" WHERE "email" <> 'ALL' AND NOT starts_with("email", 'INHERIT_PERMISSIONS_FROM_APP:::')
            AND btrim("email") !~ '^[^@\s]+@[^@\s]+$|^@?[^@\s]+\.[^@\s]+$'"#
        ),
    ),
    (
        "shares are there more than once; they count as one",
        count!(
            r#"SELECT FROM "externalAppUser" GROUP BY "environmentId", "appRoute", lower("email") HAVING count(*) > 1"#
        ),
    ),
    (
        "users have a role that does not exist; they have no rights until an owner changes it",
        count!(r#"SELECT FROM "user" WHERE "permission" NOT IN ('owner', 'admin', 'app-manager', 'member', 'guest')"#),
    ),
    (
        "e-mail addresses belong to several users when upper and lower case are alike; only the exact spelling logs in",
        count!(r#"SELECT FROM "user" GROUP BY lower("email") HAVING count(*) > 1"#),
    ),
    (
        "companies have no user: sign-ups that failed",
        count!(r#"SELECT FROM "company" c WHERE NOT EXISTS (SELECT FROM "user" u WHERE u."companyId" = c."id")"#),
    ),
    (
        "development environments belong to nobody",
        count!(
            r#"SELECT FROM "environment" e WHERE e."type" = 'development'
            AND NOT EXISTS (SELECT FROM "user" u WHERE u."developmentEnvironmentId" = e."id")"#
        ),
    ),
    (
        "development environments have no readable copy of their key; it has to be refreshed to be seen",
        count!(r#"SELECT FROM "environment" WHERE "type" = 'development' AND "decryptableKey" IS NULL"#),
    ),
    (
        "environments list an app twice; it cannot be opened until its program says it once",
        count!(
            r#"SELECT FROM "environment" e WHERE jsonb_typeof(e."apps") = 'array' AND
            (SELECT count(a ->> 'route') <> count(DISTINCT a ->> 'route') FROM jsonb_array_elements(e."apps") a)"#
        ),
    ),
    (
        "companies have a plan that does not exist",
        count!(r#"SELECT FROM "company" WHERE "plan" NOT IN ('hobby', 'pro')"#),
    ),
    (
        "users have metadata that is not an object; it counts as empty",
        count!(r#"SELECT FROM "user" WHERE jsonb_typeof("metadata") <> 'object'"#),
    ),
    (
        "invites offer a role that does not exist; they make members",
        count!(
            r#"SELECT FROM "emailCode" WHERE "metadata" ->> 'permission' IS NULL
            OR "metadata" ->> 'permission' NOT IN ('owner', 'admin', 'app-manager', 'member', 'guest')"#
        ),
    ),
];

impl Store {
    /// Kinds of odd rows that are there, as a text for the operator and their number. Reads most tables as a whole, though
    /// not the log; the statement timeout bounds it.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn oddities(&self) -> Result<Vec<(&'static str, u64)>, StoreError> {
        let mut found = Vec::new();
        for (what, statement) in COUNTS {
            let row = self.pool.read_one(statement, &[]).await?;
            let count: i64 = row.as_ref().map_or(Ok(0), |row| column(row, "count"))?;
            if count > 0 {
                found.push((*what, count.unsigned_abs()));
            }
        }
        Ok(found)
    }
}
