//! Routes 1 and 2: Google's token comes through the browser.

use crate::support::provider::{CLIENT_ID, Manner};
use crate::support::{Provider, Request, Response, World, play, play_with};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use url::Url;
use uuid::Uuid;

const START: &str = "/api/v1/auth/oauth/login";
const CALLBACK: &str = "/api/v1/auth/google-oauth/redirect";
pub const TOKEN: &str = "x-compose-goog-oauth2-access-token";

/// Plays a scene with a provider that the server takes for Google.
pub fn play_with_google(more: &[(&str, &str)], scene: impl AsyncFnOnce(&mut World, &Provider)) {
    let provider = Provider::start();
    let mut settings = provider.google();
    // These scenes ask more often than one person would; the limit has scenes of its own.
    settings.push(("REQUESTS_PER_MINUTE_PER_ADDRESS".to_owned(), "0".to_owned()));
    settings.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    play_with(&settings, async |world| scene(world, &provider).await);
}

async fn callback(world: &World, token: &str, body: Value) -> Response {
    Request::post(CALLBACK, &body).header(TOKEN, token).send(world.address()).await
}

/// The login that an answer has made.
pub fn login_of(answer: &Response) -> String {
    let cookies = answer.cookies();
    let login = cookies.iter().find_map(|cookie| cookie.strip_prefix("auth_session=")).expect("a login cookie");
    let (id, rest) = login.split_once(';').unwrap();
    assert_eq!(rest, " HttpOnly; Max-Age=2592000; Path=/; SameSite=Lax; Secure");
    assert!(id.len() == 40 && id.bytes().all(|b| b"abcdefghijklmnopqrstuvwxyz234567".contains(&b)));
    id.to_owned()
}

pub fn assert_refused(answer: &Response, status: u16, code: &str) {
    assert_eq!((answer.status, answer.json()["internalCode"].as_str()), (status, Some(code)), "{answer:?}");
    assert!(!answer.message().is_empty());
    assert!(answer.cookies().is_empty(), "a refusal touches no cookie");
}

#[test]
fn the_token_flow_begins_at_google_and_only_for_our_page() {
    play_with(&[("PUBLIC_ORIGINS", "https://apps.example.com")], async |world| {
        let start = async |redirect: Value| {
            Request::post(START, &json!({"provider": "google", "redirect": redirect})).send(world.address()).await
        };
        for host in [world.address().to_string(), "apps.example.com".to_owned()] {
            let redirect = format!("https://{host}/auth/google-oauth/redirect");
            let answer = start(json!(redirect)).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            assert_eq!(answer.json().as_object().unwrap().len(), 1);
            let text = answer.json()["url"].as_str().unwrap().to_owned();
            let expected = format!(
                "https://accounts.google.com/o/oauth2/v2/auth?client_id={CLIENT_ID}&response_type=token&scope=https%3A%2F%2F\
                 www.googleapis.com%2Fauth%2Fuserinfo.email+https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fuserinfo.profile+\
                 openid&redirect_uri="
            );
            assert!(text.starts_with(&expected), "{text}");
            let url = Url::parse(&text).unwrap();
            assert_eq!(url.query_pairs().last().unwrap().1, redirect);
        }
        let own = world.address();
        for bad in [
            json!("https://evil.test/auth/google-oauth/redirect"),
            json!(format!("https://{own}/auth/google-oauth/redirect/")),
            json!(format!("https://{own}/auth/google-oauth/redirect?x=1")),
            json!(format!("https://{own}/auth/google-oauth/redirect#x")),
            json!(format!("https://u@{own}/auth/google-oauth/redirect")),
            json!(format!("ftp://{own}/auth/google-oauth/redirect")),
            json!("/auth/google-oauth/redirect"),
            json!(""),
            json!({}),
            json!(null),
        ] {
            let answer = start(bad.clone()).await;
            assert_eq!(answer.status, 400, "{bad}");
            assert!(!answer.message().is_empty());
        }
        for body in [json!({}), json!(null), json!({"provider": "github", "redirect": "x"}), json!({"provider": 5})] {
            assert_eq!(Request::post(START, &body).send(own).await.status, 400, "{body}");
        }
    });
}

#[test]
fn in_development_the_page_may_be_on_another_port() {
    play_with(&[("NODE_ENV", "development")], async |world| {
        let body = json!({"provider": "google", "redirect": "http://localhost:5173/auth/google-oauth/redirect"});
        assert_eq!(Request::post(START, &body).send(world.address()).await.status, 200);
    });
}

