//! D-15 and D-16: bytes that ended the old process, and bodies that ended the customer's.

use crate::support::http::exchange;
use crate::support::raw::RawSocket;
use crate::support::{Upgrade, message, play, within};
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
