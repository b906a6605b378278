//! Every metric moves, and is in the manual and on the dashboard by its name.

use crate::support::metrics::Scrape;
use crate::support::raw::Outgoing;
use crate::support::running::start;
use crate::support::server::signal;
use crate::support::world::play_tls_with;
use crate::support::{Peer, Request, Running, Tenant, Upgrade, World, message, play_with, soon};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const SETTINGS: [(&str, &str); 8] = [
    ("LISTEN_ADMIN", "127.0.0.1:0"),
    ("MAX_CONNECTIONS", "24"),
    ("POSTGRES_POOL_SIZE", "2"),
    ("RELAY_SHARDS", "3"),
    ("BROWSER_FRAMES_PER_SECOND", "20"),
    ("MAX_MESSAGE_BYTES", "20MiB"),
    ("DRAIN_DELAY_SECONDS", "1"),
    ("LOG_LEVEL", "info"),
];

/// What tells a fact and does not move while a process lives; each is held against the truth below.
const FACTS: [&str; 6] = [
    "compose_relay_build_info",
    "compose_relay_connections_limit",
    "compose_relay_db_connections_limit",
    "process_start_time_seconds",
    "process_max_fds",
    "process_threads",
];

/// What only a fault of the server could move: `a_mistake_of_ours_costs_nobody_else_anything` in tests/hub.rs makes one.
const FAULTS: [&str; 1] = ["compose_relay_panics"];

/// What moves behind a proxy only: `settings::doors` moves it.
const BEHIND_PROXIES: [&str; 2] =
    ["compose_relay_connections_turned_away_by_address", "compose_relay_connections_without_proxy_header"];

/// What moves with ACME only: `acme::metrics` moves it.
const ACME: [&str; 4] = [
    "compose_relay_acme_orders",
    "compose_relay_acme_order_duration_seconds",
    "compose_relay_acme_failing",
    "compose_relay_acme_next_attempt_seconds",
];

/// What moves with TLS only: see [`every_metric_of_tls_moves`].
const TLS: [&str; 3] = [
    "compose_relay_tls_handshakes",
    "compose_relay_tls_handshake_duration_seconds",
    "compose_relay_certificate_not_after_seconds",
];

/// The families that have moved between two scrapes.
#[derive(Default)]
struct Moved(BTreeSet<String>);

impl Moved {
    fn note(&mut self, before: &Scrape, after: &Scrape) {
        let moved = after.families.iter().filter(|(name, _)| before.family(name) != after.family(name));
        self.0.extend(moved.map(|(name, _)| name.clone()));
    }
}

