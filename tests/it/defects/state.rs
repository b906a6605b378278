//! D-32 to D-38: what is remembered, for how long, and under which id.

use crate::support::running::{assert_quiet, start, works};
use crate::support::{Running, Upgrade, message, play, play_with};
use serde_json::json;
use uuid::Uuid;

#[test]
fn d32_a_visitor_cannot_make_the_server_remember_without_end() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        world.seed.share(&tenant.environment, "hello", "ALL").await;
        let visitor = world.seed.visitor("ALL").await;
        let mut running = world.running(&tenant).await;
        let mut page = world.page(&visitor, &tenant.environment, "hello").await;
        let before = world.server.resident_bytes();
        let mut last = Uuid::nil();
        for _ in 0..1000 {
            last = start(&mut page, &mut running.sdk, "hello").await;
        }
        works(&mut page, &mut running.sdk, last).await;
        // Sessions that are named by REST and never connect: at some number there are no more.
        let mut refused = 0;
        for _ in 0..110 {
            let calls = (0..10).map(|_| world.authorize(&visitor, &tenant.environment, "hello", Uuid::new_v4()));
            for answer in futures_util::future::join_all(calls).await {
                match answer.status {
                    200 => {}
                    // Not 429: the web client would go to its login page.
                    400 => refused += 1,
                    other => panic!("{other}: {answer:?}"),
                }
            }
        }
        assert!(refused > 0, "1100 sessions of one login are remembered");
        let grown = world.server.resident_bytes().saturating_sub(before);
        assert!(grown < 24 << 20, "the server grew by {} KiB", grown >> 10);
        running.works().await;
        works(&mut page, &mut running.sdk, last).await;
    });
}

#[test]
fn d32_sockets_that_are_gone_leave_nothing_open() {
    play_with(&[("SESSION_GRACE_SECONDS", "1")], async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        let before = world.server.open_files();
        for _ in 0..20 {
            let mut pages = Vec::new();
            for _ in 0..10 {
                pages.push(world.home(&tenant.owner).await);
            }
        }
        crate::support::soon("the descriptors are given back", async {
            while world.server.open_files() > before + 10 {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        })
        .await;
        running.works().await;
    });
}

#[test]
fn d33_an_external_user_on_the_home_path() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        world.seed.share(&tenant.environment, "hello", "anna@x.test").await;
        for email in ["anna@x.test", "ALL"] {
            let login = world.seed.visitor(email).await;
            match Upgrade::home(&login, Uuid::new_v4()).connect(world.address()).await {
                Err(refusal) => {
                    assert_eq!(refusal.code.as_deref(), Some("brwsr1"));
                    refusal.assert_readable();
                }
                Ok(mut peer) => {
                    let report = peer.next_is("12").await;
                    assert_eq!(report.json(), json!({"type": "12", "connections": {}}));
                    let _sdk = world.sdk(&tenant.environment).await;
                    peer.silent().await;
                }
            }
        }
    });
}

#[test]
fn d34_two_upgrades_with_one_session_id_at_once() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut sdk = world.sdk(&tenant.environment).await;
        for _ in 0..15 {
            let session = Uuid::new_v4();
            let upgrade =
                || Upgrade::page(&tenant.owner, session, tenant.environment.id, "hello").connect(world.address());
            let (one, two) = tokio::join!(upgrade(), upgrade());
            let mut peers: Vec<_> = [one, two].into_iter().flatten().collect();
            assert!(!peers.is_empty(), "both were refused");
            // One of them is the page; the other was refused or is closed.
            let winner = if peers.len() == 1 {
                0
            } else {
                let [first, second] = &mut peers[..] else { unreachable!() };
                let limit = crate::support::PATIENCE;
                tokio::select! {
                    code = first.ended_within(limit) => { assert!(code.is_some_and(|code| code >= 4000), "{code:?}"); 1 }
                    code = second.ended_within(limit) => { assert!(code.is_some_and(|code| code >= 4000), "{code:?}"); 0 }
                }
            };
            let mut peer = peers.swap_remove(winner);
            // Its status frame may have been read while looking for the end of the other.
            peer.ping(b"settled").await;
            let execution = Uuid::new_v4();
            let frame = message::start(tenant.environment.id, execution, session, "hello");
            peer.send(frame.clone()).await;
            sdk.expect(&frame).await;
            let toast = message::toast(session, execution, "once");
            sdk.send(toast.clone()).await;
            peer.expect(&toast).await;
            peer.silent().await;
        }
    });
}

#[test]
fn d35_a_close_while_the_home_page_is_being_looked_up() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let session = Uuid::new_v4();
        let bytes = Upgrade::home(&tenant.owner, session).bytes(world.address());
        for round in 0..20 {
            let stream = tokio::net::TcpStream::connect(world.address()).await.unwrap();
            let mut socket = crate::support::raw::RawSocket::new(stream);
            socket.write(&bytes).await;
            if round % 2 == 0 {
                socket.reset();
            }
        }
        // No ghost keeps the session: the page can connect, and stays.
        let mut home = Upgrade::home(&tenant.owner, session).accepted(world.address()).await;
        home.next_is("12").await;
        let _sdk = world.sdk(&tenant.environment).await;
        home.status(true).await;
        home.silent().await;
    });
}

#[test]
fn d37_the_session_id_is_a_uuid_and_nothing_else() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let environment = tenant.environment.id;
        let upper = Uuid::new_v4();
        for id in [
            "not-a-uuid",
            "constructor",
            "1",
            &upper.simple().to_string(),
            &format!("{{{upper}}}"),
            &format!("urn:uuid:{upper}"),
            &format!("{upper}0"),
            "11111111-1111-4111-8111-11111111111%C3%A9",
        ] {
            let path = format!("/api/v1/browser/ws?sessionId={id}&environmentId={environment}&appRoute=hello");
            let refusal = Upgrade::to(&path).login(&tenant.owner.session).connect(world.address()).await;
            refusal.err().unwrap_or_else(|| panic!("{id} was accepted")).assert_readable();
        }
        // Upper case is the same id; the environment is found by it.
        let mut sdk = world.sdk(&tenant.environment).await;
        let path = format!(
            "/api/v1/browser/ws?sessionId={}&environmentId={}&appRoute=hello",
            upper.to_string().to_uppercase(),
            environment.to_string().to_uppercase()
        );
        let mut peer = Upgrade::to(&path).login(&tenant.owner.session).accepted(world.address()).await;
        let mut status = peer.next_is("11").await;
        if status.json()["isOnline"] == false {
            status = peer.next_is("11").await;
        }
        assert_eq!(status.first_id(), upper);
        let execution = Uuid::new_v4();
        let frame = message::start(environment, execution, upper, "hello");
        peer.send(frame.clone()).await;
        sdk.expect(&frame).await;
    });
}

#[test]
fn d38_the_route_of_an_execution_is_the_one_it_was_started_with() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let Running { mut sdk, mut page, execution } = world.running(&tenant).await;
        let second = start(&mut page, &mut sdk, "second").await;
        sdk.send(message::audit_log(page.session, second, json!({"message": "no route"}))).await;
        let rows = world.seed.audit_rows_until(tenant.environment.company, 1).await;
        assert_eq!(rows[0]["appRoute"], "second");
        let _ = execution;
        assert_quiet(&mut page.peer);
    });
}
