//! Sign-in with a code: no token in the browser, in an address, or in the log.

use super::sign_in::{login_of, play_with_google};
use crate::support::provider::Manner;
use crate::support::{Provider, Request, Response, World, play};
use serde_json::{Value, json};
use std::time::Instant;
use uuid::Uuid;

const START: &str = "/auth/google-oauth/start";

/// A browser that has been sent to the provider.
pub struct Away {
    /// Where to.
    pub location: String,
    /// The one cookie that it was given, as it sends it back.
    pub cookie: String,
}

impl Away {
    /// Comes back to `path` with its cookie.
    pub async fn back(&self, world: &World, path: &str) -> Response {
        Request::get(path).header("Cookie", &self.cookie).send(world.address()).await
    }

    /// Signs in at the provider and comes back.
    pub async fn through(&self, world: &World, provider: &Provider, email: &str, claims: Value) -> Response {
        self.back(world, &provider.sign_in(&self.location, email, claims)).await
    }
}

/// Sends a browser away.
pub async fn depart(world: &World, start: &str, query: &str) -> Away {
    let answer = Request::get(&format!("{start}{query}")).send(world.address()).await;
    assert_eq!(answer.status, 303, "{answer:?}");
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let cookies = answer.cookies();
    let [cookie] = cookies[..] else { panic!("{cookies:?}") };
    let (pair, rest) = cookie.split_once(';').unwrap();
    assert!(pair.starts_with("compose_sign_in_") && pair.len() < 4000, "{pair}");
    assert_eq!(rest, " HttpOnly; Max-Age=600; Path=/auth; SameSite=Lax; Secure");
    Away { location: answer.header("location").unwrap().to_owned(), cookie: pair.to_owned() }
}

/// A page that says no, and takes the sign-in's cookie away when there was a good one.
pub fn assert_page(answer: &Response, status: u16) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    assert!(answer.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    assert!(answer.cookies().iter().all(|cookie| !cookie.starts_with("auth_session")), "{answer:?}");
    assert!(answer.text().contains("<p>"));
}

/// A sign-in that has worked and ends on this page.
pub fn assert_arrived(answer: &Response, target: &str) -> String {
    assert_eq!((answer.status, answer.header("location")), (303, Some(target)), "{answer:?}");
    let cookies = answer.cookies();
    assert_eq!(cookies.len(), 2, "{cookies:?}");
    assert!(cookies[1].starts_with("compose_sign_in_") && cookies[1].contains("=; HttpOnly; Max-Age=0; Path=/auth;"));
    login_of(answer)
}

#[test]
fn people_with_an_account_end_on_the_page_that_they_asked_for() {
    play_with_google(&[], async |world, provider| {
        let tenant = world.seed.tenant().await;
        for (query, target) in [
            ("", "/"),
            ("?redirect=%2Fapp%2F1%2Fhello%3Fa%3Db%23c", "/app/1/hello?a=b#c"),
            ("?redirect=https%3A%2F%2Fevil.test%2F", "/"),
            ("?redirect=%2F%2Fevil.test", "/"),
            ("?redirect=%2F%5Cevil.test", "/"),
            ("?newAccount=true&redirect=%2Fhome", "/home"),
        ] {
            let away = depart(world, START, query).await;
            let answer = away.through(world, provider, &tenant.owner.email, json!({})).await;
            let id = assert_arrived(&answer, target);
            let statement = r#"SELECT "userId" FROM session WHERE id = $1 AND NOT "isExternal""#;
            let user: Option<Uuid> = world.seed.sql.query_one(statement, &[&id]).await.unwrap().get(0);
            assert_eq!(user, tenant.owner.user);
            assert_eq!(Request::get("/api/v1/auth/check").login(&id).send(world.address()).await.status, 200);
        }
        let other = depart(world, START, "?otherAccount=true").await;
        assert!(other.location.contains("prompt=select_account"));
        let redirect = format!("redirect_uri=https%3A%2F%2F{}", world.address().to_string().replace(':', "%3A"));
        assert!(other.location.contains(&redirect), "{}", other.location);
        // Two windows side by side.
        let (first, second) = (depart(world, START, "?redirect=/a").await, depart(world, START, "?redirect=/b").await);
        let both = Away { location: String::new(), cookie: format!("{}; {}", first.cookie, second.cookie) };
        for (away, target) in [(&second, "/b"), (&first, "/a")] {
            let path = provider.sign_in(&away.location, &tenant.owner.email, json!({}));
            assert_arrived(&both.back(world, &path).await, target);
        }
        let log = world.server.log();
        for secret in ["ya29.", "code/", "code%2F", "state=", &tenant.owner.email] {
            assert!(!log.contains(secret), "{secret} is in the log");
        }
    });
}