/// Scrapes until it sees what it looks for.
async fn until(world: &World, what: &str, seen: impl Fn(&Scrape) -> bool) -> Scrape {
    soon(what, async {
        loop {
            let scrape = world.server.scrape().await;
            if seen(&scrape) {
                return scrape;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
}

/// Frames through the relay: forwarded, dropped, held back, kept for a page that is away, sent again.
async fn traffic(world: &World, tenant: &Tenant) -> (Running, Peer, Scrape) {
    let mut running = world.running(tenant).await;
    let (home, _) = world.home(&tenant.owner).await;
    running.works().await;
    // A frame that is none, and more of them than a page may send in a second.
    running.page.peer.send(&b"zz"[..]).await;
    for _ in 0..120 {
        let click = message::click(tenant.environment.id, running.execution, "c");
        running.page.peer.send(click.clone()).await;
        running.sdk.expect(&click).await;
    }
    // The page goes away, and what is sent to it waits.
    let (session, execution) = (running.session(), running.execution);
    running.page.peer.close(1001).await;
    running.page.peer.ended_within(crate::support::PATIENCE).await;
    let missed = message::toast(session, execution, "missed");
    running.sdk.send(missed.clone()).await;
    let waiting =
        until(world, "a frame that waits", |s| s.get(r#"compose_relay_outbox_bytes{to="browser"}"#) > 0.0).await;
    let page = Upgrade::page(&tenant.owner, session, tenant.environment.id, "hello").execution(execution);
    running.page.peer = page.accepted(world.address()).await;
    running.page.peer.status(true).await;
    running.page.peer.expect(&missed).await;
    running.execution = start(&mut running.page, &mut running.sdk, "hello").await;
    (running, home, waiting)
}

#[test]
fn every_metric_moves() {
    play_with(&SETTINGS, async |world| {
        let mut moved = Moved::default();
        let first = world.server.scrape().await;
        facts(&first);
        let tenant = world.seed.tenant().await;

        let (running, home, waiting) = traffic(world, &tenant).await;
        moved.note(&first, &waiting);
        // Half of a large message.
        let other = world.seed.tenant().await;
        let mut slow = Upgrade::node_sdk(&other.environment).raw(world.address()).await;
        slow.write(&Outgoing::binary(Vec::new()).head(8 << 20)).await;
        slow.write(&vec![0; 1 << 20]).await;
        let second = until(world, "half a message", |s| s.get("compose_relay_inbox_bytes") > 0.0).await;
        moved.note(&first, &second);
        assert_eq!(second.get(r#"compose_relay_sockets{kind="sdk"}"#), 2.0);
        assert_eq!(second.get(r#"compose_relay_sockets{kind="app"}"#), 1.0);
        assert_eq!(second.get(r#"compose_relay_sockets{kind="home"}"#), 1.0);
        assert!(second.get(r#"compose_relay_drops_total{reason="header"}"#) >= 1.0);
        assert!(second.get(r#"compose_relay_holds_total{reason="rate"}"#) >= 1.0);
        assert_eq!(second.get("compose_relay_messages_replayed_total"), 1.0);
        assert_eq!(second.get("compose_relay_browser_sessions"), 2.0);
        assert_eq!(second.get("compose_relay_executions"), 2.0);

        // All places are taken.
        let mut crowd = Vec::new();
        for _ in 0..30 {
            crowd.push(TcpStream::connect(world.address()).await.unwrap());
        }
        let third = until(world, "a closed door", |s| s.get("compose_relay_connections_turned_away_total") > 0.0).await;
        moved.note(&second, &third);
        drop(crowd);

        // The pool is used up: a table is locked, and three calls want it.
        until(world, "room", |s| s.get("compose_relay_connections_open") < 10.0).await;
        world.seed.run("BEGIN", &[]).await;
        world.seed.run("LOCK TABLE session IN ACCESS EXCLUSIVE MODE", &[]).await;
        let asking: Vec<_> = (0..4)
            .map(|_| {
                let (login, to) = (tenant.owner.session.clone(), world.address());
                tokio::spawn(async move { Request::get("/api/v1/auth/check").login(&login).send(to).await.status })
            })
            .collect();
        let busy = r#"compose_relay_db_connections{state="busy"}"#;
        let full = |s: &Scrape| s.get("compose_relay_db_waiting") > 0.0 && s.get(busy) == 2.0;
        let fourth = until(world, "calls that wait", full).await;
        moved.note(&third, &fourth);
        world.seed.run("COMMIT", &[]).await;
        for call in asking {
            assert_eq!(call.await.unwrap(), 200);
        }

        // The server ends, and the next one goes on with the executions.
        drop(home);
        let before = world.server.scrape().await;
        world.server.terminate();
        let drains = until(world, "the drain", |s| s.get(r#"compose_relay_phase{phase="draining"}"#) == 1.0).await;
        moved.note(&before, &drains);
        assert!(world.server.exited(Duration::from_secs(30)).await.success());
        world.server.forget_log();
        world.server.start_again().await;
        world.ended = true;
        let _sdk = world.sdk(&tenant.environment).await;
        let page = Upgrade::page(&tenant.owner, running.session(), tenant.environment.id, "hello");
        let _page = page.execution(running.execution).accepted(world.address()).await;
        let restored = "compose_relay_executions_restored_total";
        let last = until(world, "the executions of the process before", |s| s.get(restored) > 0.0).await;
        moved.note(&first, &last);
        world.assert_healthy().await;

        let expected = |name: &str| {
            let others = FACTS.iter().chain(&FAULTS).chain(&TLS).chain(&ACME).chain(&BEHIND_PROXIES);
            !others.into_iter().any(|known| *known == name)
        };
        let still: Vec<&String> = last
            .families
            .iter()
            .map(|(name, _)| name)
            .filter(|name| expected(name) && !moved.0.contains(*name))
            .collect();
        assert!(still.is_empty(), "these never moved: {still:?}");
        in_the_manual(&last);
    });
}

/// What moves with TLS only: handshakes that succeed and that do not, and the certificate.
#[test]
fn every_metric_of_tls_moves() {
    play_tls_with(&[("LISTEN_ADMIN", "127.0.0.1:0")], async |world| {
        let before = world.server.scrape().await;
        world.assert_healthy().await;
        let mut plain = TcpStream::connect(world.server.address()).await.unwrap();
        plain.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        let no_tls = r#"compose_relay_tls_handshakes_total{outcome="no_tls"}"#;
        let after = until(world, "a handshake that failed", |s| s.get(no_tls) > 0.0).await;
        let mut moved = Moved::default();
        moved.note(&before, &after);
        assert!(after.get(r#"compose_relay_tls_handshakes_total{outcome="ok"}"#) >= 1.0);
        let ends = "compose_relay_certificate_not_after_seconds";
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
        let certificates = after.family(ends);
        assert!(certificates.len() == 1 && certificates.values().all(|end| *end > now), "{certificates:?}");
        // Replaced, it is another one.
        let old: Vec<String> = certificates.iter().map(|(name, end)| format!("{name} {end}")).collect();
        world.authority().install(&world.authority().issue());
        signal("-HUP", world.server.pid());
        let news = until(world, "the new certificate", |s| {
            s.family(ends).iter().map(|(name, end)| format!("{name} {end}")).collect::<Vec<_>>() != old
        })
        .await;
        moved.note(&after, &news);
        for family in TLS {
            assert!(moved.0.contains(family), "{family} never moved");
        }
    });
}

fn facts(scrape: &Scrape) {
    let build = scrape.family("compose_relay_build_info");
    let (labels, one) = build.first_key_value().unwrap();
    assert!(labels.contains(r#"build="test""#) && labels.contains(env!("CARGO_PKG_VERSION")), "{labels}");
    assert_eq!(*one, 1.0);
    assert_eq!(scrape.get("compose_relay_connections_limit"), 24.0);
    assert_eq!(scrape.get("compose_relay_db_connections_limit"), 2.0);
    assert_eq!(scrape.family("compose_relay_shard_delay_seconds").len(), 3, "one for each of RELAY_SHARDS");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
    assert!((now - scrape.get("process_start_time_seconds")).abs() < 120.0);
    assert!(scrape.get("process_max_fds") > scrape.get("process_open_fds"));
    assert!(scrape.get("process_threads") > 3.0);
}

/// A name as it stands in texts: with the suffix that the sample has.
fn written(name: &str, kind: &str) -> String {
    if kind == "counter" { format!("{name}_total") } else { name.to_owned() }
}

/// Each family is in the table of docs/OPERATIONS.md, and no other; the dashboard asks for none that does not exist.
fn in_the_manual(scrape: &Scrape) {
    let names: BTreeSet<String> = scrape.families.iter().map(|(name, kind)| written(name, kind)).collect();
    let manual = include_str!("../../../docs/OPERATIONS.md");
    let listed = manual.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let listed: BTreeSet<String> = listed
        .map(|name| name.split('{').next().unwrap_or_default().to_owned())
        .filter(|name| name.starts_with("compose_relay_") || name.starts_with("process_"))
        .collect();
    assert_eq!(names, listed, "left: /metrics, right: docs/OPERATIONS.md");

    let dashboard = include_str!("../../../deploy/grafana-dashboard.json");
    let parsed: Value = serde_json::from_str(dashboard).expect("the dashboard is JSON");
    assert!(parsed["panels"].as_array().is_some_and(|panels| panels.len() > 5));
    for text in [dashboard, manual] {
        for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')) {
            if word.starts_with("compose_relay_") || word.starts_with("process_") {
                let base = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| word.strip_suffix(suffix));
                assert!(names.contains(word) || base.is_some_and(|base| names.contains(base)), "no metric {word}");
            }
        }
    }
}

#[test]
fn the_reasons_are_in_the_manual() {
    let manual = include_str!("../../../docs/OPERATIONS.md");
    play_with(&[("LISTEN_ADMIN", "127.0.0.1:0")], async |world| {
        let scrape = world.server.scrape().await;
        for (family, mark) in [("compose_relay_closes", "closes"), ("compose_relay_drops", "drops")] {
            let seen: BTreeSet<String> = scrape
                .family(family)
                .keys()
                .map(|sample| sample.split('"').nth(1).expect("a reason").to_owned())
                .collect();
            let table = manual.split(&format!("<!-- {mark} -->")).nth(1).expect("a marked table");
            let table = table.split("\n\n").nth(1).expect("a table behind the mark");
            let listed: BTreeSet<String> = table
                .lines()
                .filter_map(|line| Some(line.strip_prefix("| `")?.split('`').next()?.to_owned()))
                .collect();
            assert_eq!(seen, listed, "left: /metrics, right: docs/OPERATIONS.md, table of {mark}");
        }
    });
}
