//! May this user start this app now (relay-protocol 5.5, A2)?

use std::time::Duration;

use uuid::Uuid;

use crate::auth::access::{self, Access, Visitor};
use crate::relay::{Identity, Verdict};
use crate::store::{EnvironmentRow, Store, StoreError};
use crate::wire::EnvironmentId;

/// The shard waits 8 s.
const DEADLINE: Duration = Duration::from_secs(6);

/// Asks the database; without an answer in time the verdict is `Unknown`.
pub(super) async fn verdict(store: &Store, identity: &Identity, environment: EnvironmentId, route: &str) -> Verdict {
    let id = Uuid::from_u128(environment.as_u128());
    match tokio::time::timeout(DEADLINE, may_start(store, identity, id, route)).await {
        Ok(Ok(true)) => Verdict::Allowed,
        Ok(Ok(false)) => Verdict::Refused,
        Ok(Err(error)) => {
            tracing::warn!(%environment, %error, "access could not be checked");
            Verdict::Unknown
        }
        Err(_) => {
            tracing::warn!(%environment, "access could not be checked in time");
            Verdict::Unknown
        }
    }
}

async fn may_start(store: &Store, identity: &Identity, environment: Uuid, route: &str) -> Result<bool, StoreError> {
    let Some(environment) = store.environment(environment).await? else { return Ok(false) };
    if !has_app(&environment, route) {
        return Ok(false);
    }
    let Some(visitor) = visitor(store, identity).await? else { return Ok(false) };
    let shares = store.shares_of_environment(environment.id).await?;
    Ok(access::decide(&environment, &shares, &visitor, route) == Access::Allowed)
}

/// Whether the environment's list has this app exactly once (D-12).
fn has_app(environment: &EnvironmentRow, route: &str) -> bool {
    let apps = environment.apps.as_array().map(Vec::as_slice).unwrap_or_default();
    apps.iter().filter(|app| app.get("route").and_then(serde_json::Value::as_str) == Some(route)).count() == 1
}

/// The login may have ended and the user row may have changed since the upgrade. None: there is no such login any more.
async fn visitor(store: &Store, identity: &Identity) -> Result<Option<Visitor>, StoreError> {
    let Some(session) = store.session(&identity.login).await? else { return Ok(None) };
    if session.expires_at <= jiff::Timestamp::now() {
        return Ok(None);
    }
    match identity.user {
        Some(user) => Ok(store.user(user).await?.map(|user| Visitor::internal(&user))),
        None => Ok(Some(Visitor::external(&session.email))),
    }
}
