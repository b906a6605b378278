//! Upgrades: who is let in, what the first bytes are, and how a refusal looks.

use crate::support::raw::{Outgoing, PING, PONG};
use crate::support::{Upgrade, message, play, soon};
use uuid::Uuid;

#[test]
fn the_first_bytes_on_every_socket_are_a_ping() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let sdk = Upgrade::node_sdk(&tenant.environment);
        let page = Upgrade::page(&tenant.owner, Uuid::new_v4(), tenant.environment.id, "hello");
        let home = Upgrade::home(&tenant.owner, Uuid::new_v4());
        for (name, upgrade) in [("SDK", sdk), ("page", page), ("home page", home)] {
            let mut socket = upgrade.raw(world.address()).await;
            let first = soon("the first frame", socket.frame()).await.expect(name);
            assert_eq!((first.opcode, first.payload.as_slice()), (PING, b"".as_slice()), "{name}");
        }
    });
}

#[test]
fn a_page_that_clicks_all_the_time_does_not_get_before_the_first_ping() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        for round in 0..5 {
            drop(running.sdk);
            running.page.peer.status(false).await;
            // The page does not know that the SDK comes back, and clicks while it does.
            for click in 0..30 {
                let frame = message::click(tenant.environment.id, running.execution, &format!("c{click}"));
                running.page.peer.send(frame).await;
            }
            let mut socket = Upgrade::node_sdk(&tenant.environment).raw(world.address()).await;
            for click in 0..30 {
                let frame = message::click(tenant.environment.id, running.execution, &format!("d{click}"));
                running.page.peer.send(frame).await;
            }
            let first = socket.frame().await.unwrap();
            assert_eq!(first.opcode, PING, "round {round}: {first:?}");
            drop(socket);
            running.page.peer.until_status(true).await;
            running.page.peer.until_status(false).await;
            running.sdk = world.sdk(&tenant.environment).await;
            running.page.peer.until_status(true).await;
        }
    });
}

#[test]
fn pings_are_answered_with_their_payload() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        for payload in [b"".as_slice(), b"\x01\x02\xfe\xff", &[b'z'; 125]] {
            running.sdk.ping(payload).await;
            running.page.peer.ping(payload).await;
        }
        // A pong that nobody asked for is allowed and means nothing.
        let mut socket = Upgrade::home(&tenant.owner, Uuid::new_v4()).raw(world.address()).await;
        socket.send(&Outgoing::new(PONG, *b"unasked")).await;
        socket.send(&Outgoing::new(PING, *b"asked")).await;
        soon("the pong", async { while socket.frame().await.expect("still open").payload != b"asked" {} }).await;
        running.works().await;
    });
}

#[test]
fn sdk_upgrades_are_checked_in_the_documented_order() {
    play(async |world| {
        let address = world.address();
        let tenant = world.seed.tenant().await;
        let sdk = || Upgrade::sdk(&tenant.environment);
        let (name, version, key) = ("x-compose-package-name", "x-compose-package-version", "x-compose-api-key");
        let cases = [
            (sdk().without(name), "srvr4"),
            (sdk().without(name).without(version).without(key), "srvr4"),
            (sdk().header(name, "compose-rust"), "srvr4"),
            (sdk().header(name, "Compose-Python"), "srvr4"),
            (sdk().without(version), "srvr5"),
            (sdk().without(version).without(key), "srvr5"),
            (sdk().header(version, "0.25.9"), "srvr1"),
            (sdk().header(version, "0.25.99").without(key), "srvr1"),
            (sdk().header(version, "0.9.99"), "srvr1"),
            (sdk().header(version, "0.27.x"), "srvr1"),
            (sdk().header(version, "latest"), "srvr1"),
            (sdk().without(key), "srvr6"),
            (sdk().header(key, "API_KEY_HERE"), "srvr10"),
            (sdk().header(key, &format!("ck_prod_{}", "0".repeat(128))), "srvr8"),
            (sdk().header(key, "x"), "srvr8"),
            (sdk().also(key, &tenant.environment.key), "srvr7"),
        ];
        for (upgrade, code) in cases {
            upgrade.refused(address, code).await;
        }
        for good in ["0.26.0", "0.27.8-beta.1", "0.26", "1", "1.0.0"] {
            let mut peer = sdk().header(version, good).accepted(address).await;
            peer.close(4000).await;
            peer.ended_within(crate::support::PATIENCE).await;
        }
        let mut running = world.running(&tenant).await;
        sdk().refused(address, "srvr9").await;
        running.works().await;
    });
}

