//! The process as a whole: how it starts, how it ends, and that nothing from outside ends it.

use crate::support::raw::{Outgoing, RawSocket};
use crate::support::server::{DEV_API_KEY_SECRET, PROD_API_KEY_SECRET, signal};
use crate::support::world::{DATABASE_PASSWORD, server_settings};
use crate::support::{Event, Numbers, Running, Upgrade, message, play, play_with, soon, within};
use std::process::{Command, Output};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use uuid::Uuid;

async fn is_draining(address: std::net::SocketAddr) -> bool {
    let request = b"GET /health-check HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    crate::support::http::exchange(address, request).await.is_some_and(|answer| {
        assert!(answer.status == 200 || (answer.status == 503 && answer.text() == "failure"), "{answer:?}");
        answer.status == 503
    })
}

#[test]
fn sigterm_says_so_to_everybody_and_ends_with_success() {
    play_with(&[("DRAIN_DELAY_SECONDS", "1")], async |world| {
        world.ended = true;
        let tenant = world.seed.tenant().await;
        let (mut home, _) = world.home(&tenant.owner).await;
        let mut running = world.running(&tenant).await;
        home.status(true).await;
        let began = Instant::now();
        world.server.terminate();
        soon("health says that the server drains", async {
            while !is_draining(world.address()).await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        // Work goes on until the sockets are closed.
        running.works().await;
        for peer in [&mut running.sdk, &mut running.page.peer, &mut home] {
            assert_eq!(peer.closed().await, 3782);
        }
        let status = world.server.exited(Duration::from_secs(15)).await;
        assert_eq!(status.code(), Some(0));
        assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
        assert!(TcpStream::connect(world.address()).await.is_err(), "nobody listens any more");
    });
}

#[test]
fn sigint_is_as_good_as_sigterm() {
    play(async |world| {
        world.ended = true;
        let mut running = world.running(&world.seed.tenant().await).await;
        signal("-INT", world.server.pid());
        assert_eq!(running.sdk.closed().await, 3782);
        assert_eq!(running.page.peer.closed().await, 3782);
        assert!(world.server.exited(Duration::from_secs(15)).await.success());
    });
}

#[test]
fn peers_that_do_not_answer_do_not_hold_up_the_end() {
    play(async |world| {
        world.ended = true;
        let tenant = world.seed.tenant().await;
        let mut sockets = vec![Upgrade::sdk(&tenant.environment).raw(world.address()).await];
        for _ in 0..5 {
            let session = Uuid::new_v4();
            let page = Upgrade::page(&tenant.owner, session, tenant.environment.id, "hello");
            sockets.push(page.raw(world.address()).await);
        }
        // One in the middle of a message, one in the middle of a request.
        sockets[1].write(&Outgoing::binary([]).head(1_000_000)).await;
        let mut half = RawSocket::new(TcpStream::connect(world.address()).await.unwrap());
        half.write(b"GET /health-check HTTP/1.1\r\nHost: ").await;
        world.server.terminate();
        assert!(world.server.exited(Duration::from_secs(20)).await.success());
        for mut socket in sockets {
            assert_eq!(socket.closed().await, Some(3782));
        }
    });
}

#[test]
fn a_restarted_server_is_the_same_to_everybody() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        for _ in 0..2 {
            let mut running = world.running(&tenant).await;
            running.works().await;
            world.server.kill();
            world.server.start_again().await;
        }
        world.ended = true;
        let mut running: Running = world.running(&tenant).await;
        running.works().await;
        world.assert_healthy().await;
    });
}

fn serve(arguments: &[&str], settings: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_compose-relay"));
    command.arg("serve").args(arguments).env_clear().envs(settings.iter().copied());
    command.output().expect("the server binary can be started")
}

#[test]
fn all_mistakes_in_the_settings_are_reported_together() {
    let output = serve(&[], &[("PORT", "http"), ("DEV_API_KEY_SECRET", "00ff"), ("POSTGRES_PORT", "99999")]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(64), "{text}");
    for name in ["PROD_API_KEY_SECRET", "DEV_API_KEY_SECRET", "POSTGRES_PORT", "POSTGRES_USER"] {
        assert!(text.contains(name), "{name} is not named in:\n{text}");
    }
}

#[test]
fn a_port_that_is_taken_is_named() {
    play(async |world| {
        let address = world.address().to_string();
        let settings = server_settings(&world.database, &[]);
        let settings: Vec<(&str, &str)> =
            settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let output = serve(&["--listen", &address], &settings);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success());
        assert!(text.contains(&address) || text.contains(&world.address().port().to_string()), "{text}");
        assert!(!text.contains("panicked"), "{text}");
    });
}

