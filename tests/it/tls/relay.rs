//! What the relay promises holds over TLS: the scenes of the plain sockets again, and what is TLS's own.

use crate::relay::{forwarding, order, pressure};
use crate::support::authority::connect;
use crate::support::raw::{Outgoing, PING};
use crate::support::{PATIENCE, Upgrade, message, play_over_tls, play_tls_with, soon, within};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConnection, StreamOwned};
use uuid::Uuid;

#[test]
fn every_size_arrives_in_both_directions() {
    play_over_tls(forwarding::every_size);
}

#[test]
fn every_code_is_forwarded_from_the_browser() {
    play_over_tls(forwarding::every_code_from_the_browser);
}

#[test]
fn fragments_and_frames_in_one_segment_arrive_as_the_messages_they_are() {
    play_over_tls(forwarding::fragments_and_frames_in_one_segment);
}

#[test]
fn two_thousand_messages_from_a_browser() {
    play_tls_with(&order::NO_RATES, order::from_browser_to_sdk);
}

#[test]
fn two_thousand_messages_from_an_sdk() {
    play_tls_with(&order::NO_RATES, order::from_sdk_to_browser);
}

#[test]
fn a_slow_sdk_slows_its_browsers_down_and_loses_nothing() {
    play_tls_with(&order::NO_RATES, pressure::a_slow_sdk);
}

#[test]
fn a_large_message_does_not_hold_up_a_ping() {
    play_over_tls(pressure::a_large_message_and_a_ping);
}

#[test]
fn a_server_without_traffic_uses_no_processor_time() {
    play_tls_with(&[("BROWSER_FRAMES_PER_SECOND", "50")], pressure::no_traffic_no_processor_time);
}

#[test]
fn the_server_announces_the_end_of_a_connection() {
    play_over_tls(async |world| {
        let tenant = world.seed.tenant().await;
        let client = world.authority().client();
        let mut socket = connect(world.server.address(), &client).await.unwrap();
        let upgrade = Upgrade::page(&tenant.owner, Uuid::new_v4(), tenant.environment.id, "hello");
        socket.write_all(&upgrade.bytes(world.server.address())).await.unwrap();
        // Text is what the relay closes a socket for (relay-protocol 2.9).
        socket.write_all(&Outgoing::new(1, *b"text").bytes()).await.unwrap();
        let mut all = Vec::new();
        // Fails when the connection ends without close_notify.
        within(PATIENCE, "the end", socket.read_to_end(&mut all)).await.expect("a proper end");
        assert!(
            all.windows(4).any(|four| four[..2] == [0x88, four[1]] && four[2..] == [0x03, 0xeb]),
            "no close frame with 1003"
        );
    });
}

#[test]
fn a_close_frame_and_the_end_in_one_go_are_answered() {
    play_over_tls(async |world| {
        let tenant = world.seed.tenant().await;
        let client = world.authority().client();
        let address = world.server.address();
        let upgrade = Upgrade::page(&tenant.owner, Uuid::new_v4(), tenant.environment.id, "hello").bytes(address);
        let answer = tokio::task::spawn_blocking(move || {
            let mut tls = blocking(address, client);
            tls.write_all(&upgrade).unwrap();
            tls.flush().unwrap();
            let mut first = [0; 12];
            tls.read_exact(&mut first).unwrap();
            assert_eq!(&first, b"HTTP/1.1 101");
            // Close frame and close_notify leave in one segment.
            tls.conn.writer().write_all(&Outgoing::new(8, 1000_u16.to_be_bytes()).bytes()).unwrap();
            tls.conn.send_close_notify();
            let mut segment = Vec::new();
            while tls.conn.wants_write() {
                tls.conn.write_tls(&mut segment).unwrap();
            }
            tls.sock.write_all(&segment).unwrap();
            let mut all = Vec::new();
            tls.read_to_end(&mut all).unwrap();
            all
        });
        let all = soon("the end", answer).await.unwrap();
        assert!(all.ends_with(&[0x88, 2, 3, 0xe8]), "{all:?}");
    });
}

