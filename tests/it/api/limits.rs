//! How often somebody may ask, and for whom a request counts.

use super::company::{get, ok, refused};
use crate::support::{Request, Response, World, play_with};
use serde_json::json;
use uuid::Uuid;

/// A visitor of a public app logs in; `from` is what a proxy says.
async fn visit(world: &World, from: &str) -> Response {
    let body = json!({"appRoute": "hello", "environmentId": Uuid::nil().to_string()});
    let request = Request::post("/api/v1/auth/login-to-app", &body).header("X-Forwarded-For", from);
    request.send(world.address()).await
}

#[test]
fn http_d39_strangers_are_counted_by_address() {
    let settings = [("REQUESTS_PER_MINUTE_PER_ADDRESS", "5"), ("TRUSTED_PROXIES", "127.0.0.0/8,10.0.0.1")];
    play_with(&settings, async |world| {
        for _ in 0..5 {
            refused(&visit(world, "198.51.100.1").await, 400);
        }
        let answer = visit(world, "198.51.100.1").await;
        refused(&answer, 429);
        let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=12).contains(&wait), "{wait}");
        assert_eq!(
            (&answer.json()["isValid"], &answer.json()["code"]),
            (&json!(false), &json!(429)),
            "in its own form"
        );
        // What a client puts in front of the proxy's own entry does not make it another one.
        refused(&visit(world, "1.1.1.1, 198.51.100.1").await, 429);
        refused(&visit(world, "1.1.1.1, 198.51.100.1, 10.0.0.1").await, 429);
        refused(&visit(world, "198.51.100.2").await, 400);
        // Load balancers ask all the time.
        for _ in 0..20 {
            world.assert_healthy().await;
        }
    });
}

#[test]
fn http_d39_nobody_else_is_believed_about_the_address() {
    play_with(&[("REQUESTS_PER_MINUTE_PER_ADDRESS", "3")], async |world| {
        let mut statuses = Vec::new();
        for number in 0..5 {
            statuses.push(visit(world, &format!("198.51.100.{number}")).await.status);
        }
        assert_eq!(statuses, [400, 400, 400, 429, 429]);
    });
}

#[test]
fn http_d39_people_are_counted_by_login_and_an_app_start_is_refused_with_400() {
    play_with(&[("REQUESTS_PER_MINUTE_PER_LOGIN", "5")], async |world| {
        let tenant = world.seed.tenant().await;
        let other = world.seed.member(tenant.environment.company, "member").await;
        for _ in 0..5 {
            ok(&get(world, &tenant.owner, "/api/v1/auth/check").await);
        }
        let answer = get(world, &tenant.owner, "/api/v1/auth/check").await;
        refused(&answer, 429);
        assert!(answer.header("retry-after").is_some());
        assert!(answer.cookies().is_empty(), "the login stays");
        let answer = world.authorize(&tenant.owner, &tenant.environment, "hello", Uuid::new_v4()).await;
        refused(&answer, 400);
        let answer = Request::post("/api/v1/audit-log/get-page", &json!({})).login(&tenant.owner.session);
        let answer = answer.send(world.address()).await;
        refused(&answer, 429);
        assert_eq!(answer.json()["type"], "unknown-error");
        ok(&get(world, &other, "/api/v1/auth/check").await);
        // A page that is open is not disturbed, and new ones open.
        world.page(&tenant.owner, &tenant.environment, "hello").await;
    });
}

#[test]
fn limits_can_be_switched_off() {
    let off = [("REQUESTS_PER_MINUTE_PER_LOGIN", "0"), ("REQUESTS_PER_MINUTE_PER_ADDRESS", "0")];
    play_with(&off, async |world| {
        for _ in 0..30 {
            refused(&visit(world, "").await, 400);
        }
    });
}
