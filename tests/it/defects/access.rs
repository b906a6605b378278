//! D-8 and D-11 to D-14: who may open what.

use crate::support::{Upgrade, World, message, play};
use uuid::Uuid;

/// Whether a login is let in by the socket and by the REST call; both must agree.
async fn may_open(world: &World, email: &str, environment: &crate::support::Environment) -> bool {
    let login = world.seed.visitor(email).await;
    let session = Uuid::new_v4();
    let upgrade = Upgrade::page(&login, session, environment.id, "hello");
    let socket = match upgrade.connect(world.address()).await {
        Ok(_) => true,
        Err(refusal) => {
            assert_eq!(refusal.code.as_deref(), Some("brwsr1"));
            false
        }
    };
    let rest = world.authorize(&login, environment, "hello", Uuid::new_v4()).await;
    assert_eq!(rest.status, if socket { 200 } else { 401 }, "{email}: {rest:?}");
    socket
}

#[test]
fn d08_a_share_admits_everybody_whose_address_ends_like_it() {
    play(async |world| {
        // A share, who gets in, and who does not.
        let cases: [(&str, &[&str], &[&str]); 8] = [
            ("bob@x.test", &["bob@x.test", "Bob@X.test"], &["evilbob@x.test", "bob@x.test.evil.test", "ALL"]),
            ("x.test", &["anna@x.test", "anna@X.TEST"], &["anna@evilx.test", "anna@a.x.test", "ALL"]),
            ("@x.test", &["anna@x.test"], &["anna@evilx.test", "x.test"]),
            ("", &[], &["anna@x.test", "ALL"]),
            ("  ", &[], &["anna@x.test", "ALL"]),
            ("L", &[], &["ALL", "anna@L"]),
            ("test", &[], &["anna@x.test", "anna@test"]),
            ("ALL", &["ALL", "anna@x.test"], &[]),
        ];
        for (share, good, bad) in cases {
            let tenant = world.seed.tenant().await;
            world.seed.share(&tenant.environment, "hello", share).await;
            for email in good {
                assert!(may_open(world, email, &tenant.environment).await, "{email} is kept out by {share:?}");
            }
            for email in bad {
                assert!(!may_open(world, email, &tenant.environment).await, "{email} gets in by {share:?}");
            }
        }
    });
}

#[test]
fn d11_the_rest_call_names_the_session_of_somebody_else() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut victim = world.running(&tenant).await;
        let other = world.seed.tenant().await;
        let colleague = world.seed.member(tenant.environment.company, "member").await;
        for (login, environment) in [(&other.owner, &other.environment), (&colleague, &tenant.environment)] {
            let answer = world.authorize(login, environment, "hello", victim.session()).await;
            assert!((400..500).contains(&answer.status) && answer.status != 429, "{answer:?}");
            answer.message();
            victim.works().await;
            let execution = crate::support::running::start(&mut victim.page, &mut victim.sdk, "hello").await;
            victim.execution = execution;
        }
        // The other way round: a session that was named first by REST belongs to that login.
        let session = Uuid::new_v4();
        let answer = world.authorize(&tenant.owner, &tenant.environment, "hello", session).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let taken = Upgrade::page(&other.owner, session, other.environment.id, "hello").connect(world.address()).await;
        taken.err().expect("the session id belongs to somebody else").assert_readable();
        let own = Upgrade::page(&tenant.owner, session, tenant.environment.id, "hello");
        own.accepted(world.address()).await.status(true).await;
    });
}

#[test]
fn d12_a_route_that_does_not_exist_is_started() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        for route in ["constructor", "nothing", "Hello", "hello ", "-hello", "../hello", "toString", ""] {
            let fresh = Uuid::new_v4();
            let frame = message::start(tenant.environment.id, fresh, running.session(), route);
            running.page.peer.send(frame).await;
            let click = message::click(tenant.environment.id, running.execution, "marker");
            running.page.peer.send(click.clone()).await;
            running.sdk.expect(&click).await;
            // The page may be told; it must not be told that the execution runs.
            let page = Upgrade::page(&tenant.owner, Uuid::new_v4(), tenant.environment.id, route);
            if route == "nothing" {
                // Whether such a page may watch is free; that it can start nothing is not.
                if let Ok(mut peer) = page.connect(world.address()).await {
                    peer.status(true).await;
                }
            }
        }
        let toast = message::toast(running.session(), running.execution, "marker");
        running.sdk.send(toast.clone()).await;
        assert_eq!(running.page.peer.until("be").await, toast);
    });
}

#[test]
fn d13_whether_a_session_id_is_in_use_is_nobodys_business() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        let stranger = Upgrade::page(&tenant.owner, running.session(), tenant.environment.id, "hello");
        let live = stranger.clone().without("Cookie").refused(world.address(), "brwsr1").await;
        let free = Upgrade::page(&tenant.owner, Uuid::new_v4(), tenant.environment.id, "hello");
        let free = free.without("Cookie").refused(world.address(), "brwsr1").await;
        assert_eq!((live.status, live.reason), (free.status, free.reason));
        let unknown = stranger.login(&"b".repeat(40)).refused(world.address(), "brwsr1").await;
        assert_eq!(unknown.code, free.code);
        running.works().await;
    });
}

#[test]
fn d14_a_share_planted_by_another_company_opens_nothing() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let other = world.seed.tenant().await;
        let planted = [("ALL", "ALL"), ("eve@x.test", "eve@x.test")];
        for (share, email) in planted {
            world.seed.share_by(other.environment.company, &tenant.environment, "hello", share).await;
            assert!(!may_open(world, email, &tenant.environment).await, "{share}");
        }
        let page = Upgrade::page(&other.owner, Uuid::new_v4(), tenant.environment.id, "hello");
        page.refused(world.address(), "brwsr1").await;
        let answer = world.authorize(&other.owner, &tenant.environment, "hello", Uuid::new_v4()).await;
        assert_eq!(answer.status, 401, "{answer:?}");
        assert!(answer.json().get("environment").is_none());
    });
}
