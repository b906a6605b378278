//! Real Postgres for tests: one private cluster per test process, a database of its own for every test.
//!
//! The cluster is kept by a small shell that waits for the end of its standard input. The other end of that pipe belongs
//! to the test process and closes when the process ends, however it ends; the shell then stops Postgres and removes the
//! directory. Nothing here needs root, and root is not used: `initdb` and `postgres` refuse it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, mpsc};
use std::time::Duration;

use compose_relay::secret::Secret;
use compose_relay::store::{Settings, SslMode, migrate};
use tokio_postgres::NoTls;

/// The superuser of the test clusters. No password: the cluster trusts everybody who can reach it.
pub const ROLE: &str = "compose";

/// The cluster of this test process, started on first use.
pub fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(Cluster::start)
}

/// A cluster and somebody who makes and drops databases in it.
pub struct Cluster {
    server: OwnCluster,
    maker: mpsc::Sender<Order>,
    dropper: mpsc::Sender<Order>,
    next: AtomicU32,
    template: OnceLock<String>,
}

struct Order {
    sql: String,
    done: mpsc::Sender<Result<(), String>>,
}

/// A thread with a connection of its own, for statements from any place, in any runtime or in none.
fn administrator(settings: Settings) -> mpsc::Sender<Order> {
    let (sender, orders) = mpsc::channel::<Order>();
    std::thread::spawn(move || {
        let runtime = runtime();
        let client = runtime.block_on(connect(&settings));
        for order in orders {
            let result = runtime.block_on(client.batch_execute(&order.sql));
            // The one who asked may be gone: `Drop` does not wait.
            let _ = order.done.send(result.map_err(|error| format!("{}: {error:?}", order.sql)));
        }
    });
    sender
}

impl Cluster {
    fn start() -> Self {
        let server = OwnCluster::start();
        let maker = administrator(server.settings("postgres"));
        // Dropping is slow (a checkpoint each), and nobody waits for it: it must not hold up the making.
        let dropper = administrator(server.settings("postgres"));
        Self { server, maker, dropper, next: AtomicU32::new(1), template: OnceLock::new() }
    }

    /// An empty database.
    pub fn fresh_database(&self) -> Database {
        self.database("template0")
    }

    /// A database at the end state of our migrations, empty of rows.
    pub fn migrated_database(&self) -> Database {
        let template = self.template.get_or_init(|| {
            let database = self.fresh_database();
            let settings = database.settings();
            std::thread::spawn(move || {
                runtime()
                    .block_on(migrate::run(&settings, &mut |_| {}))
                    .expect("the migrations run on an empty database")
            })
            .join()
            .expect("the migrating thread ends");
            let name = database.name.clone();
            // Kept for the life of the process.
            std::mem::forget(database);
            name
        });
        self.database(template)
    }

    /// A copy of a database. Ends all connections to the original.
    pub fn copy_of(&self, original: &Database) -> Database {
        let name = &original.name;
        self.order(format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"));
        self.database(name)
    }

    fn database(&self, template: &str) -> Database {
        let name = format!("test_{}", self.next.fetch_add(1, Ordering::Relaxed));
        self.order(format!("CREATE DATABASE {name} TEMPLATE {template}"));
        Database { name, settings: self.server.settings("postgres"), dropper: self.dropper.clone() }
    }

    fn order(&self, sql: String) {
        let (done, wait) = mpsc::channel();
        self.maker.send(Order { sql, done }).expect("the administrator lives");
        wait.recv().expect("the administrator answers").unwrap_or_else(|error| panic!("{error}"));
    }
}

/// A database of one test; dropped, with whoever is still connected to it, when this value is.
pub struct Database {
    name: String,
    settings: Settings,
    dropper: mpsc::Sender<Order>,
}

impl Database {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// For programs that take a connection string.
    pub fn url(&self) -> String {
        format!("postgres://{ROLE}@{}:{}/{}", self.settings.host, self.settings.port, self.name)
    }

    /// For programs that read the variables of our server.
    pub fn env(&self) -> Vec<(&'static str, String)> {
        vec![
            ("POSTGRES_USER", self.settings.user.clone()),
            ("POSTGRES_PASSWORD", "not-looked-at".to_owned()),
            ("POSTGRES_DB", self.name.clone()),
            ("POSTGRES_HOSTNAME", self.settings.host.clone()),
            ("POSTGRES_PORT", self.settings.port.to_string()),
            ("POSTGRES_SSLMODE", "disable".to_owned()),
        ]
    }