#[test]
fn outsiders_end_in_the_app_that_is_shared_with_them() {
    play_with_google(&[], async |world, provider| {
        let tenant = world.seed.tenant().await;
        let query = format!("?environmentId={}&appRoute=hello&redirect=/app/x/hello", tenant.environment.id);
        let away = depart(world, START, &query).await;
        assert_page(&away.through(world, provider, "visitor@x.test", json!({})).await, 401);
        world.seed.share(&tenant.environment, "hello", "visitor@x.test").await;
        let away = depart(world, START, &query).await;
        let id = assert_arrived(&away.through(world, provider, "Visitor@X.test", json!({})).await, "/app/x/hello");
        let statement = r#"SELECT email FROM session WHERE id = $1 AND "isExternal" AND "userId" IS NULL"#;
        let email: String = world.seed.sql.query_one(statement, &[&id]).await.unwrap().get(0);
        assert_eq!(email, "Visitor@X.test");
        let bad = Request::get(&format!("{START}?environmentId=x&appRoute=hello")).send(world.address()).await;
        assert_page(&bad, 400);
        let away = depart(world, START, "").await;
        assert_page(&away.through(world, provider, "nobody@x.test", json!({})).await, 403);
    });
}

#[test]
fn new_people_sign_up_without_a_token() {
    play_with_google(&[], async |world, provider| {
        let new = async |email: &str, query: &str| {
            let away = depart(world, START, &format!("?newAccount=true{query}")).await;
            let answer = away.through(world, provider, email, json!({})).await;
            assert_eq!(answer.status, 303, "{answer:?}");
            let cookies = answer.cookies();
            let cookie = cookies.iter().find(|cookie| cookie.starts_with("compose_new_user=")).expect("a cookie");
            assert!(cookie.ends_with("; HttpOnly; Max-Age=1800; Path=/api/v1/auth; SameSite=Strict; Secure"));
            let pair = cookie.split(';').next().unwrap().to_owned();
            assert!(!cookies.iter().any(|cookie| cookie.starts_with("auth_session")));
            (answer.header("location").unwrap().to_owned(), pair)
        };
        let (page, cookie) = new("ann@x.test", "").await;
        assert_eq!(page, "/new-user-flow?stage=userInfo");
        let show = async |cookie: &str| {
            Request::get("/api/v1/auth/new-user").header("Cookie", cookie).send(world.address()).await
        };
        let person = json!({"email": "ann@x.test", "firstName": "Ann", "lastName": "Lee"});
        assert_eq!(show(&cookie).await.json(), person);
        for bad in ["", "compose_new_user=", "compose_new_user=x", &format!("{cookie}x"), &cookie[..60]] {
            assert_eq!(show(bad).await.status, 401, "{bad}");
        }
        let sign_up = async |path: &str, cookie: &str, body: Value| {
            Request::post(&format!("/api/v1/auth/{path}"), &body).header("Cookie", cookie).send(world.address()).await
        };
        let company = |email: &str| json!({"firstName": "Ann", "lastName": "Lee", "email": email, "orgName": "A", "accountType": "developer"});
        assert_eq!(sign_up("complete-sign-up", "", company("ann@x.test")).await.status, 400);
        let other = sign_up("complete-sign-up", &cookie, company("bob@x.test")).await;
        assert_eq!((other.status, &other.json()["internalCode"]), (400, &json!("0c")));
        let answer = sign_up("complete-sign-up", &cookie, company("ann@x.test")).await;
        assert_eq!((answer.status, answer.json()), (200, json!({"success": true})));
        login_of(&answer);
        assert!(answer.cookies()[1].starts_with("compose_new_user=; HttpOnly; Max-Age=0;"), "{answer:?}");
        // The cookie of a sign-in is none of a new user, and the other way round.
        let away = depart(world, START, "?newAccount=true").await;
        let value = away.cookie.split_once('=').unwrap().1;
        assert_eq!(show(&format!("compose_new_user={value}")).await.status, 401);
        // By invite.
        let tenant = world.seed.tenant().await;
        let invite = Uuid::new_v4();
        let metadata = json!({"purpose": "JOIN_COMPANY", "accountType": "user-only", "permission": "member"});
        let statement = r#"INSERT INTO "emailCode" (id, "companyId", email, "expiresAt", metadata)
                           VALUES ($1, $2, 'bob@x.test', now() + interval '1 day', $3)"#;
        world.seed.run(statement, &[&invite, &tenant.environment.company, &metadata]).await;
        let (page, cookie) = new("bob@x.test", &format!("&inviteCode={invite}&inviteExpiresAt=1")).await;
        assert_eq!(page, format!("/new-user-flow?stage=userInfo&inviteCode={invite}&inviteExpiresAt=1"));
        let body = json!({"firstName": "Bob", "lastName": "Lee", "inviteCode": invite.to_string()});
        let answer = sign_up("complete-sign-up-to-org", &cookie, body).await;
        assert_eq!((answer.status, answer.json()), (200, json!({"isFirstDeveloperInOrganization": false})));
    });
}

