//! D-21 to D-23, D-28 to D-31: who is alive, who is replaced by whom, and who is told.

use crate::support::attempt::assert_readable;
use crate::support::http::exchange;
use crate::support::peer::assert_good_for_an_sdk;
use crate::support::raw::{Outgoing, PING};
use crate::support::running::{start, works};
use crate::support::{PATIENCE, Request, Running, Upgrade, message, play, play_with, soon};
use serde_json::json;
use std::time::{Duration, Instant};
use uuid::Uuid;

#[test]
fn d21_a_dead_sdk_connection_does_not_block_its_successor() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        // Its host has lost power: the TCP connection is there and nobody answers.
        let mut dead = Upgrade::sdk(&tenant.environment).raw(world.address()).await;
        assert_eq!(dead.frame().await.unwrap().opcode, PING);
        let mut page = world.page(&tenant.owner, &tenant.environment, "hello").await;
        let began = Instant::now();
        let mut sdk = world.sdk(&tenant.environment).await;
        assert!(began.elapsed() < Duration::from_secs(8), "the successor waited {:?}", began.elapsed());
        if let Some(code) = dead.closed().await {
            assert_good_for_an_sdk(code);
        }
        page.peer.until_status(true).await;
        let execution = Uuid::new_v4();
        let frame = message::start(tenant.environment.id, execution, page.session, "hello");
        page.peer.send(frame.clone()).await;
        sdk.expect(&frame).await;
    });
}

#[test]
fn d21_a_living_sdk_is_not_evicted_by_a_second_process_with_its_key() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        for _ in 0..3 {
            let began = Instant::now();
            Upgrade::sdk(&tenant.environment).refused(world.address(), "srvr9").await;
            assert!(began.elapsed() < Duration::from_secs(8));
            running.works().await;
        }
        // Two at once: at most one may get in after the first has gone.
        drop(running.sdk);
        running.page.peer.status(false).await;
        let [one, two] = [(); 2].map(|()| Upgrade::sdk(&tenant.environment).connect(world.address()));
        let (one, two) = tokio::join!(one, two);
        let (winner, loser) = match (one, two) {
            (Ok(winner), Err(loser)) | (Err(loser), Ok(winner)) => (winner, loser),
            other => panic!("{:?} both let in or both kept out", (other.0.is_ok(), other.1.is_ok())),
        };
        assert_eq!(loser.code.as_deref(), Some("srvr9"));
        running.sdk = winner;
        running.page.peer.status(true).await;
        running.works().await;
    });
}

#[test]
fn d22_the_newer_connection_of_a_page_replaces_the_older_at_once() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        for _ in 0..5 {
            let upgrade = Upgrade::page(&tenant.owner, running.session(), tenant.environment.id, "hello");
            let began = Instant::now();
            let newer = upgrade.execution(running.execution).accepted(world.address()).await;
            assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
            let mut older = std::mem::replace(&mut running.page.peer, newer);
            let code = older.closed().await;
            assert!((4000..5000).contains(&code), "closed with {code}");
            running.page.peer.status(true).await;
            running.works().await;
        }
        // Nobody else can do that.
        let other = world.seed.tenant().await;
        let upgrade = Upgrade::home(&other.owner, running.session());
        let refusal = upgrade.connect(world.address()).await.err().expect("a session id of somebody else");
        assert!(matches!(refusal.code.as_deref(), Some("brwsr1" | "brwsr3")), "{refusal:?}");
        running.works().await;
    });
}

