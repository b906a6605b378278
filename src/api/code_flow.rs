//! Sign-in with a code (RFC 6749 with PKCE): `start` sends the browser to Google or to the OpenID Connect provider,
//! `redirect` takes it back. No token of the provider ever reaches the browser, an address of ours, or a log.
//!
//! The browser carries what belongs to its sign-in in a sealed cookie, so that it may come back to another process.

mod luggage;
pub(super) mod page;

use url::Url;
use uuid::Uuid;

use super::authentication::{log_in, set_cookie};
use super::call::{Answer, Call, uuid};
use super::google_sign_in::{may_open, whose};
use super::new_user;
use super::refusal::Refusal;
use super::routes::Rule;
use crate::http::{HeaderValue, Reply, Request, StatusCode, header, see_other_to};
use crate::sign_in::{Person, Provider, Refused};
use luggage::Trip;
use page::notice;

pub(super) use luggage::UsedStates;

/// A page of today's web client, too: without a code it is that page's.
const GOOGLE_REDIRECT: &str = "/auth/google-oauth/redirect";
const OIDC_REDIRECT: &str = "/auth/oidc/redirect";
/// The longest address to go to afterwards, in bytes: it travels in a cookie.
const LONGEST_TARGET: usize = 1024;
/// The longest of the other parameters.
const LONGEST_PARAMETER: usize = 200;

/// Which provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
enum Which {
    Google,
    Oidc,
}

impl Which {
    const fn redirect_path(self) -> &'static str {
        match self {
            Self::Google => GOOGLE_REDIRECT,
            Self::Oidc => OIDC_REDIRECT,
        }
    }

    fn provider(self, call: &Call) -> Result<Provider<'_>, Refusal> {
        let sign_in = &call.api.sign_in;
        let found = match self {
            Self::Google => sign_in.google.as_ref().filter(|google| google.has_secret()).map(Provider::Google),
            Self::Oidc => sign_in.oidc.as_ref().map(Provider::Oidc),
        };
        found.ok_or_else(|| {
            Refusal::message(StatusCode::NOT_FOUND, "This way to sign in is not set up. Please ask your administrator.")
        })
    }
}

/// Whether a request for the redirect address of Google is one for the page of the web client: it has no code, and no
/// error that answers a sign-in of ours.
pub(super) fn is_for_the_page(rule: &Rule, request: &Request) -> bool {
    rule.path == GOOGLE_REDIRECT
        && request.query("code").is_none()
        && !(request.query("error").is_some() && luggage::is_on_a_trip(request))
}

/// `GET /auth/google-oauth/start`.
pub(super) async fn google_start(call: Call) -> Answer {
    Ok(start(&call, Which::Google).await.unwrap_or_else(page::of))
}

/// `GET /auth/google-oauth/redirect?code=…&state=…`.
pub(super) async fn google_redirect(call: Call) -> Answer {
    Ok(come_back(&call, Which::Google).await)
}

/// `GET /auth/oidc/start`.
pub(super) async fn oidc_start(call: Call) -> Answer {
    Ok(start(&call, Which::Oidc).await.unwrap_or_else(page::of))
}

/// `GET /auth/oidc/redirect?code=…&state=…`.
pub(super) async fn oidc_redirect(call: Call) -> Answer {
    Ok(come_back(&call, Which::Oidc).await)
}

