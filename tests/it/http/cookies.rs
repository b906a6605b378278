//! Login sessions: the cookie, its renewal, and whose rights it carries.

use crate::support::{Request, Upgrade, World, play, play_with};
use serde_json::json;
use uuid::Uuid;

const CHECK: &str = "/api/v1/auth/check";

async fn check(world: &World, cookie: &str) -> crate::support::Response {
    Request::get(CHECK).header("Cookie", cookie).send(world.address()).await
}

#[test]
fn http_d19_cookies_of_others_do_not_matter() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let own = format!("auth_session={}", tenant.owner.session);
        let unknown = format!("auth_session={}", "a".repeat(40));
        for cookie in [
            format!("bad=%E0%A4%A; {own}"),
            format!("{own};bad=%"),
            format!("a=b;{own};c=d"),
            format!("  {own}  "),
            format!("auth_session=; {own}"),
            format!("auth_session=short; {own}"),
            format!("{unknown}; {own}"),
            format!("{own}; {unknown}"),
            format!("x=\"quoted; {own}"),
            format!("=; ;; {own}"),
        ] {
            assert_eq!(check(world, &cookie).await.status, 200, "{cookie}");
            // The socket reads them the same way.
            let upgrade = Upgrade::home(&tenant.owner, Uuid::new_v4()).header("Cookie", &cookie);
            upgrade.accepted(world.address()).await.next_is("12").await;
        }
        for cookie in ["auth_session=%00", "auth_session=", "auth_session", &own.to_uppercase(), &format!("x{own}")] {
            let answer = check(world, cookie).await;
            assert_eq!(answer.status, 401, "{cookie}: {answer:?}");
            assert_eq!(answer.cookies(), ["auth_session=; HttpOnly; Max-Age=0; Path=/; SameSite=Lax; Secure"]);
        }
    });
}

#[test]
fn a_login_is_renewed_when_half_of_its_time_is_over() {
    play(async |world| {
        for (age, renewed) in [("14 days 23 hours", true), ("15 days 1 minute", false), ("1 minute", true)] {
            let tenant = world.seed.tenant().await;
            let statement = r#"UPDATE session SET "expiresAt" = now() + $2::text::interval WHERE id = $1"#;
            world.seed.run(statement, &[&tenant.owner.session, &age]).await;
            let answer = check(world, &format!("auth_session={}", tenant.owner.session)).await;
            assert_eq!(answer.status, 200);
            let left = r#"SELECT extract(epoch FROM "expiresAt" - now())::float8 FROM session WHERE id = $1"#;
            let left: f64 = world.seed.sql.query_one(left, &[&tenant.owner.session]).await.unwrap().get(0);
            if renewed {
                let session = &tenant.owner.session;
                let cookie = format!("auth_session={session}; HttpOnly; Max-Age=2592000; Path=/; SameSite=Lax; Secure");
                assert_eq!(answer.cookies(), [cookie]);
                assert!((2_592_000.0 - left).abs() < 60.0, "{left} s are left");
            } else {
                assert_eq!(answer.cookies(), Vec::<&str>::new());
                assert!(left < 16.0 * 86400.0);
            }
        }
    });
}

#[test]
fn in_development_the_cookie_is_not_bound_to_tls_and_any_origin_passes() {
    play_with(&[("NODE_ENV", "development")], async |world| {
        let tenant = world.seed.tenant().await;
        let answer = Request::get("/api/v1/auth/logout").login(&tenant.owner.session).send(world.address()).await;
        assert_eq!(answer.cookies(), ["auth_session=; HttpOnly; Max-Age=0; Path=/; SameSite=Lax"]);
        let tenant = world.seed.tenant().await;
        let home = |origin| Upgrade::home(&tenant.owner, Uuid::new_v4()).header("Origin", origin);
        home("http://localhost:5173").accepted(world.address()).await.next_is("12").await;
        home("").refused(world.address(), "brwsr1").await;
    });
}

#[test]
fn logout_ends_the_login() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let cross_site = Request::get("/api/v1/auth/logout").login(&tenant.owner.session);
        let first = cross_site.send(world.address()).await;
        assert_eq!((first.status, first.text().as_str()), (200, "null"));
        assert_eq!(first.cookies(), ["auth_session=; HttpOnly; Max-Age=0; Path=/; SameSite=Lax; Secure"]);
        let answer = check(world, &format!("auth_session={}", tenant.owner.session)).await;
        assert_eq!(answer.status, 401);
    });
}

#[test]
fn http_d37_company_and_role_come_from_the_row_of_the_user() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let other = world.seed.tenant().await;
        // A session row that still says the company of another time.
        let moved = world.seed.member(other.environment.company, "member").await;
        let update = r#"UPDATE session SET "companyId" = $2 WHERE id = $1"#;
        world.seed.run(update, &[&moved.session, &tenant.environment.company]).await;
        let page = |environment| Upgrade::page(&moved, Uuid::new_v4(), environment, "hello");
        page(tenant.environment.id).refused(world.address(), "brwsr1").await;
        page(other.environment.id).accepted(world.address()).await.status(false).await;
        assert_eq!(world.authorize(&moved, &tenant.environment, "hello", Uuid::new_v4()).await.status, 401);
        let mut home = Upgrade::home(&moved, Uuid::new_v4()).accepted(world.address()).await;
        let report = home.next_is("12").await.json();
        let expected = json!({"type": "12", "connections": {other.environment.id.to_string(): false}});
        assert_eq!(report, expected);
    });
}

#[test]
fn http_d09_a_guest_needs_a_share() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let guest = world.seed.member(tenant.environment.company, "guest").await;
        let page = |login| Upgrade::page(login, Uuid::new_v4(), tenant.environment.id, "hello");
        page(&guest).refused(world.address(), "brwsr1").await;
        assert_eq!(world.authorize(&guest, &tenant.environment, "hello", Uuid::new_v4()).await.status, 401);
        world.seed.share(&tenant.environment, "hello", &guest.email).await;
        page(&guest).accepted(world.address()).await.status(false).await;
        let member = world.seed.member(tenant.environment.company, "member").await;
        page(&member).accepted(world.address()).await.status(false).await;
    });
}