#[test]
fn d23_every_refusal_under_the_sdk_path_carries_both_headers() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let address = world.address();
        let good = String::from_utf8(Upgrade::sdk(&tenant.environment).bytes(address)).unwrap();
        let path = "/api/v1/sdk/ws";
        let cases = [
            ("a slash at the end", good.replace(path, "/api/v1/sdk/ws/")),
            ("another path", good.replace(path, "/api/v1/sdk/wsx")),
            ("a query", good.replace(path, "/api/v1/sdk/ws?x=1").replace("Upgrade: websocket\r\n", "")),
            ("POST", good.replace("GET ", "POST ")),
            ("HEAD", good.replace("GET ", "HEAD ")),
            ("no upgrade", good.replace("Upgrade: websocket\r\n", "")),
            ("another upgrade", good.replace("Upgrade: websocket", "Upgrade: h2c")),
            ("no connection header", good.replace("Connection: Upgrade\r\n", "")),
            ("another version", good.replace("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8")),
            ("no version", good.replace("Sec-WebSocket-Version: 13\r\n", "")),
            ("no key", good.replace("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "")),
            ("a bad key", good.replace("dGhlIHNhbXBsZSBub25jZQ==", "short")),
            ("large headers", good.replace("\r\n\r\n", &format!("\r\nX-Large: {}\r\n\r\n", "x".repeat(20_000)))),
            ("a bad header", good.replace("\r\n\r\n", "\r\nbad header\r\n\r\n")),
            ("an API key with a NUL", good.replace(&tenant.environment.key, "a\0b")),
            ("an API key of many bytes", good.replace(&tenant.environment.key, &"k".repeat(5000))),
            ("a percent sign", good.replace("compose-python", "100% compose%zz")),
            ("a name that is no ASCII", good.replace("compose-python", "compose-pythön")),
        ];
        for (name, request) in cases {
            let answer = exchange(address, request.as_bytes()).await;
            let answer = answer.unwrap_or_else(|| panic!("{name}: no answer at all"));
            assert!((400..600).contains(&answer.status), "{name}: {answer:?}");
            assert_readable(answer.header("x-compose-error-reason"), answer.header("x-compose-error-code"));
        }
        let plain = Request::get(path).send(address).await;
        assert_readable(plain.header("x-compose-error-reason"), plain.header("x-compose-error-code"));
    });
}

/// One long scene for all that has to do with the 20-second beat.
#[test]
fn d28_any_bytes_are_a_sign_of_life_and_silence_is_not() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let member = world.seed.member(tenant.environment.company, "member").await;
        let mut watcher = world.page(&tenant.owner, &tenant.environment, "hello").await;
        let began = Instant::now();
        // Says nothing at all after the upgrade.
        let mut silent_sdk = Upgrade::sdk(&tenant.environment).raw(world.address()).await;
        watcher.peer.status(true).await;
        let mut silent_page = Upgrade::home(&member, Uuid::new_v4()).raw(world.address()).await;
        // Never answers a ping, but sends something now and then; and one that answers, as all do.
        let mut busy = Upgrade::home(&member, Uuid::new_v4()).raw(world.address()).await;
        let (mut ordinary, _) = world.home(&member).await;
        let (mut busy_pings, mut pings) = (0, 0);
        let (mut sdk_gone, mut page_gone) = (None, None);
        let mut said = Instant::now();
        while sdk_gone.is_none() || page_gone.is_none() {
            assert!(began.elapsed() < Duration::from_secs(70), "silent for {:?}", began.elapsed());
            tokio::select! {
                frame = silent_sdk.frame_within(Duration::from_secs(80)), if sdk_gone.is_none() => match frame {
                    Some(frame) if frame.opcode == PING => pings += 1,
                    _ => sdk_gone = Some(began.elapsed()),
                },
                frame = silent_page.frame_within(Duration::from_secs(80)), if page_gone.is_none() => match frame {
                    Some(frame) if frame.opcode == 8 => page_gone = Some(began.elapsed()),
                    Some(_) => {}
                    None => page_gone = Some(began.elapsed()),
                },
                frame = busy.frame_within(Duration::from_secs(80)) => {
                    let frame = frame.expect("a peer that sends is alive");
                    assert_ne!(frame.opcode, 8, "a peer that sends is alive: {:?}", frame.close_code());
                    busy_pings += usize::from(frame.opcode == PING);
                }
                () = tokio::time::sleep_until((said + Duration::from_secs(5)).into()) => {
                    busy.send(&Outgoing::new(crate::support::raw::PONG, *b"unasked")).await;
                    said = Instant::now();
                }
            }
        }
        for gone in [sdk_gone.unwrap(), page_gone.unwrap()] {
            assert!(gone >= Duration::from_secs(20), "dropped after only {gone:?}");
        }
        assert!(pings >= 2 && busy_pings >= 2, "{pings} and {busy_pings} pings in {:?}", began.elapsed());
        watcher.peer.status(false).await;
        watcher.peer.silent().await;
        ordinary.until_status(false).await;
        ordinary.silent().await;
        let mut last = ordinary.opened;
        for at in &ordinary.pings {
            assert!(at.duration_since(last) < Duration::from_secs(21), "{:?} without a ping", at.duration_since(last));
            last = *at;
        }
        assert!(ordinary.pings.len() >= 2);
    });
}

