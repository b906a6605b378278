//! D-24 to D-27: nothing vanishes without a word.

use crate::support::running::start;
use crate::support::{Message, Peer, Running, Tenant, Upgrade, World, message, play, play_with};
use serde_json::json;
use uuid::Uuid;

#[test]
fn d24_a_frame_to_an_absent_sdk_is_answered() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        running.sdk.close(1011).await;
        running.page.peer.status(false).await;
        let environment = tenant.environment.id;
        for frame in [
            message::click(environment, running.execution, "c"),
            message::start(environment, Uuid::new_v4(), running.session(), "hello"),
            message::check_execution_exists(environment, running.execution, running.session()),
        ] {
            running.page.peer.send(frame).await;
            let answer = running.page.peer.status(false).await;
            assert_eq!(answer.first_id(), running.session());
            assert_eq!(answer.json()["environmentId"], environment.to_string());
        }
        running.sdk = world.sdk(&tenant.environment).await;
        running.page.peer.status(true).await;
        running.execution = start(&mut running.page, &mut running.sdk, "hello").await;
        running.works().await;
    });
}

/// Drops the connection of a page, and waits until the server must have seen that: it has let another page of the same
/// environment in since.
async fn gone(world: &World, tenant: &Tenant, peer: &mut Peer) {
    let other = world.page(&tenant.owner, &tenant.environment, "hello").await;
    drop(std::mem::replace(peer, other.peer));
    world.page(&tenant.owner, &tenant.environment, "hello").await;
}

#[test]
fn d25_frames_to_an_absent_page_are_replayed() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        let (session, execution) = (running.session(), running.execution);
        for clean in [false, true] {
            if clean {
                running.page.peer.close(1001).await;
                running.page.peer.ended_within(crate::support::PATIENCE).await;
            }
            gone(world, &tenant, &mut running.page.peer).await;
            let frames: Vec<Vec<u8>> =
                (0..50).map(|index| message::toast(session, execution, &format!("missed {index}"))).collect();
            for frame in &frames {
                running.sdk.send(frame.clone()).await;
            }
            running.sdk.silent().await;
            let page = Upgrade::page(&tenant.owner, session, tenant.environment.id, "hello").execution(execution);
            running.page.peer = page.accepted(world.address()).await;
            running.page.peer.status(true).await;
            let check = message::check_execution_exists(tenant.environment.id, execution, session);
            running.page.peer.send(check.clone()).await;
            running.sdk.expect(&check).await;
            for frame in &frames {
                running.page.peer.expect(frame).await;
            }
            running.works().await;
        }
    });
}

#[test]
fn d25_what_does_not_fit_into_the_replay_is_told_to_be_gone() {
    play_with(&[("REPLAY_BYTES", "100000")], async |world| {
        let tenant = world.seed.tenant().await;
        let Running { mut sdk, mut page, execution } = world.running(&tenant).await;
        let session = page.session;
        gone(world, &tenant, &mut page.peer).await;
        for _ in 0..10 {
            sdk.send(message::with_header("av", session, execution, vec![b'x'; 50_000])).await;
        }
        sdk.silent().await;
        let page = Upgrade::page(&tenant.owner, session, tenant.environment.id, "hello").execution(execution);
        let mut peer = page.accepted(world.address()).await;
        peer.status(true).await;
        peer.send(message::check_execution_exists(tenant.environment.id, execution, session)).await;
        let answer = peer.until("ay").await;
        assert_eq!((answer.first_id(), answer.execution()), (session, execution));
        assert_eq!(answer.json()["exists"], false);
        let mut page = crate::support::world::Page { peer, session, environment: tenant.environment.id };
        let fresh = Uuid::new_v4();
        let frame = message::start(tenant.environment.id, fresh, session, "hello");
        page.peer.send(frame.clone()).await;
        let mut arrived = sdk.message().await;
        if arrived.code() == "ak" {
            // The run that cannot be shown any more may be ended in the SDK.
            assert_eq!(arrived.execution(), execution);
            arrived = sdk.message().await;
        }
        assert_eq!(arrived, frame);
        Running { sdk, page, execution: fresh }.works().await;
    });
}

#[test]
fn d26_a_page_whose_execution_is_unknown_is_told() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        let unknown = Uuid::new_v4();
        let environment = tenant.environment.id;
        for frame in [
            message::click(environment, unknown, "c"),
            message::check_execution_exists(environment, unknown, running.session()),
            message::close_modal(environment, unknown, "r"),
        ] {
            running.page.peer.send(frame.clone()).await;
            let answer = running.page.peer.next_is("ay").await;
            assert_eq!((answer.first_id(), answer.execution()), (running.session(), unknown));
            assert_eq!(answer.json(), json!({"type": "ay", "exists": false}), "{:?}", Message::from(frame));
        }
        running.works().await;
    });
}

#[test]
fn d26_after_a_restart_of_the_server_a_page_hears_that_its_execution_is_gone_or_goes_on() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let Running { page, execution, .. } = world.running(&tenant).await;
        world.server.kill();
        world.server.start_again().await;
        world.ended = true;
        let mut sdk = world.sdk(&tenant.environment).await;
        sdk.silent().await;
        let upgrade = Upgrade::page(&tenant.owner, page.session, tenant.environment.id, "hello").execution(execution);
        let mut peer = upgrade.accepted(world.address()).await;
        peer.until_status(true).await;
        let check = message::check_execution_exists(tenant.environment.id, execution, page.session);
        peer.send(check.clone()).await;
        // Not authorised by the query alone (A4): unless the server has kept the binding, it says so by itself.
        tokio::select! {
            answer = peer.message() => {
                assert_eq!((answer.code(), &answer.json()["exists"]), ("ay", &json!(false)));
            }
            arrived = sdk.message() => assert_eq!(arrived, check),
        }
        let mut page = crate::support::world::Page { peer, ..page };
        let execution = start(&mut page, &mut sdk, "hello").await;
        Running { sdk, page, execution }.works().await;
        world.assert_healthy().await;
    });
}

#[test]
fn d27_after_in_app_navigation_a_reconnect_names_the_old_route() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        for route in ["hello", "second"] {
            world.seed.share(&tenant.environment, route, "anna@x.test").await;
        }
        let anna = world.seed.visitor("anna@x.test").await;
        let Running { mut sdk, mut page, .. } = world.running_as(&anna, &tenant.environment).await;
        let answer = world.authorize(&anna, &tenant.environment, "second", page.session).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let execution = start(&mut page, &mut sdk, "second").await;
        let upgrade = Upgrade::page(&anna, page.session, tenant.environment.id, "hello").execution(execution);
        page.peer = upgrade.accepted(world.address()).await;
        page.peer.status(true).await;
        let mut running = Running { sdk, page, execution };
        running.works().await;
        running.execution = start(&mut running.page, &mut running.sdk, "second").await;
        running.works().await;
    });
}
