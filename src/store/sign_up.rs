//! A new company with its first owner, in one transaction (`http-api.md` 8.3, D-12).

use std::fmt;

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::decode::{no_nul, no_nul_in_json};
use super::pool::Work;
use super::session::INSERT_SESSION;
use super::{EnvironmentType, SessionRow, Store, StoreError};

/// The unique constraint that the old server, which takes no locks, may run us into.
const EMAIL_KEY: &str = "user_email_key";
/// Key of the lock under which it is decided whether a company is the first.
const FIRST_COMPANY: &str = "compose-relay first company";

/// The company to make.
#[derive(Clone, Debug)]
pub struct NewCompany<'a> {
    /// Shown to people.
    pub name: &'a str,
    /// `hobby` or `pro`.
    pub plan: &'a str,
}

/// Its owner.
#[derive(Clone, Debug)]
pub struct NewOwner<'a> {
    /// Given name.
    pub first_name: &'a str,
    /// Family name.
    pub last_name: &'a str,
    /// Must be new, compared without regard to case.
    pub email: &'a str,
    /// `database.md` 3.5.
    pub metadata: &'a Value,
}

/// The owner's development environment.
#[derive(Clone)]
pub struct NewEnvironment<'a> {
    /// Shown to people.
    pub name: &'a str,
    /// The keyed hash of its API key, hex.
    pub api_key_hash: &'a str,
    /// The encrypted copy of its API key.
    pub decryptable_key: &'a str,
}

impl fmt::Debug for NewEnvironment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewEnvironment").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The login of a user who is only being made.
#[derive(Clone)]
pub struct NewLogin<'a> {
    /// The session's id: a secret.
    pub id: &'a str,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl fmt::Debug for NewLogin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewLogin").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// A sign-up that makes a company.
#[derive(Clone, Debug)]
pub struct SignUp<'a> {
    /// The company.
    pub company: NewCompany<'a>,
    /// For `flags`.
    pub affiliate_code: Option<&'a str>,
    /// Nothing is made when the server has a user already.
    pub only_if_first: bool,
    /// Its owner.
    pub owner: NewOwner<'a>,
    /// The owner's development environment.
    pub environment: Option<NewEnvironment<'a>>,
    /// The owner's first login.
    pub login: Option<NewLogin<'a>>,
}

/// What became of a sign-up. But for `Done`, nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignUpOutcome {
    /// Everything is there.
    Done(SignedUp),
    /// A user with this e-mail exists.
    EmailTaken,
    /// It would not be the first company.
    NotFirst,
}

/// The ids that the database gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedUp {
    /// The company.
    pub company: Uuid,
    /// The owner.
    pub user: Uuid,
    /// The development environment, when one was asked for.
    pub environment: Option<Uuid>,
}

impl Store {
    /// Makes a company, its owner and, when given, the owner's development environment. `None`: a user with this e-mail
    /// exists, compared without regard to case; nothing was changed.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn create_company_with_owner(
        &self,
        company: &NewCompany<'_>,
        owner: &NewOwner<'_>,
        environment: Option<&NewEnvironment<'_>>,
    ) -> Result<Option<SignedUp>, StoreError> {
        let sign_up = SignUp {
            company: company.clone(),
            affiliate_code: None,
            only_if_first: false,
            owner: owner.clone(),
            environment: environment.cloned(),
            login: None,
        };
        Ok(match self.sign_up(&sign_up).await? {
            SignUpOutcome::Done(made) => Some(made),
            SignUpOutcome::EmailTaken | SignUpOutcome::NotFirst => None,
        })
    }

    /// Makes a company with its owner in one transaction: all of it or nothing.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn sign_up(&self, new: &SignUp<'_>) -> Result<SignUpOutcome, StoreError> {
        let SignUp { company, owner, .. } = new;
        no_nul([company.name, company.plan, owner.first_name, owner.last_name, owner.email])?;
        no_nul(new.affiliate_code)?;
        no_nul(new.environment.iter().flat_map(|e| [e.name, e.api_key_hash, e.decryptable_key]))?;
        no_nul_in_json(owner.metadata)?;

        let work = self.pool.begin().await?;
        lock_email(&work, owner.email).await?;
        if email_is_taken(&work, owner.email).await? {
            work.roll_back().await?;
            return Ok(SignUpOutcome::EmailTaken);
        }
        if new.only_if_first {
            work.run("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", &[&FIRST_COMPANY]).await?;
            // Companies without a user are left-overs of failed sign-ups (D-12) and keep nobody out.
            if !work.run(r#"SELECT 1 FROM "user" LIMIT 1"#, &[]).await?.is_empty() {
                work.roll_back().await?;
                return Ok(SignUpOutcome::NotFirst);
            }
        }
        let company_id = insert_company(&work, company, new.affiliate_code).await?;
        let environment = match &new.environment {
            None => None,
            Some(environment) => Some(insert_development_environment(&work, company_id, environment).await?),
        };
        let user = NewUser { company: company_id, environment, permission: "owner", person: owner };
        let Some(user) = insert_user(&work, &user).await? else {
            work.roll_back().await?;
            return Ok(SignUpOutcome::EmailTaken);
        };
        if let Some(login) = &new.login {
            insert_login(&work, login, user, company_id, owner.email).await?;
        }
        work.commit().await?;
        Ok(SignUpOutcome::Done(SignedUp { company: company_id, user, environment }))
    }
}

