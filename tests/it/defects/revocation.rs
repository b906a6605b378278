//! D-9 and D-10: what was allowed at the upgrade and is no longer.

use crate::support::peer::assert_good_for_an_sdk;
use crate::support::running::start;
use crate::support::{Request, Running, Upgrade, message, play_with};
use serde_json::json;

const QUICK: [(&str, &str); 2] = [("AUTHORIZATION_RECHECK_SECONDS", "1"), ("SESSION_GRACE_SECONDS", "1")];

/// The page is closed, its SDK frees the runner, and the login cannot come back.
async fn ends(world: &crate::support::World, mut running: Running, login: &crate::support::Login) {
    let code = running.page.peer.closed().await;
    assert!((4000..5000).contains(&code) || code == 1008, "closed with {code}");
    let ended = running.sdk.next_is("ak").await;
    assert_eq!((ended.first_id(), ended.execution()), (running.environment(), running.execution));
    let body = json!({"type": "ak", "sessionId": running.session().to_string(),
                      "executionId": running.execution.to_string()});
    assert_eq!(ended.json(), body);
    let again = Upgrade::page(login, running.session(), running.environment(), "hello");
    again.refused(world.address(), "brwsr1").await;
}

#[test]
fn d09_a_deleted_login_session_closes_its_sockets() {
    play_with(&QUICK, async |world| {
        let tenant = world.seed.tenant().await;
        let (mut home, _) = world.home(&tenant.owner).await;
        let running = world.running(&tenant).await;
        home.status(true).await;
        world.seed.run("DELETE FROM session WHERE id = $1", &[&tenant.owner.session]).await;
        ends(world, running, &tenant.owner).await;
        home.closed().await;
    });
}

#[test]
fn d09_a_logout_closes_the_sockets_of_the_login() {
    // Not by the periodic look, which comes much later here.
    play_with(&[("AUTHORIZATION_RECHECK_SECONDS", "3600"), ("SESSION_GRACE_SECONDS", "1")], async |world| {
        let tenant = world.seed.tenant().await;
        let running = world.running(&tenant).await;
        let logout = Request::get("/api/v1/auth/logout").login(&tenant.owner.session);
        let answer = logout.send(world.address()).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "null"));
        assert_eq!(answer.cookies().len(), 1);
        assert!(answer.cookies()[0].starts_with("auth_session=; "), "{answer:?}");
        ends(world, running, &tenant.owner).await;
    });
}

#[test]
fn d09_an_expired_login_session_closes_its_sockets() {
    play_with(&QUICK, async |world| {
        let tenant = world.seed.tenant().await;
        let running = world.running(&tenant).await;
        let past = r#"UPDATE session SET "expiresAt" = now() WHERE id = $1"#;
        world.seed.run(past, &[&tenant.owner.session]).await;
        ends(world, running, &tenant.owner).await;
    });
}

#[test]
fn d09_a_deleted_user_loses_the_open_sockets() {
    play_with(&QUICK, async |world| {
        let tenant = world.seed.tenant().await;
        let member = world.seed.member(tenant.environment.company, "member").await;
        let mut running = world.running_as(&member, &tenant.environment).await;
        running.works().await;
        world.seed.run(r#"DELETE FROM "user" WHERE id = $1"#, &[&member.user]).await;
        ends(world, running, &member).await;
    });
}

#[test]
fn d09_a_deleted_share_closes_the_page_of_the_visitor_and_of_nobody_else() {
    play_with(&QUICK, async |world| {
        let tenant = world.seed.tenant().await;
        world.seed.share(&tenant.environment, "hello", "anna@x.test").await;
        world.seed.share(&tenant.environment, "hello", "bob@x.test").await;
        let anna = world.seed.visitor("anna@x.test").await;
        let bob = world.seed.visitor("bob@x.test").await;
        let mut running = world.running_as(&anna, &tenant.environment).await;
        let mut page = world.page(&bob, &tenant.environment, "hello").await;
        let execution = start(&mut page, &mut running.sdk, "hello").await;
        world.seed.run(r#"DELETE FROM "externalAppUser" WHERE email = 'anna@x.test'"#, &[]).await;
        let code = running.page.peer.closed().await;
        assert!((4000..5000).contains(&code) || code == 1008, "closed with {code}");
        assert_eq!(running.sdk.next_is("ak").await.execution(), running.execution);
        Running { sdk: running.sdk, page, execution }.works().await;
        Upgrade::page(&anna, running.page.session, tenant.environment.id, "hello")
            .refused(world.address(), "brwsr1")
            .await;
    });
}

#[test]
fn d09_a_start_is_checked_at_the_moment_it_is_sent() {
    // The periodic look is far away; a START asks by itself.
    let settings = [("AUTHORIZATION_RECHECK_SECONDS", "2"), ("SESSION_GRACE_SECONDS", "1")];
    play_with(&settings, async |world| {
        let tenant = world.seed.tenant().await;
        world.seed.share(&tenant.environment, "hello", "anna@x.test").await;
        let anna = world.seed.visitor("anna@x.test").await;
        let mut running = world.running_as(&anna, &tenant.environment).await;
        // Access to one app is no access to another.
        let fresh = uuid::Uuid::new_v4();
        let second = message::start(tenant.environment.id, fresh, running.session(), "second");
        running.page.peer.send(second).await;
        let click = message::click(tenant.environment.id, running.execution, "marker");
        running.page.peer.send(click.clone()).await;
        running.sdk.expect(&click).await;
        // A share that comes later is enough, without a reload of the page.
        world.seed.share(&tenant.environment, "second", "anna@x.test").await;
        crate::support::soon("the new share counts", async {
            loop {
                let fresh = uuid::Uuid::new_v4();
                let frame = message::start(tenant.environment.id, fresh, running.session(), "second");
                running.page.peer.send(frame.clone()).await;
                running.page.peer.send(click.clone()).await;
                let arrived = running.sdk.message().await;
                if arrived == frame {
                    running.sdk.expect(&click).await;
                    return;
                }
                assert_eq!(arrived, click);
                // Not a wait for anything: a page that asks too often is an offender.
                tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            }
        })
        .await;
    });
}

#[test]
fn d10_a_new_api_key_closes_the_sdk_with_the_old_one() {
    play_with(&QUICK, async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        let mut environment = tenant.environment.clone();
        environment.key = format!("ck_prod_{}", "ab".repeat(64));
        let hash = crate::support::seed::key_hash(&environment.key);
        let update = r#"UPDATE environment SET "apiKey" = $1 WHERE id = $2"#;
        world.seed.run(update, &[&hash, &environment.id]).await;
        assert_good_for_an_sdk(running.sdk.closed().await);
        running.page.peer.status(false).await;
        Upgrade::sdk(&tenant.environment).refused(world.address(), "srvr8").await;
        // The holder of the new key is not kept out.
        running.sdk = world.sdk(&environment).await;
        running.page.peer.status(true).await;
        running.works().await;
    });
}

#[test]
fn d10_a_deleted_environment_closes_its_sdk_and_its_pages() {
    play_with(&QUICK, async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        let mut neighbour = world.running(&world.seed.tenant().await).await;
        world.seed.run("DELETE FROM environment WHERE id = $1", &[&tenant.environment.id]).await;
        assert_good_for_an_sdk(running.sdk.closed().await);
        running.page.peer.closed().await;
        Upgrade::sdk(&tenant.environment).refused(world.address(), "srvr8").await;
        neighbour.works().await;
    });
}
