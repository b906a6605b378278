//! The life of a page: restart, navigation, reconnect, and an SDK that goes and comes back.

use crate::support::running::start;
use crate::support::{Running, Upgrade, message, play};
use serde_json::json;

#[test]
fn a_page_starts_again_with_a_fresh_execution_and_no_rest_call() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        for _ in 0..5 {
            running.works().await;
            running.execution = start(&mut running.page, &mut running.sdk, "hello").await;
        }
        running.works().await;
    });
}

#[test]
fn a_page_goes_to_another_app_of_the_environment() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let Running { mut sdk, mut page, .. } = world.running(&tenant).await;
        let answer = world.authorize(&tenant.owner, &tenant.environment, "second", page.session).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let execution = start(&mut page, &mut sdk, "second").await;
        Running { sdk, page, execution }.works().await;
    });
}

#[test]
fn a_page_that_reconnects_goes_on_with_its_execution() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        for clean in [true, false] {
            let upgrade = Upgrade::page(&tenant.owner, running.session(), tenant.environment.id, "hello");
            if clean {
                running.page.peer.close(1000).await;
                running.page.peer.ended_within(crate::support::PATIENCE).await;
            }
            running.page.peer = upgrade.execution(running.execution).accepted(world.address()).await;
            running.page.peer.status(true).await;
            let (environment, execution) = (tenant.environment.id, running.execution);
            let check = message::check_execution_exists(environment, execution, running.session());
            running.page.peer.send(check.clone()).await;
            running.sdk.expect(&check).await;
            running.works().await;
        }
    });
}

#[test]
fn an_execution_goes_on_when_the_sdk_comes_back() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        for code in [1011, 1000, 3783] {
            running.sdk.close(code).await;
            running.page.peer.status(false).await;
            running.sdk = world.sdk(&tenant.environment).await;
            running.page.peer.status(true).await;
            running.works().await;
        }
    });
}

#[test]
fn a_public_visitor_runs_a_public_app() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        world.seed.share(&tenant.environment, "hello", "ALL").await;
        let visitor = world.seed.visitor("ALL").await;
        let mut running = world.running_as(&visitor, &tenant.environment).await;
        let answer = world.authorize(&visitor, &tenant.environment, "hello", running.session()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        running.works().await;
    });
}

#[test]
fn access_is_inherited_through_a_chain_with_a_cycle() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let parent = |route: &str| format!("INHERIT_PERMISSIONS_FROM_APP:::{route}");
        world.seed.share(&tenant.environment, "hello", &parent("second")).await;
        world.seed.share(&tenant.environment, "second", &parent("private")).await;
        world.seed.share(&tenant.environment, "private", &parent("hello")).await;
        let visitor = world.seed.visitor("guest@visitor.test").await;
        let page = || Upgrade::page(&visitor, uuid::Uuid::new_v4(), tenant.environment.id, "hello");
        page().refused(world.address(), "brwsr1").await;
        world.seed.share(&tenant.environment, "private", "guest@visitor.test").await;
        page().accepted(world.address()).await.status(false).await;
    });
}

#[test]
fn an_sdk_that_never_initializes_is_online_all_the_same() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut sdk = Upgrade::node_sdk(&tenant.environment).accepted(world.address()).await;
        sdk.ping(b"here").await;
        let mut page = world.page(&tenant.owner, &tenant.environment, "hello").await;
        let execution = start(&mut page, &mut sdk, "hello").await;
        Running { sdk, page, execution }.works().await;
    });
}

#[test]
fn initialize_is_stored_and_its_apps_can_be_started() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut sdk = Upgrade::node_sdk(&tenant.environment).accepted(world.address()).await;
        let theme = json!({"textColor": "#102030", "backgroundColor": "#fafafa", "primaryColor": "#0066cc"});
        let nav = uuid::Uuid::new_v4().to_string();
        let apps = json!([
            {"name": "Héllo", "route": "one", "description": null, "navId": nav},
            {"name": "Kid", "route": "kid", "description": "second", "parentAppRoute": "one"},
            {"name": "Shown", "route": "shown", "description": null, "parentAppRoute": "one", "hidden": false},
        ]);
        let navs = json!([{"id": nav, "items": ["kid", "one"], "logoUrl": "https://example.test/l.svg"}]);
        sdk.send(message::initialize_body(json!({"type": "ab", "apps": apps, "theme": theme, "navs": navs,
            "packageName": "lies", "packageVersion": "9.9.9"})))
            .await;
        world.seed.stored_routes_until(tenant.environment.id, &["one", "kid", "shown"]).await;
        let statement = "SELECT apps, theme, data FROM environment WHERE id = $1";
        let row = world.seed.sql.query_one(statement, &[&tenant.environment.id]).await.unwrap();
        let (apps, stored_theme, data): (serde_json::Value, serde_json::Value, serde_json::Value) =
            (row.get(0), row.get(1), row.get(2));
        assert_eq!(
            apps[0],
            json!({"name": "Héllo", "route": "one", "description": null, "navId": nav, "hidden": false})
        );
        assert_eq!((&apps[1]["hidden"], &apps[2]["hidden"]), (&json!(true), &json!(false)));
        assert_eq!(stored_theme, theme);
        // From the upgrade headers, not from the body.
        assert_eq!((&data["packageName"], &data["packageVersion"]), (&json!("compose-node"), &json!("0.27.9")));
        let items = json!([{"label": "Kid", "route": "kid"}, {"label": "Héllo", "route": "one"}]);
        assert_eq!(data["navs"][0]["items"], items);

        let mut page = world.page(&tenant.owner, &tenant.environment, "one").await;
        let execution = start(&mut page, &mut sdk, "one").await;
        Running { sdk, page, execution }.works().await;

        // The child gets its access from the parent.
        world.seed.share(&tenant.environment, "one", "guest@visitor.test").await;
        let visitor = world.seed.visitor("guest@visitor.test").await;
        world.page(&visitor, &tenant.environment, "kid").await;
    });
}
