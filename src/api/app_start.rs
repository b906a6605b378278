//! Route 27: a page asks whether its visitor may open an app, and for what it needs to draw it.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::call::{Answer, Call};
use super::refusal::{Refusal, sentence};
use super::shape;
use crate::auth::access::{self, Access, EVERYBODY};
use crate::auth::gate::Login;
use crate::http::{StatusCode, json as json_reply};
use crate::relay::Identity;
use crate::store::{CompanyRow, EnvironmentRow, LogEntry};
use crate::wire::{EnvironmentId, SessionId};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wanted {
    environment_id: String,
    app_route: String,
    session_id: String,
}

/// What the user should read: the web client takes every status but 400 and 500 for "log in first".
fn told(text: &str) -> Refusal {
    Refusal::message(StatusCode::BAD_REQUEST, text)
}

pub(super) async fn start(mut call: Call) -> Answer {
    let wanted = call.read::<Wanted>().ok_or_else(|| told("environmentId, appRoute and sessionId are needed."))?;
    let session = SessionId::parse(wanted.session_id.as_bytes()).ok_or_else(|| told("sessionId must be a UUID."))?;
    let unknown = || told("This environment does not exist. It may have been deleted.");
    let environment = EnvironmentId::parse(wanted.environment_id.as_bytes()).ok_or_else(unknown)?;
    let (store, login) = (&call.api.store, call.login()?);

    let environment = store.environment(Uuid::from_u128(environment.as_u128())).await?.ok_or_else(unknown)?;
    let shares = store.shares_of_environment(environment.id).await?;
    let visitor = login.visitor();
    if access::decide(&environment, &shares, &visitor, &wanted.app_route) != Access::Allowed {
        let text = "You have no access to this app. Ask the person who sent you here to share it with you.";
        return Err(Refusal::message(StatusCode::UNAUTHORIZED, text));
    }
    let app = the_app(&environment, &wanted.app_route)?.clone();
    let company = store.company(environment.company_id).await?.ok_or_else(|| told("The organization is gone."))?;

    // Only now is anything remembered or written (D-26).
    let identity = identity(login);
    call.api.hub.remember_session(session, &identity).map_err(|error| told(&sentence(&error.to_string())))?;
    record(&call, &environment, &company, &identity, wanted.app_route);

    let hides_apps = !visitor.is_at_home_in(&environment);
    Ok(json_reply(StatusCode::OK, &answer(&environment, &app, login, &company, hides_apps)))
}

/// The one entry of the environment's list with this route.
fn the_app<'a>(environment: &'a EnvironmentRow, route: &str) -> Result<&'a Value, Refusal> {
    let mut found = apps_of(environment).filter(|app| route_of(app) == Some(route));
    match (found.next(), found.next()) {
        (Some(app), None) => Ok(app),
        (None, _) => Err(told("This app does not exist. It may have been renamed or not started yet.")),
        (Some(_), Some(_)) => Err(told("Two apps have this route. Give each app its own route and start them again.")),
    }
}

fn apps_of(environment: &EnvironmentRow) -> impl Iterator<Item = &Value> {
    environment.apps.as_array().into_iter().flatten()
}

fn route_of(app: &Value) -> Option<&str> {
    app.get("route")?.as_str()
}

/// The login as the relay knows it.
pub(super) fn identity(login: &Login) -> Identity {
    let email = login.user.as_ref().map_or(&login.session.email, |user| &user.email);
    Identity {
        login: login.session.id.as_str().into(),
        user: login.user.as_ref().map(|user| user.id),
        company: login.user.as_ref().map(|user| user.company_id),
        email: (email != EVERYBODY).then(|| email.as_str().into()),
    }
}

/// The system entry of the audit log, for plans that have one.
fn record(call: &Call, environment: &EnvironmentRow, company: &CompanyRow, identity: &Identity, route: String) {
    if company.plan == "hobby" {
        return;
    }
    let entry = LogEntry {
        company_id: environment.company_id,
        environment_id: Some(environment.id),
        user_id: identity.user,
        user_email: identity.email.as_deref().map(str::to_owned),
        app_route: route,
        message: "App initialized".to_owned(),
        data: None,
        severity: "info",
        kind: "system",
        environment_type: environment.kind,
        created_at: Some(jiff::Timestamp::now()),
    };
    // An audit log that cannot keep up must not keep people out of their apps.
    if let Err(error) = call.api.audit.try_write(entry) {
        tracing::error!(%error, environment.id = %environment.id, "the start of an app is missing in the audit log");
    }
}