    /// For our own store, over TCP.
    pub fn settings(&self) -> Settings {
        Settings { database: self.name.clone(), ..self.settings.clone() }
    }

    /// A connection of the superuser.
    pub async fn client(&self) -> tokio_postgres::Client {
        connect(&self.settings()).await
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (done, _) = mpsc::channel();
        let _ = self.dropper.send(Order { sql: format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name), done });
    }
}

/// A cluster for one test that does things to it that others must not notice.
pub struct OwnCluster {
    directory: PathBuf,
    port: u16,
    account: Option<(u32, u32)>,
    keeper: Mutex<Child>,
}

/// What the shell does: nothing, until its input ends.
const KEEPER: &str = r#"cat >/dev/null; "$1/pg_ctl" -D "$2/data" -m immediate -s stop >/dev/null 2>&1; rm -rf "$2""#;

impl OwnCluster {
    /// A running cluster without databases of ours, on a unix socket and on a loopback port.
    pub fn start() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let account = account();
        // Short, because the name of a unix socket must be shorter than 108 bytes.
        let temporary = std::env::temp_dir();
        let parent = if temporary.as_os_str().len() < 60 { temporary } else { PathBuf::from("/tmp") };
        let directory = parent.join(format!("relay-pg-{}-{count}", std::process::id()));
        // A leftover of a process with our number, whose shell was killed too.
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir(&directory).expect("a directory for the cluster");
        if let Some((user, group)) = account {
            chown(&directory, Some(user), Some(group)).expect("chown");
        }
        let mut keeper = Command::new("sh");
        keeper
            .args(["-c", KEEPER, "sh"])
            .arg(binaries())
            .arg(&directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // Its own process group: Ctrl-C is for the tests; the keeper goes by the end of its input.
        let keeper = as_account(&mut keeper, account).process_group(0).spawn().expect("sh starts");
        let mut cluster = Self { directory, port: 0, account, keeper: Mutex::new(keeper) };
        cluster.run(
            cluster
                .command("initdb")
                .args(["--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C", "--username", ROLE, "-D"])
                .arg(cluster.data()),
        );
        cluster.configure(&format!(
            "listen_addresses = '127.0.0.1'\nunix_socket_directories = '{}'\nmax_connections = 200\nshared_buffers = \
             '32MB'\nfsync = off\nsynchronous_commit = off\nfull_page_writes = off\nmax_wal_senders = 0\nwal_level = \
             minimal\nautovacuum = off\nlog_min_messages = warning\n",
            cluster.directory.display()
        ));
        // Somebody may take the port between our look and the start of Postgres: look again then.
        for _ in 0..5 {
            let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
            cluster.port = free.local_addr().expect("its number").port();
            drop(free);
            cluster.configure(&format!("port = {}\n", cluster.port));
            if cluster.try_resume() {
                return cluster;
            }
        }
        panic!("postgres does not start:\n{}", cluster.log());
    }

    /// Adds lines to `postgresql.conf`; read at the next start.
    pub fn configure(&self, lines: &str) {
        let file = self.data().join("postgresql.conf");
        let mut file = std::fs::OpenOptions::new().append(true).open(file).expect("postgresql.conf");
        file.write_all(lines.as_bytes()).expect("write");
    }

    /// The directory of the cluster's files: its unix socket, and `data`.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    /// Makes a file in the data directory that only the server can read.
    pub fn write_private(&self, name: &str, content: &str) {
        let file = self.data().join(name);
        std::fs::write(&file, content).expect("write");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("chmod");
        if let Some((user, group)) = self.account {
            chown(&file, Some(user), Some(group)).expect("chown");
        }
    }

    /// The number of the server's process.
    pub fn pid(&self) -> u32 {
        let file = std::fs::File::open(self.data().join("postmaster.pid")).expect("a running server");
        let line = BufReader::new(file).lines().next().expect("a line").expect("text");
        line.trim().parse().expect("a number")
    }

    /// Ends the server in order: connections are told so. The data stays.
    pub fn stop(&self) {
        self.pg_ctl(&["-m", "fast", "stop"]);
    }

    /// Ends the server as a crash does: connections just break. The data stays.
    pub fn kill(&self) {
        self.pg_ctl(&["-m", "immediate", "stop"]);
    }

