//! Tables `report` and `reportUser`: saved questions to the audit log, and with whom they are shared.

use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use super::decode::{column, json, no_nul, no_nul_in_json};
use super::{Store, StoreError};

/// A row of `report`.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportRow {
    /// Primary key.
    pub id: Uuid,
    /// Whose report it is.
    pub company_id: Uuid,
    /// Who made it.
    pub created_by_user_id: Uuid,
    /// Who changed it last.
    pub updated_by_user_id: Uuid,
    /// When the row was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// Shown to people.
    pub title: String,
    /// Shown to people.
    pub description: Option<String>,
    /// `database.md` 3.7; old rows may break its rules.
    pub data: Value,
}

impl ReportRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: column(row, "id")?,
            company_id: column(row, "companyId")?,
            created_by_user_id: column(row, "createdByUserId")?,
            updated_by_user_id: column(row, "updatedByUserId")?,
            created_at: column(row, "createdAt")?,
            updated_at: column(row, "updatedAt")?,
            title: column(row, "title")?,
            description: column(row, "description")?,
            data: json(row, "data"),
        })
    }
}

/// A row of `reportUser`: a user who may see a report.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportUserRow {
    /// Primary key.
    pub id: Uuid,
    /// Who may see it.
    pub user_id: Uuid,
    /// The report.
    pub report_id: Uuid,
    /// The company of both.
    pub company_id: Uuid,
    /// Who shared it.
    pub created_by_user_id: Uuid,
    /// Since when.
    pub created_at: Timestamp,
    /// `{ "canView": boolean }`.
    pub permission: Value,
}

impl ReportUserRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: column(row, "id")?,
            user_id: column(row, "userId")?,
            report_id: column(row, "reportId")?,
            company_id: column(row, "companyId")?,
            created_by_user_id: column(row, "createdByUserId")?,
            created_at: column(row, "createdAt")?,
            permission: json(row, "permission"),
        })
    }

    /// Whether this share really lets its user see the report: old rows may say otherwise.
    #[must_use]
    pub fn can_view(&self) -> bool {
        self.permission.get("canView") == Some(&Value::Bool(true))
    }
}

/// What a user writes of a report.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportText {
    /// Shown to people.
    pub title: String,
    /// Shown to people.
    pub description: Option<String>,
    /// `database.md` 3.7.
    pub data: Value,
}

impl ReportText {
    fn check(&self) -> Result<(), StoreError> {
        no_nul([self.title.as_str()])?;
        no_nul(self.description.as_deref())?;
        no_nul_in_json(&self.data)
    }
}

/// What came of sharing a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportShared {
    /// It is shared now.
    Done,
    /// It was shared with this user before.
    Already,
    /// The company has no such report.
    NoReport,
}

impl Store {
    /// Stores a new report and gives its id.
    ///
    /// # Errors
    /// Any [`StoreError`]; `Conflict` when the company or the user is gone.
    pub async fn create_report(&self, company: Uuid, author: Uuid, report: &ReportText) -> Result<Uuid, StoreError> {
        report.check()?;
        let rows = self
            .pool
            .write(
                r#"INSERT INTO "report" ("companyId", "createdByUserId", "updatedByUserId", "title", "description", "data")
                   VALUES ($1, $2, $2, $3, $4, $5) RETURNING "id""#,
                &[&company, &author, &report.title, &report.description, &report.data],
            )
            .await?;
        rows.first().map_or(Err(StoreError::Shape { column: "id" }), |row| column(row, "id"))
    }

