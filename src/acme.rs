//! Certificates from a certificate authority, ordered and renewed without anybody's doing (RFC 8555, RFC 8737).
//!
//! - One certificate for each name, so that one that cannot be proved costs no other its certificate.
//! - Account, certificates, answers to challenges, who orders now and when nobody may try: all in Postgres, for all
//!   processes on it. One orders, the others are told. Keys are sealed with the server's secrets.
//! - A directory of files keeps the certificates for the time when the database is away or has lost them.
//! - Every attempt is counted before it is made. A process that dies over and over does not ask more often than one that
//!   lives.
//! - A name that fails is tried again later and later; `Retry-After` of the authority is kept to.
//! - Nothing in here ends the process: what goes wrong is told in the log and by [`Acme::statuses`].

mod answers;
mod cache;
mod challenge;
mod failure;
mod name;
mod order;
mod schedule;
mod shelf;
mod status;
mod transport;
mod vault;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

pub use challenge::Kind;
pub use status::Status;

use crate::auth::Sealer;
use crate::http::{Client, NoTls};
use crate::metrics::{Order, Timed};
use crate::store::{Settings, Store};
use crate::tasks::Tasks;
use crate::tls::{self, Certificates};

/// For one request to the certificate authority.
const REQUEST: Duration = Duration::from_secs(30);

/// What there is to order.
#[derive(Clone, Debug)]
pub struct Orders {
    /// Host names: lower case, A-labels.
    pub domains: Vec<String>,
    /// For the authority's letters.
    pub email: Option<String>,
    /// The address of the authority's directory.
    pub directory: String,
    /// Root certificates to believe instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// How names are proved, in this order.
    pub challenges: Vec<Kind>,
    /// Where certificates are kept beside the database.
    pub cache: Option<PathBuf>,
}

/// What the room works with.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// How to listen to it.
    pub database: Settings,
    /// Seals keys.
    pub sealer: Sealer,
    /// Where certificates and answers to challenges go.
    pub certificates: Certificates,
    /// Runs everything.
    pub tasks: Tasks,
    /// Counts orders.
    pub orders: Timed<Order>,
}

/// The settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AcmeError {
    /// `ACME_CA_FILE` cannot be read.
    #[error("ACME_CA_FILE ({}) cannot be read: {source}", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// No TLS to the certificate authority.
    #[error("the certificate authority cannot be asked (is ACME_CA_FILE a file with certificates in PEM?): {0}")]
    Tls(#[from] NoTls),
}

/// Orders and renews. Clones look at the same.
#[derive(Clone, Debug)]
pub struct Acme(status::Board);

impl Acme {
    /// Shows what is cached, and starts to order and to renew in the background. Reads from disk, waits for nothing else.
    ///
    /// # Errors
    /// [`AcmeError`], when the settings cannot be used.
    pub fn start(orders: Orders, parts: Parts) -> Result<Self, AcmeError> {
        let ca = orders
            .ca_file
            .as_ref()
            .map(|path| tls::read_file(path).map_err(|source| AcmeError::CaFile { path: path.clone(), source }));
        let client = Client::patient(REQUEST, ca.transpose()?.as_deref().map(Vec::as_slice))?;
        let Parts { store, database, sealer, certificates, tasks, orders: count } = parts;
        let vault = vault::Vault::new(sealer);
        let cache = orders.cache.clone().map(|directory| cache::Cache::new(directory, &orders.directory));
        let board = status::Board::new(&orders.domains);
        let shelf = shelf::Shelf::new(certificates.clone(), &orders.domains);
        let wakes = answers::Wakes::default();
        let answers = answers::Answers::new(store.clone(), certificates.challenges().clone());
        let work = Arc::new(name::Work {
            account: order::Accounts::new(client, &orders, store.clone(), vault.clone()),
            challenges: orders.challenges,
            directory: orders.directory,
            process: Uuid::new_v4(),
            store,
            vault,
            cache,
            shelf,
            board: board.clone(),
            answers: answers.clone(),
            tasks: tasks.clone(),
            orders: count,
        });
        tasks.spawn("acme answers", answers::follow(answers, database, wakes.clone(), tasks.clone()));
        for domain in orders.domains {
            let certificate = work.read_cache(&domain);
            tasks.spawn("acme", name::run(Arc::clone(&work), domain, certificate, wakes.watch()));
        }
        Ok(Self(board))
    }

    /// How each name stands now, in the order of `DOMAIN`.
    #[must_use]
    pub fn statuses(&self) -> Vec<Status> {
        self.0.statuses()
    }
}
