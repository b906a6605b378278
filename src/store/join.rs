//! Joining a company by invite, in one transaction (`http-api.md` 8.3, `database.md` 5).

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::decode::{column, json as json_column, no_nul};
use super::pool::Work;
use super::sign_up::{NewUser, email_is_taken, insert_development_environment, insert_login, insert_user, lock_email};
use super::{NewEnvironment, NewLogin, NewOwner, Store, StoreError};

/// Somebody who accepts an invite.
#[derive(Clone, Debug)]
pub struct Join<'a> {
    /// The invite.
    pub invite: Uuid,
    /// In the spelling of the identity provider.
    pub email: &'a str,
    /// Given name.
    pub first_name: &'a str,
    /// Family name.
    pub last_name: &'a str,
    /// Made only when the invite is one for a developer.
    pub environment: NewEnvironment<'a>,
    /// The first login.
    pub login: NewLogin<'a>,
    /// Invites that end before this are of no use.
    pub now: Timestamp,
    /// What role comes of the invite's text, which may be missing or anything (D-04).
    pub role: fn(Option<&str>) -> &'static str,
}

/// What became of it. But for `Done`, nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinOutcome {
    /// The user is there and the invite is gone.
    Done {
        /// The user.
        user: Uuid,
        /// A developer, in a company in which nobody had a development environment.
        first_developer: bool,
        /// The invite named no role.
        role_was_missing: bool,
    },
    /// There is no such invite, or not one for joining a company that exists.
    NoInvite,
    /// The invite has ended.
    Expired,
    /// The invite is for another address.
    OtherEmail,
    /// A user with this e-mail exists.
    EmailTaken,
    /// The company's plan has no room for one more.
    NoSeat,
}

impl Store {
    /// Makes a user of an invite. The invite is locked and deleted in the same transaction: it is good once.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn join(&self, join: &Join<'_>) -> Result<JoinOutcome, StoreError> {
        no_nul([join.email, join.first_name, join.last_name, join.environment.name])?;
        let work = self.pool.begin().await?;
        let outcome = attempt(&work, join).await?;
        match outcome {
            JoinOutcome::Done { .. } => work.commit().await?,
            _ => work.roll_back().await?,
        }
        Ok(outcome)
    }
}

async fn attempt(work: &Work, join: &Join<'_>) -> Result<JoinOutcome, StoreError> {
    lock_email(work, join.email).await?;
    let invites = work
        .run(
            r#"SELECT "companyId", "email", "expiresAt", "metadata" FROM "emailCode" WHERE "id" = $1 FOR UPDATE"#,
            &[&join.invite],
        )
        .await?;
    let Some(row) = invites.first() else { return Ok(JoinOutcome::NoInvite) };
    let (company, email): (Option<Uuid>, String) = (column(row, "companyId")?, column(row, "email")?);
    let metadata = json_column(row, "metadata");
    let text = |key: &str| metadata.get(key).and_then(Value::as_str);
    let Some(company) = company.filter(|_| text("purpose") == Some("JOIN_COMPANY")) else {
        return Ok(JoinOutcome::NoInvite);
    };
    if join.now > column::<Timestamp>(row, "expiresAt")? {
        return Ok(JoinOutcome::Expired);
    }
    if email.to_lowercase() != join.email.to_lowercase() {
        return Ok(JoinOutcome::OtherEmail);
    }
    if email_is_taken(work, join.email).await? {
        return Ok(JoinOutcome::EmailTaken);
    }
    let Some(team) = lock_team(work, company).await? else { return Ok(JoinOutcome::NoInvite) };
    if !team.has_room {
        return Ok(JoinOutcome::NoSeat);
    }

    let is_developer = text("accountType") == Some("developer");
    let environment = match is_developer {
        true => Some(insert_development_environment(work, company, &join.environment).await?),
        false => None,
    };
    let first_developer = is_developer && !team.has_developer;
    let metadata = json!({
        "show-onboarding": first_developer,
        "has-never-opened-app": true,
        "show-success-callout-on-app-open": first_developer,
    });
    let person =
        NewOwner { first_name: join.first_name, last_name: join.last_name, email: join.email, metadata: &metadata };
    let permission = (join.role)(text("permission"));
    let Some(user) = insert_user(work, &NewUser { company, environment, permission, person: &person }).await? else {
        return Ok(JoinOutcome::EmailTaken);
    };
    insert_login(work, &join.login, user, company, join.email).await?;
    work.run(r#"DELETE FROM "emailCode" WHERE "id" = $1"#, &[&join.invite]).await?;
    Ok(JoinOutcome::Done { user, first_developer, role_was_missing: text("permission").is_none() })
}

struct Team {
    has_room: bool,
    has_developer: bool,
}

/// Locks the company, so that two people cannot take the last seat. `None`: the company is gone.
async fn lock_team(work: &Work, company: Uuid) -> Result<Option<Team>, StoreError> {
    let companies =
        work.run(r#"SELECT "plan", "flags" FROM "company" WHERE "id" = $1 FOR NO KEY UPDATE"#, &[&company]).await?;
    let Some(row) = companies.first() else { return Ok(None) };
    let (plan, flags): (String, Value) = (column(row, "plan")?, json_column(row, "flags"));
    let counts = work
        .run(
            r#"SELECT count(*) AS "users", count("developmentEnvironmentId") AS "developers"
                 FROM "user" WHERE "companyId" = $1"#,
            &[&company],
        )
        .await?;
    let Some(row) = counts.first() else { return Ok(None) };
    let (users, developers): (i64, i64) = (column(row, "users")?, column(row, "developers")?);
    Ok(Some(Team { has_room: has_room(&plan, &flags, users), has_developer: developers > 0 }))
}

/// Whether a company may have one user more (`http-api.md` 8.10): plan `hobby` has one seat; every other text has no end.
fn has_room(plan: &str, flags: &Value, users: i64) -> bool {
    plan != "hobby" || flags.get("FRIENDS_AND_FAMILY_FREE") == Some(&Value::Bool(true)) || users < 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_hobby_plan_has_an_end() {
        let free = json!({"FRIENDS_AND_FAMILY_FREE": true});
        for (plan, flags, users, room) in [
            ("hobby", &json!({}), 0, true),
            ("hobby", &json!({}), 1, false),
            ("hobby", &json!({"FRIENDS_AND_FAMILY_FREE": "true"}), 1, false),
            ("hobby", &free, 7, true),
            ("pro", &json!({}), 1000, true),
            ("enterprise", &json!(null), 1000, true),
        ] {
            assert_eq!(has_room(plan, flags, users), room, "{plan} {flags} {users}");
        }
    }
}