    /// A report of this company; those of others are unknown here.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn report(&self, company: Uuid, id: Uuid) -> Result<Option<ReportRow>, StoreError> {
        let row = self
            .pool
            .read_one(
                r#"SELECT "id", "companyId", "createdByUserId", "updatedByUserId", "createdAt", "updatedAt", "title",
                          "description", "data"
                     FROM "report" WHERE "id" = $1 AND "companyId" = $2"#,
                &[&id, &company],
            )
            .await?;
        row.as_ref().map(ReportRow::read).transpose()
    }

    /// All reports of a company, oldest first.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn reports(&self, company: Uuid) -> Result<Vec<ReportRow>, StoreError> {
        self.pool
            .read(
                r#"SELECT "id", "companyId", "createdByUserId", "updatedByUserId", "createdAt", "updatedAt", "title",
                          "description", "data"
                     FROM "report" WHERE "companyId" = $1 ORDER BY "createdAt", "id""#,
                &[&company],
            )
            .await?
            .iter()
            .map(ReportRow::read)
            .collect()
    }

    /// The reports of a company that this user may see through a share, oldest first.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn reports_shared_with(&self, company: Uuid, user: Uuid) -> Result<Vec<ReportRow>, StoreError> {
        self.pool
            .read(
                r#"SELECT "id", "companyId", "createdByUserId", "updatedByUserId", "createdAt", "updatedAt", "title",
                          "description", "data"
                     FROM "report"
                    WHERE "companyId" = $1
                      AND "id" IN (SELECT "reportId" FROM "reportUser"
                                    WHERE "userId" = $2 AND "companyId" = $1 AND "permission" -> 'canView' = 'true')
                    ORDER BY "createdAt", "id""#,
                &[&company, &user],
            )
            .await?
            .iter()
            .map(ReportRow::read)
            .collect()
    }

    /// Writes a report anew. `None`: the company has no such report.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn update_report(
        &self,
        company: Uuid,
        id: Uuid,
        author: Uuid,
        report: &ReportText,
    ) -> Result<Option<ReportRow>, StoreError> {
        report.check()?;
        let rows = self
            .pool
            .write(
                r#"UPDATE "report" SET "title" = $4, "description" = $5, "data" = $6, "updatedByUserId" = $3,
                          "updatedAt" = CURRENT_TIMESTAMP
                    WHERE "id" = $2 AND "companyId" = $1
                   RETURNING "id", "companyId", "createdByUserId", "updatedByUserId", "createdAt", "updatedAt", "title",
                             "description", "data""#,
                &[&company, &id, &author, &report.title, &report.description, &report.data],
            )
            .await?;
        rows.first().map(ReportRow::read).transpose()
    }

    /// Deletes a report and its shares. `false`: the company has no such report.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn delete_report(&self, company: Uuid, id: Uuid) -> Result<bool, StoreError> {
        let rows = self
            .pool
            .write(r#"DELETE FROM "report" WHERE "id" = $1 AND "companyId" = $2 RETURNING "id""#, &[&id, &company])
            .await?;
        Ok(!rows.is_empty())
    }

    /// The shares of a report, oldest first; none for a report that the company does not have.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn report_users(&self, company: Uuid, report: Uuid) -> Result<Vec<ReportUserRow>, StoreError> {
        self.pool
            .read(
                r#"SELECT "id", "userId", "reportId", "companyId", "createdByUserId", "createdAt", "permission"
                     FROM "reportUser" WHERE "reportId" = $1 AND "companyId" = $2 ORDER BY "createdAt", "id""#,
                &[&report, &company],
            )
            .await?
            .iter()
            .map(ReportUserRow::read)
            .collect()
    }

    /// Whether a share lets this user see this report.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn may_view_report(&self, company: Uuid, report: Uuid, user: Uuid) -> Result<bool, StoreError> {
        let rows = self
            .pool
            .read(
                r#"SELECT "id", "userId", "reportId", "companyId", "createdByUserId", "createdAt", "permission"
                     FROM "reportUser" WHERE "companyId" = $1 AND "userId" = $3 AND "reportId" = $2"#,
                &[&company, &report, &user],
            )
            .await?;
        let shares: Vec<ReportUserRow> = rows.iter().map(ReportUserRow::read).collect::<Result<_, _>>()?;
        Ok(shares.iter().any(ReportUserRow::can_view))
    }

    /// Shares a report of the company with one of its users. The row of the report is locked, so that two requests at
    /// once make one share (D-30).
    ///
    /// # Errors
    /// Any [`StoreError`]; `Conflict` when one of the users is gone.
    pub async fn share_report(
        &self,
        company: Uuid,
        report: Uuid,
        user: Uuid,
        author: Uuid,
    ) -> Result<ReportShared, StoreError> {
        let work = self.pool.begin().await?;
        let found = work
            .run(
                r#"SELECT "id" FROM "report" WHERE "id" = $1 AND "companyId" = $2 FOR NO KEY UPDATE"#,
                &[&report, &company],
            )
            .await?;
        if found.is_empty() {
            work.roll_back().await?;
            return Ok(ReportShared::NoReport);
        }
        let inserted = work
            .run(
                r#"INSERT INTO "reportUser" ("reportId", "companyId", "userId", "createdByUserId", "permission")
                   SELECT $1, $2, $3, $4, '{"canView": true}'
                    WHERE NOT EXISTS (SELECT FROM "reportUser"
                                       WHERE "companyId" = $2 AND "userId" = $3 AND "reportId" = $1)
                   RETURNING "id""#,
                &[&report, &company, &user, &author],
            )
            .await?;
        work.commit().await?;
        Ok(if inserted.is_empty() { ReportShared::Already } else { ReportShared::Done })
    }

    /// Takes a share back, also one that was made twice. `false`: it was not shared with this user.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn unshare_report(&self, company: Uuid, report: Uuid, user: Uuid) -> Result<bool, StoreError> {
        let rows = self
            .pool
            .write(
                r#"DELETE FROM "reportUser" WHERE "companyId" = $1 AND "userId" = $3 AND "reportId" = $2 RETURNING "id""#,
                &[&company, &report, &user],
            )
            .await?;
        Ok(!rows.is_empty())
    }
}
