//! `compose-relay demo`: the sign-in link that the terminal shows, and a small page to see that everything works,
//! for a build without the dashboard. Both answer 404 outside the demo.

use std::fmt::Write as _;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::authentication::set_cookie;
use super::call::{Answer, Call};
use super::escape::escape;
use super::refusal::{Refusal, unknown_route};
use crate::auth::gate::{self, GateError, Login};
use crate::auth::{LoginId, cookie, presented};
use crate::http::{HeaderName, HeaderValue, Reply, StatusCode, header, reply, see_other};
use crate::secret::Secret;
use crate::store::{EnvironmentRow, UserRow};
use crate::wire::EnvironmentId;

/// The single-use link into the demo.
#[derive(Debug)]
pub struct DemoSignIn {
    token: Secret,
    owner: Uuid,
    used: AtomicBool,
}

impl DemoSignIn {
    /// The link `/demo/sign-in?token=<token>` will log in as user `owner`, once.
    #[must_use]
    pub fn new(token: Secret, owner: Uuid) -> Self {
        Self { token, owner, used: AtomicBool::new(false) }
    }

    fn is_token(&self, text: &str) -> bool {
        // Digests are compared, so the time that it takes says nothing about the token.
        let digest = |text: &str| ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        digest(text).as_ref() == digest(self.token.expose()).as_ref()
    }

    /// Takes the token out of use. `false`: somebody was faster.
    fn use_up(&self) -> bool {
        !self.used.swap(true, Ordering::SeqCst)
    }

    fn give_back(&self) {
        self.used.store(false, Ordering::SeqCst);
    }
}

/// Sends people who type the bare address to the demo's page, where there is no web client.
pub(super) async fn root(call: Call) -> Answer {
    let own = call.api.demo.is_some() && !call.api.has_web_client();
    Ok(if own { see_other("/demo") } else { call.api.page(&call.request) })
}

/// Where whoever is signed in goes on.
fn inside(call: &Call) -> Reply {
    see_other(if call.api.has_web_client() { "/home" } else { "/demo" })
}

/// `GET /demo/sign-in?token=…`, from this machine only.
pub(super) async fn sign_in(call: Call) -> Answer {
    let Some(demo) = &call.api.demo else { return Ok(unknown_route()) };
    if !is_from_this_machine(&call) {
        return Ok(notice(StatusCode::FORBIDDEN, "The sign-in link works only on the machine that runs the demo."));
    }
    if !call.request.query("token").is_some_and(|token| demo.is_token(&token)) {
        return Ok(notice(StatusCode::FORBIDDEN, "This is not the sign-in link that the demo has printed."));
    }
    if !demo.use_up() {
        // The same browser opening its link again is fine.
        return Ok(match login(&call).await? {
            Some(_) => inside(&call),
            None => {
                notice(StatusCode::GONE, "This link was used already. Stop the demo and start it again for a new one.")
            }
        });
    }
    match new_login(&call, demo.owner).await {
        Ok(id) => {
            let mut reply = inside(&call);
            set_cookie(&mut reply, &cookie(&id, call.api.secure_cookies()));
            Ok(harden(reply))
        }
        Err(refusal) => {
            demo.give_back();
            Err(refusal)
        }
    }
}

async fn new_login(call: &Call, owner: Uuid) -> Result<LoginId, Refusal> {
    let owner = call.api.store.user(owner).await?.ok_or_else(|| {
        Refusal::message(
            StatusCode::GONE,
            "The demo's user is gone from its database. Delete the demo's data directory.",
        )
    })?;
    let id = LoginId::generate().map_err(|error| Refusal::Internal(error.to_string()))?;
    call.api.store.insert_session(&gate::new_session(&id, Some(&owner), &owner.email, Timestamp::now())).await?;
    Ok(id)
}

/// A proxy on this machine may speak for another one; it says so in a header.
fn is_from_this_machine(call: &Call) -> bool {
    let headers = &call.request.headers;
    call.request.peer.ip().to_canonical().is_loopback()
        && !headers.contains_key("x-forwarded-for")
        && !headers.contains_key("forwarded")
}

