//! The people of a company: who is in it, who is invited, and the transactions that change roles and remove people
//! (`database.md` 5).

use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use super::decode::{column, json, no_nul};
use super::pool::Work;
use super::{Store, StoreError, UserRow};

/// The columns of [`UserRow`].
macro_rules! select_user {
    ($rest:literal) => {
        concat!(
            r#"SELECT u."id", u."companyId", u."firstName", u."lastName", u."email", u."createdAt", u."updatedAt",
                      u."developmentEnvironmentId", u."permission", u."metadata" FROM "user" u "#,
            $rest
        )
    };
}
pub(super) use select_user;

/// An invite of a company that waits for its answer: a row of `emailCode`.
#[derive(Clone, PartialEq)]
pub struct PendingInvite {
    /// Primary key, and the secret of the link.
    pub id: Uuid,
    /// The company that invites.
    pub company_id: Uuid,
    /// Who is invited.
    pub email: String,
    /// When the row was made.
    pub created_at: Timestamp,
    /// Not good for joining any more after this.
    pub expires_at: Timestamp,
    /// `database.md` 3.6.
    pub metadata: Value,
}

impl std::fmt::Debug for PendingInvite {
    /// Without the id.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PendingInvite").field("company_id", &self.company_id).finish_non_exhaustive()
    }
}

impl PendingInvite {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: column(row, "id")?,
            company_id: column(row, "companyId")?,
            email: column(row, "email")?,
            created_at: column(row, "createdAt")?,
            expires_at: column(row, "expiresAt")?,
            metadata: json(row, "metadata"),
        })
    }
}

impl Store {
    /// All users of a company, oldest first.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn users_of_company(&self, company: Uuid) -> Result<Vec<UserRow>, StoreError> {
        self.pool
            .read(select_user!(r#"WHERE u."companyId" = $1 ORDER BY u."createdAt", u."id""#), &[&company])
            .await?
            .iter()
            .map(UserRow::read)
            .collect()
    }

    /// The invites of a company that have not expired at `now` and whose e-mail is not exactly that of one of its users,
    /// oldest first.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn pending_invites(&self, company: Uuid, now: Timestamp) -> Result<Vec<PendingInvite>, StoreError> {
        self.pool
            .read(
                r#"SELECT c."id", c."companyId", c."email", c."createdAt", c."expiresAt", c."metadata"
                     FROM "emailCode" c
                    WHERE c."companyId" = $1 AND c."expiresAt" >= $2
                      AND NOT EXISTS (SELECT FROM "user" u WHERE u."companyId" = $1 AND u."email" = c."email")
                    ORDER BY c."createdAt", c."id""#,
                &[&company, &now],
            )
            .await?
            .iter()
            .map(PendingInvite::read)
            .collect()
    }

    /// Locks the owners of a company and two of its users, so that what is then judged stays true until it is changed
    /// (D-30). The caller ends it with one of the methods of [`LockedPeople`].
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn lock_people(&self, company: Uuid, actor: Uuid, target: Uuid) -> Result<LockedPeople, StoreError> {
        let work = self.pool.begin().await?;
        // Deleting somebody deletes the development environment too, and environments are locked before users.
        work.run(
            r#"SELECT e."id" FROM "environment" e
                WHERE e."id" = (SELECT "developmentEnvironmentId" FROM "user" WHERE "id" = $1)
                  AND e."companyId" = $2 FOR NO KEY UPDATE"#,
            &[&target, &company],
        )
        .await?;
        let rows = work
            .run(
                select_user!(
                    r#"WHERE u."companyId" = $1 AND (u."permission" = 'owner' OR u."id" IN ($2, $3))
                       ORDER BY u."id" FOR NO KEY UPDATE"#
                ),
                &[&company, &actor, &target],
            )
            .await?;
        let users = rows.iter().map(UserRow::read).collect::<Result<Vec<_>, _>>()?;
        let owners = users.iter().filter(|user| user.permission == "owner").count();
        let find = |id| users.iter().find(|user| user.id == id).cloned();
        Ok(LockedPeople { work, company, actor: find(actor), target: find(target), owners })
    }
}

/// People who nobody else can change until this ends. Dropped, it changes nothing and costs a connection.
pub struct LockedPeople {
    work: Work,
    company: Uuid,
    /// Who wants the change, as of now; `None`: gone.
    pub actor: Option<UserRow>,
    /// Whom it is about, as of now; `None`: unknown in this company.
    pub target: Option<UserRow>,
    /// How many owners the company has.
    pub owners: usize,
}

impl std::fmt::Debug for LockedPeople {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LockedPeople").field("company", &self.company).finish_non_exhaustive()
    }
}

impl LockedPeople {
    /// Changes nothing.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn release(self) -> Result<(), StoreError> {
        self.work.roll_back().await
    }

    /// Gives the target another role. `updatedAt` stays.
    ///
    /// # Errors
    /// Any [`StoreError`]; `Conflict` never.
    pub async fn change_role(self, role: &str) -> Result<Option<UserRow>, StoreError> {
        no_nul([role])?;
        let Some(mut user) = self.target else {
            self.work.roll_back().await?;
            return Ok(None);
        };
        self.work.run(r#"UPDATE "user" SET "permission" = $2 WHERE "id" = $1"#, &[&user.id, &role]).await?;
        self.work.commit().await?;
        role.clone_into(&mut user.permission);
        Ok(Some(user))
    }

    /// Deletes the target and the target's development environment. Reports and report shares that the target made go
    /// over to the actor (D-14); sessions and shares of reports with the target vanish; logs and app shares stay.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn delete_target(self) -> Result<(), StoreError> {
        let (Some(actor), Some(target)) = (&self.actor, &self.target) else {
            return self.work.roll_back().await;
        };
        // Stronger than the first locks: nobody can now begin to refer to these rows. The log is written by statements
        // that lock the environment before the user, so the same is done here.
        if let Some(environment) = target.development_environment_id {
            self.work
                .run(
                    r#"SELECT "id" FROM "environment" WHERE "id" = $1 AND "companyId" = $2 AND "type" = 'development'
                          FOR UPDATE"#,
                    &[&environment, &self.company],
                )
                .await?;
        }
        self.work.run(r#"SELECT "id" FROM "user" WHERE "id" = $1 FOR UPDATE"#, &[&target.id]).await?;
        for move_authorship in [
            r#"UPDATE "report" SET "createdByUserId" = $2 WHERE "createdByUserId" = $1"#,
            r#"UPDATE "report" SET "updatedByUserId" = $2 WHERE "updatedByUserId" = $1"#,
            r#"UPDATE "reportUser" SET "createdByUserId" = $2 WHERE "createdByUserId" = $1"#,
        ] {
            self.work.run(move_authorship, &[&target.id, &actor.id]).await?;
        }
        self.work
            .run(r#"DELETE FROM "user" WHERE "id" = $1 AND "companyId" = $2"#, &[&target.id, &self.company])
            .await?;
        if let Some(environment) = target.development_environment_id {
            self.work
                .run(
                    r#"DELETE FROM "environment" WHERE "id" = $1 AND "companyId" = $2 AND "type" = 'development'"#,
                    &[&environment, &self.company],
                )
                .await?;
        }
        self.work.commit().await
    }
}
