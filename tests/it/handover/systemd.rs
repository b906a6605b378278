//! What systemd does for a service: it makes the listening socket.

use super::{Load, all_settings, hand_over, replaced};
use crate::support::postgres;
use crate::support::{Request, Seed, Server, World, within};
use std::net::TcpListener;
use std::time::Duration;
use tokio::time::sleep;

/// A scene whose server has its socket from us.
fn play(more: &[(&str, &str)], scene: impl AsyncFnOnce(&mut World, TcpListener)) {
    let database = postgres::cluster().migrated_database();
    let connection = database.settings();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(within(Duration::from_secs(150), "the whole scene", async {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        // NonBlocking=yes, as in our unit.
        socket.set_nonblocking(true).unwrap();
        let settings = crate::support::world::server_settings(&connection, more);
        let server = Server::with_socket(&socket, settings).await;
        let sql = postgres::connect(&connection).await;
        let mut world = World { server, seed: Seed { sql }, database: connection, front: None, ended: false };
        scene(&mut world, socket).await;
        world.assert_healthy().await;
    }));
}

#[test]
fn a_newer_process_takes_over_an_inherited_socket_under_load() {
    play(&super::settings(&[("BUILD_VERSION", "one")]), async |world, socket| {
        let load = Load::start(world).await;
        let newer = Server::with_socket(&socket, all_settings(world, &[("BUILD_VERSION", "two")])).await;
        hand_over(world, newer).await;
        sleep(super::COMES_BACK + Duration::from_secs(5)).await;
        load.end().await.assert_everybody_returned_once();
    });
}

#[test]
fn while_nobody_serves_an_inherited_socket_those_who_come_wait() {
    play(&super::settings(&[]), async |world, socket| {
        world.server.terminate();
        assert!(world.server.exited(Duration::from_secs(20)).await.success());
        let to = world.address();
        let waiting: Vec<_> =
            (0..20).map(|_| tokio::spawn(async move { Request::get("/health-check").send(to).await.status })).collect();
        sleep(Duration::from_millis(300)).await;
        let newer = Server::with_socket(&socket, all_settings(world, &[])).await;
        for call in waiting {
            assert_eq!(call.await.unwrap(), 200);
        }
        replaced(world, newer).await;
    });
}

#[test]
fn sockets_that_a_unit_makes_block_do_not_for_long_and_the_operator_is_told() {
    const ADVICE: &str = "Set NonBlocking=yes in the [Service] section";
    play(&super::settings(&[]), async |world, socket| {
        assert!(!world.server.log().contains(ADVICE), "there was nothing to tell");
        // What systemd does at each start of a unit without that line.
        socket.set_nonblocking(false).unwrap();
        let newer = Server::with_socket(&socket, all_settings(world, &[])).await;
        assert_eq!(newer.log().matches(ADVICE).count(), 1);
        // All who hold the socket see the same, and nobody connects: one that blocked would stand still here.
        let accepted = tokio::task::spawn_blocking(move || socket.accept().map(|_| ())).await.unwrap();
        assert_eq!(accepted.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
        hand_over(world, newer).await;
    });
}
