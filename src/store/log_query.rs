//! Questions to table `log`: pages, distinct messages, grouped counts.

use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use super::decode::{column, json_or_null, no_nul};
use super::{Store, StoreError};

/// What a page of the log is filtered by; `None` everywhere: nothing is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct LogFilter {
    /// Exactly this route.
    pub app_route: Option<String>,
    /// Exactly this address.
    pub user_email: Option<String>,
    /// One of these.
    pub severities: Option<Vec<String>>,
    /// Column `type`.
    pub kind: Option<String>,
    /// At or after.
    pub start: Option<Timestamp>,
    /// At or before.
    pub end: Option<Timestamp>,
    /// Somewhere in the message, in any case. Has no special characters.
    pub message: Option<String>,
}

/// A row of `log` as people may see it.
#[derive(Clone, Debug, PartialEq)]
pub struct LogRow {
    /// When it happened.
    pub created_at: Timestamp,
    /// Where; `None` once the environment is gone.
    pub environment_id: Option<Uuid>,
    /// Who; `None` for people from outside and once the user is gone.
    pub user_id: Option<Uuid>,
    /// Who; `None` for public visitors.
    pub user_email: Option<String>,
    /// In which app.
    pub app_route: String,
    /// What.
    pub message: String,
    /// Details.
    pub data: Option<Value>,
    /// `trace` to `fatal`.
    pub severity: String,
    /// Column `type`: `user` or `system`.
    pub kind: String,
    /// `development`, `production`, or `unspecified` in old rows.
    pub environment_type: String,
}

impl LogRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            created_at: column(row, "createdAt")?,
            environment_id: column(row, "environmentId")?,
            user_id: column(row, "userId")?,
            user_email: column(row, "userEmail")?,
            app_route: column(row, "appRoute")?,
            message: column(row, "message")?,
            data: json_or_null(row, "data"),
            severity: column(row, "severity")?,
            kind: column(row, "type")?,
            environment_type: column(row, "environmentType")?,
        })
    }
}

/// A page of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct LogPage {
    /// Newest first.
    pub rows: Vec<LogRow>,
    /// The highest id in the whole table when the page was read; 0 when the page is empty.
    pub newest: i64,
}

/// What is counted.
#[derive(Clone, Debug, PartialEq)]
pub struct LogGroups {
    /// At or after.
    pub start: Timestamp,
    /// At or before.
    pub end: Timestamp,
    /// `development` and/or `production`.
    pub environment_types: Vec<&'static str>,
    /// Only these apps (environment and route); empty: all.
    pub apps: Vec<(Uuid, String)>,
    /// Only these events (message and type).
    pub events: Vec<(String, String)>,
    /// Only these people; empty: all.
    pub emails: Vec<String>,
    /// Public visitors too.
    pub anonymous: bool,
}

/// How often something happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogCount {
    /// Who; `None` for public visitors.
    pub user_email: Option<String>,
    /// Where.
    pub environment_id: Option<Uuid>,
    /// In which app.
    pub app_route: String,
    /// What.
    pub message: String,
    /// How often.
    pub count: i32,
}

impl Store {
    /// A page of a company's log, newest first. Rows of the same time have a fixed order, so pages do not overlap.
    /// With `up_to`, rows with a higher id do not count: whatever is written meanwhile does not move a page.
    ///
    /// # Errors
    /// Any [`StoreError`]; `Timeout` when too much has to be read.
    pub async fn log_page(
        &self,
        company: Uuid,
        filter: &LogFilter,
        limit: i64,
        offset: i64,
        up_to: Option<i64>,
    ) -> Result<LogPage, StoreError> {
        let texts = [&filter.app_route, &filter.user_email, &filter.kind, &filter.message];
        no_nul(texts.into_iter().filter_map(Option::as_deref))?;
        no_nul(filter.severities.iter().flatten().map(String::as_str))?;
        let pattern = filter.message.as_deref().map(contains);
        // One statement sees one state of the table: the rows and the highest id belong together.
        let rows = self
            .pool
            .read(
                r#"SELECT "createdAt", "environmentId", "userId", "userEmail", "appRoute", "message", "data", "severity",
                          "type", "environmentType", (SELECT max("id") FROM "log") AS "newest"
                     FROM "log"
                    WHERE "companyId" = $1
                      AND ($2::text IS NULL OR "appRoute" = $2)
                      AND ($3::text IS NULL OR "userEmail" = $3)
                      AND ($4::text[] IS NULL OR "severity" = ANY ($4))
                      AND ($5::text IS NULL OR "type" = $5)
                      AND ($6::timestamptz IS NULL OR "createdAt" >= $6)
                      AND ($7::timestamptz IS NULL OR "createdAt" <= $7)
                      AND ($8::text IS NULL OR "message" ILIKE $8)
                      AND ($11::bigint IS NULL OR "id" <= $11)
                    ORDER BY "createdAt" DESC, "id" DESC
                    LIMIT $9 OFFSET $10"#,
                &[
                    &company,
                    &filter.app_route,
                    &filter.user_email,
                    &filter.severities,
                    &filter.kind,
                    &filter.start,
                    &filter.end,
                    &pattern,
                    &limit,
                    &offset,
                    &up_to,
                ],
            )
            .await?;
        Ok(LogPage {
            newest: rows.first().map(|row| column(row, "newest")).transpose()?.unwrap_or(0),
            rows: rows.iter().map(LogRow::read).collect::<Result<_, _>>()?,
        })
    }