#[test]
fn no_secret_gets_into_the_log() {
    play_with(&[("LOG_LEVEL", "trace")], async |world| {
        let tenant = world.seed.tenant().await;
        world.seed.share(&tenant.environment, "hello", "ALL").await;
        let mut running = world.running(&tenant).await;
        let session = Uuid::new_v4();
        world.authorize(&tenant.owner, &tenant.environment, "hello", session).await;
        let (environment, execution) = (tenant.environment.id, running.execution);
        let payload = "a-payload-that-nobody-may-read";
        running.page.peer.send(message::click(environment, execution, payload)).await;
        running.sdk.next_is("ab").await;
        // Failures are where secrets leak.
        running.page.peer.send(message::with_header("ab", environment, execution, format!("{{\"{payload}\""))).await;
        running.sdk.send(format!("ab{{\"{payload}\":").into_bytes()).await;
        let entry = serde_json::json!({"message": payload, "severity": payload});
        running.sdk.send(message::audit_log(running.session(), execution, entry)).await;
        running.page.peer.next_is("au").await;
        Upgrade::sdk(&tenant.environment).refused(world.address(), "srvr9").await;
        let mut wrong = tenant.environment.clone();
        wrong.key = wrong.key.replace("ck_prod_", "ck_prod_wrong");
        Upgrade::sdk(&wrong).refused(world.address(), "srvr8").await;
        let page = Upgrade::page(&tenant.owner, Uuid::new_v4(), environment, "hello");
        page.header("Origin", "http://evil.test").refused(world.address(), "brwsr1").await;
        running.works().await;

        let log = world.server.log();
        let hash = crate::support::seed::key_hash(&tenant.environment.key);
        for (name, secret) in [
            ("the API key", &tenant.environment.key[8..40]),
            ("a wrong API key", &wrong.key[8..40]),
            ("the hash of the key", hash.as_str()),
            ("the login session", tenant.owner.session.as_str()),
            ("a secret of the settings", PROD_API_KEY_SECRET),
            ("a secret of the settings", DEV_API_KEY_SECRET),
            ("a payload", payload),
            ("the password of the database", DATABASE_PASSWORD),
        ] {
            assert!(!log.contains(secret), "{name} is in the log");
        }
        assert!(log.contains("listening on"), "the log was looked at");
    });
}

#[test]
fn noise_ends_nothing() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut victim = world.running(&world.seed.tenant().await).await;
        let mut numbers = Numbers::from_seed(12);
        let good = message::click(tenant.environment.id, Uuid::new_v4(), "c");
        for round in 0..60 {
            // Bytes on a fresh connection.
            let mut plain = RawSocket::new(TcpStream::connect(world.address()).await.unwrap());
            let length = numbers.below(3000);
            plain.write(&numbers.bytes(length)).await;
            // Frames with noise in them, on sockets that were let in.
            let mut page =
                Upgrade::page(&tenant.owner, Uuid::new_v4(), tenant.environment.id, "hello").raw(world.address()).await;
            for _ in 0..10 {
                let mut frame = good.clone();
                for _ in 0..1 + numbers.below(4) {
                    let at = numbers.below(frame.len());
                    frame[at] = numbers.next().to_le_bytes()[0];
                }
                frame.truncate(numbers.below(frame.len() + 1));
                page.write(&Outgoing::binary(frame).bytes()).await;
            }
            let length = numbers.below(3000);
            let _ = tokio::io::AsyncWriteExt::write_all(&mut page.stream, &numbers.bytes(length)).await;
            if round % 10 == 0 {
                // The last SDK may be on its way out still; the next one takes its place.
                let mut sdk = Upgrade::sdk(&tenant.environment).raw(world.address()).await;
                let length = 1 + numbers.below(3000);
                sdk.write(&numbers.bytes(length)).await;
                sdk.reset();
                victim.works().await;
            }
            if round % 2 == 0 {
                plain.reset();
                page.reset();
            }
        }
        victim.works().await;
    });
}

#[test]
fn a_request_that_never_ends_is_cut_off() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        let upgrade = Upgrade::home(&tenant.owner, Uuid::new_v4()).bytes(world.address());
        let body = format!(
            "POST /api/v1/log HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nCookie: auth_session={1}\r\n\
             Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{",
            world.address(),
            tenant.owner.session
        );
        let mut sockets = Vec::new();
        for part in [b"".as_slice(), b"GET / HTTP/1.1\r\nHost: x\r\n", &upgrade[..upgrade.len() - 2], body.as_bytes()] {
            let mut socket = RawSocket::new(TcpStream::connect(world.address()).await.unwrap());
            socket.write(part).await;
            sockets.push(socket);
        }
        for mut socket in sockets {
            let mut rest = Vec::new();
            let end = tokio::io::AsyncReadExt::read_to_end(&mut socket.stream, &mut rest);
            let _ = within(Duration::from_secs(75), "the connection is closed", end).await;
            assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 4"), "{:?}", String::from_utf8_lossy(&rest));
        }
        running.works().await;
    });
}

#[test]
fn more_connections_than_allowed_are_turned_away_and_room_comes_back() {
    play_with(&[("MAX_CONNECTIONS", "20")], async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        let mut idle = Vec::new();
        for _ in 0..60 {
            idle.push(TcpStream::connect(world.address()).await.unwrap());
        }
        running.works().await;
        drop(idle);
        within(Duration::from_secs(10), "there is room again", async {
            while !is_ok(world.address()).await {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
        .await;
        running.works().await;
        let events = running.page.peer.arrived();
        assert!(events.iter().all(|event| matches!(event, Event::Ping)), "{events:?}");
    });
}

/// Whether health answers at all: a full server closes the connection at once.
async fn is_ok(address: std::net::SocketAddr) -> bool {
    let request = b"GET /health-check HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    crate::support::http::exchange(address, request).await.is_some_and(|answer| answer.status == 200)
}
