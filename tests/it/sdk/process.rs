//! The customer's process: a Python interpreter with `compose-sdk` and the app beside this file.

use crate::support::tls::Terminator;
use crate::support::{Authority, Environment, within};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A running app. Killed when dropped; what it printed is shown when the test has failed.
pub struct SdkProcess {
    child: Child,
    output: Arc<Mutex<String>>,
}

impl SdkProcess {
    /// Dials `ws://localhost:8080`.
    pub fn in_development_mode(environment: &Environment) -> Self {
        SdkProcess::start(environment, |_| {})
    }

    /// Dials `wss://localhost:PORT` and trusts the certificate of the terminator.
    pub fn through(terminator: &Terminator, environment: &Environment) -> Self {
        SdkProcess::start(environment, |command| {
            command.env("COMPOSE_HOST", format!("localhost:{}", terminator.port));
            command.env("SSL_CERT_FILE", &terminator.certificate);
        })
    }

    /// Dials `wss://localhost:PORT`, where the server itself speaks TLS, and trusts the authority of the test alone.
    pub fn over_tls(port: u16, authority: &Authority, environment: &Environment) -> Self {
        SdkProcess::start(environment, |command| {
            command.env("COMPOSE_HOST", format!("localhost:{port}")).env("SSL_CERT_FILE", authority.root_file());
        })
    }

    fn start(environment: &Environment, set: impl FnOnce(&mut Command)) -> Self {
        let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let mut command = Command::new(interpreter());
        // A cleared environment has no proxy variables, which the SDK's WebSocket library would obey.
        command.env_clear();
        for name in ["PATH", "HOME", "LANG"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.arg("-u").arg(manifest.join("tests/it/sdk/app.py")).env("COMPOSE_API_KEY", &environment.key);
        command.env("PYTHONIOENCODING", "utf-8");
        set(&mut command);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the interpreter can be started");
        let output = Arc::new(Mutex::new(String::new()));
        collect(child.stdout.take().unwrap(), output.clone());
        collect(child.stderr.take().unwrap(), output.clone());
        SdkProcess { child, output }
    }

    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until the process has printed one of the words, which are divided by `|`, in any case.
    pub async fn says(&mut self, words: &str, limit: Duration) {
        within(limit, &format!("the SDK says one of {words}"), async {
            loop {
                let output = self.output.lock().unwrap().to_lowercase();
                if words.split('|').any(|word| output.contains(word)) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
        .await;
    }
}

impl Drop for SdkProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("---- output of the SDK ----\n{}---- end of output ----", self.output.lock().unwrap());
        }
    }
}

fn collect(from: impl Read + Send + 'static, output: Arc<Mutex<String>>) {
    std::thread::spawn(move || {
        for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
            let mut output = output.lock().unwrap();
            output.push_str(&String::from_utf8_lossy(&line));
            output.push('\n');
        }
    });
}

/// `COMPOSE_TEST_PYTHON`, else the one that `./dev` has made.
fn interpreter() -> PathBuf {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(".dev/venv/bin/python");
    let python = std::env::var_os("COMPOSE_TEST_PYTHON").map_or(own, PathBuf::from);
    let found = Command::new(&python).args(["-c", "import compose_sdk"]).output();
    let works = found.as_ref().is_ok_and(|output| output.status.success());
    assert!(
        works,
        "{} cannot import compose_sdk: {found:?}\nRun `./dev test`, which makes the environment, or set \
         COMPOSE_TEST_PYTHON to a Python with compose-sdk==0.27.8.",
        python.display()
    );
    python
}

/// Port 8080 for this test alone, among all test processes of the machine. The lock ends with the value.
pub fn lock_port_8080() -> File {
    let path = std::env::temp_dir().join("compose-relay-tests-port-8080.lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path).expect("the lock file");
    let began = Instant::now();
    while file.try_lock().is_err() {
        assert!(began.elapsed() < Duration::from_secs(120), "another test has held {} for 2 minutes", path.display());
        std::thread::sleep(Duration::from_millis(100));
    }
    while let Err(taken) = TcpListener::bind("127.0.0.1:8080") {
        // Somebody else's server, which may be on its way out.
        let waited = began.elapsed() > Duration::from_secs(30);
        assert!(
            !waited,
            "port 8080, which the SDK's development mode dials, is taken: {taken}; stop what listens there"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
    file
}
