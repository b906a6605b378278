//! Against `pebble`.

use super::{Scene, certificate_at, logged, play};
use crate::support::pebble::{Manner, Ports, shown};
use crate::support::{Request, Server};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

/// Orders of which these servers' logs tell.
fn orders(servers: &[&Server]) -> usize {
    servers.iter().map(|server| server.log().matches("ordering a certificate").count()).sum()
}

#[test]
fn two_names_are_proved_over_tls_while_nonces_are_rejected() {
    play(async |scene: &Scene| {
        let pebble = scene.pebble(Manner { nonces_rejected: 30, ..Manner::default() }).await;
        let server = scene.server("a.test,b.test", &[("ACME_CHALLENGES", "tls-alpn-01")]).await;
        let client = pebble.believer().await;
        let a = scene.certificate("a.test", &client, &[]).await;
        let b = scene.certificate("b.test", &client, &[]).await;
        assert_ne!(a, b, "each has its own");
        logged(&server, "checked a name (TLS-ALPN-01)").await;
        let sql = "SELECT private_key, not_after > now() + interval '80 days', failures, next_attempt_at IS NULL
                     FROM relay_acme_domain ORDER BY domain";
        for row in scene.sql.query(sql, &[]).await.unwrap() {
            assert!(!row.get::<_, String>(0).contains("PRIVATE"), "the key lies in the clear");
            assert!(row.get::<_, bool>(1) && row.get::<_, i32>(2) == 0 && row.get::<_, bool>(3), "{row:?}");
        }
        let account: String =
            scene.sql.query_one("SELECT credentials FROM relay_acme_account", &[]).await.unwrap().get(0);
        assert!(!account.contains("key_pkcs8"), "the account's key lies in the clear");
        assert!(!server.log().contains("PRIVATE KEY"));
    });
}

#[test]
fn a_name_is_proved_over_http() {
    play(async |scene: &Scene| {
        let pebble = scene.pebble(Manner { nonces_rejected: 30, ..Manner::default() }).await;
        let server = scene.server("a.test", &[("ACME_CHALLENGES", "http-01")]).await;
        scene.certificate("a.test", &pebble.believer().await, &[]).await;
        assert!(!server.log().contains("TLS-ALPN-01"));
        let plain = SocketAddr::from(([127, 0, 0, 1], scene.ports.http));
        let answer = Request::get("/.well-known/acme-challenge/unknown").send(plain).await;
        assert_eq!(answer.status, 404, "nothing but challenges is answered there: {answer:?}");
        let left: i64 = scene.sql.query_one("SELECT count(*) FROM relay_acme_challenge", &[]).await.unwrap().get(0);
        assert_eq!(left, 0, "the answer is taken back");
    });
}

#[test]
fn http_is_tried_when_tls_does_not_prove_it() {
    play(async |scene: &Scene| {
        let pebble = scene.pebble(Manner::default()).await;
        let client = pebble.believer().await;
        // Pebble comes to a port where nobody is.
        let elsewhere = Ports::choose().https;
        let server = scene.server_on(elsewhere, scene.ports.http, "a.test", &[]).await;
        certificate_at(elsewhere, "a.test", &client, &[]).await;
        assert!(server.log().contains("could not prove a.test by tls-alpn-01"), "the first way failed");
    });
}

#[test]
fn a_name_that_leads_elsewhere_costs_no_other_its_certificate() {
    play(async |scene: &Scene| {
        let pebble = scene.pebble(Manner::default()).await;
        pebble.lead("b.test", "127.9.9.9").await;
        let server = scene.server("b.test,a.test", &[]).await;
        let client = pebble.believer().await;
        let leaf = scene.certificate("a.test", &client, &[]).await;
        let line = logged(&server, "no new certificate").await;
        for part in ["b.test", "tls-alpn-01", "http-01", "Next: ", "port 443 of", "port 80 ", "The next attempt is at "]
        {
            assert!(line.contains(part), "{part}: {line}");
        }
        let sql = "SELECT failures, next_attempt_at > now() + interval '100 seconds', last_error LIKE '%Next: %', holder IS NULL
                     FROM relay_acme_domain WHERE domain = 'b.test'";
        let row = scene.sql.query_one(sql, &[]).await.unwrap();
        assert!(row.get::<_, i32>(0) == 1 && row.get::<_, bool>(1) && row.get::<_, bool>(2) && row.get::<_, bool>(3));
        assert!(shown(scene.ports.https, "b.test", &client).await.is_err(), "no certificate for it");

        // A process that starts over and over does not ask more often.
        let before = orders(&[&server]);
        drop(server);
        let server = scene.server("b.test,a.test", &[]).await;
        assert_eq!(scene.certificate("a.test", &client, &[]).await, leaf, "from the database");
        logged(&server, "The next attempt is in ").await;
        assert_eq!((before, orders(&[&server])), (2, 0));

        // The operator has set it right, and says so.
        pebble.lead("b.test", "127.0.0.1").await;
        scene.sql.execute("UPDATE relay_acme_domain SET next_attempt_at = NULL", &[]).await.unwrap();
        scene.sql.batch_execute("NOTIFY relay_acme").await.unwrap();
        scene.certificate("b.test", &client, &[]).await;
    });
}