#[test]
fn without_google_people_are_told_and_so_is_the_operator_once() {
    play_with(&[("GOOGLE_OAUTH_CLIENT_ID", "")], async |world| {
        let redirect = format!("https://{}/auth/google-oauth/redirect", world.address());
        for _ in 0..3 {
            let body = json!({"provider": "google", "redirect": redirect});
            let answer = Request::post(START, &body).send(world.address()).await;
            assert_eq!((answer.status, answer.message().contains("not set up")), (500, true));
        }
        let statement =
            r#"SELECT count(*) FROM "errorLog" WHERE data->>'type' = 'UNCATEGORIZED' AND status = 'PENDING'"#;
        let rows: i64 = world.seed.sql.query_one(statement, &[]).await.unwrap().get(0);
        assert_eq!(rows, 1);
        assert_refused(&callback(world, &"x".repeat(40), json!({})).await, 400, "0b");
    });
}

#[test]
fn people_with_an_account_are_logged_in() {
    play_with_google(&[], async |world, provider| {
        let tenant = world.seed.tenant().await;
        let owner = tenant.owner.user;
        for body in [
            json!({"newAccount": false, "environmentId": null, "appRoute": null}),
            json!({"newAccount": true, "environmentId": null, "appRoute": null}),
            json!({}),
            json!({"environmentId": tenant.environment.id.to_string()}),
            json!({"environmentId": tenant.environment.id.to_string(), "appRoute": "hello"}),
        ] {
            let answer = callback(world, &provider.token(&tenant.owner.email), body.clone()).await;
            assert_eq!((answer.status, answer.json()), (200, json!({"type": "existing-user"})), "{body}");
            let id = login_of(&answer);
            let row = world.seed.sql.query_one("SELECT * FROM session WHERE id = $1", &[&id]).await.unwrap();
            assert_eq!(row.get::<_, Option<Uuid>>("userId"), owner);
            assert_eq!(row.get::<_, Option<Uuid>>("companyId"), Some(tenant.environment.company));
            assert_eq!(row.get::<_, String>("email"), tenant.owner.email);
            assert!(!row.get::<_, bool>("isExternal"));
        }
        let answer = callback(world, &provider.token("nobody@x.test"), json!({"newAccount": false})).await;
        assert_refused(&answer, 400, "0a");
        let answer = callback(world, &provider.token("new@x.test"), json!({"newAccount": true})).await;
        let new = json!({"type": "new-user", "email": "new@x.test", "firstName": "Ann", "lastName": "Lee"});
        assert_eq!((answer.status, answer.json()), (200, new));
        assert!(answer.cookies().is_empty());
        // The token arrives at Google as it was sent, letter for letter (D-25).
        provider.take_targets();
        callback(world, &provider.token("new@x.test"), json!({"newAccount": true})).await;
        let targets = provider.take_targets();
        assert_eq!(targets.len(), 2);
        assert!(targets.iter().all(|target| target.contains("%26%3D%2B%25") && target.matches('&').count() == 0));
        assert!(!world.server.log().contains("ya29."), "no token is in the log");
    });
}

#[test]
fn visitors_of_an_app_need_a_share_and_no_account() {
    play_with_google(&[], async |world, provider| {
        let tenant = world.seed.tenant().await;
        let app = json!({"newAccount": false, "environmentId": tenant.environment.id.to_string(), "appRoute": "hello"});
        let token = provider.token("Visitor@x.test");
        assert_refused(&callback(world, &token, app.clone()).await, 401, "0b");
        world.seed.share(&tenant.environment, "hello", "visitor@x.test").await;
        let answer = callback(world, &token, app.clone()).await;
        assert_eq!((answer.status, answer.json()), (200, json!({"type": "existing-user"})));
        let statement = "SELECT to_jsonb(session) FROM session WHERE id = $1";
        let row: Value = world.seed.sql.query_one(statement, &[&login_of(&answer)]).await.unwrap().get(0);
        assert_eq!((&row["userId"], &row["companyId"]), (&Value::Null, &Value::Null));
        assert_eq!((&row["email"], &row["isExternal"]), (&json!("Visitor@x.test"), &json!(true)));
        // D-03: one who only looks like them; D-09: a guest; a colleague of another company.
        let guest = world.seed.member(tenant.environment.company, "guest").await;
        let stranger = world.seed.tenant().await.owner;
        for email in ["evilvisitor@x.test", &guest.email, &stranger.email] {
            assert_refused(&callback(world, &provider.token(email), app.clone()).await, 401, "0b");
        }
        for environment in [json!(Uuid::new_v4().to_string()), json!("no-uuid"), json!(""), json!(5)] {
            let body = json!({"environmentId": environment, "appRoute": "hello"});
            assert_refused(&callback(world, &token, body).await, 400, "0b");
        }
    });
}

