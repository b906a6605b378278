//! What a process leaves to the next (relay-protocol 5.5, A4): only to the same page of the same user, and not for ever.

use super::{all_settings, settings};
use crate::support::{Event, Running, Server, Tenant, Upgrade, World, message, play_with};
use std::time::Duration;
use uuid::Uuid;

/// Ends the process and starts another in its place.
async fn restart(world: &mut World) {
    world.server.terminate();
    assert!(world.server.exited(Duration::from_secs(20)).await.success());
    world.server = Server::start(world.address(), all_settings(world, &[])).await;
    world.ended = true;
}

async fn kept(world: &World) -> i64 {
    world.seed.sql.query_one("SELECT count(*) FROM relay_kept_session", &[]).await.unwrap().get(0)
}

async fn closed(running: &mut Running) {
    assert_eq!(running.page.peer.closed().await, 3782);
    assert_eq!(running.sdk.closed().await, 3782);
}

fn back(tenant: &Tenant, running: &Running) -> Upgrade {
    let page = Upgrade::page(&tenant.owner, running.session(), running.environment(), "hello");
    page.execution(running.execution)
}

#[test]
fn what_an_sdk_sends_before_its_page_is_back_waits_for_it() {
    play_with(&settings(&[]), async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        // The page is away already when the server stops.
        let session = running.session();
        running.page.peer.close(4000).await;
        assert_eq!(running.page.peer.closed().await, 4000);
        let toast = |text: &str| message::toast(session, running.execution, text);
        running.sdk.send(toast("before")).await;
        running.sdk.silent().await;
        restart(world).await;
        assert_eq!(running.sdk.closed().await, 3782);
        assert_eq!(kept(world).await, 1);
        running.sdk = world.sdk(&tenant.environment).await;
        assert_eq!(kept(world).await, 0, "taken by the first who came");
        running.sdk.send(toast("after")).await;
        running.sdk.silent().await;
        running.page.peer = back(&tenant, &running).accepted(world.address()).await;
        running.page.peer.status(true).await;
        running.page.peer.expect(&toast("before")).await;
        running.page.peer.expect(&toast("after")).await;
        running.works().await;
    });
}

#[test]
fn a_page_that_is_back_before_its_sdk_goes_on_when_it_comes() {
    play_with(&settings(&[]), async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        restart(world).await;
        closed(&mut running).await;
        running.page.peer = back(&tenant, &running).accepted(world.address()).await;
        running.page.peer.status(false).await;
        running.sdk = world.sdk(&tenant.environment).await;
        running.page.peer.status(true).await;
        let check = message::check_execution_exists(running.environment(), running.execution, running.session());
        running.page.peer.send(check.clone()).await;
        running.sdk.expect(&check).await;
        running.works().await;
    });
}

#[test]
fn a4_nobody_else_gets_a_page_that_was_kept() {
    play_with(&settings(&[]), async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        let colleague = world.seed.member(tenant.environment.company, "member").await;
        restart(world).await;
        closed(&mut running).await;
        running.sdk = world.sdk(&tenant.environment).await;
        // The session is the owner's (A1) ...
        let page = Upgrade::page(&colleague, running.session(), running.environment(), "hello");
        page.execution(running.execution).refused(world.address(), "brwsr3").await;
        // ... and so is the execution (A3).
        let session = Uuid::new_v4();
        let page = Upgrade::page(&colleague, session, running.environment(), "hello").execution(running.execution);
        let mut other = page.accepted(world.address()).await;
        other.status(true).await;
        other.send(message::click(running.environment(), running.execution, "theft")).await;
        let answer = other.next_is("ay").await;
        assert_eq!(answer.json()["exists"], false);
        running.page.peer = back(&tenant, &running).accepted(world.address()).await;
        running.page.peer.status(true).await;
        running.works().await;
    });
}

#[test]
fn what_was_kept_too_long_ago_is_not_taken_up() {
    play_with(&settings(&[]), async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        world.server.terminate();
        assert!(world.server.exited(Duration::from_secs(20)).await.success());
        world.seed.run(r#"UPDATE relay_kept_session SET "expiresAt" = now() - interval '1 second'"#, &[]).await;
        world.server = Server::start(world.address(), all_settings(world, &[])).await;
        world.ended = true;
        closed(&mut running).await;
        running.sdk = world.sdk(&tenant.environment).await;
        running.page.peer = back(&tenant, &running).accepted(world.address()).await;
        running.page.peer.status(true).await;
        running.page.peer.send(message::click(running.environment(), running.execution, "late")).await;
        assert_eq!(running.page.peer.next_is("ay").await.json()["exists"], false);
        assert_eq!(kept(world).await, 0);
    });
}

#[test]
fn what_was_sent_in_the_last_moment_is_not_lost() {
    play_with(&settings(&[]), async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        let (session, execution) = (running.session(), running.execution);
        let toast = |number: usize| message::toast(session, execution, &format!("toast {number}"));
        let (mut sent, mut seen) = (0, 0);
        while running.sdk.try_send(toast(sent)).await.is_ok() {
            sent += 1;
            if sent == 200 {
                world.server.terminate();
            }
            tokio::task::yield_now().await;
        }
        assert_eq!(running.sdk.closed().await, 3782);
        loop {
            match running.page.peer.event().await {
                Event::Message(message) => {
                    assert_eq!(message, toast(seen));
                    seen += 1;
                }
                Event::Ping | Event::Pong(_) => {}
                Event::Closed(Some((3782, _))) => break,
                other => panic!("{other:?}"),
            }
        }
        assert!(world.server.exited(Duration::from_secs(20)).await.success());
        world.server = Server::start(world.address(), all_settings(world, &[])).await;
        world.ended = true;
        running.page.peer = back(&tenant, &running).accepted(world.address()).await;
        running.page.peer.status(false).await;
        for number in seen..sent {
            running.page.peer.expect(&toast(number)).await;
        }
        running.sdk = world.sdk(&tenant.environment).await;
        running.page.peer.status(true).await;
        running.works().await;
        eprintln!("{seen} of {sent} messages came before the end");
    });
}
