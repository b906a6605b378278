//! Routes 1 and 2: the sign-in with Google of today's web client, whose token comes through the browser (http-api 7).

use std::sync::atomic::Ordering;

use serde::Deserialize;
use serde_json::json;
use url::Url;
use uuid::Uuid;

use super::authentication::{log_in, set_cookie};
use super::call::{Answer, Call, uuid};
use super::coded::Code;
use super::proof::{self, not_believed};
use super::refusal::Refusal;
use crate::auth::Email;
use crate::auth::access::{self, Access, Visitor};
use crate::http::{StatusCode, header, json as json_reply};
use crate::store::{ByEmail, UserRow};

/// Where Google sends the browser back to: a page of the web client.
const REDIRECT_PATH: &str = "/auth/google-oauth/redirect";
/// The longest redirect address, in bytes.
const LONGEST_REDIRECT: usize = 2048;

#[derive(Deserialize)]
struct Start {
    provider: String,
    redirect: String,
}

/// Route 1.
pub(super) async fn start(mut call: Call) -> Answer {
    let told = |text| Refusal::message(StatusCode::BAD_REQUEST, text);
    let start = call.read::<Start>().ok_or_else(|| told("provider and redirect are needed."))?;
    if start.provider != "google" {
        return Err(told("The only provider is google."));
    }
    let Some(google) = &call.api.sign_in.google else {
        tell_the_operator(&call).await;
        let text = "Google sign-in is not set up on this server. Please ask your administrator.";
        return Err(Refusal::message(StatusCode::INTERNAL_SERVER_ERROR, text));
    };
    if !is_our_page(&call, &start.redirect) {
        return Err(told("redirect must be the Google sign-in page of this server."));
    }
    Ok(json_reply(StatusCode::OK, &json!({"url": google.token_flow_url(&start.redirect)})))
}

fn is_our_page(call: &Call, redirect: &str) -> bool {
    let Ok(url) = Url::parse(redirect) else { return false };
    let bare =
        url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    redirect.len() <= LONGEST_REDIRECT
        && matches!(url.scheme(), "http" | "https")
        && url.path() == REDIRECT_PATH
        && bare
        && call.api.origins.allows(Some(redirect.as_bytes()), call.header(&header::HOST))
}

/// A row for the operator, once: anybody can come here.
async fn tell_the_operator(call: &Call) {
    if call.api.sign_in.missing_google_told.swap(true, Ordering::Relaxed) {
        return;
    }
    let data = json!({"type": "UNCATEGORIZED", "message": "GOOGLE_OAUTH_CLIENT_ID is not set"});
    if let Err(error) = call.api.store.insert_error_log(&data).await {
        tracing::warn!(%error, "an error report could not be stored");
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Callback {
    #[serde(default)]
    new_account: Option<bool>,
    #[serde(default)]
    environment_id: Option<String>,
    #[serde(default)]
    app_route: Option<String>,
}

/// Route 2.
pub(super) async fn callback(mut call: Call) -> Answer {
    let form = || Code::Unknown.told("newAccount, environmentId or appRoute has the wrong form.");
    let wanted = call.read::<Callback>().ok_or_else(form)?;
    let app = match (wanted.environment_id, wanted.app_route) {
        (Some(environment), Some(route)) => Some((uuid(&environment).ok_or_else(form)?, route)),
        _ => None,
    };
    let proof = proof::by_token(&call).await?;
    let user = whose(&call, &proof.email).await?;
    if user.is_none() && wanted.new_account == Some(true) {
        let person = proof.google.person(proof.token, proof.email).await.map_err(not_believed)?;
        let new = json!({
            "type": "new-user",
            "email": person.email.as_str(),
            "firstName": person.first_name,
            "lastName": person.last_name,
        });
        return Ok(json_reply(StatusCode::OK, &new));
    }
    match app {
        Some((environment, route)) => may_open(&call, user.as_ref(), &proof.email, environment, &route).await?,
        None if user.is_none() => return Err(nobody()),
        None => {}
    }
    let cookie = log_in(&call, user.as_ref(), proof.email.as_str()).await?;
    let mut reply = json_reply(StatusCode::OK, &json!({"type": "existing-user"}));
    set_cookie(&mut reply, &cookie);
    Ok(reply)
}

pub(super) fn nobody() -> Refusal {
    Code::NoUser.told("There is no account with this e-mail address. Please sign up first.")
}

/// The account behind a proven address.
pub(super) async fn whose(call: &Call, email: &Email) -> Result<Option<UserRow>, Refusal> {
    match call.api.store.user_by_email(email.as_str()).await? {
        ByEmail::Nobody => Ok(None),
        ByEmail::One(user) => Ok(Some(*user)),
        ByEmail::Ambiguous => {
            let text =
                "Several accounts have this e-mail address in different spellings. Please ask your administrator.";
            Err(Code::Unknown.told(text))
        }
    }
}

/// Whether somebody who comes from an app's link may open that app.
pub(super) async fn may_open(
    call: &Call,
    user: Option<&UserRow>,
    email: &Email,
    environment: Uuid,
    route: &str,
) -> Result<(), Refusal> {
    let store = &call.api.store;
    let unknown = || Code::Unknown.told("This environment does not exist. It may have been deleted.");
    let environment = store.environment(environment).await?.ok_or_else(unknown)?;
    let shares = store.shares_of_environment(environment.id).await?;
    let visitor = user.map_or_else(|| Visitor::external(email.as_str()), Visitor::internal);
    if access::decide(&environment, &shares, &visitor, route) == Access::Allowed {
        return Ok(());
    }
    let text = "You have no access to this app. Ask the person who sent you here to share it with you.";
    Err(Code::Unknown.refuse(StatusCode::UNAUTHORIZED, text))
}
