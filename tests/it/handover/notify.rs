//! What systemd is told: that the service is ready, that it lives, that it stops.

use crate::support::play_with;
use crate::support::thread::Stopped;
use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::time::Duration;

/// The service manager's end.
struct Manager {
    socket: UnixDatagram,
    folder: tempfile::TempDir,
}

impl Manager {
    fn new() -> Manager {
        let folder = tempfile::tempdir().unwrap();
        let socket = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        Manager { socket, folder }
    }

    /// For `NOTIFY_SOCKET`.
    fn path(&self) -> PathBuf {
        self.folder.path().join("notify")
    }

    /// What it hears next; `None` when it hears nothing for so long.
    fn next(&self, wait: Duration) -> Option<String> {
        self.socket.set_read_timeout(Some(wait)).unwrap();
        let mut bytes = [0; 1024];
        match self.socket.recv(&mut bytes) {
            Ok(length) => Some(String::from_utf8_lossy(&bytes[..length]).into_owned()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            Err(error) => panic!("the service manager's socket: {error}"),
        }
    }

    fn until(&self, what: &str) -> String {
        for _ in 0..100 {
            let said = self.next(Duration::from_secs(20)).expect("the service manager hears something");
            if said.lines().any(|line| line == what) {
                return said;
            }
        }
        panic!("{what} was not said");
    }
}

#[test]
fn the_service_manager_hears_when_it_is_ready_that_it_lives_and_when_it_stops() {
    let manager = Manager::new();
    let path = manager.path();
    play_with(&[("NOTIFY_SOCKET", path.to_str().unwrap()), ("WATCHDOG_USEC", "200000")], async |world| {
        let said = manager.until("READY=1");
        assert!(said.contains("STATUS=serving"), "{said}");
        for _ in 0..3 {
            manager.until("WATCHDOG=1");
        }
        world.server.terminate();
        manager.until("STOPPING=1");
        assert!(world.server.exited(Duration::from_secs(20)).await.success());
        world.ended = true;
    });
}

#[test]
fn a_process_with_a_shard_that_stands_still_gives_no_sign_of_life() {
    let manager = Manager::new();
    let path = manager.path();
    let settings = [
        ("NOTIFY_SOCKET", path.to_str().unwrap()),
        ("WATCHDOG_USEC", "400000"),
        ("RELAY_SHARDS", "3"),
        ("LISTEN_ADMIN", "127.0.0.1:0"),
    ];
    play_with(&settings, async |world| {
        manager.until("READY=1");
        manager.until("WATCHDOG=1");
        let wedged = Stopped::of(world.server.pid(), "shard-1");
        world.server.says("a shard does not turn").await;
        // What was said before that is heard now, and then nothing for ten times the interval.
        while manager.next(Duration::from_millis(1)).is_some() {}
        assert_eq!(manager.next(Duration::from_secs(2)), None);
        // Nobody else stands still, and the metrics tell which one does.
        world.assert_healthy().await;
        let scrape = world.server.scrape().await;
        let delay = |shard: u8| scrape.get(&format!("compose_relay_shard_delay_seconds{{shard=\"{shard}\"}}"));
        assert!(delay(1) >= 1.0 && delay(0) < 1.0 && delay(2) < 1.0, "{} {} {}", delay(0), delay(1), delay(2));
        drop(wedged);
        manager.until("WATCHDOG=1");
    });
}
