//! A private Postgres, and the directory of the whole run.
//!
//! A small shell waits for the end of its standard input. The other end belongs to this process and closes when it ends,
//! however it ends; the shell then stops Postgres and removes the directory.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// The superuser. No password: the cluster trusts everybody on this machine for the minutes that it lives.
pub const ROLE: &str = "compose";
/// The database that every cluster has.
pub const DATABASE: &str = "postgres";

/// The directory, then `pg_ctl` as the account that Postgres runs as. The shell is ours: so is most of the directory.
const KEEPER: &str =
    r#"cat >/dev/null; own=$1; shift; "$@" -D "$own/data" -m immediate -s stop >/dev/null 2>&1; rm -rf "$own""#;

/// A running Postgres. Dropping it stops it and removes the directory.
#[derive(Debug)]
pub struct Cluster {
    directory: PathBuf,
    port: u16,
    keeper: Child,
}

impl Cluster {
    /// Makes and starts one on a free port of the loopback interface.
    ///
    /// # Errors
    /// When Postgres is not installed or does not start.
    pub fn start() -> Result<Self> {
        let programs = programs()?;
        let account = account()?;
        // Short, because the name of a unix socket must be shorter than 108 bytes.
        let temporary = std::env::temp_dir();
        let parent = if temporary.as_os_str().len() < 60 { temporary } else { PathBuf::from("/tmp") };
        let directory = parent.join(format!("relay-bench-{}", std::process::id()));
        fs::create_dir(&directory).with_context(|| format!("making {}", directory.display()))?;
        if let Some((user, group)) = account {
            chown(&directory, Some(user), Some(group))?;
        }
        let mut keeper = Command::new("sh");
        keeper.args(["-c", KEEPER, "sh"]).arg(&directory);
        if let Some((user, group)) = account {
            keeper.args(["setpriv", "--clear-groups"]).arg(format!("--reuid={user}")).arg(format!("--regid={group}"));
        }
        keeper.arg(programs.join("pg_ctl")).current_dir("/");
        keeper.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // Its own process group: Ctrl-C is for us; the keeper goes by the end of its input.
        let keeper = keeper.process_group(0).spawn().context("starting a shell")?;
        let mut cluster = Self { directory, port: 0, keeper };
        let data = cluster.directory.join("data");
        let command = |program: &str| {
            let mut command = Command::new(programs.join(program));
            command.current_dir(&cluster.directory).stdin(Stdio::null());
            as_account(&mut command, account);
            command
        };
        let mut initdb = command("initdb");
        initdb
            .args(["--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C", "--username", ROLE, "-D"])
            .arg(&data);
        let output = initdb.output().context("starting initdb")?;
        if !output.status.success() {
            bail!("initdb: {}", String::from_utf8_lossy(&output.stderr));
        }
        // Somebody may take the port between our look and the start of Postgres: look again then.
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
            let settings = format!(
                "-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories='{}' -c max_connections=200 -c \
                 fsync=off -c synchronous_commit=off -c autovacuum=off",
                cluster.directory.display()
            );
            let log = cluster.directory.join("postgres.log");
            let mut start = command("pg_ctl");
            start.arg("-D").arg(&data).arg("-l").arg(log).args(["-s", "-w", "-t", "60", "-o", &settings, "start"]);
            if start.stdout(Stdio::null()).stderr(Stdio::null()).status().context("starting pg_ctl")?.success() {
                cluster.port = port;
                return Ok(cluster);
            }
        }
        let log = fs::read_to_string(cluster.directory.join("postgres.log")).unwrap_or_default();
        bail!("Postgres does not start:\n{log}")
    }

    /// The directory of the run; it goes with this value.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The process number of its first process.
    #[must_use]
    pub fn postmaster(&self) -> Option<u32> {
        fs::read_to_string(self.directory.join("data/postmaster.pid")).ok()?.lines().next()?.trim().parse().ok()
    }

    /// Its TCP port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // Whatever it says, there is nothing else to be done.
        let _ = self.keeper.wait();
    }
}

/// The directory with Postgres's programs: where the `initdb` of the search path really is, else the newest that Debian and
/// Ubuntu packages installed.
fn programs() -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&path).filter_map(|directory| directory.join("initdb").canonicalize().ok());
    let mut packaged: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin/initdb"))))
        .collect();
    packaged.sort();
    in_path
        .chain(packaged.into_iter().rev().map(|(_, initdb)| initdb))
        .filter_map(|initdb| initdb.parent().map(Path::to_path_buf))
        .find(|it| it.join("initdb").exists() && it.join("pg_ctl").exists())
        .context("no Postgres server programs; on Debian and Ubuntu: apt-get install postgresql")
}

/// User and group to run Postgres as, when we are root: it refuses root.
fn account() -> Result<Option<(u32, u32)>> {
    if !nix::unistd::geteuid().is_root() {
        return Ok(None);
    }
    let accounts = fs::read_to_string("/etc/passwd").context("the list of accounts")?;
    let find = |name: &str| {
        accounts.lines().find_map(|line| {
            let fields: Vec<&str> = line.split(':').collect();
            let right = fields.first() == Some(&name);
            right.then(|| Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?)))?
        })
    };
    let found = find("postgres").or_else(|| find("nobody"));
    Ok(Some(found.context("no account to run Postgres as: neither postgres nor nobody")?))
}

fn as_account(command: &mut Command, account: Option<(u32, u32)>) -> &mut Command {
    if let Some((user, group)) = account {
        command.uid(user).gid(group);
    }
    command
}
