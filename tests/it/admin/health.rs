//! `compose-relay health`.

use crate::support::command::{run, text};
use crate::support::tls::Terminator;
use crate::support::{play, play_with, soon};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

#[test]
fn it_asks_the_server_that_the_settings_name() {
    play(async |world| {
        // NODE_ENV=production listens on all addresses; the scene's server on one of them.
        let output = run(&["health"], &world.settings(&[])).await;
        assert!(output.status.success(), "{}", text(&output));
        let line = String::from_utf8(output.stdout).unwrap();
        assert!(line.starts_with(&format!("http://{} serves", world.address())) && line.lines().count() == 1, "{line}");
        let address = world.address().to_string();
        let output = run(&["health", "--address", &address], &[]).await;
        assert!(output.status.success(), "without any setting: {}", text(&output));
    });
}

#[test]
fn it_speaks_tls_where_the_server_does() {
    play(async |world| {
        let terminator = Terminator::before(world.address()).await;
        let address = format!("127.0.0.1:{}", terminator.port);
        let tls = [("TLS_CERT_FILE", "/x/chain.pem"), ("TLS_KEY_FILE", "/x/key.pem"), ("LISTEN_HTTPS", &address)];
        let output = run(&["health"], &world.settings(&tls)).await;
        assert!(output.status.success(), "{}", text(&output));
        assert!(text(&output).starts_with(&format!("https://{address} serves")), "{}", text(&output));
    });
}

#[test]
fn it_says_first_what_the_server_waits_for_behind_a_proxy_on_this_machine() {
    let proxied = [("PROXY_PROTOCOL", "v2"), ("TRUSTED_PROXIES", "127.0.0.0/8")];
    play_with(&proxied, async |world| {
        let output = run(&["health"], &world.settings(&[])).await;
        assert!(output.status.success(), "{}", text(&output));
        let output = run(&["doctor"], &world.settings(&[])).await;
        assert!(text(&output).contains("serves already: compose-relay runs"), "{}", text(&output));
        world.ended = true;
    });
}

#[test]
fn whoever_does_not_serve_is_not_healthy() {
    play_with(&[("DRAIN_DELAY_SECONDS", "5")], async |world| {
        let settings = world.settings(&[]);
        let fails = async |words: &str| {
            let output = run(&["health"], &settings).await;
            assert_eq!(output.status.code(), Some(1), "{}", text(&output));
            assert!(output.stdout.is_empty() && text(&output).contains(words), "{words}: {}", text(&output));
        };
        world.server.terminate();
        world.ended = true;
        soon("the drain", async {
            while !world.server.log().contains("stopping") {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
        fails("starting or stopping").await;
        assert!(world.server.exited(Duration::from_secs(20)).await.success());
        fails("nobody listens there").await;

        // Another program, and one that says nothing.
        let other = TcpListener::bind(world.address()).await.unwrap();
        let answering = tokio::spawn(async move {
            for answer in [&b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"[..], b""] {
                let (mut socket, _) = other.accept().await.unwrap();
                let mut request = [0; 1024];
                assert!(socket.read(&mut request).await.unwrap() > 0);
                socket.write_all(answer).await.unwrap();
                if answer.is_empty() {
                    std::future::pending::<()>().await;
                }
            }
        });
        fails("no compose-relay").await;
        fails("no answer within 4 s").await;
        answering.abort();
    });
}
