//! D-15 to D-17: bytes that ended the old process, and bodies that ended the customer's.

use crate::support::http::exchange;
use crate::support::raw::{CLOSE, CONTINUATION, Outgoing, PING, RawSocket, TEXT};
use crate::support::{Upgrade, World, message, play, play_with, within};
use serde_json::json;
use std::time::Duration;
use uuid::Uuid;

#[test]
fn d15a_an_upgrade_with_a_host_that_is_no_host() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        for host in ["a b", "", "[", "[::1", "x:99999", "a/b", "http://", "%zz", "\u{7f}", "a@b:c"] {
            for upgrade in [
                Upgrade::home(&tenant.owner, Uuid::new_v4()).header("Origin", "http://x.test"),
                Upgrade::sdk(&running_environment(&tenant)),
            ] {
                let plain = String::from_utf8(upgrade.header("Host", "HOST").bytes(world.address())).unwrap();
                let request = plain.replace("Host: HOST", &format!("Host: {host}"));
                if let Some(answer) = exchange(world.address(), request.as_bytes()).await
                    && plain.contains("browser/ws")
                {
                    assert!((400..500).contains(&answer.status), "{host:?}: {answer:?}");
                }
            }
        }
        running.works().await;
    });
}

/// Another environment of the same company has no SDK, so that the upgrade may be accepted.
fn running_environment(tenant: &crate::support::Tenant) -> crate::support::Environment {
    let mut environment = tenant.environment.clone();
    environment.key = format!("ck_prod_{}", "c".repeat(128));
    environment
}

#[test]
fn d15b_the_connection_is_reset_while_the_key_is_looked_up() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let bytes = Upgrade::sdk(&tenant.environment).bytes(world.address());
        let home = Upgrade::home(&tenant.owner, Uuid::new_v4()).bytes(world.address());
        for round in 0..100 {
            let stream = tokio::net::TcpStream::connect(world.address()).await.unwrap();
            let mut socket = RawSocket::new(stream);
            socket.write(if round % 2 == 0 { &bytes } else { &home }).await;
            socket.reset();
        }
        world.assert_healthy().await;
        // None of them stays as a ghost.
        let mut running = within(Duration::from_secs(12), "the environment is free", async {
            loop {
                if let Ok(sdk) = Upgrade::sdk(&tenant.environment).connect(world.address()).await {
                    let mut page = world.page(&tenant.owner, &tenant.environment, "hello").await;
                    let mut sdk = sdk;
                    let execution = crate::support::running::start(&mut page, &mut sdk, "hello").await;
                    return crate::support::Running { sdk, page, execution };
                }
            }
        })
        .await;
        running.works().await;
    });
}

#[test]
fn d15c_a_start_with_a_broken_body() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        world.seed.share(&tenant.environment, "hello", "ALL").await;
        let visitor = world.seed.visitor("ALL").await;
        let mut running = world.running(&tenant).await;
        for body in ["null", "", "{", r#"{"type":"aa","#, "[]", "5", "\"", "{}", "{\"type\":\"aa\"}"] {
            let mut page = world.page(&visitor, &tenant.environment, "hello").await;
            let broken = message::with_header("aa", tenant.environment.id, Uuid::new_v4(), body);
            page.peer.send(broken).await;
            let execution = crate::support::running::start(&mut page, &mut running.sdk, "hello").await;
            crate::support::running::works(&mut page, &mut running.sdk, execution).await;
        }
        running.works().await;
    });
}

#[test]
fn d15d_an_environment_id_that_is_no_uuid() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        for id in ["abc", "1", "%00", "'", "11111111-1111-4111-8111-11111111111", "%F0%9F%98%80"] {
            let path = format!(
                "/api/v1/browser/ws?sessionId={}&environmentId={id}&appRoute=hello&executionId={id}",
                Uuid::new_v4()
            );
            let refusal = Upgrade::to(&path).login(&tenant.owner.session).connect(world.address()).await;
            refusal.err().unwrap_or_else(|| panic!("{id} was accepted")).assert_readable();
        }
        let mut running = world.running(&tenant).await;
        running.works().await;
    });
}

#[test]
fn d15e_an_initialize_that_cannot_be_read() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        for frame in ["ab", "ab{", "abnull", "ab[]", "ab{}", "ab{\"type\":\"ab\"}", "ab\u{feff}{}", "ab{\"apps\":null}"]
        {
            running.sdk.send(frame.as_bytes().to_vec()).await;
            running.works().await;
        }
        let mut invalid = message::initialize(json!([message::app("bad")]));
        invalid[20] = 0xff;
        running.sdk.send(invalid).await;
        running.works().await;
        // The next good one is stored; the bad ones have changed nothing before it.
        assert_eq!(world.seed.stored_routes(tenant.environment.id).await, crate::support::seed::ROUTES);
        running.sdk.send(message::initialize(json!([message::app("good")]))).await;
        running.page.peer.next_is("14").await;
        assert_eq!(world.seed.stored_routes(tenant.environment.id).await, ["good"]);
    });
}

