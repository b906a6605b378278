//! Settings whose effect no other test shows.

use crate::support::command::{run, text};
use crate::support::postgres::OwnCluster;
use crate::support::raw::{Outgoing, PING};
use crate::support::{Request, Upgrade, World, message, play, play_on_cluster, play_with, soon};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

const MIB: usize = 1 << 20;

async fn until(world: &World, what: &str, sample: &str) {
    soon(what, async {
        while world.server.scrape().await.get(sample) == 0.0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

/// How many bytes are taken for a page that reads nothing, until it is closed.
fn taken_for_a_deaf_page(outbox: &str) -> f64 {
    let mut taken = 0.0;
    play_with(&[("LISTEN_ADMIN", "127.0.0.1:0"), ("BROWSER_OUTBOX_BYTES", outbox)], async |world| {
        let tenant = world.seed.tenant().await;
        let mut sdk = world.sdk(&tenant.environment).await;
        let session = Uuid::new_v4();
        let page = Upgrade::page(&tenant.owner, session, tenant.environment.id, "hello");
        let mut deaf = page.raw(world.address()).await;
        let execution = Uuid::new_v4();
        let frame = message::start(tenant.environment.id, execution, session, "hello");
        deaf.send(&Outgoing::binary(frame.clone())).await;
        sdk.expect(&frame).await;
        let frame = message::with_header("av", session, execution, vec![b'x'; MIB / 4]);
        let slow = r#"compose_relay_closes_total{reason="slow"}"#;
        let scrape = soon("the page is closed", async {
            loop {
                sdk.send(frame.clone()).await;
                sdk.silent().await;
                let scrape = world.server.scrape().await;
                if scrape.get(slow) > 0.0 {
                    return scrape;
                }
            }
        })
        .await;
        taken = scrape.get(r#"compose_relay_message_bytes_total{to="browser"}"#);
    });
    taken
}

#[test]
fn browser_outbox_bytes_is_how_far_a_page_may_be_behind() {
    let (small, large) = (taken_for_a_deaf_page("64KiB"), taken_for_a_deaf_page("16MiB"));
    // What the kernel takes on top is the same for both.
    assert!(large > small + 12.0 * MIB as f64, "{small} {large}");
}

/// How many bytes are taken for an SDK that reads nothing, until its page has to wait.
fn taken_for_a_deaf_sdk(outbox: &str) -> f64 {
    let mut taken = 0.0;
    play_with(&[("LISTEN_ADMIN", "127.0.0.1:0"), ("SDK_OUTBOX_BYTES", outbox)], async |world| {
        let tenant = world.seed.tenant().await;
        let mut sdk = Upgrade::sdk(&tenant.environment).raw(world.address()).await;
        assert_eq!(sdk.frame().await.unwrap().opcode, PING);
        let mut page = world.page(&tenant.owner, &tenant.environment, "hello").await;
        let (environment, execution) = (tenant.environment.id, Uuid::new_v4());
        page.peer.send(message::start(environment, execution, page.session, "hello")).await;
        let frame = message::submit(environment, execution, "f", "r", json!({"text": "x".repeat(MIB / 4)}));
        let held = r#"compose_relay_holds_total{reason="sdk"}"#;
        let mut sent = 0.0;
        let scrape = soon("the page has to wait", async {
            loop {
                page.peer.send(frame.clone()).await;
                sent += frame.len() as f64;
                // Either it has arrived, or it waits.
                loop {
                    let scrape = world.server.scrape().await;
                    let arrived = scrape.get(r#"compose_relay_message_bytes_total{to="sdk"}"#);
                    if scrape.get(held) > 0.0 {
                        return scrape;
                    }
                    if arrived >= sent {
                        break;
                    }
                }
            }
        })
        .await;
        taken = scrape.get(r#"compose_relay_message_bytes_total{to="sdk"}"#);
    });
    taken
}

#[test]
fn sdk_outbox_bytes_is_how_far_an_sdk_may_be_behind() {
    let (small, large) = (taken_for_a_deaf_sdk("64KiB"), taken_for_a_deaf_sdk("16MiB"));
    assert!(large > small + 12.0 * MIB as f64, "{small} {large}");
}

#[test]
fn max_inbound_bytes_bounds_what_has_arrived_in_part() {
    let settings = [
        ("LISTEN_ADMIN", "127.0.0.1:0"),
        ("RELAY_SHARDS", "1"),
        ("MAX_MESSAGE_BYTES", "11MiB"),
        ("MAX_INBOUND_BYTES", "12MiB"),
    ];
    play_with(&settings, async |world| {
        let mut neighbour = world.running(&world.seed.tenant().await).await;
        let mut sockets = Vec::new();
        for _ in 0..2 {
            let tenant = world.seed.tenant().await;
            let mut socket = Upgrade::node_sdk(&tenant.environment).raw(world.address()).await;
            socket.write(&Outgoing::binary(Vec::new()).head(10 << 20)).await;
            // The second one is closed in the middle of this.
            let _ = tokio::io::AsyncWriteExt::write_all(&mut socket.stream, &vec![0; 9 * MIB]).await;
            sockets.push(socket);
        }
        until(world, "one is closed", r#"compose_relay_closes_total{reason="inbound"}"#).await;
        assert!(world.server.scrape().await.get("compose_relay_inbox_bytes") <= 12.0 * MIB as f64);
        neighbour.works().await;
    });
}

#[test]
fn pool_size_and_shards_are_as_they_are_set() {
    let settings = [("LISTEN_ADMIN", "127.0.0.1:0"), ("POSTGRES_POOL_SIZE", "3"), ("RELAY_SHARDS", "5")];
    play_with(&settings, async |world| {
        let tenant = world.seed.tenant().await;
        world.seed.run("BEGIN", &[]).await;
        world.seed.run("LOCK TABLE session IN ACCESS EXCLUSIVE MODE", &[]).await;
        let asking: Vec<_> = (0..6)
            .map(|_| {
                let (login, to) = (tenant.owner.session.clone(), world.address());
                tokio::spawn(async move { Request::get("/api/v1/auth/check").login(&login).send(to).await.status })
            })
            .collect();
        until(world, "calls that wait", "compose_relay_db_waiting").await;
        let scrape = world.server.scrape().await;
        assert_eq!(scrape.get("compose_relay_db_connections_limit"), 3.0);
        assert_eq!(scrape.family("compose_relay_shard_delay_seconds").len(), 5);
        world.seed.run("COMMIT", &[]).await;
        for call in asking {
            assert_eq!(call.await.unwrap(), 200);
        }
    });
}

#[test]
fn audit_log_retention_deletes_what_is_older() {
    play_with(&[("AUDIT_LOG_RETENTION_DAYS", "7")], async |world| {
        let tenant = world.seed.tenant().await;
        let company = tenant.environment.company;
        for days in [1, 6, 8, 400] {
            let insert = r#"INSERT INTO log ("companyId", "appRoute", "environmentType", message, severity, type, "createdAt")
                            VALUES ($1, 'hello', 'production', $2, 'info', 'user', now() - $3::int * interval '1 day')"#;
            world.seed.run(insert, &[&company, &format!("{days} days"), &days]).await;
        }
        let left = async || {
            let select = r#"SELECT message FROM log WHERE "companyId" = $1 ORDER BY "createdAt" DESC"#;
            let rows = world.seed.sql.query(select, &[&company]).await.unwrap();
            rows.iter().map(|row| row.get(0)).collect::<Vec<String>>()
        };
        assert_eq!(left().await.len(), 4);
        // The first clean-up comes 20 s after the start.
        crate::support::within(Duration::from_secs(60), "the clean-up", async {
            while left().await.len() > 2 {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        })
        .await;
        assert_eq!(left().await, ["1 days", "6 days"]);
    });
}

#[test]
fn postgres_url_stands_in_for_the_settings_that_it_holds() {
    play(async |world| {
        let database = &world.database;
        let url = format!(
            "postgresql://{}@{}/{}?sslmode=disable",
            database.user,
            format_args!("{}:{}", database.host.replace('/', "%2F"), database.port),
            database.database
        );
        let mut settings = world.settings(&[("POSTGRES_URL", &url)]);
        let parts = ["POSTGRES_HOSTNAME", "POSTGRES_PORT", "POSTGRES_DB", "POSTGRES_USER", "POSTGRES_SSLMODE"];
        settings.retain(|(name, _)| !parts.contains(&name.as_str()));
        let output = run(&["migrate"], &settings).await;
        assert!(output.status.success(), "{}", text(&output));
        settings.retain(|(name, _)| name != "POSTGRES_URL");
        assert_eq!(run(&["migrate"], &settings).await.status.code(), Some(64));
    });
}

#[test]
fn browser_bytes_per_second_makes_a_page_wait() {
    let settings = [("LISTEN_ADMIN", "127.0.0.1:0"), ("BROWSER_BYTES_PER_SECOND", "64KiB")];
    play_with(&settings, async |world| {
        let mut running = world.running(&world.seed.tenant().await).await;
        let held = r#"compose_relay_holds_total{reason="rate"}"#;
        assert_eq!(world.server.scrape().await.get(held), 0.0);
        let (environment, execution) = (running.environment(), running.execution);
        let frame = message::submit(environment, execution, "f", "r", json!({"text": "x".repeat(MIB / 4)}));
        // Five seconds may be saved up, and one frame may go over it.
        for _ in 0..2 {
            running.page.peer.send(frame.clone()).await;
            running.sdk.expect(&frame).await;
        }
        assert!(world.server.scrape().await.get(held) > 0.0);
    });
}

#[test]
fn max_message_bytes_is_the_largest_message() {
    play_with(&[("MAX_MESSAGE_BYTES", "11MiB")], async |world| {
        for (size, fits) in [(11 << 20, true), ((11 << 20) + 1, false)] {
            let tenant = world.seed.tenant().await;
            let mut socket = Upgrade::node_sdk(&tenant.environment).raw(world.address()).await;
            socket.write(&Outgoing::binary(Vec::new()).head(size)).await;
            if fits {
                // It answers: the length alone is no reason to close.
                socket.write(&[0; 1000]).await;
                until_quiet(&mut socket).await;
            } else {
                assert_eq!(socket.closed().await, Some(4109));
            }
        }
    });
}

/// Nothing but the first ping comes for a while.
async fn until_quiet(socket: &mut crate::support::raw::RawSocket) {
    assert_eq!(socket.frame().await.unwrap().opcode, PING);
    let next = tokio::time::timeout(Duration::from_millis(500), socket.frame()).await;
    assert!(next.is_err(), "a frame came: {:?}", next.ok().flatten().map(|frame| frame.opcode));
}

#[test]
fn sslmode_root_certificate_role_and_password_decide_who_is_believed() {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let other = generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap().cert;
    let cluster = Arc::new(OwnCluster::start());
    cluster.write_private("server.crt", &cert.pem());
    cluster.write_private("server.key", &signing_key.serialize_pem());
    cluster.write_private(
        "pg_hba.conf",
        "local all all trust\nhost all judge all scram-sha-256\nhost all all all trust\n",
    );
    cluster.configure("ssl = on\n");
    cluster.stop();
    cluster.resume();
    let (right, wrong) = (cluster.directory().join("right.pem"), cluster.directory().join("wrong.pem"));
    std::fs::write(&right, cert.pem()).unwrap();
    std::fs::write(&wrong, other.pem()).unwrap();
    play_on_cluster(&cluster, &[], async |world| {
        world.seed.run("CREATE ROLE judge SUPERUSER LOGIN PASSWORD 'the-right-one'", &[]).await;
        for (user, password, fits) in [
            ("judge", "the-right-one", true),
            ("judge", "the-wrong-one", false),
            ("nobody-of-this-name", "the-right-one", false),
        ] {
            let more = [("POSTGRES_HOSTNAME", "127.0.0.1"), ("POSTGRES_USER", user), ("POSTGRES_PASSWORD", password)];
            let output = run(&["doctor", "--json"], &world.settings(&more)).await;
            let report = text(&output);
            assert_eq!(report.contains("a round trip takes"), fits, "{user}: {report}");
            assert!(!report.contains(password), "{report}");
        }
        for (mode, root, encrypted) in [
            ("disable", None, Some(false)),
            ("prefer", None, Some(true)),
            ("require", None, Some(true)),
            ("verify-full", Some(&right), Some(true)),
            ("verify-full", Some(&wrong), None),
        ] {
            let mut more = vec![("POSTGRES_SSLMODE", mode), ("POSTGRES_HOSTNAME", "localhost")];
            more.extend(root.map(|file| ("POSTGRES_SSLROOTCERT", file.to_str().unwrap())));
            let output = run(&["doctor", "--json"], &world.settings(&more)).await;
            let report: Value = serde_json::from_slice(&output.stdout).unwrap();
            let found = report["findings"].as_array().unwrap().iter().find(|finding| finding["area"] == "database");
            let what = found.unwrap()["what"].as_str().unwrap();
            match encrypted {
                Some(encrypted) => assert_eq!(what.contains(", encrypted,"), encrypted, "{mode}: {what}"),
                None => assert!(what.contains("UnknownIssuer") || what.contains("certificate"), "{mode}: {what}"),
            }
        }
    });
}
