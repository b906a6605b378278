//! Table `log`: the audit log.

use std::fmt;

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::decode::{no_nul, no_nul_in_json};
use super::{EnvironmentType, Store, StoreError};

/// A row for `log`. The limits of `http-api.md` 2.2 are the caller's business.
#[derive(Clone, PartialEq)]
pub struct LogEntry {
    /// The company of the environment.
    pub company_id: Uuid,
    /// Where it happened.
    pub environment_id: Option<Uuid>,
    /// Who did it; `None` for visitors from outside.
    pub user_id: Option<Uuid>,
    /// Who did it; `None` for public visitors.
    pub user_email: Option<String>,
    /// Where it happened.
    pub app_route: String,
    /// What happened.
    pub message: String,
    /// Details: a JSON object.
    pub data: Option<Value>,
    /// `trace`, `debug`, `info`, `warn`, `error` or `fatal`.
    pub severity: &'static str,
    /// Column `type`: `user` or `system`.
    pub kind: &'static str,
    /// Kept as text, so that it outlives the environment.
    pub environment_type: EnvironmentType,
    /// When it happened; `None` = now, by the clock of the database.
    pub created_at: Option<Timestamp>,
}

impl fmt::Debug for LogEntry {
    /// Without what the app wrote.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogEntry")
            .field("company_id", &self.company_id)
            .field("environment_id", &self.environment_id)
            .field("severity", &self.severity)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Stores entries in one statement, all or none, in the order given. An environment or user that is gone is stored
    /// as NULL, as the foreign keys would have made it; entries of a company that is gone are left out, for nobody could
    /// read them. Returns how many were stored.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn insert_logs(&self, entries: &[LogEntry]) -> Result<u64, StoreError> {
        if entries.is_empty() {
            return Ok(0);
        }
        for entry in entries {
            no_nul([entry.app_route.as_str(), entry.message.as_str()])?;
            no_nul(entry.user_email.as_deref())?;
            entry.data.as_ref().map_or(Ok(()), no_nul_in_json)?;
        }
        let companies: Vec<Uuid> = entries.iter().map(|e| e.company_id).collect();
        let environments: Vec<Option<Uuid>> = entries.iter().map(|e| e.environment_id).collect();
        let users: Vec<Option<Uuid>> = entries.iter().map(|e| e.user_id).collect();
        let emails: Vec<Option<&str>> = entries.iter().map(|e| e.user_email.as_deref()).collect();
        let routes: Vec<&str> = entries.iter().map(|e| e.app_route.as_str()).collect();
        let messages: Vec<&str> = entries.iter().map(|e| e.message.as_str()).collect();
        let data: Vec<Option<&Value>> = entries.iter().map(|e| e.data.as_ref()).collect();
        let severities: Vec<&str> = entries.iter().map(|e| e.severity).collect();
        let kinds: Vec<&str> = entries.iter().map(|e| e.kind).collect();
        let types: Vec<&str> = entries.iter().map(|e| e.environment_type.as_str()).collect();
        let times: Vec<Option<Timestamp>> = entries.iter().map(|e| e.created_at).collect();
        // The joins lock what they find, so that nothing referred to can vanish before the insert.
        let rows = self
            .pool
            .write(
                r#"WITH entry AS (
                       SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[],
                                            $7::jsonb[], $8::text[], $9::text[], $10::text[], $11::timestamptz[])
                           WITH ORDINALITY AS t (company, environment, person, email, route, message, data, severity,
                                                 kind, environment_type, happened, place)),
                   companies AS (SELECT "id" FROM "company" WHERE "id" = ANY ($1) FOR KEY SHARE),
                   environments AS (SELECT "id" FROM "environment" WHERE "id" = ANY ($2) FOR KEY SHARE),
                   users AS (SELECT "id" FROM "user" WHERE "id" = ANY ($3) FOR KEY SHARE)
                   INSERT INTO "log" ("companyId", "environmentId", "userId", "userEmail", "appRoute", "message", "data",
                                      "severity", "type", "environmentType", "createdAt")
                   SELECT c."id", v."id", u."id", entry.email, entry.route, entry.message, entry.data, entry.severity,
                          entry.kind, entry.environment_type, coalesce(entry.happened, CURRENT_TIMESTAMP)
                     FROM entry
                     JOIN companies c ON c."id" = entry.company
                     LEFT JOIN environments v ON v."id" = entry.environment
                     LEFT JOIN users u ON u."id" = entry.person
                    ORDER BY entry.place
                   RETURNING "severity""#,
                &[
                    &companies, &environments, &users, &emails, &routes, &messages, &data, &severities, &kinds, &types,
                    &times,
                ],
            )
            .await?;
        Ok(rows.len() as u64)
    }
}