#[test]
fn traffic_goes_on_when_the_keys_change() {
    play_over_tls(async |world| {
        let tenant = world.seed.tenant().await;
        let mut sdk = world.sdk(&tenant.environment).await;
        let session = Uuid::new_v4();
        let (environment, execution) = (tenant.environment.id, Uuid::new_v4());
        let address = world.server.address();
        let upgrade = Upgrade::page(&tenant.owner, session, environment, "hello").bytes(address);
        let client = world.authority().client();
        let start = message::start(environment, execution, session, "hello");
        let uploads: Vec<Vec<u8>> =
            (0..20).map(|n| message::upload(environment, execution, Uuid::new_v4(), &vec![n; 20_000])).collect();
        let (first, all) = (start.clone(), uploads.clone());
        let page = tokio::task::spawn_blocking(move || {
            let mut tls = blocking(address, client);
            tls.write_all(&upgrade).unwrap();
            tls.write_all(&Outgoing::binary(first).bytes()).unwrap();
            for upload in all {
                tls.conn.refresh_traffic_keys().unwrap();
                tls.write_all(&Outgoing::binary(upload).bytes()).unwrap();
                tls.flush().unwrap();
            }
            tls
        });
        sdk.expect(&start).await;
        for upload in &uploads {
            sdk.expect(upload).await;
        }
        let mut tls = soon("the page", page).await.unwrap();
        // And towards the page, under the keys that the server was asked to change to.
        let toast = message::toast(session, execution, "marker");
        sdk.send(toast.clone()).await;
        let read = tokio::task::spawn_blocking(move || {
            let (mut all, mut buffer) = (Vec::new(), [0; 4096]);
            while !all.windows(toast.len()).any(|part| part == toast) {
                let count = tls.read(&mut buffer).unwrap();
                assert!(count > 0, "the connection has ended");
                all.extend_from_slice(&buffer[..count]);
            }
        });
        soon("the toast", read).await.unwrap();
    });
}

#[test]
fn a_cut_connection_costs_nobody_else_anything_and_is_told_from_a_proper_end() {
    play_over_tls(async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        let client = world.authority().client();
        let address = world.server.address();
        let upgrade = Upgrade::page(&tenant.owner, Uuid::new_v4(), tenant.environment.id, "hello").bytes(address);
        let cut = tokio::task::spawn_blocking(move || {
            let mut tls = blocking(address, client);
            tls.write_all(&upgrade).unwrap();
            let mut first = [0; 12];
            tls.read_exact(&mut first).unwrap();
            // Half a record, and then nothing.
            tls.sock.write_all(&[23, 3, 3, 1, 0, 7, 7]).unwrap();
        });
        soon("the cut", cut).await.unwrap();
        soon("the word in the log", async {
            while !world.server.log().contains("without TLS's own (close_notify)") {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        })
        .await;
        running.works().await;
    });
}

#[test]
fn what_came_behind_the_upgrade_request_is_not_lost() {
    play_over_tls(async |world| {
        let tenant = world.seed.tenant().await;
        let mut sdk = world.sdk(&tenant.environment).await;
        let session = Uuid::new_v4();
        let (environment, execution) = (tenant.environment.id, Uuid::new_v4());
        let client = world.authority().client();
        let mut socket = connect(world.server.address(), &client).await.unwrap();
        let upgrade = Upgrade::page(&tenant.owner, session, environment, "hello");
        let start = message::start(environment, execution, session, "hello");
        let upload = message::upload(environment, execution, Uuid::new_v4(), &[7; 40_000]);
        let mut bytes = upgrade.bytes(world.server.address());
        bytes.extend(Outgoing::binary(start.clone()).bytes());
        bytes.extend(Outgoing::binary(upload.clone()).bytes());
        bytes.extend(Outgoing::new(PING, *b"behind").bytes());
        socket.write_all(&bytes).await.unwrap();
        sdk.expect(&start).await;
        sdk.expect(&upload).await;
    });
}

fn blocking(
    address: std::net::SocketAddr,
    client: Arc<tokio_rustls::rustls::ClientConfig>,
) -> StreamOwned<ClientConnection, TcpStream> {
    let tcp = TcpStream::connect(address).unwrap();
    tcp.set_nodelay(true).unwrap();
    tcp.set_read_timeout(Some(PATIENCE)).unwrap();
    let connection = ClientConnection::new(client, ServerName::try_from("localhost").unwrap()).unwrap();
    StreamOwned::new(connection, tcp)
}
