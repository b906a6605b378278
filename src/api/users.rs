//! Routes 20 to 23: roles, removal, the own development environment, what the dashboard remembers of a user.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::call::{Answer, Call};
use super::refusal::{Refusal, told};
use super::shape;
use crate::auth::{Role, permission};
use crate::control::Scope;
use crate::http::{StatusCode, json as json_reply};
use crate::store::{LockedPeople, StoreError, UserRow};

/// Keys that metadata may have.
const MOST_KEYS: usize = 50;
/// Bytes of JSON that metadata may have.
const LARGEST_METADATA: usize = 8 * 1024;
/// Characters of a text in metadata.
const LONGEST_TEXT: usize = 200;
/// Keys that the dashboard itself writes.
const KNOWN_KEYS: [&str; 3] = ["show-onboarding", "has-never-opened-app", "show-success-callout-on-app-open"];

fn unknown() -> Refusal {
    told("There is no such user in the organization.")
}

fn forbidden(text: &str) -> Refusal {
    Refusal::message(StatusCode::FORBIDDEN, text)
}

/// Gives the locks back and says why.
async fn release(people: LockedPeople, refusal: Refusal) -> Refusal {
    match people.release().await {
        Ok(()) => refusal,
        Err(error) => error.into(),
    }
}

/// The acting user as the locked row says: the role may have changed since the gate looked.
fn actor(people: &LockedPeople) -> Result<&UserRow, Refusal> {
    people.actor.as_ref().ok_or_else(|| told("Your account is gone."))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wanted {
    new_permission: String,
}

/// Route 20.
pub(super) async fn change_role(mut call: Call) -> Answer {
    let wanted = call.read::<Wanted>().and_then(|wanted| Role::parse(&wanted.new_permission));
    let role = wanted.ok_or_else(|| told("newPermission must be one of the five roles."))?;
    let target = call.id("userId").ok_or_else(unknown)?;
    let user = call.user()?;
    let people = call.api.store.lock_people(user.company_id, user.id, target).await?;
    if let Err(refusal) = judge_change(&people, role) {
        return Err(release(people, refusal).await);
    }
    let updated = people.change_role(role.as_str()).await?.ok_or_else(unknown)?;
    call.api.revocations.say(Scope::User(target));
    Ok(json_reply(StatusCode::OK, &json!({"updatedUser": shape::user(&updated)})))
}

fn judge_change(people: &LockedPeople, new: Role) -> Result<(), Refusal> {
    let target = people.target.as_ref().ok_or_else(unknown)?;
    let old = Role::parse(&target.permission);
    if old == Some(new) {
        return Err(told("The user has this role already."));
    }
    let actor = actor(people)?;
    if !permission::may(actor, permission::giving(new)) {
        return Err(forbidden("Your role does not allow you to give this role."));
    }
    if !permission::may(actor, permission::taking(old)) {
        return Err(forbidden("Your role does not allow you to change the role of this user."));
    }
    if old == Some(Role::Owner) && people.owners < 2 {
        return Err(told("The organization needs an owner. Make somebody else an owner first."));
    }
    Ok(())
}

/// Route 21.
pub(super) async fn delete(call: Call) -> Answer {
    let target = call.id("userId").ok_or_else(unknown)?;
    let user = call.user()?;
    let people = call.api.store.lock_people(user.company_id, user.id, target).await?;
    if let Err(refusal) = judge_removal(&people) {
        return Err(release(people, refusal).await);
    }
    let environment = people.target.as_ref().and_then(|target| target.development_environment_id);
    people.delete_target().await?;
    call.api.revocations.say(Scope::User(target));
    if let Some(environment) = environment {
        call.api.revocations.say(Scope::Environment(environment));
    }
    Ok(json_reply(StatusCode::OK, &json!({})))
}

fn judge_removal(people: &LockedPeople) -> Result<(), Refusal> {
    let target = people.target.as_ref().ok_or_else(unknown)?;
    let actor = actor(people)?;
    if target.id == actor.id {
        return Err(told("You cannot remove yourself."));
    }
    let role = Role::parse(&target.permission);
    if !permission::may(actor, permission::deleting(role)) {
        return Err(forbidden("Your role does not allow you to remove this user."));
    }
    if role == Some(Role::Owner) && people.owners < 2 {
        return Err(told("The organization needs an owner."));
    }
    Ok(())
}

/// Route 22. `decryptableKey` holds the key itself: so it was always called.
pub(super) async fn development_environment(call: Call) -> Answer {
    let user = call.user()?;
    let Some(id) = user.development_environment_id else {
        return Ok(json_reply(StatusCode::OK, &json!({"environments": []})));
    };
    let environment = call.api.store.environment(id).await?.filter(|row| row.company_id == user.company_id);
    let environment = environment.ok_or_else(|| told("Your development environment is gone."))?;
    let key = environment.decryptable_key.as_deref().and_then(|copy| call.api.keys.open(copy).ok());
    let key = key.ok_or_else(|| told("The key cannot be shown. Make a new one in the settings of the environment."))?;
    let mut shown = shape::environment(&environment);
    shown.insert("decryptableKey".to_owned(), key.expose().into());
    Ok(json_reply(StatusCode::OK, &json!({"environments": [shown]})))
}

#[derive(Deserialize)]
struct Metadata {
    metadata: Map<String, Value>,
}

/// Route 23.
pub(super) async fn update_metadata(mut call: Call) -> Answer {
    let sent = call.read::<Metadata>().ok_or_else(|| told("metadata must be an object."))?.metadata;
    if let Some(key) = sent.iter().find_map(|(key, value)| (!is_metadata(key, value)).then_some(key)) {
        tracing::debug!(length = key.len(), "metadata refused");
        return Err(told("Metadata are yes or no, numbers, and texts of at most 200 characters."));
    }
    let user = call.user()?;
    let updated: Result<_, StoreError> = call.api.store.change_user_metadata(user.id, |old| merge(old, sent)).await;
    let updated = updated?.ok_or_else(unknown)?.map_err(|TooMuch| told("There are too many metadata."))?;
    Ok(json_reply(StatusCode::OK, &json!({"user": shape::user(&updated)})))
}

fn is_metadata(key: &str, value: &Value) -> bool {
    match value {
        Value::Bool(_) => true,
        Value::Number(_) => !KNOWN_KEYS.contains(&key),
        Value::String(text) => !KNOWN_KEYS.contains(&key) && text.chars().count() <= LONGEST_TEXT,
        _ => false,
    }
}

#[derive(Debug, PartialEq, Eq)]
struct TooMuch;

/// Puts what was sent over what is stored, one level deep. The limits do not bind the dashboard's own keys: users whose
/// metadata grew too large under the old server must not be locked out of theirs.
fn merge(old: &Value, sent: Map<String, Value>) -> Result<Value, TooMuch> {
    let bound = sent.keys().any(|key| !KNOWN_KEYS.contains(&key.as_str()));
    let mut merged = old.as_object().cloned().unwrap_or_default();
    merged.extend(sent);
    let keys = merged.len();
    let merged = Value::Object(merged);
    if bound && (keys > MOST_KEYS || merged.to_string().len() > LARGEST_METADATA) { Err(TooMuch) } else { Ok(merged) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn d32_metadata_are_merged_one_level_deep_and_bounded() {
        let old = json!({"show-onboarding": true, "x": 1});
        let merged = merge(&old, map(json!({"show-onboarding": false, "y": "z"})));
        assert_eq!(merged, Ok(json!({"show-onboarding": false, "x": 1, "y": "z"})));
        assert_eq!(merge(&json!([1]), map(json!({"x": 1}))), Ok(json!({"x": 1})));
        let many: Map<_, _> = (0..60).map(|n| (format!("k{n}"), json!(n))).collect();
        assert_eq!(merge(&json!({}), many.clone()), Err(TooMuch));
        assert!(merge(&Value::Object(many.clone()), map(json!({"show-onboarding": true}))).is_ok());
        assert_eq!(merge(&Value::Object(many), map(json!({"more": true}))), Err(TooMuch));
        assert_eq!(merge(&json!({"x": "y".repeat(8 * 1024)}), map(json!({"more": true}))), Err(TooMuch));
    }

    #[test]
    fn metadata_are_plain_values() {
        for (key, value) in [("show-onboarding", json!(true)), ("x", json!(1.5)), ("x", json!("ü".repeat(200)))] {
            assert!(is_metadata(key, &value), "{key} {value}");
        }
        let long = json!("x".repeat(201));
        for (key, value) in [
            ("show-onboarding", json!("true")),
            ("has-never-opened-app", json!(1)),
            ("x", json!(null)),
            ("x", json!([])),
            ("x", json!({})),
            ("x", long),
        ] {
            assert!(!is_metadata(key, &value), "{key} {value}");
        }
    }
}
