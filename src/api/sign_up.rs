//! Routes 5 and 6: a new organization with its owner, and joining one by invite (http-api 8.3).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use percent_encoding::percent_decode;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::authentication::set_cookie;
use super::call::{Answer, Call, uuid};
use super::coded::Code;
use super::refusal::Refusal;
use super::{new_user, proof};
use crate::auth::gate::LIFETIME;
use crate::auth::{Email, LoginId, Role, cookie};
use crate::http::{HeaderValue, Reply, StatusCode, header, json as json_reply};
use crate::store::{
    EnvironmentType, Join, JoinOutcome, NewCompany, NewEnvironment, NewLogin, NewOwner, SignUp, SignUpOutcome,
};

/// Most characters in a person's name, and in an organization's.
const LONGEST_NAME: usize = 100;
const LONGEST_ORGANIZATION: usize = 200;
const LONGEST_AFFILIATE_CODE: usize = 100;

/// Who may found an organization, and what it starts with.
#[derive(Clone, Debug, Default)]
pub struct Registration {
    /// Lower-case domains of e-mail addresses; empty: everybody.
    pub allowed_domains: Vec<String>,
    /// Nobody, once somebody has.
    pub first_company_only: bool,
    /// New organizations start on plan `pro`, and not on `hobby`.
    pub starts_on_pro: bool,
}