/// Parameters, all optional: `redirect` (where to go afterwards), `environmentId` and `appRoute` (the app that an outsider
/// wants to open), `newAccount=true`, `inviteCode`, `inviteExpiresAt`, `otherAccount=true`.
async fn start(call: &Call, which: Which) -> Answer {
    let forbidden = |text| Refusal::message(StatusCode::FORBIDDEN, text);
    // A picture or a frame on another site begins nothing.
    if call.request.headers.get("sec-fetch-dest").is_some_and(|what| what != "document") {
        return Err(forbidden("A sign-in begins in a window of its own."));
    }
    let provider = which.provider(call)?;
    let origin = own_origin(call)?;
    let redirect = format!("{origin}{}", which.redirect_path());
    let choose = call.request.query("otherAccount").as_deref() == Some("true");
    let departure = provider.depart(&redirect, choose).await.map_err(unavailable)?;
    let short = |name| call.request.query(name).filter(|value| value.len() <= LONGEST_PARAMETER);
    let app = short("environmentId").zip(short("appRoute"));
    if app.as_ref().is_some_and(|(environment, _)| uuid(environment).is_none()) {
        return Err(Refusal::message(StatusCode::BAD_REQUEST, "environmentId must be a UUID."));
    }
    let trip = Trip::new(
        which,
        departure.luggage,
        luggage::Wish {
            target: target(&origin, call.request.query("redirect").as_deref()),
            new_account: call.request.query("newAccount").as_deref() == Some("true"),
            invite_code: short("inviteCode"),
            invite_expires_at: short("inviteExpiresAt"),
            app,
        },
    );
    let mut reply = see_other_to(&departure.url).ok_or_else(|| Refusal::Internal("no address".to_owned()))?;
    set_cookie(&mut reply, &trip.cookie(call)?);
    Ok(page::harden(reply))
}

fn unavailable(why: Refused) -> Refusal {
    tracing::warn!(%why, "a sign-in could not begin");
    let text = "The sign-in provider cannot be reached right now. Please try again in a few seconds.";
    Refusal::message(StatusCode::BAD_GATEWAY, text)
}

fn own_origin(call: &Call) -> Result<String, Refusal> {
    let encrypted = call.api.secure_cookies();
    call.api
        .origins
        .own(call.header(&header::HOST), encrypted)
        .ok_or_else(|| Refusal::message(StatusCode::BAD_REQUEST, "The Host header is not usable."))
}

/// Where to go in the end: a page of ours, else the first one. The API is no page.
fn target(origin: &str, wish: Option<&str>) -> String {
    let ours = |wish: &str| {
        let origin = Url::parse(origin).ok()?;
        let url = origin.join(wish).ok()?;
        let path = &url[url::Position::BeforePath..];
        let same = url.origin() == origin.origin() && url.username().is_empty() && url.password().is_none();
        // A path that begins with two slashes would be another site's address.
        let page = !path.starts_with("//") && !path.starts_with("/api/");
        (same && page && path.len() <= LONGEST_TARGET).then(|| path.to_owned())
    };
    wish.and_then(ours).unwrap_or_else(|| "/".to_owned())
}

async fn come_back(call: &Call, which: Which) -> Reply {
    let Some(trip) = Trip::of(call, which) else {
        let text = "This sign-in has ended, was used already, or was begun in another browser. Please begin again.";
        return notice(StatusCode::BAD_REQUEST, text);
    };
    // Whatever comes of it, it was good once.
    let mut reply = match call.api.sign_in.used.take(trip.state(), trip.until()) {
        true => arrive(call, &trip).await.unwrap_or_else(page::of),
        false => notice(StatusCode::BAD_REQUEST, "This sign-in was used already. Please begin again."),
    };
    if let Ok(cookie) = HeaderValue::try_from(trip.clearing_cookie(call)) {
        reply.headers_mut().append(header::SET_COOKIE, cookie);
    }
    page::harden(reply)
}

async fn arrive(call: &Call, trip: &Trip) -> Answer {
    let provider = trip.which().provider(call)?;
    let Some(code) = call.request.query("code").filter(|_| call.request.query("error").is_none()) else {
        tracing::info!("a provider sent somebody back without a code");
        return Ok(notice(StatusCode::FORBIDDEN, "The sign-in was cancelled or refused by the provider."));
    };
    if let Provider::Oidc(oidc) = &provider
        && call.request.query("iss").is_some_and(|issuer| issuer != oidc.issuer())
    {
        return Err(not_believed(Refused::Issuer));
    }
    let person = provider.arrive(&code, &trip.luggage()).await.map_err(not_believed)?;
    let user = whose(call, &person.email).await?;
    match (trip.app(), &user) {
        (Some((environment, route)), _) => {
            may_open(call, user.as_ref(), &person.email, environment, route).await?;
        }
        (None, Some(_)) => {}
        (None, None) if trip.wish().new_account => return to_new_user_page(call, trip, &person),
        (None, None) => {
            let text =
                format!("Nobody here has the e-mail address {}. Please ask for an invite.", person.email.as_str());
            return Ok(notice(StatusCode::FORBIDDEN, &text));
        }
    }
    let cookie = log_in(call, user.as_ref(), person.email.as_str()).await?;
    let mut reply = go(&trip.wish().target)?;
    set_cookie(&mut reply, &cookie);
    Ok(reply)
}

