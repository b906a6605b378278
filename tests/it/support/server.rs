//! The server under test: the real binary as a child process.

use super::{PATIENCE, within};
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;

/// `PROD_API_KEY_SECRET` of the test vectors in section 6 of the HTTP specification.
pub const PROD_API_KEY_SECRET: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
/// `DEV_API_KEY_SECRET` of the same vectors.
pub const DEV_API_KEY_SECRET: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// A running `compose-relay serve`. Killed when dropped; its log is printed when the test has failed.
pub struct Server {
    child: Child,
    address: SocketAddr,
    settings: Vec<(String, String)>,
    log: Arc<Mutex<String>>,
}

impl Server {
    /// Starts on this address (port 0: any free one) and waits until it listens.
    pub async fn start(listen: SocketAddr, settings: Vec<(String, String)>) -> Server {
        let log = Arc::new(Mutex::new(String::new()));
        let (child, listening) = spawn(command(listen), &settings, &log);
        Server { child, address: listen, settings, log }.listening(listening).await
    }

    /// Starts and waits for nothing.
    pub fn begin(listen: SocketAddr, settings: Vec<(String, String)>) -> Server {
        let log = Arc::new(Mutex::new(String::new()));
        let (child, _) = spawn(command(listen), &settings, &log);
        Server { child, address: listen, settings, log }
    }

    /// Starts where the settings alone say, and waits until it listens.
    pub async fn where_set(settings: Vec<(String, String)>) -> Server {
        let mut command = Command::new(env!("CARGO_BIN_EXE_compose-relay"));
        command.arg("serve").stdin(Stdio::null());
        let log = Arc::new(Mutex::new(String::new()));
        let (child, listening) = spawn(command, &settings, &log);
        Server { child, address: SocketAddr::from(([0, 0, 0, 0], 0)), settings, log }.listening(listening).await
    }

    /// Starts with a listening socket that is passed as systemd does it, and waits until it is served. Whether the socket blocks
    /// is as the caller left it.
    pub async fn with_socket(socket: &TcpListener, settings: Vec<(String, String)>) -> Server {
        // A shell puts the socket in its place and says so, with the process id that it keeps.
        let mut shell = Command::new("sh");
        shell.args(["-c", "exec 3<&0 0</dev/null; LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=http exec \"$0\" serve"]);
        shell.arg(env!("CARGO_BIN_EXE_compose-relay"));
        shell.stdin(OwnedFd::from(socket.try_clone().expect("a copy of the socket")));
        let log = Arc::new(Mutex::new(String::new()));
        let (child, listening) = spawn(shell, &settings, &log);
        let address = socket.local_addr().unwrap();
        Server { child, address, settings, log }.listening(listening).await
    }

    async fn listening(mut self, listening: oneshot::Receiver<SocketAddr>) -> Server {
        self.address = within(Duration::from_secs(60), "the server listens", listening).await.unwrap_or_else(|_| {
            panic!("the server ended at start: {:?}", self.child.wait());
        });
        self
    }

    /// Waits until the process has written this.
    pub async fn says(&self, text: &str) {
        within(Duration::from_secs(60), &format!("the server says {text:?}"), async {
            while !self.log().contains(text) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The settings that it was started with.
    pub fn settings(&self) -> &[(String, String)] {
        &self.settings
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Everything that the process has written so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Forgets what was written, so that the next look at the log is about what comes then.
    pub fn forget_log(&self) {
        self.log.lock().unwrap().clear();
    }

    pub fn terminate(&self) {
        signal("-TERM", self.pid());
    }

    /// SIGKILL, and wait until the process is gone.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits for the end of the process.
    pub async fn exited(&mut self, limit: Duration) -> ExitStatus {
        within(limit, "the server exits", async {
            loop {
                if let Ok(Some(status)) = self.child.try_wait() {
                    return status;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await
    }

    /// Starts the process again, with the same settings and on the same port, after [`Server::kill`] or an exit.
    pub async fn start_again(&mut self) {
        assert!(!self.is_running(), "the old process is still there");
        let (child, listening) = spawn(command(self.address), &self.settings, &self.log);
        self.child = child;
        within(PATIENCE, "the server listens again", listening).await.expect("the server ended at its second start");
    }

    /// Resident memory of the process, in bytes.
    pub fn resident_bytes(&self) -> u64 {
        let pages = std::fs::read_to_string(format!("/proc/{}/statm", self.pid())).expect("statm of the server");
        pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
    }

    /// Processor time that the process has used so far.
    pub fn processor_time(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid())).expect("stat of the server");
        // Behind the name, which may contain anything: fields 14 and 15, in ticks of 10 ms.
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
        let ticks = |field: usize| fields[field - 3].parse::<u64>().unwrap();
        Duration::from_millis((ticks(14) + ticks(15)) * 10)
    }

    /// Open file descriptors of the process.
    pub fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.pid())).expect("descriptors of the server").count()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("---- log of server {} ----\n{}---- end of log ----", self.pid(), self.log());
        }
    }
}

fn command(listen: SocketAddr) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_compose-relay"));
    command.args(["serve", "--listen", &listen.to_string()]).stdin(Stdio::null());
    command
}

fn spawn(
    mut command: Command,
    settings: &[(String, String)],
    log: &Arc<Mutex<String>>,
) -> (Child, oneshot::Receiver<SocketAddr>) {
    command.env_clear();
    for name in ["PATH", "HOME", "LANG"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.envs(settings.iter().map(|(name, value)| (name, value))).env("RUST_BACKTRACE", "1");
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the server binary can be started");
    let (found, listening) = oneshot::channel();
    collect(child.stderr.take().unwrap(), log.clone(), Some(found));
    collect(child.stdout.take().unwrap(), log.clone(), None);
    (child, listening)
}

/// Copies the lines of `from` to `log` on a thread of its own, and reports the address in the first "listening" line.
fn collect(from: impl Read + Send + 'static, log: Arc<Mutex<String>>, mut found: Option<oneshot::Sender<SocketAddr>>) {
    std::thread::spawn(move || {
        for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            if let Some(address) = listening_address(&line)
                && let Some(found) = found.take()
            {
                let _ = found.send(address);
            }
            let mut log = log.lock().unwrap();
            log.push_str(&line);
            log.push('\n');
        }
    });
}

fn listening_address(line: &str) -> Option<SocketAddr> {
    let rest = line.split("listening on ").nth(1)?;
    let rest = rest.strip_prefix("http://").or_else(|| rest.strip_prefix("https://"))?;
    let end = rest.find(|c: char| !(c.is_ascii_hexdigit() || ".:[]".contains(c))).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

/// Sends a signal with the `kill` program, because calling the system directly would need `unsafe`.
pub fn signal(name: &str, pid: u32) {
    let status = Command::new("kill").args([name, &pid.to_string()]).status().expect("`kill` can be started");
    assert!(status.success(), "kill {name} {pid}: {status}");
}

#[test]
fn the_address_is_found_in_the_log_line() {
    let expected: SocketAddr = "127.0.0.1:4711".parse().unwrap();
    for line in ["listening on http://127.0.0.1:4711", "12:00 INFO x: listening on http://127.0.0.1:4711 shards=2"] {
        assert_eq!(listening_address(line), Some(expected));
    }
    assert_eq!(listening_address("listening on https://127.0.0.1:4711"), Some(expected));
    assert_eq!(listening_address("x listening on http://[::1]:80/"), Some("[::1]:80".parse().unwrap()));
    assert_eq!(listening_address("starting"), None);
}
