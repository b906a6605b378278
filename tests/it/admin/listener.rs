//! Where it listens, what it answers, and that it never stands in the server's way.

use crate::support::{Request, play, play_with, soon};
use std::net::TcpListener;
use std::time::Duration;

#[test]
fn health_tells_phase_and_database() {
    play_with(&[("LISTEN_ADMIN", "127.0.0.1:0")], async |world| {
        let admin = world.server.admin().await;
        let answer = Request::get("/health").send(admin).await;
        assert_eq!(answer.status, 200);
        let health = answer.json();
        assert_eq!((&health["status"], &health["build"]), (&"serving".into(), &"test".into()), "{health}");
        assert_eq!(health["database"]["reachable"], true, "{health}");
        assert_eq!(Request::get("/").send(admin).await.status, 404);
        assert_eq!(Request::new("DELETE", "/metrics").send(admin).await.status, 404);
        // Nothing of it is on the public port.
        for path in ["/metrics", "/health"] {
            assert_eq!(Request::get(path).send(world.address()).await.status, 404, "{path}");
        }
    });
}

#[test]
fn metrics_count_requests_by_route_and_not_by_what_clients_invent() {
    play_with(&[("LISTEN_ADMIN", "127.0.0.1:0")], async |world| {
        for path in ["/health-check?x=1", "/api/v1/invite-code/secret-code", "/nowhere", "/nowhere/else"] {
            Request::get(path).send(world.address()).await;
        }
        Request::new("BREW", "/health-check").send(world.address()).await;
        let scrape = world.server.scrape().await;
        for (labels, count) in [
            (r#"method="GET",route="/health-check",status="200""#, 1.0),
            (r#"method="GET",route="/api/v1/invite-code/:id",status="404""#, 1.0),
            (r#"method="GET",route="(none)",status="404""#, 2.0),
            (r#"method="other",route="(none)",status="404""#, 1.0),
        ] {
            assert_eq!(scrape.get(&format!("compose_relay_http_requests_total{{{labels}}}")), count, "{labels}");
        }
        let text = Request::get("/metrics").send(world.server.admin().await).await.text();
        assert!(!text.contains("secret-code") && !text.contains("nowhere") && !text.contains("BREW"), "{text}");
    });
}

#[test]
fn a_taken_port_does_not_keep_the_server_from_starting_and_is_used_once_it_is_free() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    play_with(&[("LISTEN_ADMIN", &address)], async |world| {
        world.assert_healthy().await;
        assert!(world.server.log().contains("another program uses"), "{}", world.server.log());
        drop(other);
        assert_eq!(world.server.admin().await.to_string(), address);
        world.server.scrape().await;
    });
}

#[test]
fn it_can_be_switched_off() {
    play(async |world| {
        let page = soon("the page", Request::get("/health-check").send(world.address())).await;
        assert_eq!(page.status, 200);
        assert!(!world.server.log().contains("metrics on"));
    });
}

#[test]
fn health_says_when_the_server_drains() {
    let settings = [("LISTEN_ADMIN", "127.0.0.1:0"), ("DRAIN_DELAY_SECONDS", "2")];
    play_with(&settings, async |world| {
        let admin = world.server.admin().await;
        world.server.terminate();
        world.ended = true;
        soon("the drain to be seen", async {
            loop {
                let answer = Request::get("/health").send(admin).await;
                if answer.status == 503 {
                    assert_eq!(answer.json()["status"], "draining");
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
        assert!(world.server.exited(Duration::from_secs(20)).await.success());
    });
}
