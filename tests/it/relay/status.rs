//! Status frames: `11` and `12` at a connect, `11` when an SDK comes and goes, `14` after INITIALIZE.

use crate::support::{Upgrade, message, play};
use serde_json::json;
use uuid::Uuid;

#[test]
fn everybody_who_watches_an_environment_hears_that_its_sdk_comes_and_goes() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let stranger = world.seed.tenant().await;
        world.seed.share(&tenant.environment, "hello", "ALL").await;
        let member = world.seed.member(tenant.environment.company, "member").await;
        let visitor = world.seed.visitor("ALL").await;
        let (home, home_session) = world.home(&tenant.owner).await;
        let (mut other, _) = world.home(&stranger.owner).await;
        let mut watchers = vec![(home, home_session)];
        for login in [&tenant.owner, &member, &visitor] {
            let page = world.page(login, &tenant.environment, "hello").await;
            watchers.push((page.peer, page.session));
        }
        for (name, version) in [("compose-python", "0.27.8"), ("compose-node", "0.27.9")] {
            let upgrade = Upgrade::sdk(&tenant.environment)
                .header("x-compose-package-name", name)
                .header("x-compose-package-version", version);
            let mut sdk = upgrade.accepted(world.address()).await;
            for online in [true, false] {
                if !online {
                    sdk.close(4000).await;
                }
                for (peer, session) in &mut watchers {
                    let status = peer.status(online).await;
                    assert_eq!(status.first_id(), *session);
                    let body = status.json();
                    assert_eq!(body["environmentId"], tenant.environment.id.to_string());
                    assert_eq!((&body["packageName"], &body["packageVersion"]), (&json!(name), &json!(version)));
                    assert!(body["message"].is_string(), "{body}");
                }
            }
        }
        other.silent().await;
    });
}

#[test]
fn a_page_hears_at_once_whether_its_sdk_is_there() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let session = Uuid::new_v4();
        let page = || Upgrade::page(&tenant.owner, session, tenant.environment.id, "hello");
        let body = page().accepted(world.address()).await.status(false).await.json();
        assert!(body.get("packageName").is_none_or(serde_json::Value::is_null), "nobody has been there: {body}");
        let _sdk = world.sdk(&tenant.environment).await;
        let mut peer = page().accepted(world.address()).await;
        let mut status = peer.next_is("11").await;
        if status.json()["isOnline"] == false {
            // The page was quicker than the registration of the SDK: then the news follows.
            status = peer.next_is("11").await;
        }
        let body = status.json();
        assert_eq!(body["isOnline"], true);
        assert_eq!((&body["packageName"], &body["packageVersion"]), (&json!("compose-python"), &json!("0.27.8")));
    });
}

#[test]
fn a_home_page_gets_the_environments_of_its_company_without_those_of_colleagues() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let company = tenant.environment.company;
        let member = world.seed.member(company, "member").await;
        let own = world.seed.environment(company, "development").await;
        let of_colleague = world.seed.environment(company, "development").await;
        world.seed.tenant().await;
        let owns = r#"UPDATE "user" SET "developmentEnvironmentId" = $1 WHERE id = $2"#;
        world.seed.run(owns, &[&own.id, &tenant.owner.user]).await;
        world.seed.run(owns, &[&of_colleague.id, &member.user]).await;
        let mut sdk = world.sdk(&own).await;
        sdk.ping(b"registered").await;

        let mut home = Upgrade::home(&tenant.owner, Uuid::new_v4()).accepted(world.address()).await;
        let report = home.next_is("12").await;
        let expected = json!({"type": "12", "connections": {
            tenant.environment.id.to_string(): false, own.id.to_string(): true,
        }});
        assert_eq!(report.json(), expected);
        let _theirs = world.sdk(&of_colleague).await;
        let (mut colleague, _) = world.home(&member).await;
        colleague.ping(b"registered").await;
        home.silent().await;
        sdk.close(4000).await;
        assert_eq!(home.status(false).await.json()["environmentId"], own.id.to_string());
        colleague.silent().await;
    });
}

#[test]
fn a_stored_initialize_is_told_to_every_page_of_the_environment() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let (mut home, session) = world.home(&tenant.owner).await;
        let mut page = world.page(&tenant.owner, &tenant.environment, "hello").await;
        let mut sdk = world.sdk(&tenant.environment).await;
        home.status(true).await;
        page.peer.status(true).await;
        sdk.send(message::initialize(json!([message::app("fresh")]))).await;
        for (peer, session) in [(&mut home, session), (&mut page.peer, page.session)] {
            let told = peer.next_is("14").await;
            assert_eq!(told.first_id(), session);
            assert_eq!(told.json(), json!({"type": "14", "environmentId": tenant.environment.id.to_string()}));
        }
        // Told after it was stored, not before.
        assert_eq!(world.seed.stored_routes(tenant.environment.id).await, ["fresh"]);
    });
}

#[test]
fn an_sdk_may_come_back_at_once_after_a_close() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        for code in [1000, 1011, 3783, 4000] {
            let mut sdk = world.sdk(&tenant.environment).await;
            sdk.ping(b"here").await;
            sdk.close(code).await;
            sdk.ended_within(crate::support::PATIENCE).await;
        }
        let mut running = world.running(&tenant).await;
        running.works().await;
    });
}
