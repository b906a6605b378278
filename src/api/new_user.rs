//! Somebody who has signed in with a code and has no account yet: who they are stays with their browser, sealed, until one
//! of the sign-up routes asks for it. It takes the place of the token that today's web client sends.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::call::{Answer, Call};
use super::refusal::Refusal;
use crate::auth::Email;
use crate::http::{StatusCode, json as json_reply};
use crate::sign_in::Person;

/// How long people may take to fill in the forms, in seconds.
const LIFE: i64 = 1800;
const PURPOSE: &str = "new user";
const NAME: &str = "compose_new_user";

#[derive(Deserialize, Serialize)]
struct Sealed {
    email: String,
    first_name: Option<String>,
    last_name: Option<String>,
    until: i64,
}

/// The cookie for a person whom a provider has vouched for.
pub(super) fn cookie(call: &Call, person: &Person) -> Result<String, Refusal> {
    let internal = |error: &dyn std::error::Error| Refusal::Internal(error.to_string());
    let sealed = Sealed {
        email: person.email.as_str().to_owned(),
        first_name: person.first_name.clone(),
        last_name: person.last_name.clone(),
        until: Timestamp::now().as_second() + LIFE,
    };
    let text = serde_json::to_vec(&sealed).map_err(|error| internal(&error))?;
    let sealer = call.api.keys.sealer(PURPOSE).map_err(|error| internal(&error))?;
    Ok(set(call, &sealer.seal(&text).map_err(|error| internal(&error))?, LIFE))
}

/// Takes it away.
pub(super) fn clearing_cookie(call: &Call) -> String {
    set(call, "", 0)
}

fn set(call: &Call, value: &str, life: i64) -> String {
    let secure = if call.api.secure_cookies() { "; Secure" } else { "" };
    format!("{NAME}={value}; HttpOnly; Max-Age={life}; Path=/api/v1/auth; SameSite=Strict{secure}")
}

/// The person whom the request's cookie speaks for.
pub(super) fn person(call: &Call) -> Option<Person> {
    let mut pairs = call.request.cookies().flat_map(|header| header.split(|&byte| byte == b';'));
    let value = pairs.find_map(|pair| pair.trim_ascii().strip_prefix(NAME.as_bytes())?.strip_prefix(b"="))?;
    let text = call.api.keys.sealer(PURPOSE).ok()?.open(value)?;
    let sealed: Sealed = serde_json::from_slice(&text).ok()?;
    if sealed.until <= Timestamp::now().as_second() {
        return None;
    }
    Some(Person { email: Email::parse(&sealed.email)?, first_name: sealed.first_name, last_name: sealed.last_name })
}

/// `GET /api/v1/auth/new-user`: what the forms may be filled with.
pub(super) async fn show(call: Call) -> Answer {
    let nobody = || Refusal::message(StatusCode::UNAUTHORIZED, "Please sign in first.");
    let person = person(&call).ok_or_else(nobody)?;
    let shown = json!({
        "email": person.email.as_str(),
        "firstName": person.first_name,
        "lastName": person.last_name,
    });
    Ok(json_reply(StatusCode::OK, &shown))
}