    /// The different pairs of message and type in a company's log, by type and message, at most `limit`.
    ///
    /// # Errors
    /// Any [`StoreError`]; `Timeout` when too much has to be read.
    pub async fn distinct_log_messages(&self, company: Uuid, limit: i64) -> Result<Vec<(String, String)>, StoreError> {
        self.pool
            .read(
                r#"SELECT DISTINCT "message", "type" FROM "log" WHERE "companyId" = $1 ORDER BY "type", "message" LIMIT $2"#,
                &[&company, &limit],
            )
            .await?
            .iter()
            .map(|row| Ok((column(row, "message")?, column(row, "type")?)))
            .collect()
    }

    /// Counts entries of a company, one row for each combination that occurs.
    ///
    /// # Errors
    /// Any [`StoreError`]; `Timeout` when too much has to be read.
    pub async fn grouped_logs(&self, company: Uuid, wanted: &LogGroups) -> Result<Vec<LogCount>, StoreError> {
        let (environments, routes): (Vec<Uuid>, Vec<&str>) =
            wanted.apps.iter().map(|(environment, route)| (*environment, route.as_str())).unzip();
        let (messages, kinds): (Vec<&str>, Vec<&str>) =
            wanted.events.iter().map(|(message, kind)| (message.as_str(), kind.as_str())).unzip();
        no_nul(routes.iter().chain(&messages).chain(&kinds).copied())?;
        no_nul(wanted.emails.iter().map(String::as_str))?;
        self.pool
            .read(
                r#"SELECT "userEmail", "environmentId", "appRoute", "message", count(*)::integer AS "count"
                     FROM "log"
                    WHERE "companyId" = $1
                      AND "createdAt" BETWEEN $2 AND $3
                      AND "environmentType" = ANY ($4::text[])
                      AND (cardinality($5::uuid[]) = 0
                           OR ("environmentId", "appRoute") IN (SELECT * FROM unnest($5::uuid[], $6::text[])))
                      AND ("message", "type") IN (SELECT * FROM unnest($7::text[], $8::text[]))
                      AND CASE WHEN "userEmail" IS NULL THEN $10::boolean
                               ELSE cardinality($9::text[]) = 0 OR "userEmail" = ANY ($9) END
                    GROUP BY "userEmail", "environmentId", "appRoute", "message"
                    ORDER BY "message", "appRoute", "userEmail", "environmentId""#,
                &[
                    &company,
                    &wanted.start,
                    &wanted.end,
                    &wanted.environment_types,
                    &environments,
                    &routes,
                    &messages,
                    &kinds,
                    &wanted.emails,
                    &wanted.anonymous,
                ],
            )
            .await?
            .iter()
            .map(|row| {
                Ok(LogCount {
                    user_email: column(row, "userEmail")?,
                    environment_id: column(row, "environmentId")?,
                    app_route: column(row, "appRoute")?,
                    message: column(row, "message")?,
                    count: column(row, "count")?,
                })
            })
            .collect()
    }
}

/// The pattern for "contains this text as it is".
fn contains(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::contains;

    #[test]
    fn d17_pattern_characters_stand_for_themselves() {
        assert_eq!(contains("100%_a\\b"), r"%100\%\_a\\b%");
        assert_eq!(contains(""), "%%");
    }
}
