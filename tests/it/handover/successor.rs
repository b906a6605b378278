//! The ordinary case, and a successor that does not get that far.

use super::{Load, all_settings, hand_over, http, settings};
use crate::support::{Server, play_tls_with, play_with};
use std::net::TcpListener;
use std::time::Duration;
use tokio::time::sleep;

#[test]
fn a_newer_process_takes_over_under_load_and_nobody_notices() {
    play_with(&settings(&[("BUILD_VERSION", "one")]), async |world| {
        let load = Load::start(world).await;
        let newer = Server::start(world.address(), all_settings(world, &[("BUILD_VERSION", "two")])).await;
        assert!(newer.log().contains("another server has this port"), "{}", newer.log());
        // Both are there: the older one keeps everything.
        sleep(Duration::from_secs(1)).await;
        hand_over(world, newer).await;
        sleep(super::COMES_BACK + Duration::from_secs(5)).await;
        load.end().await.assert_everybody_returned_once();
        world.assert_healthy().await;
    });
}

#[test]
fn a_newer_process_takes_over_on_a_port_that_speaks_tls() {
    // Pages and SDKs by wss, calls by https; a handshake that fails is a failed call.
    play_tls_with(&settings(&[("BUILD_VERSION", "one")]), async |world| {
        let load = Load::start(world).await;
        let mut all = world.server.settings().to_vec();
        all.retain(|(name, _)| name != "BUILD_VERSION");
        all.push(("BUILD_VERSION".to_owned(), "two".to_owned()));
        let newer = Server::start(world.server.address(), all).await;
        assert!(newer.log().contains("another server has this port"), "{}", newer.log());
        hand_over(world, newer).await;
        sleep(super::COMES_BACK + Duration::from_secs(5)).await;
        load.end().await.assert_everybody_returned_once();
        world.assert_healthy().await;
    });
}

#[test]
fn a_newer_process_that_dies_changes_nothing() {
    play_with(&settings(&[("BUILD_VERSION", "one")]), async |world| {
        let load = Load::start(world).await;
        // A database that accepts and never says a word: this one never gets healthy.
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut never = all_settings(world, &[("BUILD_VERSION", "two")]);
        let port = silent.local_addr().unwrap().port().to_string();
        for (name, value) in &mut never {
            match name.as_str() {
                "POSTGRES_HOSTNAME" => *value = "127.0.0.1".into(),
                "POSTGRES_PORT" => value.clone_from(&port),
                _ => {}
            }
        }
        let mut newer = Server::begin(world.address(), never);
        newer.says("another server has this port").await;
        sleep(Duration::from_secs(1)).await;
        newer.kill();
        sleep(Duration::from_millis(500)).await;
        // This one is healthy when it dies, but the older one was not told to go yet.
        let mut newer = Server::start(world.address(), all_settings(world, &[("BUILD_VERSION", "two")])).await;
        sleep(Duration::from_millis(500)).await;
        newer.kill();
        sleep(Duration::from_millis(500)).await;
        load.end().await.assert_nobody_was_disturbed();
    });
}

#[test]
fn a_storm_of_connects_meets_no_refusal_in_three_hand_overs_at_once() {
    play_with(&settings(&[]), async |world| {
        let stop = tokio::sync::watch::Sender::new(false);
        let to = world.address();
        let storm: Vec<_> = (0..32).map(|_| tokio::spawn(http::fresh(to, Duration::ZERO, stop.subscribe()))).collect();
        let mut left = Vec::new();
        for _ in 0..3 {
            // The next one comes while the one before is still on its way out.
            let newer = Server::start(to, all_settings(world, &[])).await;
            world.server.terminate();
            left.push(std::mem::replace(&mut world.server, newer));
        }
        world.ended = true;
        for mut server in left {
            assert_eq!(server.exited(Duration::from_secs(30)).await.code(), Some(0));
        }
        stop.send_replace(true);
        let mut good = 0;
        for calls in storm {
            let calls = calls.await.unwrap();
            assert!(calls.failed.is_empty(), "{:#?}", calls.failed);
            good += calls.good;
        }
        eprintln!("{good} connects, none refused or reset");
        world.assert_healthy().await;
    });
}

#[test]
fn a_second_signal_ends_it_at_once() {
    play_with(&settings(&[("DRAIN_DELAY_SECONDS", "600")]), async |world| {
        world.ended = true;
        world.server.terminate();
        world.server.says("a second signal ends the process at once").await;
        // What comes sooner counts as the same wish.
        sleep(Duration::from_millis(600)).await;
        world.server.terminate();
        assert_eq!(world.server.exited(Duration::from_secs(10)).await.code(), Some(143));
    });
}