#[test]
fn d29_the_sdk_is_told_when_a_page_is_gone_for_good() {
    play_with(&[("SESSION_GRACE_SECONDS", "1")], async |world| {
        let tenant = world.seed.tenant().await;
        let Running { mut sdk, mut page, execution } = world.running(&tenant).await;
        let second = start(&mut page, &mut sdk, "second").await;
        let session = page.session;
        drop(page);
        // Which of the executions are live is the server's business: a new START ends the old run in the SDK as well.
        let mut ended = Vec::new();
        while !ended.contains(&second) {
            let frame = sdk.next_is("ak").await;
            assert_eq!(frame.first_id(), tenant.environment.id);
            let of = frame.execution();
            assert!(of == execution || of == second);
            let body = json!({"type": "ak", "sessionId": session.to_string(), "executionId": of.to_string()});
            assert_eq!(frame.json(), body);
            assert!(!ended.contains(&of), "told twice");
            ended.push(of);
        }
        // What the SDK still says for it is dropped quietly.
        sdk.send(message::toast(session, execution, "late")).await;
        let mut page = world.page(&tenant.owner, &tenant.environment, "hello").await;
        let fresh = Uuid::new_v4();
        let frame = message::start(tenant.environment.id, fresh, page.session, "hello");
        page.peer.send(frame.clone()).await;
        let mut arrived = sdk.message().await;
        if arrived.code() == "ak" {
            // The other of the two runs.
            arrived = sdk.message().await;
        }
        assert_eq!(arrived, frame);
        works(&mut page, &mut sdk, fresh).await;
    });
}

#[test]
fn d30_a_false_end_of_the_session() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        let (environment, execution) = (tenant.environment.id, running.execution);
        // A download link fires `beforeunload`; the page is still there.
        let ended = message::browser_session_ended(environment, execution, running.session());
        running.page.peer.send(ended.clone()).await;
        running.sdk.expect(&ended).await;
        running.page.peer.send(message::click(environment, execution, "late")).await;
        let answer = running.page.peer.next_is("ay").await;
        assert_eq!((answer.first_id(), answer.execution()), (running.session(), execution));
        assert_eq!(answer.json(), json!({"type": "ay", "exists": false}));
        running.execution = start(&mut running.page, &mut running.sdk, "hello").await;
        running.works().await;
    });
}

#[test]
fn d31_the_end_of_an_old_connection_does_not_unregister_a_new_one() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        // A page: the old connection is a raw one that ends late.
        let upgrade = || {
            Upgrade::page(&tenant.owner, running.page.session, tenant.environment.id, "hello")
                .execution(running.execution)
        };
        let old = upgrade().raw(world.address()).await;
        running.page.peer.ended_within(PATIENCE).await;
        running.page.peer = upgrade().accepted(world.address()).await;
        running.page.peer.status(true).await;
        old.reset();
        running.works().await;
        // An SDK: the dead one is replaced, and its TCP connection ends afterwards.
        drop(running.sdk);
        running.page.peer.status(false).await;
        let dead = Upgrade::sdk(&tenant.environment).raw(world.address()).await;
        running.page.peer.status(true).await;
        running.sdk = world.sdk(&tenant.environment).await;
        running.page.peer.until_status(false).await;
        running.page.peer.until_status(true).await;
        dead.reset();
        soon("the marker", running.works()).await;
        running.sdk.silent().await;
    });
}
