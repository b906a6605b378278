//! What the metrics say of orders.

use super::{ORDER, Scene, logged, play};
use crate::support::acme_double::{AcmeDouble, Misbehaviour};
use crate::support::metrics::Scrape;
use crate::support::{Server, within};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const FAILING: &str = r#"compose_relay_acme_failing{domain="a.test"}"#;
const NEXT: &str = r#"compose_relay_acme_next_attempt_seconds{domain="a.test"}"#;

/// Orders that ended in this way.
pub fn ended(scrape: &Scrape, outcome: &str) -> f64 {
    scrape.get(&format!("compose_relay_acme_orders_total{{outcome=\"{outcome}\"}}"))
}

/// Scrapes until so many orders have ended in this way.
pub async fn counted(server: &Server, outcome: &str, number: f64) -> Scrape {
    within(ORDER, &format!("{number} orders that end with {outcome}"), async {
        loop {
            let scrape = server.scrape().await;
            if ended(&scrape, outcome) >= number {
                return scrape;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await
}

/// Seconds from now until the next attempt.
fn until_next(scrape: &Scrape) -> f64 {
    scrape.get(NEXT) - SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}

/// The four families of ACME; `admin::metrics` leaves them to this test.
#[test]
fn every_metric_of_acme_moves() {
    play(async |scene: &Scene| {
        let double = AcmeDouble::start(scene.door.pair()).await;
        double.misbehave(Misbehaviour::Broken);
        let server = scene.server("a.test", &[("ACME_DIRECTORY_URL", &double.directory())]).await;
        logged(&server, "no new certificate").await;
        let failed = counted(&server, "trouble", 1.0).await;
        assert_eq!((failed.get(FAILING), ended(&failed, "ok")), (1.0, 0.0));
        assert!(failed.get("compose_relay_acme_order_duration_seconds_count") >= 1.0);
        assert!((-60.0..=40.0).contains(&until_next(&failed)), "{}", until_next(&failed));
        double.misbehave(Misbehaviour::None);
        let good = counted(&server, "ok", 1.0).await;
        // The certificate is good for 90 days, and renewed after 57 to 60 of them.
        assert_eq!(good.get(FAILING), 0.0);
        let days = until_next(&good) / 86_400.0;
        assert!((56.0..=61.0).contains(&days), "renewed in {days} days");
        let ends = good.family("compose_relay_certificate_not_after_seconds");
        assert!(ends.len() == 1 && ends.keys().all(|sample| sample.contains("a.test")), "{ends:?}");
    });
}
