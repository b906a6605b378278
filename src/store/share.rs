//! Sharing apps and taking that back, over HTTP (`database.md` 5, "share create").

use uuid::Uuid;

use super::decode::{column, no_nul};
use super::seats::SeatsUsed;
use super::{CompanyRow, ShareRow, Store, StoreError};

/// A share to make.
#[derive(Clone, Copy, Debug)]
pub struct NewShare<'a> {
    /// As it shall be stored.
    pub email: &'a str,
    /// The app's environment.
    pub environment: Uuid,
    /// The app.
    pub route: &'a str,
    /// Who shares.
    pub by: Uuid,
    /// The company of whoever shares; the environment must be its own.
    pub company: Uuid,
    /// Whether the share takes a seat.
    pub takes_a_seat: bool,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shared {
    /// It is made.
    Made,
    /// The company has no such environment.
    UnknownEnvironment,
    /// The app is shared with this one already, compared without regard to case.
    Already,
    /// There is no seat left.
    NoSeat,
}

impl Store {
    /// Makes a share; one and the same share is made once, however many ask at the same time. `has_seat` decides, of the
    /// company and the seats that it uses now, whether one more may be taken.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn create_share(
        &self,
        share: &NewShare<'_>,
        has_seat: impl FnOnce(&CompanyRow, SeatsUsed) -> bool + Send,
    ) -> Result<Shared, StoreError> {
        no_nul([share.email, share.route])?;
        let work = self.pool.begin().await?;
        let mut has_seat = Some(has_seat);
        // Companies are locked before environments.
        let room = if share.takes_a_seat {
            let rows = work
                .run(
                    r#"SELECT "id", "name", "plan", "billingId", "flags", "createdAt", "updatedAt" FROM "company"
                        WHERE "id" = $1 FOR NO KEY UPDATE"#,
                    &[&share.company],
                )
                .await?;
            match (rows.first().map(CompanyRow::read).transpose()?, has_seat.take()) {
                (Some(company), Some(judge)) => judge(&company, SeatsUsed::count(&work, share.company).await?),
                _ => false,
            }
        } else {
            true
        };
        let environment = work
            .run(
                r#"SELECT "id" FROM "environment" WHERE "id" = $1 AND "companyId" = $2 FOR NO KEY UPDATE"#,
                &[&share.environment, &share.company],
            )
            .await?;
        if environment.is_empty() {
            work.roll_back().await?;
            return Ok(Shared::UnknownEnvironment);
        }
        // A row that another company planted lets nobody in, so it is no obstacle either (D-01).
        let same = work
            .run(
                r#"SELECT "id" FROM "externalAppUser"
                    WHERE "environmentId" = $1 AND "appRoute" = $2 AND lower("email") = lower($3) AND "companyId" = $4
                    LIMIT 1"#,
                &[&share.environment, &share.route, &share.email, &share.company],
            )
            .await?;
        if !same.is_empty() || !room {
            work.roll_back().await?;
            return Ok(if same.is_empty() { Shared::NoSeat } else { Shared::Already });
        }
        work.run(
            r#"INSERT INTO "externalAppUser" ("email", "environmentId", "appRoute", "createdByUserId", "companyId")
               VALUES ($1, $2, $3, $4, $5)"#,
            &[&share.email, &share.environment, &share.route, &share.by, &share.company],
        )
        .await?;
        work.commit().await?;
        Ok(Shared::Made)
    }

    /// A share of an app in one of this company's environments, whichever company the row itself names (D-01).
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn share_in_company(&self, id: Uuid, company: Uuid) -> Result<Option<ShareRow>, StoreError> {
        let row = self
            .pool
            .read_one(
                r#"SELECT s."id", s."email", s."environmentId", s."appRoute", s."createdByUserId", s."createdAt",
                          s."updatedAt", s."companyId", s."createdBySdk"
                     FROM "externalAppUser" s JOIN "environment" e ON e."id" = s."environmentId"
                    WHERE s."id" = $1 AND e."companyId" = $2"#,
                &[&id, &company],
            )
            .await?;
        row.as_ref().map(ShareRow::read).transpose()
    }

    /// Deletes a share. `false`: it is gone already.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn delete_share(&self, id: Uuid) -> Result<bool, StoreError> {
        let rows = self.pool.write(r#"DELETE FROM "externalAppUser" WHERE "id" = $1 RETURNING "id""#, &[&id]).await?;
        rows.first().map(|row| column::<Uuid>(row, "id")).transpose().map(|row| row.is_some())
    }

    /// The roles of the users of this company with this e-mail, compared without regard to case.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn roles_of_colleagues(&self, company: Uuid, email: &str) -> Result<Vec<String>, StoreError> {
        no_nul([email])?;
        self.pool
            .read(
                r#"SELECT "permission" FROM "user" WHERE lower("email") = lower($2) AND "companyId" = $1"#,
                &[&company, &email],
            )
            .await?
            .iter()
            .map(|row| column(row, "permission"))
            .collect()
    }
}
