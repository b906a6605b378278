//! Each reason for a drop and for a close is counted under its name. What the other end is told of it, and that nobody else
//! notices, is for the tests of the relay.

use crate::support::{PATIENCE, Running, Upgrade, World, message, play_with, within};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;
use uuid::Uuid;

const SETTINGS: [(&str, &str); 3] =
    [("LISTEN_ADMIN", "127.0.0.1:0"), ("REPLAY_BYTES", "1KiB"), ("AUTHORIZATION_RECHECK_SECONDS", "1")];

/// Those that other tests see counted: where, and by which words there.
const ELSEWHERE: [(&str, &str, &str); 6] = [
    ("drops: upload_budget", include_str!("../../hub.rs"), "Count::DropUploadBudget"),
    ("closes: late", include_str!("../../hub.rs"), "Count::CloseLate"),
    ("closes: slow", include_str!("../settings/effects.rs"), r#"closes_total{reason="slow"}"#),
    ("closes: inbound", include_str!("../settings/effects.rs"), r#"closes_total{reason="inbound"}"#),
    ("closes: panic", include_str!("../../../src/relay/shard/timers.rs"), "counters.get(Count::ClosePanic)"),
    ("closes: dead", include_str!("../../../src/relay/shard/timers.rs"), "counters.get(Count::CloseDead)"),
];

/// The reasons that have been seen.
struct Seen<'a> {
    world: &'a World,
    reasons: BTreeSet<String>,
}

impl Seen<'_> {
    /// Waits until the reason has been counted for the first time, which what was just done is to cause.
    async fn counted(&mut self, family: &str, reason: &str) {
        let sample = format!("compose_relay_{family}_total{{reason=\"{reason}\"}}");
        within(PATIENCE, &sample, async {
            while self.world.server.scrape().await.get(&sample) == 0.0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
        assert!(self.reasons.insert(format!("{family}: {reason}")), "{reason} twice");
    }

    /// Nothing has been counted under that reason yet.
    async fn fresh(&self, family: &str, reason: &str) {
        let sample = format!("compose_relay_{family}_total{{reason=\"{reason}\"}}");
        assert_eq!(self.world.server.scrape().await.get(&sample), 0.0, "{sample} before its time");
    }
}

/// Frames of a page that are not handed on.
async fn from_the_page(seen: &mut Seen<'_>, running: &mut Running) {
    let (environment, session, execution) = (running.environment(), running.session(), running.execution);
    let too_large = Uuid::new_v4();
    let lost = json!({"f": [{"fileId": too_large.to_string(), "fileName": "a", "fileSize": 1, "fileType": ""}]});
    for (reason, frame) in [
        ("header", b"zz".to_vec()),
        ("body", message::with_header("aa", environment, Uuid::new_v4(), "no JSON")),
        ("environment", message::click(Uuid::new_v4(), execution, "c")),
        ("execution", message::click(environment, Uuid::new_v4(), "c")),
        ("start", message::start(environment, execution, session, "hello")),
        ("oversize", message::upload(environment, execution, too_large, &vec![b'x'; 10_485_761])),
        ("lost_file", message::submit(environment, execution, "form", "r", lost)),
    ] {
        seen.fresh("drops", reason).await;
        running.page.peer.send(frame).await;
        seen.counted("drops", reason).await;
    }
}

/// Frames of an SDK that are not handed on.
async fn from_the_sdk(seen: &mut Seen<'_>, running: &mut Running) {
    let session = running.session();
    let unknown = Uuid::new_v4();
    for (reason, frame) in [
        ("sdk_execution", message::toast(session, unknown, "t")),
        ("audit_log", message::audit_log(session, unknown, json!({"message": "m"}))),
        ("initialize", message::initialize_body(json!({"type": "aa", "apps": [], "fill": "x".repeat(1 << 20)}))),
    ] {
        seen.fresh("drops", reason).await;
        running.sdk.send(frame).await;
        seen.counted("drops", reason).await;
    }
}

#[test]
fn every_reason_is_counted_under_its_name() {
    play_with(&SETTINGS, async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        let mut seen = Seen { world, reasons: BTreeSet::new() };
        from_the_page(&mut seen, &mut running).await;
        from_the_sdk(&mut seen, &mut running).await;

        // The page comes anew while its first connection lives, then goes, and too much waits for it.
        let page = Upgrade::page(&tenant.owner, running.session(), tenant.environment.id, "hello");
        let old = std::mem::replace(
            &mut running.page.peer,
            page.execution(running.execution).accepted(world.address()).await,
        );
        seen.counted("closes", "replaced").await;
        drop(old);
        running.page.peer.close(1001).await;
        seen.counted("closes", "peer").await;
        running.sdk.send(message::toast(running.session(), running.execution, &"x".repeat(2048))).await;
        seen.counted("drops", "replay").await;

        // A run whose SDK goes without a word.
        let other = world.seed.tenant().await;
        let mut left = world.running(&other).await;
        let raw = Upgrade::sdk(&world.seed.tenant().await.environment).raw(world.address()).await;
        raw.reset();
        seen.counted("closes", "lost").await;
        left.sdk.close(4000).await;
        left.page.peer.status(false).await;
        left.page.peer.send(message::click(other.environment.id, left.execution, "c")).await;
        seen.counted("drops", "sdk_absent").await;

        // Text, more nonsense than is overlooked, and a login that is gone.
        let third = world.seed.tenant().await;
        let mut page = world.page(&third.owner, &third.environment, "hello").await;
        page.peer.send_text("text").await;
        seen.counted("closes", "protocol").await;
        let mut page = world.page(&third.owner, &third.environment, "hello").await;
        for _ in 0..64 {
            if page.peer.try_send(b"zz".to_vec()).await.is_err() {
                break;
            }
        }
        seen.counted("closes", "offences").await;
        let _page = world.page(&third.owner, &third.environment, "hello").await;
        seen.fresh("closes", "revoked").await;
        world.seed.run("DELETE FROM session WHERE id = $1", &[&third.owner.session]).await;
        seen.counted("closes", "revoked").await;

        let scrape = world.server.scrape().await;
        let all = ["drops", "closes"].into_iter().flat_map(|family| {
            let samples = scrape.family(&format!("compose_relay_{family}"));
            let reasons = samples.keys().map(|sample| format!("{family}: {}", sample.split('"').nth(1).unwrap()));
            reasons.collect::<Vec<_>>()
        });
        let all: BTreeSet<String> = all.collect();
        let mut known = std::mem::take(&mut seen.reasons);
        for (reason, text, words) in ELSEWHERE {
            assert!(text.contains(words), "no {words} where {reason} was seen");
            known.insert(reason.to_owned());
        }
        // This one as it ends, in its last words.
        world.server.terminate();
        assert!(world.server.exited(PATIENCE).await.success());
        world.ended = true;
        world.server.says("close_update=").await;
        known.insert("closes: update".to_owned());
        assert_eq!(all, known, "left: /metrics, right: what is seen to be counted");
    });
}