#[test]
fn d16_bodies_that_end_the_process_of_a_node_customer() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        let (environment, execution) = (tenant.environment.id, running.execution);
        let names = [
            "__proto__",
            "constructor",
            "toString",
            "toLocaleString",
            "valueOf",
            "hasOwnProperty",
            "isPrototypeOf",
            "propertyIsEnumerable",
            "__defineGetter__",
            "__defineSetter__",
            "__lookupGetter__",
            "__lookupSetter__",
        ];
        let mut frames = Vec::new();
        for name in names {
            frames.push(message::click_in(environment, execution, "c", name));
            frames.push(message::close_modal(environment, execution, name));
            frames.push(message::start(environment, Uuid::new_v4(), running.session(), name));
            frames.push(message::submit(environment, execution, "f", "r", json!({ name: 1 })));
        }
        frames.push(message::submit(environment, execution, "f", "r", json!({"a": [{"b": {"__proto__": {}}}]})));
        frames.push(message::submit(environment, execution, "f", "valueOf", json!({})));
        // The same name behind an escape.
        let click = String::from_utf8(message::click_in(environment, execution, "c", "constructor")).unwrap();
        frames.push(click.replace("constructor", "c\\u006fnstructor").into_bytes());
        for body in ["", "null", "[]", "5", "{", "\"x\"", "true", "{\"type\":\"ab\"", "{}"] {
            frames.push(message::with_header("ab", environment, execution, body));
        }
        frames.push(b"ab".to_vec());
        frames.push(message::click(environment, execution, "c")[..74].to_vec());
        frames.push(message::click(environment, execution, "c")[..73].to_vec());
        let deep = format!(
            r#"{{"type":"ac","executionId":"{execution}","renderId":"r","formComponentId":"f","formData":{{"a":{}}}}}"#,
            "[".repeat(5000) + &"]".repeat(5000)
        );
        frames.push(message::with_header("ac", environment, execution, deep));
        for frame in frames {
            // A page that sends such things again and again may be closed, so each has a page of its own.
            let mut page = world.page(&tenant.owner, &tenant.environment, "hello").await;
            let own = crate::support::running::start(&mut page, &mut running.sdk, "hello").await;
            let frame = replace(frame, &execution.to_string(), &own.to_string());
            let frame = replace(frame, &running.session().to_string(), &page.session.to_string());
            page.peer.send(frame).await;
            let mark = message::click(environment, own, "marker");
            page.peer.send(mark.clone()).await;
            running.sdk.expect(&mark).await;
        }
        // A name like these in a value that nobody uses as a key is only a text.
        let text = message::value_hook("af", environment, execution, json!("constructor"));
        running.page.peer.send(text.clone()).await;
        running.sdk.expect(&text).await;
    });
}

fn replace(bytes: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
    let mut bytes = bytes;
    while let Some(at) = bytes.windows(from.len()).position(|part| part == from.as_bytes()) {
        bytes.splice(at..at + from.len(), to.bytes());
    }
    bytes
}

/// Every kind of frame that RFC 6455 forbids to a client.
fn broken_frames() -> Vec<(&'static str, Vec<u8>)> {
    let binary = |payload: &[u8]| Outgoing::binary(payload);
    let ping = |payload: Vec<u8>| Outgoing::new(PING, payload);
    let close = |payload: &[u8]| Outgoing::new(CLOSE, payload).bytes();
    let open = Outgoing { fin: false, ..binary(b"part") };
    vec![
        ("unmasked", Outgoing { mask: None, ..binary(b"x") }.bytes()),
        ("reserved bit 1", Outgoing { rsv: 4, ..binary(b"x") }.bytes()),
        ("reserved bit 3", Outgoing { rsv: 1, ..binary(b"x") }.bytes()),
        ("reserved opcode", Outgoing::new(3, *b"x").bytes()),
        ("reserved control opcode", Outgoing::new(11, *b"x").bytes()),
        ("long ping", ping(vec![0; 126]).bytes()),
        ("fragmented ping", Outgoing { fin: false, ..ping(vec![]) }.bytes()),
        ("continuation of nothing", Outgoing::new(CONTINUATION, *b"x").bytes()),
        ("message inside a message", [open.bytes(), binary(b"x").bytes()].concat()),
        ("length of two bytes for 5", Outgoing { length_bytes: Some(2), ..binary(b"12345") }.bytes()),
        ("length of eight bytes for 5", Outgoing { length_bytes: Some(8), ..binary(b"12345") }.bytes()),
        ("length with the top bit", binary(&[]).head(1 << 63)),
        ("length of everything", binary(&[]).head(u64::MAX >> 1)),
        ("close of one byte", close(b"\x03")),
        ("close with a reserved code", close(&1005u16.to_be_bytes())),
        ("close with code 0", close(&[0, 0])),
        ("close with a reason that is no text", close(b"\x03\xe8\xff\xff")),
    ]
}

