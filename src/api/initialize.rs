//! Routes 11 and 12: what the home page and the settings page begin with.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::refusal::{Refusal, told};
use super::view::Viewer;
use super::{Api, shape};
use crate::auth::{Feature, permission};
use crate::http::{StatusCode, json as json_reply};
use crate::store::{CompanyRow, EnvironmentRow, UserRow};

/// Route 11.
pub(super) async fn initialize(call: Call) -> Answer {
    let user = call.user()?;
    let home = call.api.store.home(user.company_id, user.id).await?.ok_or_else(gone)?;
    let viewer = Viewer::new(user);
    let shown: Vec<_> = home
        .environments
        .iter()
        .filter_map(|(environment, shares)| {
            let mut shown = viewer.environment_with_shares(environment, shares)?;
            shown.insert("key".to_owned(), own_key(&call.api, &viewer, environment));
            // The truth comes over the socket.
            shown.insert("isOnline".to_owned(), false.into());
            Some(Value::Object(shown))
        })
        .collect();
    let body = json!({
        "environments": shown,
        "company": shape::company(&home.company, user),
        "user": shape::internal_user(user),
    });
    Ok(json_reply(StatusCode::OK, &body))
}

/// The key of the user's own development environment. One that cannot be decrypted must not cost the user the whole home
/// page: a new one can be made there.
fn own_key(api: &Api, viewer: &Viewer<'_>, environment: &EnvironmentRow) -> Value {
    let Some(copy) = environment.decryptable_key.as_deref().filter(|_| viewer.owns(environment)) else {
        return Value::Null;
    };
    match api.keys.open(copy) {
        Ok(key) => key.expose().into(),
        Err(error) => {
            tracing::error!(%error, environment.id = %environment.id, "a development key cannot be shown");
            Value::Null
        }
    }
}

/// Route 12.
pub(super) async fn settings(call: Call) -> Answer {
    let (store, user) = (&call.api.store, call.user()?);
    let company = company_of(&call, user).await?;
    let may = |feature| permission::may(user, feature);
    let users = match may(Feature::ViewOrganizationUsers) {
        true => store.users_of_company(user.company_id).await?,
        false => Vec::new(),
    };
    // The id of an invite is all that it takes to accept it (D-10).
    let invites = match may(Feature::AddUser) || may(Feature::RemovePendingInvite) {
        true => store.pending_invites(user.company_id, Timestamp::now()).await?,
        false => Vec::new(),
    };
    let body = json!({
        "users": users.iter().map(shape::user).collect::<Vec<_>>(),
        "pendingInvites": invites.iter().map(shape::invite).collect::<Vec<_>>(),
        "company": shape::company(&company, user),
    });
    Ok(json_reply(StatusCode::OK, &body))
}

/// The user's company.
pub(super) async fn company_of(call: &Call, user: &UserRow) -> Result<CompanyRow, Refusal> {
    call.api.store.company(user.company_id).await?.ok_or_else(gone)
}

fn gone() -> Refusal {
    told("The organization is gone.")
}
