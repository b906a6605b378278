//! Routes 7, 13 and 14: what an invite says, making one, taking it back (http-api 8.3 and 8.5).

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::call::{Answer, Call};
use super::refusal::Refusal;
use super::shape::time;
use super::sign_up::{AccountType, uuid};
use crate::auth::{Email, Role};
use crate::http::{StatusCode, json as json_reply};
use crate::store::{InviteRow, UserRow};

/// How long an invite is good.
const LIFETIME: SignedDuration = SignedDuration::from_hours(3 * 24);

/// Route 7. Whoever knows the id is the invited person; they learn what they need and no more (D-11).
pub(super) async fn show(call: Call) -> Answer {
    let unknown = || Refusal::message(StatusCode::NOT_FOUND, "This invite does not exist or was used already.");
    let id = uuid(call.parameters.get("id")).ok_or_else(unknown)?;
    let (invite, company) = call.api.store.invite(id).await?.ok_or_else(unknown)?;
    let mut metadata = Map::new();
    for key in ["purpose", "accountType"] {
        if let Some(value @ Value::String(_)) = invite.metadata.get(key) {
            metadata.insert(key.to_owned(), value.clone());
        }
    }
    let shown = json!({
        "id": invite.id.to_string(),
        "email": invite.email,
        "createdAt": time(invite.created_at),
        "expiresAt": time(invite.expires_at),
        "metadata": metadata,
        "company": company.map(|name| json!({"name": name})),
    });
    Ok(json_reply(StatusCode::OK, &shown))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invite {
    email: String,
    account_type: AccountType,
    permission: String,
}

/// Route 13.
pub(super) async fn create(mut call: Call) -> Answer {
    let told = |text: &str| Refusal::message(StatusCode::BAD_REQUEST, text);
    let forbidden = |text: &str| Refusal::message(StatusCode::FORBIDDEN, text);
    let inviter = user(&call)?.clone();
    let Some(own_role) = Role::parse(&inviter.permission).filter(|role| may_add_users(*role)) else {
        return Err(forbidden("Only owners and admins can invite people."));
    };
    let wanted = call.read::<Invite>().ok_or_else(|| told("email, accountType and permission are needed."))?;
    let email =
        Email::parse(&wanted.email).filter(Email::is_routable).ok_or_else(|| told("This is not an e-mail address."))?;
    let role = Role::parse(&wanted.permission).ok_or_else(|| told("There is no such role."))?;
    if !may_give(own_role, role) {
        return Err(forbidden("Your own role does not allow you to give this one."));
    }
    let metadata = json!({
        "purpose": "JOIN_COMPANY",
        "accountType": wanted.account_type.as_str(),
        "permission": role.as_str(),
    });
    let expires_at = Timestamp::now() + LIFETIME;
    // D-28: in whose organization is nobody's business.
    let taken = || told("Somebody with this e-mail address has an account already and cannot be invited.");
    let store = &call.api.store;
    let invite = store.insert_invite(inviter.company_id, email.as_str(), &metadata, expires_at).await?;
    Ok(json_reply(StatusCode::OK, &whole(&invite.ok_or_else(taken)?)))
}

/// Route 14. An invite of another organization is as unknown as any.
pub(super) async fn delete(call: Call) -> Answer {
    let inviter = user(&call)?;
    if !Role::parse(&inviter.permission).is_some_and(may_add_users) {
        return Err(Refusal::message(StatusCode::FORBIDDEN, "Only owners and admins can take invites back."));
    }
    let unknown = || Refusal::message(StatusCode::BAD_REQUEST, "This invite does not exist or was used already.");
    let id = uuid(call.parameters.get("id")).ok_or_else(unknown)?;
    if !call.api.store.delete_invite(id, inviter.company_id).await? {
        return Err(unknown());
    }
    Ok(json_reply(StatusCode::OK, &json!({})))
}

fn user(call: &Call) -> Result<&UserRow, Refusal> {
    let internal = || Refusal::message(StatusCode::UNAUTHORIZED, "This is for people of the organization.");
    call.login()?.user.as_ref().ok_or_else(internal)
}

/// Features `add-user` and `remove-pending-invite` (http-api 4.1).
fn may_add_users(role: Role) -> bool {
    matches!(role, Role::Owner | Role::Admin)
}

/// Features `add-<role>-permission` (http-api 4.1): nobody can make somebody stronger than themselves (D-04).
fn may_give(inviter: Role, role: Role) -> bool {
    match role {
        Role::Owner | Role::Guest => inviter == Role::Owner,
        Role::Admin | Role::AppManager | Role::Member => may_add_users(inviter),
    }
}

/// `EmailCode`, for those who may invite.
fn whole(invite: &InviteRow) -> Value {
    json!({
        "id": invite.id.to_string(),
        "companyId": invite.company_id.map(|id| id.to_string()),
        "email": invite.email,
        "createdAt": time(invite.created_at),
        "expiresAt": time(invite.expires_at),
        "metadata": invite.metadata,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d04_who_may_invite_whom() {
        let all = [Role::Owner, Role::Admin, Role::AppManager, Role::Member, Role::Guest];
        let given = |inviter| all.map(|role| may_add_users(inviter) && may_give(inviter, role));
        assert_eq!(given(Role::Owner), [true; 5]);
        assert_eq!(given(Role::Admin), [false, true, true, true, false]);
        for none in [Role::AppManager, Role::Member, Role::Guest] {
            assert_eq!(given(none), [false; 5]);
        }
    }
}