#[test]
fn a_state_is_good_once_for_one_browser_and_one_provider() {
    play_with_google(&[], async |world, provider| {
        let email = world.seed.tenant().await.owner.email;
        let away = depart(world, START, "").await;
        let path = provider.sign_in(&away.location, &email, json!({}));
        // Another browser, with no cookie, with one of its own, or with a changed one.
        assert_page(&Request::get(&path).send(world.address()).await, 400);
        let other = depart(world, START, "").await;
        assert_page(&other.back(world, &path).await, 400);
        let (name, value) = away.cookie.split_once('=').unwrap();
        let stolen = other.cookie.split_once('=').unwrap().1;
        for value in [stolen, "", "x", &value[1..], &format!("{value}A")] {
            let forged = Away { location: String::new(), cookie: format!("{name}={value}") };
            assert_page(&forged.back(world, &path).await, 400);
        }
        let wrong = path.replace("state=", "state=x");
        assert_page(&away.back(world, &wrong).await, 400);
        assert_page(&away.back(world, &path.replace("google-oauth", "oidc")).await, 400);
        provider.take_targets();
        // Nobody has asked the provider yet: the true one still works, once.
        assert_arrived(&away.back(world, &path).await, "/");
        let again = away.back(world, &path).await;
        assert_page(&again, 400);
        let fresh_code = provider.sign_in(&away.location, &email, json!({}));
        provider.take_targets();
        assert_page(&away.back(world, &fresh_code).await, 400);
        assert!(provider.take_targets().is_empty(), "a used state asks nobody");
    });
}

