//! A certificate is replaced while the server works.

use crate::support::authority::{Pair, connect};
use crate::support::server::signal;
use crate::support::{World, play_over_tls, soon, within};
use std::time::Duration;
use tokio_rustls::client::TlsStream;

/// The files are looked at every 5 s, and what is wrong is told at the second look.
const SEEN: Duration = Duration::from_secs(40);

fn shown(stream: &TlsStream<tokio::net::TcpStream>) -> Vec<u8> {
    stream.get_ref().1.peer_certificates().expect("a certificate")[0].to_vec()
}

/// What a new connection is shown.
async fn shown_now(world: &World) -> Vec<u8> {
    let client = world.authority().client();
    shown(&soon("a handshake", connect(world.server.address(), &client)).await.expect("a handshake"))
}

async fn until_shown(world: &World, pair: &Pair) {
    within(SEEN, "the new certificate", async {
        while shown_now(world).await != pair.leaf {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
}

async fn until_logged(world: &World, words: &str) {
    within(SEEN, words, async {
        while !world.server.log().contains(words) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
}

#[test]
fn a_new_certificate_is_shown_to_new_connections_and_no_old_one_notices() {
    play_over_tls(async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        let new = world.authority().issue();
        world.authority().install(&new);
        within(SEEN, "the new certificate", async {
            // Traffic all the while.
            while shown_now(world).await != new.leaf {
                running.works().await;
            }
        })
        .await;
        running.works().await;
        let newest = world.authority().issue();
        world.authority().install(&newest);
        signal("-HUP", world.server.pid());
        until_shown(world, &newest).await;
        running.works().await;
    });
}

#[test]
fn a_bad_new_certificate_keeps_the_old_one_and_is_told_once() {
    play_over_tls(async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        let old = shown_now(world).await;
        let [chain, key] = world.authority().files();
        // A key that belongs to another certificate; noticed without a signal.
        std::fs::write(&key, world.authority().issue().key).unwrap();
        until_logged(world, "the new certificate cannot be used; the old one is kept").await;
        assert!(world.server.log().contains("does not belong to the certificate"), "{}", world.server.log());
        std::fs::write(&chain, "no certificate at all").unwrap();
        signal("-HUP", world.server.pid());
        until_logged(world, "there is no certificate in it").await;
        signal("-HUP", world.server.pid());
        until_logged(world, "SIGHUP: the certificate is the same as before").await;
        assert_eq!(world.server.log().matches("there is no certificate in it").count(), 1);
        assert_eq!(shown_now(world).await, old);
        running.works().await;
        let good = world.authority().issue();
        world.authority().install(&good);
        signal("-HUP", world.server.pid());
        until_shown(world, &good).await;
        running.works().await;
    });
}

#[test]
fn a_certificate_that_has_ended_or_ends_soon_is_told_of() {
    play_over_tls(async |world| {
        world.authority().install(&world.authority().issue_for(&["localhost"], 0));
        signal("-HUP", world.server.pid());
        until_logged(world, "the certificate has ended").await;
        world.authority().install(&world.authority().issue());
        signal("-HUP", world.server.pid());
        until_logged(world, "the certificate is in use for new connections").await;
        soon("the new one", async {
            while world.server.log().matches("in use for new connections").count() < 3 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
        .await;
    });
}

#[test]
fn a_server_without_tls_survives_a_hangup() {
    crate::support::play(async |world| {
        signal("-HUP", world.server.pid());
        until_logged(world, "SIGHUP: there is nothing that could be read again").await;
        world.assert_healthy().await;
    });
}
