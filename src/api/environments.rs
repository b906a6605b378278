//! Routes 15 to 19: the company's environments and their keys.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::call::{Answer, Call};
use super::input::label;
use super::refusal::{Refusal, told};
use super::shape;
use super::view::Viewer;
use crate::auth::{ApiKey, Feature, permission};
use crate::control::Scope;
use crate::http::{StatusCode, json as json_reply};
use crate::store::{EnvironmentRow, EnvironmentType, NewEnvironment};

/// The longest name, in characters.
const LONGEST_NAME: usize = 100;

/// Route 15.
pub(super) async fn list(call: Call) -> Answer {
    let (store, user) = (&call.api.store, call.user()?);
    let viewer = Viewer::new(user);
    let audits = permission::may(user, Feature::ViewAuditLogs);
    let environments = match audits {
        true => store.environments_of_company(user.company_id).await?,
        false => store.environments_for_home(user.company_id, user.id).await?,
    };
    let ids: Vec<_> = environments.iter().map(|environment| environment.id).collect();
    // Only guests see what is shared with them and nothing else.
    let shares = match environments.iter().all(|environment| viewer.is_at_home_in(environment)) {
        true => Vec::new(),
        false => store.shares_of_environments(&ids).await?,
    };
    let shown: Vec<_> = environments
        .iter()
        .filter_map(|environment| match viewer.is_somebody_elses(environment) {
            true => Some(Viewer::label(environment)),
            false => viewer.environment(environment, &shares),
        })
        .collect();
    Ok(json_reply(StatusCode::OK, &json!({"environments": shown})))
}

#[derive(Deserialize)]
struct Wanted {
    name: String,
    r#type: String,
}

/// Route 16. The feature that it takes depends on the type.
pub(super) async fn create(mut call: Call) -> Answer {
    let wanted = call.read::<Wanted>().ok_or_else(|| told("An environment needs a name and a type."))?;
    let name = label(&wanted.name, LONGEST_NAME)
        .ok_or_else(|| told("The name must have 1 to 100 characters, without control characters."))?;
    let (kind, feature) = match wanted.r#type.as_str() {
        "production" => (EnvironmentType::Production, Feature::CreateProductionEnvironment),
        "development" => (EnvironmentType::Development, Feature::CreateDevelopmentEnvironment),
        _ => return Err(told("The type must be production or development.")),
    };
    call.must(feature)?;
    let (store, user) = (&call.api.store, call.user()?);
    let (key, hash, copy) = new_key(&call, kind)?;
    let environment = match kind {
        EnvironmentType::Production => store.create_production_environment(user.company_id, name, &hash).await?,
        EnvironmentType::Development => {
            let new =
                NewEnvironment { name, api_key_hash: &hash, decryptable_key: copy.as_deref().unwrap_or_default() };
            store.create_development_environment(user.company_id, user.id, &new).await?
        }
    };
    let environment = environment.ok_or_else(|| told("You have a development environment already."))?;
    Ok(json_reply(StatusCode::OK, &with_key(&environment, &key).into()))
}

/// A new key, what it is looked up by and, for development, its recoverable copy.
fn new_key(call: &Call, kind: EnvironmentType) -> Result<(ApiKey, String, Option<String>), Refusal> {
    let keys = &call.api.keys;
    let failed = |error: crate::auth::NoRandomness| Refusal::Internal(error.to_string());
    let key = keys.generate(kind).map_err(failed)?;
    let copy = match kind {
        EnvironmentType::Development => Some(keys.seal(&key).map_err(failed)?),
        EnvironmentType::Production => None,
    };
    let hash = keys.hash(&key).as_str().to_owned();
    Ok((key, hash, copy))
}

/// The only time that a production key is shown.
fn with_key(environment: &EnvironmentRow, key: &ApiKey) -> Map<String, Value> {
    let mut shown = shape::environment(environment);
    shown.insert("key".to_owned(), key.expose().into());
    shown
}

fn unknown() -> Refusal {
    told("This environment does not exist. It may have been deleted.")
}

fn somebody_elses() -> Refusal {
    Refusal::message(StatusCode::FORBIDDEN, "This is the development environment of somebody else.")
}

/// The environment that the path names, when it is the company's own: others are as good as unknown.
async fn named(call: &Call) -> Result<EnvironmentRow, Refusal> {
    let id = call.id("environmentId").ok_or_else(unknown)?;
    let environment = call.api.store.environment(id).await?.ok_or_else(unknown)?;
    if environment.company_id == call.user()?.company_id { Ok(environment) } else { Err(unknown()) }
}

/// Route 17.
pub(super) async fn details(call: Call) -> Answer {
    let environment = named(&call).await?;
    let viewer = Viewer::new(call.user()?);
    if viewer.is_somebody_elses(&environment) {
        return Err(somebody_elses());
    }
    let shares = call.api.store.shares_of_environment(environment.id).await?;
    let shown = viewer.environment_with_shares(&environment, &shares).ok_or_else(unknown)?;
    Ok(json_reply(StatusCode::OK, &json!({"environment": shown})))
}

/// Route 18.
pub(super) async fn delete(call: Call) -> Answer {
    let environment = named(&call).await?;
    if environment.kind == EnvironmentType::Development {
        return Err(told("A development environment goes with its user and cannot be deleted."));
    }
    call.allowed()?;
    if !call.api.store.delete_production_environment(environment.company_id, environment.id).await? {
        return Err(unknown());
    }
    call.api.revocations.say(Scope::Environment(environment.id));
    Ok(json_reply(StatusCode::OK, &json!({"success": true})))
}

/// Route 19. Everybody may make a new key for their own development environment.
pub(super) async fn refresh_key(call: Call) -> Answer {
    let environment = named(&call).await?;
    if Viewer::new(call.user()?).is_somebody_elses(&environment) {
        return Err(somebody_elses());
    }
    if environment.kind == EnvironmentType::Production {
        call.allowed()?;
    }
    let (key, hash, copy) = new_key(&call, environment.kind)?;
    let changed = call.api.store.change_api_key(environment.company_id, environment.id, &hash, copy.as_deref()).await?;
    let changed = changed.ok_or_else(unknown)?;
    call.api.revocations.say(Scope::Environment(environment.id));
    Ok(json_reply(StatusCode::OK, &json!({"environment": with_key(&changed, &key)})))
}