#[test]
fn d17_a_frame_that_breaks_the_rules() {
    play(async |world| {
        let mut neighbour = world.running(&world.seed.tenant().await).await;
        let tenant = world.seed.tenant().await;
        for (name, bytes) in broken_frames() {
            for is_sdk in [true, false] {
                let mut socket = if is_sdk {
                    sdk_again(world, &tenant).await
                } else {
                    Upgrade::home(&tenant.owner, Uuid::new_v4()).raw(world.address()).await
                };
                socket.write(&bytes).await;
                let code = socket.closed().await;
                // A good close code is better than none; a peer that breaks the rules has no right to one.
                if is_sdk && let Some(code) = code {
                    crate::support::peer::assert_good_for_an_sdk(code);
                }
                if !is_sdk && !name.starts_with("close") {
                    assert!(matches!(code, Some(1002 | 1009)), "{name}: {code:?}");
                }
            }
        }
        neighbour.works().await;
    });
}

/// An SDK socket of an environment whose last one has just been closed.
async fn sdk_again(world: &World, tenant: &crate::support::Tenant) -> RawSocket {
    let mut socket = Upgrade::sdk(&tenant.environment).raw(world.address()).await;
    assert_eq!(socket.frame().await.unwrap().opcode, PING);
    socket
}

#[test]
fn d17_text_is_never_forwarded_as_text() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        let text = message::toast(running.session(), running.execution, "as text");
        running.sdk.send_text(std::str::from_utf8(&text).unwrap()).await;
        // Either the SDK is closed with a code that it survives, or the message goes on as a binary one.
        match running.page.peer.message().await {
            same if same == text => {}
            status => {
                assert_eq!(status.code(), "11", "{status:?}");
                crate::support::peer::assert_good_for_an_sdk(running.sdk.closed().await);
                running.sdk = world.sdk(&tenant.environment).await;
                running.page.peer.status(true).await;
            }
        }
        let click = message::click(tenant.environment.id, running.execution, "as text");
        running.page.peer.send_text(std::str::from_utf8(&click).unwrap()).await;
        let mut page = world.page(&tenant.owner, &tenant.environment, "hello").await;
        let execution = Uuid::new_v4();
        let start = message::start(tenant.environment.id, execution, page.session, "hello");
        page.peer.send(start.clone()).await;
        let first = running.sdk.message().await;
        if first == click {
            running.sdk.expect(&start).await;
        } else {
            assert_eq!(first, start);
            assert_eq!(running.page.peer.closed().await, 1003);
        }
        let mut socket = Upgrade::home(&tenant.owner, Uuid::new_v4()).raw(world.address()).await;
        socket.send(&Outgoing::new(TEXT, [0xff, 0xfe])).await;
        assert!(matches!(socket.closed().await, Some(1003 | 1007)));
    });
}

#[test]
fn d17_a_message_over_the_limit_reserves_nothing_and_ends_only_its_own_connection() {
    play_with(&[("MAX_MESSAGE_BYTES", "104857600")], async |world| {
        let mut neighbour = world.running(&world.seed.tenant().await).await;
        let before = world.server.resident_bytes();
        let mut sockets = Vec::new();
        for _ in 0..20 {
            // A head that claims 100 MiB, and a little of it.
            let tenant = world.seed.tenant().await;
            let mut socket = sdk_again(world, &tenant).await;
            socket.write(&Outgoing::binary([]).head(104_857_600)).await;
            socket.write(&[0; 5000]).await;
            sockets.push(socket);
        }
        neighbour.works().await;
        let grown = world.server.resident_bytes().saturating_sub(before);
        assert!(grown < 40 << 20, "20 heads made the server grow by {} MiB", grown >> 20);
        // One byte more than the limit.
        let tenant = world.seed.tenant().await;
        let mut socket = sdk_again(world, &tenant).await;
        socket.write(&Outgoing::binary([]).head(104_857_601)).await;
        if let Some(code) = socket.closed().await {
            crate::support::peer::assert_good_for_an_sdk(code);
        }
        let mut page = Upgrade::home(&tenant.owner, Uuid::new_v4()).raw(world.address()).await;
        page.write(&Outgoing::binary([]).head(104_857_601)).await;
        assert_eq!(page.closed().await, Some(1009));
        neighbour.works().await;
    });
}