/// The first of all locks (`database.md` 5).
pub(super) async fn lock_email(work: &Work, email: &str) -> Result<(), StoreError> {
    work.run("SELECT pg_advisory_xact_lock(hashtextextended(lower($1), 0))", &[&email]).await.map(drop)
}

pub(super) async fn email_is_taken(work: &Work, email: &str) -> Result<bool, StoreError> {
    let taken = work.run(r#"SELECT "id" FROM "user" WHERE lower("email") = lower($1) LIMIT 1"#, &[&email]).await?;
    Ok(!taken.is_empty())
}

async fn insert_company(
    work: &Work,
    company: &NewCompany<'_>,
    affiliate_code: Option<&str>,
) -> Result<Uuid, StoreError> {
    let mut flags = json!({ "FRIENDS_AND_FAMILY_FREE": false, "AUDIT_LOG_RATE_LIMIT_PER_MINUTE": 200 });
    if let Some(code) = affiliate_code {
        flags["AFFILIATE_CODE"] = code.into();
    }
    let id = Uuid::new_v4();
    work.run(
        r#"INSERT INTO "company" ("id", "name", "plan", "billingId", "flags") VALUES ($1, $2, $3, $4, $5)"#,
        &[&id, &company.name, &company.plan, &id.to_string(), &flags],
    )
    .await?;
    Ok(id)
}

pub(super) async fn insert_development_environment(
    work: &Work,
    company: Uuid,
    environment: &NewEnvironment<'_>,
) -> Result<Uuid, StoreError> {
    let id = Uuid::new_v4();
    work.run(
        r#"INSERT INTO "environment" ("id", "companyId", "name", "apiKey", "type", "decryptableKey")
           VALUES ($1, $2, $3, $4, $5::text::"environmentType", $6)"#,
        &[
            &id,
            &company,
            &environment.name,
            &environment.api_key_hash,
            &EnvironmentType::Development.as_str(),
            &environment.decryptable_key,
        ],
    )
    .await?;
    Ok(id)
}

/// A row of `user` to be made.
pub(super) struct NewUser<'a> {
    pub company: Uuid,
    pub environment: Option<Uuid>,
    pub permission: &'a str,
    pub person: &'a NewOwner<'a>,
}

/// `None`: the e-mail is taken; the transaction is broken then and must be rolled back.
pub(super) async fn insert_user(work: &Work, user: &NewUser<'_>) -> Result<Option<Uuid>, StoreError> {
    let id = Uuid::new_v4();
    let made = work
        .run(
            r#"INSERT INTO "user" ("id", "companyId", "firstName", "lastName", "email", "developmentEnvironmentId",
                                   "permission", "metadata")
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"#,
            &[
                &id,
                &user.company,
                &user.person.first_name,
                &user.person.last_name,
                &user.person.email,
                &user.environment,
                &user.permission,
                user.person.metadata,
            ],
        )
        .await;
    match made {
        Ok(_) => Ok(Some(id)),
        Err(StoreError::Conflict { constraint }) if constraint == EMAIL_KEY => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) async fn insert_login(
    work: &Work,
    login: &NewLogin<'_>,
    user: Uuid,
    company: Uuid,
    email: &str,
) -> Result<(), StoreError> {
    let session = SessionRow {
        id: login.id.to_owned(),
        user_id: Some(user),
        company_id: Some(company),
        expires_at: login.expires_at,
        is_external: false,
        email: email.to_owned(),
    };
    work.run(INSERT_SESSION, &session.params()).await.map(drop)
}
