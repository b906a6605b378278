//! `GET /auth/login` where no web client is served: a plain page with the ways to sign in. With a web client the address is
//! that client's.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::Api;
use super::call::{Answer, Call};
use super::code_flow::{Way, page, ways};
use super::escape::escape;
use super::refusal::Refusal;
use super::routes::Rule;
use crate::auth::gate::{self, GateError};
use crate::auth::presented;
use crate::http::StatusCode;

const PATH: &str = "/auth/login";
/// What a start route is told of the page's own parameters; it checks them.
const HANDED_ON: [&str; 4] = ["redirect", "environmentId", "appRoute", "otherAccount"];

/// Whether a request is one for the page of the web client.
pub(super) fn is_for_the_page(api: &Api, rule: &Rule) -> bool {
    rule.path == PATH && api.has_web_client()
}

/// `GET /auth/login`.
pub(super) async fn show(call: Call) -> Answer {
    let who = match who(&call).await {
        Ok(who) => who,
        Err(refusal) => return Ok(page::of(refusal)),
    };
    Ok(page::document(StatusCode::OK, "Sign in", &body(who.as_deref(), &ways(&call), &query(&call))))
}

/// The address of whoever is signed in already.
async fn who(call: &Call) -> Result<Option<String>, Refusal> {
    match gate::open(&call.api.store, &presented(call.request.cookies()), Timestamp::now()).await {
        Ok(login) => Ok(Some(login.session.email)),
        Err(GateError::NoCookie | GateError::Unknown) => Ok(None),
        Err(GateError::Store(error)) => Err(error.into()),
    }
}

/// The query of the start routes. Whoever asks for no page comes back here: there may be no other one.
fn query(call: &Call) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for name in HANDED_ON {
        match call.request.query(name) {
            Some(value) => drop(query.append_pair(name, &value)),
            None if name == "redirect" => drop(query.append_pair(name, PATH)),
            None => {}
        }
    }
    query.finish()
}

fn body(who: Option<&str>, ways: &[Way], query: &str) -> String {
    let mut body = String::new();
    // Writing to a String cannot fail.
    if let Some(email) = who {
        let _ = write!(body, "<p>You are signed in as <b>{}</b>.</p>", escape(email));
    }
    if ways.is_empty() {
        body.push_str(
            "<p>No way to sign in is set up. Whoever runs this server sets <code>GOOGLE_OAUTH_CLIENT_ID</code> and \
             <code>GOOGLE_OAUTH_CLIENT_SECRET</code> for Google, or <code>OIDC_ISSUER_URL</code>, \
             <code>OIDC_CLIENT_ID</code> and <code>OIDC_CLIENT_SECRET</code> for another provider, and starts it \
             again.</p>",
        );
        return body;
    }
    body.push_str("<p>Choose with whom you have your account.</p><ul>");
    for way in ways {
        let name = escape(&way.name);
        let _ = match way.start {
            Some(start) => {
                write!(body, "<li><a href=\"{start}?{}\">Sign in with {name}</a></li>", escape(query))
            }
            None => write!(
                body,
                "<li>{name} works with the web client alone, until <code>GOOGLE_OAUTH_CLIENT_SECRET</code> is set.</li>"
            ),
        };
    }
    body.push_str("</ul>");
    body
}
