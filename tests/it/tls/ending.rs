//! Connections that end in an unfriendly way.

use crate::support::authority::connect;
use crate::support::{play_tls_with, soon};
use std::time::Duration;
use tokio::io::AsyncWriteExt;

#[test]
fn a_client_that_does_not_read_and_breaks_tls_does_not_keep_its_place() {
    const OPEN: &str = "compose_relay_connections_open";
    // More than fits into the buffers of both kernels.
    let size = 16 << 20;
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("assets")).unwrap();
    std::fs::write(folder.path().join("index.html"), "<html></html>").unwrap();
    std::fs::write(folder.path().join("assets/app-1.js"), vec![b' '; size]).unwrap();
    let settings = [("DASHBOARD_DIR", folder.path().to_str().unwrap()), ("LISTEN_ADMIN", "127.0.0.1:0")];
    let settings = [settings[0], settings[1], ("LOG_LEVEL", "info")];
    play_tls_with(&settings, async |world| {
        let mut socket = connect(world.server.address(), &world.authority().client()).await.unwrap();
        socket.write_all(b"GET /assets/app-1.js HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        let tcp = socket.get_mut().0;
        // Until the server cannot write any more.
        let (mut bytes, mut before) = (vec![0; size], 0);
        soon("the server waits", async {
            loop {
                let now = tcp.peek(&mut bytes).await.unwrap();
                if now == before {
                    return;
                }
                before = now;
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
        })
        .await;
        assert_eq!(world.server.scrape().await.get(OPEN), 1.0);
        // A record that nobody can have encrypted with these keys.
        tcp.write_all(&[&[0x17, 3, 3, 0, 40][..], &[7; 40]].concat()).await.unwrap();
        soon("the place is free again", async {
            while world.server.scrape().await.get(OPEN) > 0.0 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
        .await;
        drop(socket);
    });
}
