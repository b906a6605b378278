//! Routes 7, 13 and 14: what an invite says, making one, taking it back (http-api 8.3 and 8.5).

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::call::{Answer, Call};
use super::refusal::Refusal;
use super::shape::time;
use super::sign_up::AccountType;
use crate::auth::{Email, Role, permission};
use crate::http::{StatusCode, json as json_reply};
use crate::store::InviteRow;

/// How long an invite is good.
const LIFETIME: SignedDuration = SignedDuration::from_hours(3 * 24);

/// Route 7. Whoever knows the id is the invited person; they learn what they need and no more (D-11).
pub(super) async fn show(call: Call) -> Answer {
    let unknown = || Refusal::message(StatusCode::NOT_FOUND, "This invite does not exist or was used already.");
    let id = call.id("id").ok_or_else(unknown)?;
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
    let wanted = call.read::<Invite>().ok_or_else(|| told("email, accountType and permission are needed."))?;
    let email =
        Email::parse(&wanted.email).filter(Email::is_routable).ok_or_else(|| told("This is not an e-mail address."))?;
    let role = Role::parse(&wanted.permission).ok_or_else(|| told("There is no such role."))?;
    // D-04: nobody invites somebody whom they could not make so themselves.
    call.must(permission::giving(role))?;
    let metadata = json!({
        "purpose": "JOIN_COMPANY",
        "accountType": wanted.account_type.as_str(),
        "permission": role.as_str(),
    });
    let expires_at = Timestamp::now() + LIFETIME;
    // D-28: in whose organization is nobody's business.
    let taken = || told("Somebody with this e-mail address has an account already and cannot be invited.");
    let company = call.user()?.company_id;
    let store = &call.api.store;
    let invite = store.insert_invite(company, email.as_str(), &metadata, expires_at).await?;
    Ok(json_reply(StatusCode::OK, &whole(&invite.ok_or_else(taken)?)))
}

/// Route 14. An invite of another organization is as unknown as any.
pub(super) async fn delete(call: Call) -> Answer {
    let unknown = || Refusal::message(StatusCode::BAD_REQUEST, "This invite does not exist or was used already.");
    let id = call.id("id").ok_or_else(unknown)?;
    if !call.api.store.delete_invite(id, call.user()?.company_id).await? {
        return Err(unknown());
    }
    Ok(json_reply(StatusCode::OK, &json!({})))
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
