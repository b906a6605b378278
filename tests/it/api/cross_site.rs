//! D-22 and D-41: what another site can make a browser do here, and where a browser is sent from here.

use super::code_flow::depart;
use super::company::refused;
use super::sign_in::play_with_google;
use crate::support::{Request, play, play_with};
use serde_json::json;
use url::Url;

const LOGOUT: &str = "/api/v1/auth/logout";

#[test]
fn http_d22_another_site_logs_nobody_out() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let logout = |site: &str| Request::get(LOGOUT).login(&tenant.owner.session).header("Sec-Fetch-Site", site);
        for other in [logout("cross-site"), logout("cross-site").header("Sec-Fetch-Mode", "navigate")] {
            let answer = other.send(world.address()).await;
            refused(&answer, 403);
            assert_eq!(answer.cookies(), Vec::<&str>::new(), "the cookie stays");
        }
        let home = world.home(&tenant.owner).await;
        let check = Request::get("/api/v1/auth/check").login(&tenant.owner.session).send(world.address()).await;
        assert_eq!(check.status, 200, "the login stays");
        drop(home);
        for site in ["same-origin", "same-site", "none", ""] {
            let login = world.seed.member(tenant.environment.company, "member").await;
            let logout = Request::get(LOGOUT).login(&login.session).header("Sec-Fetch-Site", site);
            assert_eq!(logout.send(world.address()).await.status, 200, "{site}");
        }
    });
}

#[test]
fn http_d22_a_form_of_another_site_reaches_no_route_without_a_login() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        world.seed.share(&tenant.environment, "hello", "ALL").await;
        let body = json!({"environmentId": tenant.environment.id.to_string(), "appRoute": "hello"}).to_string();
        let ask = async |origin: &str, kind: &str| {
            let request = Request::new("POST", "/api/v1/auth/login-to-app").header("Origin", origin);
            request.header("Content-Type", kind).body(body.clone()).send(world.address()).await
        };
        for (origin, kind, status) in [
            ("https://evil.test", "application/json", 403),
            ("null", "application/json", 403),
            // What a form can send without a preflight; an empty one is not sent at all.
            ("", "text/plain", 415),
            ("", "application/x-www-form-urlencoded", 415),
            ("", "multipart/form-data; boundary=x", 415),
            ("", "", 415),
        ] {
            let answer = ask(origin, kind).await;
            assert_eq!(answer.status, status, "{origin} {kind}: {answer:?}");
            assert!(!answer.message().is_empty() && answer.cookies().is_empty(), "{answer:?}");
        }
        assert_eq!(ask("", "application/json").await.status, 200);
        let logins = r#"SELECT count(*) FROM session WHERE email = 'ALL'"#;
        assert_eq!(world.seed.sql.query_one(logins, &[]).await.unwrap().get::<_, i64>(0), 1);
    });
}

#[test]
fn http_d41_a_sign_in_ends_on_our_own_pages_wherever_it_is_sent() {
    play_with_google(&[], async |world, provider| {
        let tenant = world.seed.tenant().await;
        let own = Url::parse(&format!("http://{}/", world.address())).unwrap();
        for target in [
            "javascript:alert(1)",
            "JavaScript:alert(1)//",
            "data:text/html,x",
            "//evil.test/",
            "///evil.test/",
            "/\\evil.test/",
            "\\\\evil.test/",
            "/\t/evil.test/",
            "\t//evil.test/",
            "/\n/evil.test/",
            "https://evil.test/",
            "https:evil.test",
            "https:/evil.test",
            "http://evil.test\\@x/",
            "/x\r\nSet-Cookie: a=b",
            "/./\\evil.test",
            "/..//evil.test",
            "/a/..//evil.test/",
            "",
        ] {
            let encoded: String = url::form_urlencoded::byte_serialize(target.as_bytes()).collect();
            let away = depart(world, "/auth/google-oauth/start", &format!("?redirect={encoded}")).await;
            let answer = away.through(world, provider, &tenant.owner.email, json!({})).await;
            assert_eq!(answer.status, 303, "{target}");
            let location = answer.header("location").unwrap();
            assert_eq!(own.join(location).unwrap().origin(), own.origin(), "{target} ends at {location}");
            assert!(location.starts_with('/'), "{target} ends at {location}");
            assert!(answer.header("a").is_none() && !answer.cookies().contains(&"a=b"), "{answer:?}");
        }
    });
}

#[test]
fn http_d41_no_page_of_ours_is_framed_and_none_redirects_by_its_query() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("index.html"), "<!doctype html><title>Compose</title>").unwrap();
    play_with(&[("DASHBOARD_DIR", folder.path().to_str().unwrap())], async |world| {
        let query = "?redirect=https%3A%2F%2Fevil.test%2F&next=//evil.test&url=//evil.test";
        for path in [
            "/",
            "/home",
            "/auth/login",
            "/auth/signup/",
            "/auth/login-to-app",
            "/auth/google-oauth",
            "/auth/google-oauth/redirect",
            "/auth/oidc/start",
            "/app/11111111-1111-4111-8111-111111111111/hello",
        ] {
            let answer = Request::get(&format!("{path}{query}")).send(world.address()).await;
            assert!(answer.header("location").is_none() && answer.header("refresh").is_none(), "{path}: {answer:?}");
            assert!(!answer.text().contains("evil.test"), "{path}");
            assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{path}");
            let policy = answer.header("content-security-policy").unwrap_or_else(|| panic!("{path}: no policy"));
            assert!(policy.contains("frame-ancestors 'self'") || policy.contains("frame-ancestors 'none'"), "{policy}");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        }
        for path in ["/api/v1/auth/check", "/api/v1/auth/logout", "/api/v1/auth/providers"] {
            let answer = Request::get(&format!("{path}{query}")).send(world.address()).await;
            assert!(answer.header("location").is_none() && !answer.text().contains("evil.test"), "{path}: {answer:?}");
        }
    });
}