#[test]
fn a_certificate_is_renewed_before_it_ends() {
    play(async |scene: &Scene| {
        let pebble = scene.pebble(Manner { validity: 24, ..Manner::default() }).await;
        let server = scene.server("a.test", &[]).await;
        let client = pebble.believer().await;
        let first = scene.certificate("a.test", &client, &[]).await;
        let second = scene.certificate("a.test", &client, std::slice::from_ref(&first)).await;
        scene.certificate("a.test", &client, &[first, second]).await;
        assert!(!server.log().contains("no new certificate"));
        let accounts: i64 = scene.sql.query_one("SELECT count(*) FROM relay_acme_account", &[]).await.unwrap().get(0);
        assert_eq!(accounts, 1);
    });
}

#[test]
fn an_authority_that_is_away_at_the_start_is_asked_again() {
    play(async |scene: &Scene| {
        let server = scene.server("a.test", &[]).await;
        let line = logged(&server, "no new certificate").await;
        for part in ["gives no answer", "ACME_DIRECTORY_URL", "Next: ", "browsers that ask for this name are refused"] {
            assert!(line.contains(part), "{part}: {line}");
        }
        let plain = SocketAddr::from(([127, 0, 0, 1], scene.ports.http));
        assert_eq!(Request::get("/").send(plain).await.status, 308, "the server serves meanwhile");
        let pebble = scene.pebble(Manner::default()).await;
        scene.certificate("a.test", &pebble.believer().await, &[]).await;
    });
}

#[test]
fn two_processes_on_one_database_order_once() {
    play(async |scene: &Scene| {
        let pebble = scene.pebble(Manner::default()).await;
        let other = Ports::choose();
        let (one, two) = tokio::join!(
            scene.server("a.test", &[]),
            scene.server_on(other.https, other.http, "a.test", &[("ACME_CHALLENGES", "http-01")])
        );
        let client = pebble.believer().await;
        let leaf = scene.certificate("a.test", &client, &[]).await;
        assert_eq!(certificate_at(other.https, "a.test", &client, &[]).await, leaf);
        assert_eq!(orders(&[&one, &two]), 1);

        // Whoever orders, the authority comes to the first one: its answers are known to both.
        drop(two);
        let _three =
            scene.server_on(other.https, other.http, "a.test,c.test", &[("ACME_CHALLENGES", "tls-alpn-01")]).await;
        certificate_at(other.https, "c.test", &client, &[]).await;
        drop(_three);
        let _four = scene.server_on(other.https, other.http, "d.test", &[("ACME_CHALLENGES", "http-01")]).await;
        certificate_at(other.https, "d.test", &client, &[]).await;
        assert_eq!(orders(&[&one]), orders(&[&one]).min(1), "the first one ordered nothing of theirs");
    });
}

#[test]
fn files_keep_the_certificate_when_database_and_authority_have_lost_it() {
    play(async |scene: &Scene| {
        let folder = scene.folder.path().join("state");
        let cache = [("ACME_CACHE_DIR", folder.to_str().unwrap())];
        let pebble = scene.pebble(Manner::default()).await;
        let client = pebble.believer().await;
        let server = scene.server("a.test", &cache).await;
        let leaf = scene.certificate("a.test", &client, &[]).await;
        let file = folder.join("a.test.json");
        logged(&server, "fresh from").await;
        while !file.exists() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!std::fs::read_to_string(&file).unwrap().contains("PRIVATE"), "the key lies in the clear");
        drop((server, pebble));
        scene.sql.batch_execute("TRUNCATE relay_acme_domain, relay_acme_account").await.unwrap();

        let server = scene.server("a.test", &cache).await;
        assert_eq!(shown(scene.ports.https, "a.test", &client).await.unwrap(), leaf, "from the first handshake on");
        crate::support::soon("the database has it again", async {
            let sql = "SELECT count(*) FROM relay_acme_domain WHERE chain IS NOT NULL";
            while scene.sql.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) == 0 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
        .await;
        assert_eq!(orders(&[&server]), 0);
    });
}

#[test]
fn an_authority_that_has_forgotten_our_account_gets_a_new_one() {
    play(async |scene: &Scene| {
        let pebble = scene.pebble(Manner::default()).await;
        let server = scene.server("a.test", &[]).await;
        scene.certificate("a.test", &pebble.believer().await, &[]).await;
        drop((server, pebble));
        scene.sql.batch_execute("DELETE FROM relay_acme_domain").await.unwrap();
        // Pebble keeps nothing.
        let pebble = scene.pebble(Manner::default()).await;
        let server = scene.server("a.test", &[]).await;
        scene.certificate("a.test", &pebble.believer().await, &[]).await;
        assert!(server.log().contains("does not know our account"));
    });
}