#[test]
fn the_same_rules_hold_for_tokens_that_no_browser_sees() {
    play_with_google(&[], async |world, provider| {
        let email = world.seed.tenant().await.owner.email;
        for claims in [
            json!({"audience": "another-client"}),
            json!({"verified_email": false}),
            json!({"expires_in": 0}),
            json!({"email": null}),
        ] {
            let away = depart(world, START, "").await;
            assert_page(&away.through(world, provider, &email, claims).await, 400);
        }
        let away = depart(world, START, "").await;
        let path = provider.sign_in(&away.location, &email, json!({}));
        let query = path.split_once('?').unwrap().1;
        let state = query.split('&').find(|pair| pair.starts_with("state=")).unwrap();
        let at = |query: &str| format!("/auth/google-oauth/redirect?{query}");
        // A code of somebody else's sign-in does not fit the challenge.
        let other = depart(world, START, "").await;
        let foreign = provider.sign_in(&other.location, &email, json!({}));
        let code = foreign.split_once('?').unwrap().1.split('&').find(|pair| pair.starts_with("code=")).unwrap();
        assert_page(&away.back(world, &at(&format!("{code}&{state}"))).await, 400);
        for manner in [
            Manner::Status(500),
            Manner::Status(302),
            Manner::Text("<html>"),
            Manner::Text("{}"),
            Manner::Text(""),
            Manner::Huge,
        ] {
            provider.set_token_manner(manner);
            let away = depart(world, START, "").await;
            assert_page(&away.through(world, provider, &email, json!({})).await, 400);
        }
        provider.set_token_manner(Manner::Never);
        let began = Instant::now();
        let away = depart(world, START, "").await;
        assert_page(&away.through(world, provider, &email, json!({})).await, 400);
        assert!((4..8).contains(&began.elapsed().as_secs()));
        provider.set_token_manner(Manner::Well);
        let away = depart(world, START, "").await;
        assert_arrived(&away.through(world, provider, &email, json!({})).await, "/");
    });
}

#[test]
fn without_a_code_the_address_is_the_web_clients() {
    play_with_google(&[], async |world, _provider| {
        let page = Request::get("/auth/google-oauth").send(world.address()).await;
        for query in ["", "?", "?code=", "?state=x", "?error=access_denied&state=unknown-state"] {
            let answer = Request::get(&format!("/auth/google-oauth/redirect{query}")).send(world.address()).await;
            assert_eq!((answer.status, answer.body), (page.status, page.body.clone()), "{query}");
        }
        // Somebody who was on the way with us and said no at Google.
        let away = depart(world, START, "").await;
        let state = away.location.split('&').find(|pair| pair.starts_with("state=")).unwrap();
        let path = format!("/auth/google-oauth/redirect?error=access_denied&{state}");
        assert_page(&away.back(world, &path).await, 403);
        assert_page(&away.back(world, &path).await, 400);
        let framed = Request::get(START).header("Sec-Fetch-Dest", "image").send(world.address()).await;
        assert_page(&framed, 403);
    });
}

#[test]
fn the_sign_in_page_learns_what_is_set_up() {
    let providers = async |world: &World| {
        let answer = Request::get("/api/v1/auth/providers").send(world.address()).await;
        assert_eq!(answer.status, 200);
        answer.json()["providers"].clone()
    };
    play(async |world| {
        let google = json!({"id": "google", "name": "Google", "start": "/auth/google-oauth/start"});
        assert_eq!(providers(world).await, json!([google]));
        assert_page(&Request::get("/auth/oidc/start").send(world.address()).await, 404);
    });
    let provider = Provider::start();
    let mut settings = provider.oidc();
    settings.push(("GOOGLE_OAUTH_CLIENT_SECRET".to_owned(), String::new()));
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    crate::support::play_with(&settings, async |world| {
        let both = json!([
            {"id": "google", "name": "Google", "start": null},
            {"id": "oidc", "name": "localhost", "start": "/auth/oidc/start"},
        ]);
        assert_eq!(providers(world).await, both);
        assert_page(&Request::get(START).send(world.address()).await, 404);
    });
}

#[test]
fn the_address_that_is_registered_is_the_public_one() {
    play_with_google(&[("PUBLIC_ORIGINS", "https://apps.example.com")], async |world, provider| {
        let email = world.seed.tenant().await.owner.email;
        let away = depart(world, START, "?redirect=https://apps.example.com/home").await;
        let expected = "redirect_uri=https%3A%2F%2Fapps.example.com%2Fauth%2Fgoogle-oauth%2Fredirect";
        assert!(away.location.contains(expected), "{}", away.location);
        assert_arrived(&away.through(world, provider, &email, json!({})).await, "/home");
    });
}
