//! Whose address a request has proven to speak for: by a token of Google's in a header, as today's web client sends it, or
//! by the sealed cookie of a sign-in with a code.

use super::call::Call;
use super::coded::Code;
use super::new_user;
use super::refusal::Refusal;
use crate::auth::Email;
use crate::http::HeaderName;
use crate::sign_in::{Google, Refused};

static TOKEN: HeaderName = HeaderName::from_static("x-compose-goog-oauth2-access-token");

/// A token that Google vouches for, and the address that it does so for.
pub(super) struct Proof<'a> {
    pub google: &'a Google,
    pub token: &'a [u8],
    pub email: Email,
}

/// Asks Google about the request's token.
pub(super) async fn by_token(call: &Call) -> Result<Proof<'_>, Refusal> {
    let google = call.api.sign_in.google.as_ref().ok_or_else(|| Code::Unknown.told("Google sign-in is not set up."))?;
    let token = call.header(&TOKEN).filter(|token| !token.is_empty()).ok_or_else(|| not_believed(Refused::Form))?;
    let email = google.email(token).await.map_err(not_believed)?;
    Ok(Proof { google, token, email })
}

/// The address of a request to sign up. A token wins: the web client that sends one knows nothing of the cookie.
pub(super) async fn email(call: &Call) -> Result<Email, Refusal> {
    match new_user::person(call) {
        Some(person) if !call.request.headers.contains_key(&TOKEN) => Ok(person.email),
        _ => by_token(call).await.map(|proof| proof.email),
    }
}

/// One text for all reasons; the operator finds the true one in the log.
pub(super) fn not_believed(why: Refused) -> Refusal {
    tracing::info!(%why, "a sign-in was refused");
    Code::Unknown.told("Your sign-in could not be verified. Please sign in again.")
}