fn answer(environment: &EnvironmentRow, app: &Value, login: &Login, company: &CompanyRow, hides_apps: bool) -> Value {
    let hidden = |app: &Value| app.get("hidden") == Some(&Value::Bool(true));
    let current = route_of(app);
    let apps: Vec<_> =
        apps_of(environment).filter(|app| !hides_apps || !hidden(app) || route_of(app) == current).collect();
    let data = |key| environment.data.get(key);
    let mut shown = Map::from_iter([
        ("name".to_owned(), json!(environment.name)),
        ("type".to_owned(), json!(environment.kind.as_str())),
        ("theme".to_owned(), environment.theme.clone().unwrap_or_default()),
        ("apps".to_owned(), json!(apps)),
        ("navs".to_owned(), data("navs").filter(|navs| navs.is_array()).cloned().unwrap_or_else(|| json!([]))),
    ]);
    for (key, name) in [("packageName", "sdkPackageName"), ("packageVersion", "sdkPackageVersion")] {
        if let Some(text @ Value::String(_)) = data(key) {
            shown.insert(name.to_owned(), text.clone());
        }
    }
    let user = login.user.as_ref().map_or_else(|| json!({"isExternal": true}), shape::internal_user);
    json!({"environment": shown, "app": app, "user": user, "companyName": company.name})
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::auth::{LoginId, gate};
    use crate::store::EnvironmentType;

    fn environment(apps: Value, data: Value) -> EnvironmentRow {
        EnvironmentRow {
            id: Uuid::from_u128(1),
            company_id: Uuid::from_u128(2),
            name: "Production".into(),
            api_key_hash: "secret".into(),
            kind: EnvironmentType::Production,
            apps,
            theme: None,
            data,
            decryptable_key: Some("secret".into()),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn company() -> CompanyRow {
        CompanyRow {
            id: Uuid::from_u128(2),
            name: "Acme".into(),
            plan: "pro".into(),
            billing_id: String::new(),
            flags: json!({}),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn visitor(email: &str) -> Login {
        let id = LoginId::generate().unwrap();
        Login { session: gate::new_session(&id, None, email, Timestamp::UNIX_EPOCH), user: None }
    }

    fn message(refusal: Refusal) -> (StatusCode, String) {
        let Refusal::Told { status, body } = refusal else { panic!("{refusal:?}") };
        (status, body["message"].as_str().unwrap().to_owned())
    }

    #[test]
    fn a_route_must_be_there_exactly_once() {
        let row = environment(json!([{"route": "a"}, {"route": "b"}, {"route": "b"}, 5, {"route": 7}]), json!({}));
        assert_eq!(the_app(&row, "a").unwrap()["route"], "a");
        for route in ["b", "c", ""] {
            assert_eq!(message(the_app(&row, route).unwrap_err()).0, StatusCode::BAD_REQUEST, "{route}");
        }
        assert!(the_app(&environment(json!({"route": "a"}), json!({})), "a").is_err());
    }

    #[test]
    fn d27_people_from_outside_do_not_see_hidden_apps_but_the_one_they_open() {
        let apps = json!([{"route": "a"}, {"route": "b", "hidden": true}, {"route": "c", "hidden": true, "x": 1}]);
        let row = environment(apps, json!({}));
        let routes = |hides| {
            let shown = answer(&row, &row.apps[2], &visitor("v@x.test"), &company(), hides);
            shown["environment"]["apps"].as_array().unwrap().iter().map(|app| app["route"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(routes(true), ["a", "c"]);
        assert_eq!(routes(false), ["a", "b", "c"]);
    }

    #[test]
    fn before_the_first_sdk_connection_the_package_keys_are_missing() {
        let row = environment(json!([{"route": "a"}]), json!({}));
        let shown = answer(&row, &row.apps[0], &visitor("ALL"), &company(), true);
        assert_eq!(
            shown,
            json!({
                "environment": {"name": "Production", "type": "production", "theme": null, "apps": [{"route": "a"}], "navs": []},
                "app": {"route": "a"}, "user": {"isExternal": true}, "companyName": "Acme",
            })
        );
        let data = json!({"packageName": "compose-node", "packageVersion": "0.27.9", "navs": [{"id": "n"}]});
        let row = environment(json!([{"route": "a"}]), data);
        let shown = &answer(&row, &row.apps[0], &visitor("ALL"), &company(), true)["environment"];
        assert_eq!(shown["sdkPackageName"], "compose-node");
        assert_eq!(shown["sdkPackageVersion"], "0.27.9");
        assert_eq!(shown["navs"], json!([{"id": "n"}]));
    }

    #[test]
    fn public_visitors_have_no_e_mail() {
        assert_eq!(identity(&visitor("ALL")).email, None);
        assert_eq!(identity(&visitor("v@x.test")).email.as_deref(), Some("v@x.test"));
    }
}