fn not_believed(why: Refused) -> Refusal {
    tracing::info!(%why, "a sign-in was refused");
    let text = "Your sign-in could not be verified. Please begin again.";
    Refusal::message(StatusCode::BAD_REQUEST, text)
}

/// The page asks for the rest; who it is about stays with the browser, sealed.
fn to_new_user_page(call: &Call, trip: &Trip, person: &Person) -> Answer {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("stage", "userInfo");
    let wish = trip.wish();
    for (name, value) in [("inviteCode", &wish.invite_code), ("inviteExpiresAt", &wish.invite_expires_at)] {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    let mut reply = go(&format!("/new-user-flow?{}", query.finish()))?;
    set_cookie(&mut reply, &new_user::cookie(call, person)?);
    Ok(reply)
}

fn go(path: &str) -> Result<Reply, Refusal> {
    see_other_to(path).ok_or_else(|| Refusal::Internal("an address of ours is no header value".to_owned()))
}

/// A way to sign in.
#[derive(serde::Serialize)]
pub(super) struct Way {
    id: &'static str,
    /// For people: Google, or the host of the OpenID Connect provider.
    pub name: String,
    /// Where it begins; `None` where there is only the flow with a token in the browser (route 1).
    pub start: Option<&'static str>,
}

/// The ways that are set up.
pub(super) fn ways(call: &Call) -> Vec<Way> {
    let sign_in = &call.api.sign_in;
    let google = sign_in.google.as_ref().map(|google| Way {
        id: "google",
        name: "Google".to_owned(),
        start: google.has_secret().then_some("/auth/google-oauth/start"),
    });
    let oidc = sign_in.oidc.as_ref().map(|oidc| {
        let host = Url::parse(oidc.issuer()).ok().and_then(|url| url.host_str().map(str::to_owned));
        Way { id: "oidc", name: host.unwrap_or_else(|| "OpenID Connect".to_owned()), start: Some("/auth/oidc/start") }
    });
    google.into_iter().chain(oidc).collect()
}

/// The list for a sign-in page: `{ providers: [{ id, name, start }] }`.
pub(super) async fn providers(call: Call) -> Answer {
    Ok(crate::http::json(StatusCode::OK, &serde_json::json!({"providers": ways(&call)})))
}

/// The app of a trip, its environment's id parsed.
fn app_of(app: Option<&(String, String)>) -> Option<(Uuid, &str)> {
    let (environment, route) = app?;
    Some((uuid(environment)?, route))
}

#[cfg(test)]
mod tests {
    use super::target;

    #[test]
    fn people_end_on_a_page_of_ours() {
        let of = |wish| target("https://x.test:81", Some(wish));
        for (wish, expected) in [
            ("/home", "/home"),
            ("/app/1/a?b=c&d=%20#e", "/app/1/a?b=c&d=%20#e"),
            ("https://x.test:81/home", "/home"),
            ("home", "/home"),
            ("?x=1", "/?x=1"),
            ("/a b\"\n", "/a%20b%22"),
            ("/a/../b", "/b"),
        ] {
            assert_eq!(of(wish), expected, "{wish:?}");
        }
        for wish in [
            "",
            "//evil.test",
            "//evil.test/home",
            "\\\\evil.test",
            "/\\evil.test",
            "/\t/evil.test",
            "https://evil.test",
            "https://x.test:82/home",
            "http://x.test:81/home",
            "https://x.test:81@evil.test/",
            "https://u@x.test:81/home",
            "https://x.test:81//evil.test",
            "/a/..//evil.test",
            "/.//evil.test",
            "javascript:alert(1)",
            "data:text/html,x",
            "/api/v1/auth/logout",
            &format!("/{}", "x".repeat(1024)),
        ] {
            assert_eq!(of(wish), "/", "{wish:?}");
        }
        assert_eq!(target("https://x.test", None), "/");
    }
}