async fn login(call: &Call) -> Result<Option<Login>, Refusal> {
    match gate::open(&call.api.store, &presented(call.request.cookies()), Timestamp::now()).await {
        Ok(login) => Ok(Some(login)),
        Err(GateError::NoCookie | GateError::Unknown) => Ok(None),
        Err(GateError::Store(error)) => Err(error.into()),
    }
}

/// `GET /demo`.
pub(super) async fn page(call: Call) -> Answer {
    if call.api.demo.is_none() {
        return Ok(unknown_route());
    }
    if call.api.has_web_client() {
        return Ok(inside(&call));
    }
    let Some(Login { user: Some(user), .. }) = login(&call).await? else {
        return Ok(notice(
            StatusCode::UNAUTHORIZED,
            "Nobody is signed in. Open the sign-in link that the demo has printed.",
        ));
    };
    let environments = call.api.store.environments_for_home(user.company_id, user.id).await?;
    let mut shown = Vec::new();
    for environment in environments {
        let online = call.api.hub.is_online(EnvironmentId::from_u128(environment.id.as_u128())).await;
        shown.push((environment, online));
    }
    Ok(html(StatusCode::OK, &body(&user, &shown)))
}

fn body(user: &UserRow, environments: &[(EnvironmentRow, bool)]) -> String {
    let mut text = format!(
        "<p>Signed in as <b>{} {}</b> ({}).</p>",
        escape(&user.first_name),
        escape(&user.last_name),
        escape(&user.email)
    );
    for (environment, online) in environments {
        let (class, state) = if *online { ("on", "SDK online") } else { ("off", "SDK offline") };
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "<h2>{} <span class={class}>{state}</span></h2><p class=id>{} environment {}</p><ul>",
            escape(&environment.name),
            environment.kind.as_str(),
            environment.id
        );
        let apps = environment.apps.as_array().map(Vec::as_slice).unwrap_or_default();
        for app in apps {
            let field = |key| app.get(key).and_then(Value::as_str).unwrap_or_default();
            let _ = write!(text, "<li>{} <code>{}</code></li>", escape(field("name")), escape(field("route")));
        }
        if apps.is_empty() {
            text.push_str(
                "<li>No apps yet: start a program with the SDK and the API key that the demo has printed.</li>",
            );
        }
        text.push_str("</ul>");
    }
    text.push_str(
        "<p class=note>The dashboard is not part of this build: <code>./dev dashboard</code> builds it. This page reloads itself every 3 seconds.</p>",
    );
    text
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:3rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}\
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}code{background:#eee;padding:0 .3em}\
.on,.off{font-weight:normal;padding:0 .5em;border-radius:.5em}.on{background:#d3f3d8}.off{background:#f6d9d5}\
.id,.note{color:#666;font-size:.9rem}";

/// Nothing but our own style may load, and no page may frame this one.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

fn notice(status: StatusCode, text: &str) -> Reply {
    html(status, &format!("<p>{}</p>", escape(text)))
}

fn html(status: StatusCode, body: &str) -> Reply {
    let refresh = if status == StatusCode::OK { "<meta http-equiv=refresh content=3>" } else { "" };
    let text = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">{refresh}\
         <title>compose-relay demo</title><style>{STYLE}</style><h1>compose-relay demo</h1>{body}</html>"
    );
    harden(reply(status, "text/html; charset=utf-8", text))
}

fn harden(mut reply: Reply) -> Reply {
    let headers = reply.headers_mut();
    if let Ok(policy) = HeaderValue::try_from(POLICY.as_str()) {
        headers.insert(HeaderName::from_static("content-security-policy"), policy);
    }
    // The address of the sign-in link holds its token.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_good_once() {
        let demo = DemoSignIn::new(Secret::new("right"), Uuid::nil());
        assert!(demo.is_token("right"));
        for wrong in ["", "righ", "right ", "Right"] {
            assert!(!demo.is_token(wrong), "{wrong}");
        }
        assert!(demo.use_up());
        assert!(!demo.use_up());
        demo.give_back();
        assert!(demo.use_up());
        assert!(!format!("{demo:?}").contains("right"));
    }

    #[test]
    fn nothing_may_load_and_nobody_may_frame_the_page() {
        let reply = notice(StatusCode::GONE, "x");
        let policy = reply.headers()["content-security-policy"].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'none'; style-src 'sha256-") && policy.contains("frame-ancestors 'none'")
        );
    }
}
