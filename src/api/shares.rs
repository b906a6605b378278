//! Routes 24 to 26: with whom the company's apps are shared.

use serde::Deserialize;
use serde_json::{Value, json};

use super::billing;
use super::call::{Answer, Call, uuid};
use super::input::{Audience, route};
use super::refusal::{Refusal, told};
use super::shape;
use super::view::Viewer;
use crate::auth::{Feature, Role};
use crate::control::Scope;
use crate::http::{StatusCode, json as json_reply};
use crate::store::{EnvironmentType, NewShare, Shared};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wanted {
    email: String,
    environment_id: String,
    app_route: String,
}

fn unknown_environment() -> Refusal {
    told("This environment does not exist. It may have been deleted.")
}

fn already() -> Refusal {
    told("The app is shared with them already.")
}

/// Route 24.
pub(super) async fn create(mut call: Call) -> Answer {
    let wanted = call.read::<Wanted>().ok_or_else(|| told("email, environmentId and appRoute are needed."))?;
    let environment = uuid(&wanted.environment_id).ok_or_else(unknown_environment)?;
    let route = route(&wanted.app_route).ok_or_else(|| told("appRoute must have 1 to 200 characters."))?;
    let audience = Audience::parse(&wanted.email)
        .ok_or_else(|| told("An app is shared with an e-mail address, a domain, everybody, or like another app."))?;
    let (store, user) = (&call.api.store, call.user()?);
    if audience.text().eq_ignore_ascii_case(&user.email) {
        return Err(told("You cannot share an app with yourself."));
    }
    call.allowed()?;
    if audience == Audience::Everybody {
        call.must(Feature::ShareAppPublicly)?;
    }
    let environment = store.environment(environment).await?.filter(|row| row.company_id == user.company_id);
    let environment = environment.ok_or_else(unknown_environment)?;
    if Viewer::new(user).is_somebody_elses(&environment) {
        return Err(Refusal::message(StatusCode::FORBIDDEN, "This is the development environment of somebody else."));
    }
    if environment.kind == EnvironmentType::Production
        && let Audience::Person(email) = &audience
    {
        let roles = store.roles_of_colleagues(user.company_id, email).await?;
        // Guests open only what is shared with them (D-09), so sharing with them must be possible.
        if roles.iter().any(|role| Role::parse(role) != Some(Role::Guest)) {
            return Err(told("They belong to the organization and can open the app already."));
        }
    }
    let share = NewShare {
        email: audience.text(),
        environment: environment.id,
        route,
        by: user.id,
        company: user.company_id,
        takes_a_seat: matches!(audience, Audience::Person(_)),
    };
    match store.create_share(&share, billing::has_external_seat).await? {
        Shared::Made => Ok(json_reply(StatusCode::OK, &json!({}))),
        Shared::UnknownEnvironment => Err(unknown_environment()),
        Shared::Already => Err(already()),
        Shared::NoSeat => {
            Err(told("The plan of the organization has no seats for people from outside. Change it to share this app."))
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AppOfEnvironment {
    app_route: String,
    environment_id: String,
}

/// Route 25. Shows planted rows too, so that they can be removed (D-01).
pub(super) async fn of_app(mut call: Call) -> Answer {
    let wanted = call.read::<AppOfEnvironment>().ok_or_else(|| told("appRoute and environmentId are needed."))?;
    let environment = uuid(&wanted.environment_id).ok_or_else(|| told("environmentId must be a UUID."))?;
    let (store, user) = (&call.api.store, call.user()?);
    let environment = store
        .environment(environment)
        .await?
        .filter(|row| row.company_id == user.company_id && !Viewer::new(user).is_somebody_elses(row));
    let Some(environment) = environment else { return Ok(json_reply(StatusCode::OK, &json!([]))) };
    let shares = store.shares_of_environment(environment.id).await?;
    let of_app = shares.iter().filter(|share| share.app_route == wanted.app_route);
    Ok(json_reply(StatusCode::OK, &of_app.map(shape::share).collect::<Value>()))
}

/// Route 26. Whose row it is says the environment, and not the company in the row (D-01).
pub(super) async fn delete(call: Call) -> Answer {
    let unknown = || told("This share does not exist. It may have been removed already.");
    let id = call.id("id").ok_or_else(unknown)?;
    let (store, user) = (&call.api.store, call.user()?);
    let share = store.share_in_company(id, user.company_id).await?.ok_or_else(unknown)?;
    if Audience::parse(&share.email) == Some(Audience::Everybody) {
        call.must(Feature::UnshareAppPublicly)?;
    }
    if !store.delete_share(share.id).await? {
        return Err(unknown());
    }
    call.api.revocations.say(Scope::Environment(share.environment_id));
    Ok(json_reply(StatusCode::OK, &json!({})))
}
