//! Routes 3, 4 and 8: is there a login, end it, make one for a visitor of a public app.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::call::{Answer, Call};
use super::refusal::Refusal;
use crate::auth::access::{self, Access, EVERYBODY, Visitor};
use crate::auth::{LoginId, clearing_cookie, cookie, gate};
use crate::control::Scope;
use crate::http::{HeaderValue, Reply, StatusCode, header, json as json_reply};
use crate::store::UserRow;
use crate::wire::EnvironmentId;

/// Route 3. That the gate let it through is the whole answer.
pub(super) async fn check(_: Call) -> Answer {
    Ok(json_reply(StatusCode::OK, &Value::Null))
}

/// Route 4. Also closes the sockets of this login (D-21).
pub(super) async fn logout(call: Call) -> Answer {
    // D-22
    if call.request.headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site") {
        return Err(Refusal::message(StatusCode::FORBIDDEN, "Another site cannot log you out."));
    }
    let id = &call.login()?.session.id;
    call.api.store.delete_session(id).await?;
    call.api.revocations.say(Scope::login(id));
    let mut reply = json_reply(StatusCode::OK, &Value::Null);
    set_cookie(&mut reply, &clearing_cookie(call.api.secure_cookies()));
    Ok(reply)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AppOfEnvironment {
    app_route: String,
    environment_id: String,
}

/// Route 8.
pub(super) async fn login_to_app(mut call: Call) -> Answer {
    let Some(wanted) = call.read::<AppOfEnvironment>() else {
        return Err(refused(StatusCode::BAD_REQUEST, "appRoute and environmentId are needed."));
    };
    let unknown = || refused(StatusCode::BAD_REQUEST, "There is no such environment.");
    let id = EnvironmentId::parse(wanted.environment_id.as_bytes()).ok_or_else(unknown)?;
    let store = &call.api.store;
    let environment = store.environment(Uuid::from_u128(id.as_u128())).await?.ok_or_else(unknown)?;
    let shares = store.shares_of_environment(environment.id).await?;
    match access::decide(&environment, &shares, &Visitor::external(EVERYBODY), &wanted.app_route) {
        Access::Allowed => {}
        Access::Refused => {
            return Ok(json_reply(StatusCode::OK, &json!({"success": false, "requiresLogin": true})));
        }
        Access::TooManyShares => {
            return Err(refused(StatusCode::UNAUTHORIZED, "The shares of this app lead through too many other apps."));
        }
    }
    let cookie = log_in(&call, None, EVERYBODY).await?;
    let mut reply = json_reply(StatusCode::OK, &json!({"success": true, "requiresLogin": false}));
    set_cookie(&mut reply, &cookie);
    Ok(reply)
}

/// Makes a login for a user, or for somebody from outside with this address, and gives its cookie.
pub(super) async fn log_in(call: &Call, user: Option<&UserRow>, email: &str) -> Result<String, Refusal> {
    let id = LoginId::generate().map_err(|error| Refusal::Internal(error.to_string()))?;
    let email = user.map_or(email, |user| &user.email);
    call.api.store.insert_session(&gate::new_session(&id, user, email, Timestamp::now())).await?;
    Ok(cookie(&id, call.api.secure_cookies()))
}

/// The form in which app login refuses.
fn refused(status: StatusCode, text: &str) -> Refusal {
    Refusal::Told { status, body: json!({"isValid": false, "code": status.as_u16(), "message": text}) }
}

/// Adds a `Set-Cookie` header.
pub(super) fn set_cookie(reply: &mut Reply, text: &str) {
    // The texts of `auth` are ASCII without control characters.
    if let Ok(value) = HeaderValue::try_from(text) {
        reply.headers_mut().insert(header::SET_COOKIE, value);
    }
}
