//! The server under test: the real program, built for release.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::World;
use super::postgres::{Cluster, DATABASE, ROLE};
use super::process::Process;
use crate::contender::Kind;

/// The secret under which API keys are stored.
pub const PROD_API_KEY_SECRET: &str = "the benches' own secret, in no other place than on this machine";
/// Metrics have to come within this.
const PATIENCE: Duration = Duration::from_secs(5);
const DEV_API_KEY_SECRET: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// Settings of one server: those that every bench has, and changes to them.
#[derive(Clone, Debug)]
pub struct Settings {
    /// https on the same kind of address, with a certificate of the world's authority.
    pub tls: bool,
    built_with: Kind,
    changes: Vec<(String, String)>,
}

impl Settings {
    /// A production server with one shard whose limits do not hold up a flood.
    #[must_use]
    pub fn for_load() -> Self {
        Self { tls: false, built_with: Kind::ComposeRelay, changes: Vec::new() }
            .with("RELAY_SHARDS", "1")
            .with("BROWSER_FRAMES_PER_SECOND", "1000000")
            .with("BROWSER_BYTES_PER_SECOND", "2GiB")
            .with("REQUESTS_PER_MINUTE_PER_ADDRESS", "0")
            .with("REQUESTS_PER_MINUTE_PER_LOGIN", "0")
    }

    /// As an operator starts it, limits and all.
    #[must_use]
    pub fn as_shipped() -> Self {
        Self { tls: false, built_with: Kind::ComposeRelay, changes: Vec::new() }
    }

    /// Of our server as this contender has it.
    #[must_use]
    pub fn of(mut self, kind: Kind) -> Self {
        self.built_with = kind;
        self
    }

    /// Sets one in the place of an earlier one.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.changes.retain(|(known, _)| known != name);
        self.changes.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same over TLS.
    #[must_use]
    pub fn over_tls(mut self) -> Self {
        self.tls = true;
        self
    }
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    process: Process,
    address: SocketAddr,
    metrics: SocketAddr,
}

impl Server {
    pub(super) fn start(world: &World, settings: &Settings) -> Result<Self> {
        let mut environment: Vec<(&str, String)> = database(&world.cluster);
        environment.extend([
            ("NODE_ENV", "production".to_owned()),
            ("PROD_API_KEY_SECRET", PROD_API_KEY_SECRET.to_owned()),
            ("DEV_API_KEY_SECRET", DEV_API_KEY_SECRET.to_owned()),
            ("DASHBOARD_DIR", "none".to_owned()),
            ("LISTEN_ADMIN", "127.0.0.1:0".to_owned()),
            ("LOG_LEVEL", "info,compose_relay::relay=warn".to_owned()),
        ]);
        if settings.tls {
            let [chain, key] = world.authority.files();
            environment.push(("TLS_CERT_FILE", chain.display().to_string()));
            environment.push(("TLS_KEY_FILE", key.display().to_string()));
            environment.push(("LISTEN_HTTP", "off".to_owned()));
        }
        environment.retain(|(name, _)| settings.changes.iter().all(|(other, _)| other != name));
        environment.extend(settings.changes.iter().map(|(name, value)| (name.as_str(), value.clone())));
        let cores = world.cores;
        let arguments = ["serve", "--listen", "127.0.0.1:0"];
        let mut process =
            Process::start(cores.server, cores.generator, program(settings.built_with)?, &arguments, &environment)?;
        let address = process.until("that it listens", |log| address_behind(log, "listening on "))?;
        let metrics = process.until("where its metrics are", |log| address_behind(log, "metrics on "))?;
        Ok(Self { process, address, metrics })
    }

    /// Blocks of memory that the relay's threads have asked for so far, by the server's own metrics.
    ///
    /// # Errors
    /// When it does not say.
    pub fn allocations(&self) -> Result<u64> {
        let mut tcp = TcpStream::connect_timeout(&self.metrics, PATIENCE).context("asking for metrics")?;
        tcp.set_read_timeout(Some(PATIENCE))?;
        write!(tcp, "GET /metrics HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.metrics)?;
        let mut answer = String::new();
        tcp.read_to_string(&mut answer).context("reading metrics")?;
        allocations(&answer).context("no count of allocations among the server's metrics")
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process, for [`crate::cpu`].
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// The last lines of its log.
    #[must_use]
    pub fn log(&self) -> String {
        self.process.log()
    }
}

/// Brings the database to its end state.
pub(super) fn migrate(cluster: &Cluster) -> Result<()> {
    let output = Command::new(program(Kind::ComposeRelay)?)
        .arg("migrate")
        .envs(database(cluster))
        .output()
        .context("migrate")?;
    if !output.status.success() {
        bail!("compose-relay migrate: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

fn database(cluster: &Cluster) -> Vec<(&'static str, String)> {
    vec![
        ("POSTGRES_HOSTNAME", "127.0.0.1".to_owned()),
        ("POSTGRES_PORT", cluster.port().to_string()),
        ("POSTGRES_USER", ROLE.to_owned()),
        ("POSTGRES_PASSWORD", "not-looked-at".to_owned()),
        ("POSTGRES_DB", DATABASE.to_owned()),
        ("POSTGRES_SSLMODE", "disable".to_owned()),
    ]
}

/// The server beside this program, by the name of the contender; for the usual one `COMPOSE_RELAY_BINARY` goes before it.
///
/// # Errors
/// When there is none.
pub fn program(kind: Kind) -> Result<PathBuf> {
    let given = std::env::var_os("COMPOSE_RELAY_BINARY").filter(|_| kind == Kind::ComposeRelay).map(PathBuf::from);
    let beside = || Some(std::env::current_exe().ok()?.with_file_name(kind.name()));
    let found = given.or_else(beside).filter(|it| it.is_file());
    found.with_context(|| format!("no {} to measure: ./dev bench builds it", kind.name()))
}

/// The address of the URL that comes behind these words.
fn address_behind(log: &str, words: &str) -> Option<SocketAddr> {
    let rest = log.split(&format!("{words}http")).nth(1)?;
    let rest = rest.strip_prefix("s").unwrap_or(rest).strip_prefix("://")?;
    let end = rest.find(|c: char| !(c.is_ascii_hexdigit() || ".:[]".contains(c))).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

fn allocations(metrics: &str) -> Option<u64> {
    metrics.lines().find_map(|line| line.strip_prefix("compose_relay_allocations_total ")?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_in_the_log() {
        let expected = "127.0.0.1:4711".parse().ok();
        for log in ["a\nx listening on http://127.0.0.1:4711\nb", "listening on https://127.0.0.1:4711 shards=1"] {
            assert_eq!(address_behind(log, "listening on "), expected, "{log}");
        }
        assert_eq!(address_behind("metrics on http://127.0.0.1:4711/metrics", "metrics on "), expected);
        assert_eq!(address_behind("starting", "listening on "), None);
    }

    #[test]
    fn allocations_are_read_from_the_metrics() {
        let metrics = "# TYPE compose_relay_allocations counter\ncompose_relay_allocations_total 4711\n# EOF\n";
        assert_eq!(allocations(metrics), Some(4711));
        assert_eq!(allocations("# EOF\n"), None);
    }

    #[test]
    fn a_later_setting_takes_the_place_of_an_earlier_one() {
        let settings = Settings::for_load().with("RELAY_SHARDS", "2");
        let shards: Vec<_> = settings.changes.iter().filter(|(name, _)| name == "RELAY_SHARDS").collect();
        assert_eq!(shards, [&("RELAY_SHARDS".to_owned(), "2".to_owned())]);
    }
}