#[test]
fn a_key_is_hashed_with_the_secret_as_written() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        // The vector of section 6: the hash that a server gives which decodes the secret from hexadecimal digits first.
        let decoded = "f27cd0b825698444558a251f5900c27f41a5038951f96dddca822a63eaf09adc";
        let right = "384545a8ea27bd1056f6ee8c05b73503a9e5fb94979a0b894ddbba4183e4d51e";
        let mut environment = tenant.environment.clone();
        environment.key = format!("ck_prod_{}", "0123456789abcdef".repeat(8));
        let update = r#"UPDATE environment SET "apiKey" = $1 WHERE id = $2"#;
        world.seed.run(update, &[&decoded, &environment.id]).await;
        Upgrade::sdk(&environment).refused(world.address(), "srvr8").await;
        world.seed.run(update, &[&right, &environment.id]).await;
        world.sdk(&environment).await.ping(b"in").await;
    });
}

#[test]
fn an_offer_of_compression_is_declined() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let offer = "permessage-deflate; client_max_window_bits";
        let upgrade = Upgrade::sdk(&tenant.environment).header("Sec-WebSocket-Extensions", offer);
        // tungstenite refuses an answer with an extension.
        upgrade.accepted(world.address()).await.ping(b"plain").await;
    });
}

#[test]
fn header_names_may_be_in_any_case() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut socket = Upgrade::to("/api/v1/sdk/ws")
            .header("X-COMPOSE-API-KEY", &tenant.environment.key)
            .header("X-Compose-Package-Name", "compose-node")
            .header("x-compose-PACKAGE-version", "0.27.9")
            .raw(world.address())
            .await;
        assert_eq!(socket.frame().await.unwrap().opcode, PING);
    });
}

#[test]
fn browser_upgrades_are_refused_with_their_codes() {
    play(async |world| {
        let address = world.address();
        let tenant = world.seed.tenant().await;
        let stranger = world.seed.tenant().await;
        let visitor = world.seed.visitor("nobody@visitor.test").await;
        let public = world.seed.visitor("ALL").await;
        let expired = world.seed.visitor("ALL").await;
        let past = r#"UPDATE session SET "expiresAt" = now() - interval '1 minute' WHERE id = $1"#;
        world.seed.run(past, &[&expired.session]).await;
        world.seed.share(&tenant.environment, "second", "ALL").await;

        let id = tenant.environment.id;
        let page = |login| Upgrade::page(login, Uuid::new_v4(), id, "hello");
        let owner = &tenant.owner;
        let with_query = |query: &str| Upgrade::to(&format!("/api/v1/browser/ws{query}")).login(&owner.session);
        let session = Uuid::new_v4();
        let cases = [
            (with_query(""), "brwsr2"),
            (with_query("?sessionId="), "brwsr2"),
            (page(owner).without("Cookie"), "brwsr1"),
            (page(owner).login(&"a".repeat(40)), "brwsr1"),
            (page(owner).header("Origin", "http://evil.test"), "brwsr1"),
            (page(owner).header("Origin", "null"), "brwsr1"),
            (page(owner).header("Origin", ""), "brwsr1"),
            (with_query(&format!("?sessionId={session}&appRoute=hello")), "brwsr1"),
            (with_query(&format!("?sessionId={session}&environmentId={id}")), "brwsr1"),
            (Upgrade::page(owner, session, Uuid::new_v4(), "hello"), "brwsr1"),
            (page(&stranger.owner), "brwsr1"),
            (page(&visitor), "brwsr1"),
            (page(&public), "brwsr1"),
            (page(&expired), "brwsr1"),
        ];
        for (upgrade, code) in cases {
            upgrade.refused(address, code).await;
        }
        let gone = world.seed.sql.query_opt("SELECT 1 FROM session WHERE id = $1", &[&expired.session]).await.unwrap();
        assert!(gone.is_none(), "a presented login session that has expired is deleted");
        // Empty values count as absent, so this is a home page.
        let query = format!("?sessionId={session}&environmentId=&appRoute=&executionId=");
        with_query(&query).accepted(address).await.next_is("12").await;
    });
}

#[test]
fn the_origin_rule_is_that_of_the_table() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let cases = [
            ("http://localhost:8082", "localhost:8082", true),
            ("https://LOCALHOST:8082", "localhost:8082", true),
            ("https://x.test", "x.test", true),
            ("https://x.test", "x.test:443", true),
            ("https://x.test:443", "x.test", true),
            ("http://x.test", "x.test:443", true),
            ("http://x.test", "x.test:80", false),
            ("https://a.x.test", "x.test", false),
            ("https://x.test.", "x.test", false),
            ("https://x.test.evil.test", "x.test", false),
            ("http://x.test:81", "x.test:82", false),
            ("null", "x.test", false),
            ("x.test", "x.test", false),
        ];
        for (origin, host, fine) in cases {
            let upgrade = Upgrade::home(&tenant.owner, Uuid::new_v4()).header("Origin", origin).header("Host", host);
            match upgrade.connect(world.address()).await {
                Ok(_) => assert!(fine, "{origin} was let in to {host}"),
                Err(refusal) => {
                    assert!(!fine, "{origin} was kept out of {host}");
                    assert_eq!(refusal.code.as_deref(), Some("brwsr1"));
                    refusal.assert_readable();
                }
            }
        }
    });
}