impl Registration {
    fn lets_in(&self, email: &Email) -> bool {
        let domain = email.domain().to_lowercase();
        self.allowed_domains.is_empty() || self.allowed_domains.contains(&domain)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AccountType {
    Developer,
    UserOnly,
}

impl AccountType {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Developer => "developer",
            Self::UserOnly => "user-only",
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Company {
    first_name: String,
    last_name: String,
    email: String,
    org_name: String,
    account_type: AccountType,
}

/// Route 5.
pub(super) async fn company(mut call: Call) -> Answer {
    let needed = || Code::Unknown.told("firstName, lastName, email, orgName and accountType are needed.");
    let wanted = call.read::<Company>().ok_or_else(needed)?;
    let (first_name, last_name) = (name(&wanted.first_name)?, name(&wanted.last_name)?);
    let organization = bounded(&wanted.org_name, LONGEST_ORGANIZATION)
        .ok_or_else(|| Code::Unknown.told("The organization's name must have 1 to 200 characters."))?;
    let email = proof::email(&call).await?;
    if email.as_str() != wanted.email {
        return Err(Code::OtherEmail.told("You are signed in with another e-mail address than the one given."));
    }
    let registration = &call.api.registration;
    if !registration.lets_in(&email) {
        return Err(closed("New organizations on this server are limited to certain e-mail domains."));
    }

    let account = NewAccount::make(&call, first_name)?;
    let is_developer = wanted.account_type == AccountType::Developer;
    let metadata = json!({
        "show-onboarding": true,
        "has-never-opened-app": true,
        "show-success-callout-on-app-open": is_developer,
    });
    let affiliate_code = affiliate_code(&call);
    let sign_up = SignUp {
        company: NewCompany { name: organization, plan: if registration.starts_on_pro { "pro" } else { "hobby" } },
        affiliate_code: affiliate_code.as_deref(),
        only_if_first: registration.first_company_only,
        owner: NewOwner { first_name, last_name, email: email.as_str(), metadata: &metadata },
        environment: is_developer.then(|| account.environment()),
        login: Some(account.login()),
    };
    match call.api.store.sign_up(&sign_up).await? {
        SignUpOutcome::Done(made) => {
            tracing::info!(company.id = %made.company, user.id = %made.user, "an organization was founded");
            Ok(account.reply(&call, &json!({"success": true})))
        }
        SignUpOutcome::EmailTaken => Err(exists()),
        SignUpOutcome::NotFirst => {
            Err(closed("This server has its organization already. Please ask a colleague for an invite."))
        }
    }
}

fn closed(text: &str) -> Refusal {
    Code::Unknown.told(text)
}

fn exists() -> Refusal {
    Code::Exists.told("An account with this e-mail address exists. Please sign in.")
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invited {
    first_name: String,
    last_name: String,
    invite_code: String,
}

/// Route 6.
pub(super) async fn join(mut call: Call) -> Answer {
    let needed = || Code::Unknown.told("firstName, lastName and inviteCode are needed.");
    let no_invite = || Code::Unknown.told("This invite does not exist or was used already. Please ask for a new one.");
    let wanted = call.read::<Invited>().ok_or_else(needed)?;
    let (first_name, last_name) = (name(&wanted.first_name)?, name(&wanted.last_name)?);
    let invite = uuid(&wanted.invite_code).ok_or_else(no_invite)?;
    let email = proof::email(&call).await?;

    let account = NewAccount::make(&call, first_name)?;
    let outcome = call
        .api
        .store
        .join(&Join {
            invite,
            email: email.as_str(),
            first_name,
            last_name,
            environment: account.environment(),
            login: account.login(),
            now: Timestamp::now(),
            role: |text| text.and_then(Role::parse).unwrap_or(Role::Member).as_str(),
        })
        .await?;
    match outcome {
        JoinOutcome::Done { user, first_developer, role_was_missing } => {
            tracing::info!(user.id = %user, "somebody joined an organization");
            if role_was_missing {
                report_missing_role(&call, invite).await;
            }
            Ok(account.reply(&call, &json!({"isFirstDeveloperInOrganization": first_developer})))
        }
        JoinOutcome::NoInvite => Err(no_invite()),
        JoinOutcome::Expired => Err(Code::Unknown.told("This invite has expired. Please ask for a new one.")),
        JoinOutcome::OtherEmail => {
            Err(Code::OtherEmail.told("This invite is for another e-mail address. Please sign in with that one."))
        }
        JoinOutcome::EmailTaken => Err(exists()),
        JoinOutcome::NoSeat => {
            Err(Code::Billing.told("The organization's plan has no room for another user. Please ask its owner."))
        }
    }
}

async fn report_missing_role(call: &Call, invite: Uuid) {
    let data = json!({"type": "PERMISSION_NOT_FOUND_FOR_INVITE_CODE", "emailCodeId": invite.to_string()});
    if let Err(error) = call.api.store.insert_error_log(&data).await {
        tracing::warn!(%error, "an error report could not be stored");
    }
}

/// What every new user gets, made before the transaction.
struct NewAccount {
    environment_name: String,
    api_key_hash: String,
    decryptable_key: String,
    login: LoginId,
    expires_at: Timestamp,
}

impl NewAccount {
    fn make(call: &Call, first_name: &str) -> Result<Self, Refusal> {
        let internal = |error: crate::auth::NoRandomness| Refusal::Internal(error.to_string());
        let keys = &call.api.keys;
        let key = keys.generate(EnvironmentType::Development).map_err(internal)?;
        Ok(Self {
            environment_name: format!("{} Dev Environment", possessive(first_name)),
            api_key_hash: keys.hash(&key).as_str().to_owned(),
            decryptable_key: keys.seal(&key).map_err(internal)?,
            login: LoginId::generate().map_err(internal)?,
            expires_at: Timestamp::now() + LIFETIME,
        })
    }

    fn environment(&self) -> NewEnvironment<'_> {
        NewEnvironment {
            name: &self.environment_name,
            api_key_hash: &self.api_key_hash,
            decryptable_key: &self.decryptable_key,
        }
    }

    fn login(&self) -> NewLogin<'_> {
        NewLogin { id: self.login.expose(), expires_at: self.expires_at }
    }

    fn reply(&self, call: &Call, body: &Value) -> Reply {
        let mut reply = json_reply(StatusCode::OK, body);
        set_cookie(&mut reply, &cookie(&self.login, call.api.secure_cookies()));
        if let Some(used) =
            new_user::person(call).and_then(|_| HeaderValue::try_from(new_user::clearing_cookie(call)).ok())
        {
            reply.headers_mut().append(header::SET_COOKIE, used);
        }
        reply
    }
}

fn possessive(name: &str) -> String {
    format!("{name}{}", if name.ends_with('s') { "'" } else { "'s" })
}

fn name(text: &str) -> Result<&str, Refusal> {
    bounded(text, LONGEST_NAME)
        .ok_or_else(|| Code::Unknown.told("First and last name must have 1 to 100 characters each."))
}

/// A text without control characters, trimmed, with 1 to `most` characters.
fn bounded(text: &str, most: usize) -> Option<&str> {
    let text = text.trim();
    let good = !text.is_empty() && text.chars().count() <= most && !text.contains(char::is_control);
    good.then_some(text)
}

/// Cookie `compose-affiliate-code`: the base64 of a JSON string; anything else means that there is none (D-34).
fn affiliate_code(call: &Call) -> Option<String> {
    let pairs = call.request.cookies().flat_map(|header| header.split(|&byte| byte == b';'));
    let value = pairs.map(<[u8]>::trim_ascii).find_map(|pair| pair.strip_prefix(b"compose-affiliate-code="))?;
    read_affiliate_code(value)
}

fn read_affiliate_code(value: &[u8]) -> Option<String> {
    let text = STANDARD.decode(percent_decode(value).collect::<Vec<_>>()).ok()?;
    let code: String = serde_json::from_slice(&text).ok()?;
    bounded(&code, LONGEST_AFFILIATE_CODE).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environments_are_named_after_their_owner() {
        for (name, expected) in [("Ann", "Ann's"), ("Ross", "Ross'"), ("ROSS", "ROSS's"), ("Ü", "Ü's")] {
            assert_eq!(possessive(name), expected);
        }
    }

    #[test]
    fn names_are_bounded() {
        assert_eq!(bounded("  Ann \t", 3), Some("Ann"));
        assert_eq!(bounded("äöü", 3), Some("äöü"));
        for bad in ["", "   ", "Anne", "a\0b", "a\nb", "a\u{7f}"] {
            assert_eq!(bounded(bad, 3), None, "{bad:?}");
        }
    }

    #[test]
    fn d34_an_affiliate_code_is_a_short_text() {
        let read = |json: &str| read_affiliate_code(STANDARD.encode(json).as_bytes());
        assert_eq!(read(r#""partner-7""#).as_deref(), Some("partner-7"));
        assert_eq!(read_affiliate_code(b"ImEi").as_deref(), Some("a"));
        assert_eq!(read_affiliate_code(b"ImFhIg%3D%3D").as_deref(), Some("aa"), "a cookie may be percent-encoded");
        for bad in ["5", "{}", "[\"a\"]", "null", "\"\"", "\"\\u0000\"", &format!("\"{}\"", "x".repeat(101))] {
            assert_eq!(read(bad), None, "{bad}");
        }
        assert_eq!(read_affiliate_code(b"%%%"), None);
    }

    #[test]
    fn domains_are_compared_whole() {
        let rule = Registration { allowed_domains: vec!["x.test".into()], ..Registration::default() };
        let lets_in = |text| rule.lets_in(&Email::parse(text).unwrap());
        assert!(lets_in("ann@X.test"));
        for out in ["ann@evilx.test", "ann@a.x.test", "x.test@evil.test"] {
            assert!(!lets_in(out), "{out}");
        }
        assert!(Registration::default().lets_in(&Email::parse("a@b").unwrap()));
    }
}
