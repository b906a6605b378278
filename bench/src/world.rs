//! What a measurement has around it: a directory, a Postgres of its own, servers, tenants.
//!
//! ```no_run
//! # use compose_relay_bench::{cpu::Cores, world::{Settings, World}};
//! # fn main() -> anyhow::Result<()> {
//! let world = World::start(Cores::find()?)?;
//! let server = world.server(&Settings::for_load())?;
//! let tenant = world.seed()?.tenant(64)?;
//! # let _ = (server.address(), tenant);
//! # Ok(()) }
//! ```

pub mod authority;
pub mod postgres;
pub mod process;
pub mod seed;
pub mod server;
pub mod tickets;

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::cpu::{self, Cores, Reading};
use authority::Authority;
use postgres::Cluster;
use seed::Seed;
pub use server::{Server, Settings};

/// Takes everything down when it is dropped. Servers must be dropped before it.
#[derive(Debug)]
pub struct World {
    cluster: Cluster,
    authority: Authority,
    cores: Cores,
}

impl World {
    /// Starts Postgres and migrates a database. This thread, and all it starts later, is bound to the generator's core.
    ///
    /// # Errors
    /// When a program is missing or does not start.
    pub fn start(cores: Cores) -> Result<Self> {
        cpu::pin(cores.generator)?;
        let cluster = Cluster::start()?;
        let authority = Authority::new(&cluster.directory().join("tls"))?;
        server::migrate(&cluster)?;
        Ok(Self { cluster, authority, cores })
    }

    /// Starts a server on the server's core and waits until it listens.
    ///
    /// # Errors
    /// When it does not start; the text has its last words.
    pub fn server(&self, settings: &Settings) -> Result<Server> {
        Server::start(self, settings)
    }

    /// For writing rows. All servers of a world share one database.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub fn seed(&self) -> Result<Seed> {
        Seed::connect(&self.cluster)
    }

    /// For files that go with the world, whoever ends it.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.cluster.directory()
    }

    /// Certificates for `localhost`, and those who believe them.
    #[must_use]
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Where things run.
    #[must_use]
    pub fn cores(&self) -> Cores {
        self.cores
    }

    /// CPU time of Postgres, all its processes, nanoseconds.
    #[must_use]
    pub fn postgres_time(&self) -> u64 {
        let Some(postmaster) = self.cluster.postmaster() else { return 0 };
        let all = cpu::children(postmaster).into_iter().chain([postmaster]);
        all.map(|pid| Reading::of(pid).since(&Reading::default()).busy).sum()
    }

    /// The database.
    #[must_use]
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// A new path in the directory.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.directory().join(name)
    }
}