    /// Starts the stopped server again, on the same port.
    pub fn resume(&self) {
        assert!(self.try_resume(), "postgres does not start again:\n{}", self.log());
    }

    /// For our store, over TCP.
    pub fn settings(&self, database: &str) -> Settings {
        Settings {
            host: "127.0.0.1".to_owned(),
            port: self.port,
            user: ROLE.to_owned(),
            password: Secret::new("not-looked-at"),
            database: database.to_owned(),
            sslmode: SslMode::Disable,
            root_cert: None,
            pool_size: 4,
            connect_timeout: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(20),
        }
    }

    fn try_resume(&self) -> bool {
        let log = self.directory.join("log");
        self.command("pg_ctl")
            .arg("-D")
            .arg(self.data())
            .arg("-l")
            .arg(log)
            .args(["-s", "-w", "-t", "60", "start"])
            .status()
            .expect("pg_ctl starts")
            .success()
    }

    fn pg_ctl(&self, arguments: &[&str]) {
        self.run(self.command("pg_ctl").arg("-D").arg(self.data()).args(["-s", "-w", "-t", "60"]).args(arguments));
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.directory.join("log")).unwrap_or_default()
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(binaries().join(program));
        // The current directory of the tests may be closed to the other account.
        command.current_dir(&self.directory).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        as_account(&mut command, self.account);
        command
    }

    fn run(&self, command: &mut Command) {
        let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().expect("the program starts");
        assert!(
            output.status.success(),
            "{command:?}: {}\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

impl Drop for OwnCluster {
    fn drop(&mut self) {
        let mut keeper = self.keeper.lock().expect("no panic while held");
        drop(keeper.stdin.take());
        let _ = keeper.wait();
    }
}

/// `psql`, of the same version as the server when that is installed.
pub fn psql() -> Command {
    let beside = binaries().join("psql");
    let mut command = if beside.exists() { Command::new(beside) } else { Command::new("psql") };
    // Nothing of the person who runs the tests.
    command.arg("--no-psqlrc").stdin(Stdio::null());
    command
}

/// Connects as the settings say, without TLS; the connection is driven by a task of the current runtime.
pub async fn connect(settings: &Settings) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::Config::new()
        .host(&settings.host)
        .port(settings.port)
        .user(&settings.user)
        .dbname(&settings.database)
        .connect(NoTls)
        .await
        .expect("the test database answers");
    tokio::spawn(async move {
        // Ends with an error when a test ends the server or the session on purpose.
        let _ = connection.await;
    });
    client
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
}

/// The directory with `initdb` and `postgres`: where the `initdb` of the search path really is, else the newest version
/// that Debian and Ubuntu packages installed.
fn binaries() -> &'static Path {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    FOUND.get_or_init(|| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let in_path = std::env::split_paths(&path).filter_map(|dir| dir.join("initdb").canonicalize().ok());
        let mut packaged: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin/initdb"))))
            .collect();
        packaged.sort();
        in_path
            .chain(packaged.into_iter().rev().map(|(_, initdb)| initdb))
            .filter_map(|initdb| initdb.parent().map(Path::to_path_buf))
            .find(|dir| dir.join("initdb").exists() && dir.join("postgres").exists() && dir.join("pg_ctl").exists())
            .expect("no Postgres server programs; on Debian and Ubuntu: apt-get install postgresql")
    })
}

/// User and group to run Postgres as, when we are root.
fn account() -> Option<(u32, u32)> {
    let own = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let is_root =
        own.lines().any(|line| line.strip_prefix("Uid:").is_some_and(|ids| ids.split_whitespace().nth(1) == Some("0")));
    if !is_root {
        return None;
    }
    let accounts = std::fs::read_to_string("/etc/passwd").expect("the list of accounts");
    let find = |name: &str| {
        accounts.lines().find_map(|line| {
            let fields: Vec<&str> = line.split(':').collect();
            (fields.first() == Some(&name))
                .then(|| Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?)))?
        })
    };
    Some(find("postgres").or_else(|| find("nobody")).expect("an account to run Postgres as: postgres or nobody"))
}

fn as_account(command: &mut Command, account: Option<(u32, u32)>) -> &mut Command {
    if let Some((user, group)) = account {
        command.uid(user).gid(group);
    }
    command
}