#[test]
fn http_d02_tokens_of_others_and_unproven_addresses_are_refused() {
    play_with_google(&[], async |world, provider| {
        let tenant = world.seed.tenant().await;
        let bad = |change| provider.token_with(&tenant.owner.email, change, Manner::Well);
        for change in [
            json!({"audience": "another-client"}),
            json!({"audience": null}),
            json!({"issued_to": "another-client"}),
            json!({"verified_email": false}),
            json!({"verified_email": null}),
            json!({"expires_in": 0}),
            json!({"email": null}),
            json!({"error": "invalid_token"}),
        ] {
            for path in [CALLBACK, "/api/v1/auth/complete-sign-up", "/api/v1/auth/complete-sign-up-to-org"] {
                let body = json!({
                    "newAccount": true, "firstName": "A", "lastName": "B", "email": tenant.owner.email, "orgName": "O",
                    "accountType": "developer", "inviteCode": Uuid::new_v4().to_string(),
                });
                let request = Request::post(path, &body).header(TOKEN, &bad(change.clone()));
                assert_refused(&request.send(world.address()).await, 400, "0b");
            }
        }
    });
}

#[test]
fn http_d25_google_may_be_slow_huge_or_broken() {
    play_with_google(&[], async |world, provider| {
        let tenant = world.seed.tenant().await;
        let given = |manner| provider.token_with(&tenant.owner.email, json!({}), manner);
        for manner in [
            Manner::Huge,
            Manner::Text("<html>"),
            Manner::Text("[]"),
            Manner::Text(""),
            Manner::Status(500),
            Manner::Status(302),
            Manner::Status(204),
        ] {
            assert_refused(&callback(world, &given(manner), json!({})).await, 400, "0b");
        }
        assert!(provider.take_targets().iter().all(|target| !target.contains("followed")));
        let began = Instant::now();
        assert_refused(&callback(world, &given(Manner::Never), json!({})).await, 400, "0b");
        assert!((4..8).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
        for token in ["", "short", &"x".repeat(4097), &format!("{} {}", "x".repeat(20), "x")] {
            provider.take_targets();
            let answer = callback(world, token, json!({})).await;
            assert_refused(&answer, 400, "0b");
            assert!(provider.take_targets().is_empty(), "Google is not asked about what cannot be a token");
        }
        let token = provider.token(&tenant.owner.email);
        let twice = Request::post(CALLBACK, &json!({})).header(TOKEN, &token).header(TOKEN, &token);
        assert_refused(&twice.send(world.address()).await, 400, "0b");
        let began = Instant::now();
        assert_eq!(callback(world, &token, json!({})).await.status, 200);
        assert!(began.elapsed() < Duration::from_secs(4));
    });
}

#[test]
fn http_d29_the_case_of_an_address_does_not_lock_anybody_out() {
    play_with_google(&[], async |world, provider| {
        let tenant = world.seed.tenant().await;
        let upper = tenant.owner.email.to_uppercase();
        let user_of = async |email: &str| {
            let answer = callback(world, &provider.token(email), json!({})).await;
            assert_eq!(answer.status, 200, "{email}: {answer:?}");
            let statement = r#"SELECT "userId" FROM session WHERE id = $1"#;
            world.seed.sql.query_one(statement, &[&login_of(&answer)]).await.unwrap().get::<_, Option<Uuid>>(0)
        };
        assert_eq!(user_of(&upper).await, tenant.owner.user);
        // A second account in another case: the exact one wins, and what fits neither is refused.
        let other = world.seed.member(tenant.environment.company, "member").await;
        world.seed.run(r#"UPDATE "user" SET email = $2 WHERE id = $1"#, &[&other.user, &upper]).await;
        assert_eq!(user_of(&upper).await, other.user);
        assert_eq!(user_of(&tenant.owner.email).await, tenant.owner.user);
        let mixed = format!("O{}", &tenant.owner.email[1..]);
        assert_refused(&callback(world, &provider.token(&mixed), json!({})).await, 400, "0b");
    });
}

#[test]
fn other_sites_and_bad_bodies_are_refused() {
    play(async |world| {
        for path in [START, CALLBACK, "/api/v1/auth/complete-sign-up", "/api/v1/auth/complete-sign-up-to-org"] {
            let foreign = Request::post(path, &json!({})).header("Origin", "https://evil.test");
            assert_eq!(foreign.send(world.address()).await.status, 403, "{path}");
            for body in ["null", "[]", "5", "\"x\"", r#"{"newAccount":"yes","firstName":[],"inviteCode":7}"#] {
                let request = Request::new("POST", path).header("Content-Type", "application/json").body(body);
                let answer = request.send(world.address()).await;
                assert_eq!(answer.status, 400, "{path} {body}");
                assert!(!answer.message().is_empty());
            }
        }
    });
}
