//! The command line as a person or a script meets it: the real binary, its words and its exit codes.

#![expect(clippy::expect_used, reason = "a test that cannot go on ends")]

use std::io::Read as _;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

/// Long enough for `initdb` on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

fn relay(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_compose-relay"));
    command.args(arguments).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs it to its end.
fn finish(command: &mut Command) -> Output {
    let mut child = command.spawn().expect("the binary runs");
    let status = wait(&mut child);
    let mut output = Output { status, stdout: Vec::new(), stderr: Vec::new() };
    child.stdout.take().expect("a pipe").read_to_end(&mut output.stdout).expect("its words");
    child.stderr.take().expect("a pipe").read_to_end(&mut output.stderr).expect("its words");
    output
}

fn wait(child: &mut Child) -> ExitStatus {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a process") {
            return status;
        }
        if began.elapsed() > PATIENCE {
            let _ = child.kill();
            panic!("it did not end");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn signal(child: &Child, name: &str) {
    let kill = Command::new("kill").args(["-s", name, &child.id().to_string()]).status();
    assert!(kill.expect("kill").success());
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Whether the tests run as root, who may do everything and hands Postgres to somebody else.
fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("id");
    id.stdout.trim_ascii() == b"0"
}

fn directory(mode: u32) -> tempfile::TempDir {
    let directory = tempfile::Builder::new().permissions(PermissionsExt::from_mode(mode)).tempdir();
    directory.expect("a directory")
}

/// A directory that any account can get to.
fn open_directory() -> tempfile::TempDir {
    directory(0o755)
}

#[test]
fn help_teaches() {
    for arguments in [&["--help"][..], &["help"]] {
        let output = finish(&mut relay(arguments));
        assert_eq!(output.status.code(), Some(0));
        let help = out(&output);
        for words in
            ["compose-relay demo", "Examples:", "serve", "migrate", ".env.example", "Exit codes:", "64", "69", "70"]
        {
            assert!(help.contains(words), "{words} is not in\n{help}");
        }
    }
    for command in ["serve", "migrate", "demo"] {
        let output = finish(&mut relay(&[command, "--help"]));
        assert_eq!((output.status.code(), err(&output)), (Some(0), String::new()), "{command}");
    }
    let version = out(&finish(&mut relay(&["--version"])));
    assert_eq!(version, format!("compose-relay {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_wrong_command_line_is_64_and_says_what_is_right() {
    let output = finish(&mut relay(&["sevre"]));
    assert_eq!(output.status.code(), Some(64));
    assert!(err(&output).contains("unrecognized subcommand 'sevre'") && err(&output).contains("serve"));

    let output = finish(&mut relay(&[]));
    assert_eq!(output.status.code(), Some(64));
    assert!(err(&output).contains("compose-relay demo"), "{}", err(&output));

    let output = finish(&mut relay(&["serve", "--listen", "8080"]));
    assert_eq!(output.status.code(), Some(64));
    assert!(err(&output).contains("--listen <ADDRESS:PORT>"), "{}", err(&output));
}

#[test]
fn all_faults_of_the_settings_are_in_one_report() {
    let output = finish(
        relay(&["serve"]).env("PORT", "eighty").env("POSTGRES_SSLMODE", "yes").env("DEV_API_KEY_SECRET", "5e5a3e"),
    );
    assert_eq!(output.status.code(), Some(64));
    let report = err(&output);
    assert!(report.contains("8 settings are wrong. Nothing was started."), "{report}");
    for (name, wrong, example) in [
        ("PORT", "is \"eighty\", not a whole number from 0 to 65535", "8080"),
        ("POSTGRES_HOSTNAME", "is not set", "db.example.com"),
        ("POSTGRES_DB", "is not set", "compose"),
        ("POSTGRES_USER", "is not set", "compose"),
        ("POSTGRES_PASSWORD", "is not set", "the-password-of-POSTGRES_USER"),
        ("POSTGRES_SSLMODE", "is \"yes\", not one of disable, prefer, require, verify-full", "disable"),
        ("PROD_API_KEY_SECRET", "is not set", "$(openssl rand -hex 64)"),
        ("DEV_API_KEY_SECRET", "has 6 hex digits", "$(openssl rand -hex 32)"),
    ] {
        assert!(report.contains(&format!("\n  {name}\n      {wrong}")), "{name}: {report}");
        assert!(report.contains(&format!("example: {name}={example}\n")), "{name}: {report}");
    }
    assert!(!report.contains("5e5a3e"), "a secret is shown: {report}");
}

#[test]
fn migrate_reports_faults_of_the_database_settings_alone() {
    let output = finish(relay(&["migrate"]).env("POSTGRES_PORT", "x").env("POSTGRES_DB", "d"));
    assert_eq!(output.status.code(), Some(64));
    let report = err(&output);
    assert!(report.contains("POSTGRES_PORT") && report.contains("POSTGRES_HOSTNAME"), "{report}");
    assert!(!report.contains("API_KEY_SECRET") && !report.contains("  POSTGRES_DB"), "{report}");
}

#[test]
fn a_database_that_is_not_there_is_69() {
    // Nobody listens on a port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port();
    let mut migrate = relay(&["migrate"]);
    migrate.env("POSTGRES_HOSTNAME", "127.0.0.1").env("POSTGRES_PORT", port.to_string());
    migrate.env("POSTGRES_DB", "d").env("POSTGRES_USER", "u").env("POSTGRES_PASSWORD", "sesame");
    let output = finish(&mut migrate);
    assert_eq!(output.status.code(), Some(69), "{}", err(&output));
    assert!(!err(&output).contains("sesame"), "{}", err(&output));
}

#[test]
fn serve_on_a_port_in_use_is_69_and_names_it() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let mut serve = relay(&["serve", "--listen", &address]);
    for name in ["POSTGRES_HOSTNAME", "POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "PROD_API_KEY_SECRET"] {
        serve.env(name, "127.0.0.1");
    }
    let output = finish(serve.env("DEV_API_KEY_SECRET", "0".repeat(64)));
    assert_eq!(output.status.code(), Some(69), "{}", err(&output));
    assert!(err(&output).contains(&format!("cannot listen on {address}: another program")), "{}", err(&output));
}

#[test]
fn demo_without_postgres_says_what_to_install() {
    let empty = tempfile::tempdir().expect("a directory");
    let output = finish(&mut relay(&["demo", "--postgres-bin", empty.path().to_str().expect("a plain name")]));
    assert_eq!(output.status.code(), Some(1));
    let words = err(&output);
    assert!(words.contains("initdb and postgres") && words.contains("apt-get install postgresql"), "{words}");
}

#[test]
fn demo_on_a_port_in_use_is_69_before_any_work() {
    let place = open_directory();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let output = finish(relay(&["demo", "--listen", &address]).current_dir(place.path()));
    assert_eq!(output.status.code(), Some(69), "{}", err(&output));
    assert!(err(&output).contains(&format!("Port {} is used", taken.local_addr().expect("an address").port())));
    assert_eq!(std::fs::read_dir(place.path()).expect("a directory").count(), 0, "nothing was made");
}

#[test]
fn demo_serves_this_machine_alone() {
    let output = finish(&mut relay(&["demo", "--listen", "0.0.0.0:0"]));
    assert_eq!(output.status.code(), Some(64), "{}", err(&output));
    assert!(err(&output).contains("this machine alone"), "{}", err(&output));
}

#[test]
fn demo_in_a_directory_that_it_cannot_use_says_so() {
    let place = open_directory();
    let closed = place.path().join("closed");
    std::fs::create_dir(&closed).expect("a directory");
    // Root may write there all the same, but the account that runs Postgres then cannot get in.
    std::fs::set_permissions(&closed, PermissionsExt::from_mode(0o500)).expect("a mode");
    let data = closed.join("data");
    let data = data.to_str().expect("a plain name");
    let output = finish(&mut relay(&["demo", "--listen", "127.0.0.1:0", "--data-dir", data]));
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    assert!(err(&output).contains(data) && err(&output).contains("--data-dir"), "{}", err(&output));
    assert!(!closed.join("data").exists());

    // Somebody else's files are not touched, nor is the mode of their directory.
    std::fs::write(place.path().join("letter"), "dear").expect("a file");
    let output =
        finish(&mut relay(&["demo", "--listen", "127.0.0.1:0", "--data-dir", place.path().to_str().expect("plain")]));
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    assert!(err(&output).contains("no data directory of compose-relay"), "{}", err(&output));
    let mode = place.path().metadata().expect("a directory").permissions().mode();
    assert_eq!(mode & 0o777, 0o755);
}

// ---- a whole demo ---------------------------------------------------------------------------------------------------

struct Demo {
    child: Child,
    place: tempfile::TempDir,
}

impl Demo {
    fn start(place: tempfile::TempDir) -> Self {
        let log = std::fs::File::create(place.path().join("demo.log")).expect("a file");
        let ready = place.path().join("ready");
        let _ = std::fs::remove_file(&ready);
        let mut command = relay(&["demo", "--listen", "127.0.0.1:0", "--ready-file", "ready"]);
        command.current_dir(place.path()).stdout(log.try_clone().expect("a file")).stderr(log);
        let mut demo = Demo { child: command.spawn().expect("the binary runs"), place };
        let began = Instant::now();
        while !ready.exists() {
            let ended = demo.child.try_wait().expect("a process");
            assert!(ended.is_none() && began.elapsed() < PATIENCE, "it is not up ({ended:?}): {}", demo.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        demo
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.place.path().join("demo.log")).expect("a log")
    }

    fn ready(&self) -> String {
        std::fs::read_to_string(self.place.path().join("ready")).expect("the ready file")
    }

    fn api_key(&self) -> String {
        let line = self.ready().lines().find_map(|line| line.strip_prefix("COMPOSE_API_KEY=").map(str::to_owned));
        line.expect("a key")
    }

    fn data(&self) -> std::path::PathBuf {
        self.place.path().join(".compose-relay")
    }

    fn end(mut self) -> (ExitStatus, tempfile::TempDir) {
        signal(&self.child, "INT");
        let status = wait(&mut self.child);
        let place = std::mem::replace(&mut self.place, tempfile::tempdir().expect("a directory"));
        (status, place)
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        postgres_is_gone(&self.data());
    }
}

/// Waits until no process names the data directory any more.
fn postgres_is_gone(data: &Path) {
    let began = Instant::now();
    let needle = data.as_os_str().as_encoded_bytes();
    let alive = || {
        std::fs::read_dir("/proc").into_iter().flatten().flatten().any(|process| {
            let words = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
            words.windows(needle.len()).any(|window| window == needle)
        })
    };
    while alive() {
        assert!(began.elapsed() < Duration::from_secs(30), "Postgres is still there");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn mode_of(file: &Path) -> u32 {
    file.metadata().expect("a file").permissions().mode() & 0o777
}

#[test]
fn a_demo_from_nothing_to_a_second_run() {
    let demo = Demo::start(open_directory());
    let log = demo.log();
    assert!(log.contains("compose-relay is running on http://127.0.0.1:"), "{log}");
    assert!(log.contains("Sign in ") && log.contains("import compose_sdk as c"), "{log}");
    let key = demo.api_key();
    assert!(key.starts_with("ck_dev_") && key.len() == 135 && log.contains(&key), "{key}");
    for line in ["COMPOSE_ADDRESS=127.0.0.1:", "COMPOSE_ENVIRONMENT=", "COMPOSE_SIGN_IN=http://127.0.0.1:"] {
        let ready = demo.ready();
        let value = ready.lines().find_map(|found| found.strip_prefix(line)).expect("a line for scripts");
        assert!(!value.is_empty() && log.contains(value), "{line}{value} is not in {log}");
    }
    let data = demo.data();
    assert_eq!(mode_of(&data), 0o700);
    assert_eq!(mode_of(&data.join("state.json")), 0o600);
    assert_eq!(mode_of(&demo.place.path().join("ready")), 0o600);

    // One at a time.
    let second = finish(relay(&["demo", "--listen", "127.0.0.1:0"]).current_dir(demo.place.path()));
    assert_eq!(second.status.code(), Some(1));
    assert!(err(&second).contains(&format!("(process {})", demo.child.id())), "{}", err(&second));

    // Ctrl-C takes everything down.
    let (status, place) = demo.end();
    assert_eq!(status.code(), Some(0));
    postgres_is_gone(&data);
    assert!(!data.join("postgres/postmaster.pid").exists(), "Postgres ended in good order");

    // The next run finds what the first one made, even after one that was killed.
    let mut demo = Demo::start(place);
    assert_eq!(demo.api_key(), key);
    assert!(!demo.log().contains("making a private Postgres"), "{}", demo.log());
    demo.child.kill().expect("a process");
    demo.child.wait().expect("a process");
    postgres_is_gone(&data);
    let place = std::mem::replace(&mut demo.place, tempfile::tempdir().expect("a directory"));
    drop(demo);

    // A lock file that names a process which is something else by now.
    let pid = format!("{}\n", std::process::id());
    std::fs::write(data.join("postgres/postmaster.pid"), pid).expect("a lock file");
    let demo = Demo::start(place);
    assert_eq!(demo.api_key(), key);
}

#[test]
fn a_demo_in_a_directory_too_deep_for_a_socket() {
    let place = open_directory();
    let deep = place.path().join("d".repeat(100));
    let mut command = relay(&["demo", "--listen", "127.0.0.1:0", "--ready-file"]);
    command.arg(place.path().join("ready")).arg("--data-dir").arg(&deep).stdout(Stdio::null()).stderr(Stdio::null());
    let child = command.spawn().expect("the binary runs");
    let mut demo = Demo { child, place };
    let began = Instant::now();
    while !demo.place.path().join("ready").exists() {
        assert!(began.elapsed() < PATIENCE && demo.child.try_wait().expect("a process").is_none());
        std::thread::sleep(Duration::from_millis(20));
    }
    signal(&demo.child, "TERM");
    assert_eq!(wait(&mut demo.child).code(), Some(0));
    postgres_is_gone(&deep);
}

#[test]
fn root_in_a_directory_that_only_root_can_enter_is_told_where_the_data_goes() {
    if !is_root() {
        return; // The rule is about root alone; everybody else has their own directories.
    }
    let place = directory(0o700);
    let data = place.path().join("data");
    let mut demo = relay(&["demo", "--listen", "127.0.0.1:0", "--data-dir"]);
    let output = finish(demo.arg(&data));
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("root must not") && err(&output).contains("/var/lib/compose-relay/demo"));
    assert!(!data.exists());
}
