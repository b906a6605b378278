//! What `pebble` does not do: an authority that is in trouble, or makes some.

use super::metrics::{counted, ended};
use super::{ORDER, Scene, certificate_at, logged, play};
use crate::support::Server;
use crate::support::acme_double::{AcmeDouble, Misbehaviour};
use std::time::{Duration, Instant};

/// An authority that misbehaves, and a server that asks it.
async fn start(scene: &Scene, how: Misbehaviour) -> (AcmeDouble, Server) {
    let double = AcmeDouble::start(scene.door.pair()).await;
    double.misbehave(how);
    let server = server(scene, &double).await;
    (double, server)
}

async fn server(scene: &Scene, double: &AcmeDouble) -> Server {
    scene.server("a.test", &[("ACME_DIRECTORY_URL", &double.directory())]).await
}

/// Once it does as it should, all is well.
async fn recovers(scene: &Scene, double: &AcmeDouble) {
    double.misbehave(Misbehaviour::None);
    certificate_at(scene.ports.https, "a.test", &double.believer(), &[]).await;
    assert_eq!(double.contacts(), ["mailto:ops@example.com"], "ACME_EMAIL");
}

/// Seconds until the next attempt, failures so far, and whether somebody holds the claim.
async fn stored(scene: &Scene) -> (f64, i32, bool) {
    let sql = "SELECT extract(epoch FROM next_attempt_at - now())::float8, failures, holder IS NOT NULL FROM relay_acme_domain";
    let row = scene.sql.query_one(sql, &[]).await.unwrap();
    (row.get(0), row.get(1), row.get(2))
}

#[test]
fn a_rate_limit_is_kept_to_and_outlives_the_process() {
    play(async |scene: &Scene| {
        let (double, server) = start(scene, Misbehaviour::Limited).await;
        let line = logged(&server, "no new certificate").await;
        for part in ["rate limit", "too many certificates already issued", "Next: wait", "The next attempt is at "] {
            assert!(line.contains(part), "{part}: {line}");
        }
        assert_eq!(ended(&counted(&server, "rate_limit", 1.0).await, "refused"), 0.0);
        drop(server);
        let (wait, failures, held) = stored(scene).await;
        assert!((7100.0..=7200.0).contains(&wait) && failures == 1 && !held, "{wait} {failures} {held}");
        assert_eq!(double.requests("order"), 1);
        // The authority would give one now; nobody asks.
        double.misbehave(Misbehaviour::None);
        for _ in 0..2 {
            let server = self::server(scene, &double).await;
            let line = logged(&server, "The next attempt is in ").await;
            assert!(line.contains("rate limit"), "{line}");
        }
        assert_eq!(double.requests("order"), 1);
    });
}

#[test]
fn an_authority_that_is_broken_is_asked_again() {
    play(async |scene: &Scene| {
        let (double, server) = start(scene, Misbehaviour::Broken).await;
        let line = logged(&server, "no new certificate").await;
        assert!(line.contains("it answered with status 503") && line.contains("Next: "), "{line}");
        assert!(double.requests("dir") <= 2, "it is not asked over and over");
        counted(&server, "trouble", 1.0).await;
        recovers(scene, &double).await;
    });
}

#[test]
fn an_authority_that_does_not_answer_holds_nothing_up() {
    play(async |scene: &Scene| {
        let (double, mut server) = start(scene, Misbehaviour::Slow).await;
        let line = logged(&server, "no new certificate").await;
        assert!(line.contains("no whole answer in time"), "{line}");
        counted(&server, "unreachable", 1.0).await;
        // In the middle of the next one the process is told to stop.
        let asked = double.requests("order");
        crate::support::within(ORDER, "the next attempt", async {
            while double.requests("order") == asked {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
        .await;
        let began = Instant::now();
        server.terminate();
        assert!(server.exited(ORDER).await.success());
        assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
        let (wait, failures, held) = stored(scene).await;
        assert!(wait <= 30.0 && failures == 1 && !held, "{wait} {failures} {held}");
    });
}

#[test]
fn an_order_that_becomes_invalid_is_explained() {
    play(async |scene: &Scene| {
        let (double, server) = start(scene, Misbehaviour::Invalid).await;
        let line = logged(&server, "no new certificate").await;
        for part in ["tls-alpn-01", "http-01", "no address in DNS", "there must be an A or AAAA record of a.test"] {
            assert!(line.contains(part), "{part}: {line}");
        }
        assert!(!line.contains('\u{1b}'), "{line}");
        assert_eq!(double.requests("challenge"), 2, "each kind once");
        assert_eq!(ended(&counted(&server, "proof", 1.0).await, "proof"), 1.0, "one order, not two");
        let (wait, failures, held) = stored(scene).await;
        assert!((100.0..=133.0).contains(&wait) && failures == 1 && !held, "{wait} {failures} {held}");
    });
}

#[test]
fn an_authority_that_rejects_every_nonce_is_not_asked_for_ever() {
    play(async |scene: &Scene| {
        let (double, server) = start(scene, Misbehaviour::Nonces).await;
        let line = logged(&server, "no new certificate").await;
        assert!(line.contains("badNonce"), "{line}");
        assert!((3..=60).contains(&double.requests("account")), "{}", double.requests("account"));
        counted(&server, "trouble", 1.0).await;
        recovers(scene, &double).await;
    });
}
