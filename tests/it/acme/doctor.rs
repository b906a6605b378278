//! What `compose-relay doctor` says of certificates that are ordered.

use super::metrics::counted;
use super::{Scene, logged, play};
use crate::admin::doctor::Report;
use crate::support::acme_double::{AcmeDouble, Misbehaviour};
use crate::support::command::{run, text};
use crate::support::postgres;

/// The settings of the server with another value for one of them.
fn with(settings: &[(String, String)], name: &str, value: &str) -> Vec<(String, String)> {
    let mut settings = settings.to_vec();
    settings.retain(|(known, _)| known != name);
    settings.push((name.to_owned(), value.to_owned()));
    settings
}

#[test]
fn the_way_of_a_certificate_is_judged_from_before_the_first_order() {
    play(async |scene: &Scene| {
        let double = AcmeDouble::start(scene.door.pair()).await;
        double.misbehave(Misbehaviour::Limited);
        let server = scene.server("a.test", &[("ACME_DIRECTORY_URL", &double.directory())]).await;
        // doctor knows nothing of --listen.
        let mut settings = with(server.settings(), "LISTEN_HTTPS", &server.address().to_string());
        settings.retain(|(name, _)| !name.starts_with("GOOGLE_"));
        let report = async |settings: &[(String, String)]| Report::of(settings).await;

        // Where no server has been yet.
        let empty = postgres::cluster().fresh_database();
        report(&with(&settings, "POSTGRES_DB", &empty.settings().database)).await.has(
            "certificate",
            "warning",
            "there is no certificate for a.test yet",
        );
        logged(&server, "no new certificate").await;
        report(&settings)
            .await
            .has("certificate", "failure", "a.test: the last attempt failed")
            .has("certificate", "failure", "rate limit")
            .has("certificate", "warning", "there is no certificate for a.test yet")
            .has("name", "failure", "a.test is unknown")
            .has("port", "warning", "has no certificate to show")
            .has("port", "ok", "leads to https already: a server runs");
        let unhealthy = run(&["health"], &settings).await;
        assert_eq!(unhealthy.status.code(), Some(1));
        assert!(text(&unhealthy).contains("waits for its first certificate"), "{}", text(&unhealthy));

        // The operator has waited, and says so.
        double.misbehave(Misbehaviour::None);
        let again = "UPDATE relay_acme_domain SET next_attempt_at = NULL";
        scene.sql.batch_execute(&format!("{again}; NOTIFY relay_acme")).await.unwrap();
        counted(&server, "ok", 1.0).await;
        report(&settings)
            .await
            .has("certificate", "ok", "good for 89 more days")
            .has("certificate", "ok", "it is for a.test")
            .has("port", "ok", "serves already: compose-relay runs");
        let healthy = run(&["health"], &settings).await;
        assert!(healthy.status.success(), "{}", text(&healthy));

        let other = with(&settings, "PROD_API_KEY_SECRET", &"ff".repeat(64));
        report(&other).await.has("certificate", "warning", "was sealed with other secrets");
        let away = with(&settings, "POSTGRES_PORT", "1");
        report(&away).await.has("certificate", "warning", "what is known of a.test cannot be read");
        let wrong = with(&settings, "DOMAIN", "*.test");
        report(&wrong).await.has("certificate", "failure", "DOMAIN");
    });
}
