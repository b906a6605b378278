//! Postgres: one pool, the migrations, and one file per table.
//!
//! What this room promises:
//! - rows are plain structs; nothing outside names the driver;
//! - every wait has a deadline, on our side and on the server's, so a call ends even when the database went silent;
//! - columns are named in every statement, so columns that somebody else added do no harm (`database.md` 1);
//! - a restart of Postgres is survived: broken connections are thrown away, reads are repeated once on a fresh one;
//! - no error text, log line or `Debug` shows a login session id, a key hash, or a value of a row.
//!
//! All methods of [`Store`] are safe to drop at any time: a read leaves nothing behind, and a transaction that was not
//! committed is rolled back. A single-statement write that is dropped may or may not have happened.

mod acme;
mod company;
mod configuration;
mod connect;
mod decode;
mod deploy;
mod environment;
mod environment_change;
mod error;
mod error_log;
mod external_app_user;
mod home;
mod invite;
mod join;
mod kept_session;
mod key_holder;
mod log;
mod log_query;
mod login;
pub mod migrate;
mod notice;
mod oddities;
mod pool;
mod purge;
mod report;
mod seats;
mod session;
mod settings;
mod share;
mod sign_up;
pub mod structure;
mod team;
mod tls;
mod user;
mod user_by_email;
mod user_metadata;

pub use acme::{AcmeChallengeRow, AcmeDomainRow};
pub use company::CompanyRow;
pub use configuration::{Applied, Configuration};
pub use decode::holds_nul;
pub use deploy::DeployRow;
pub use environment::{EnvironmentRow, EnvironmentType};
pub use error::{Cause, StoreError};
pub use external_app_user::{INHERIT_PREFIX, ShareRow};
pub use home::Home;
pub use invite::InviteRow;
pub use join::{Join, JoinOutcome};
pub use kept_session::KeptSessionRow;
pub use key_holder::KeyHolder;
pub use log::LogEntry;
pub use log_query::{LogCount, LogFilter, LogGroups, LogPage, LogRow};
pub use notice::Notices;
pub use pool::Connections;
pub use report::{ReportRow, ReportShared, ReportText, ReportUserRow};
pub use seats::SeatsUsed;
pub use session::SessionRow;
pub use settings::{Settings, SslMode};
pub use share::{NewShare, Shared};
pub use sign_up::{NewCompany, NewEnvironment, NewLogin, NewOwner, SignUp, SignUpOutcome, SignedUp};
pub use team::{LockedPeople, PendingInvite};
pub use user::UserRow;
pub use user_by_email::ByEmail;

use pool::Pool;

use crate::metrics::{Query, Timed};

/// The database, as the other rooms see it. Clones share one pool.
#[derive(Clone, Debug)]
pub struct Store {
    pool: Pool,
}

impl Store {
    /// Builds the pool. Connects to nothing; reads the root certificates from disk when the settings ask for them.
    ///
    /// # Errors
    /// [`StoreError::Settings`] when the root certificates cannot be used.
    pub fn new(settings: Settings) -> Result<Self, StoreError> {
        Ok(Self { pool: Pool::new(&settings)? })
    }

    /// Counts all statements from now on in `queries`.
    #[must_use]
    pub fn counted_in(mut self, queries: &Timed<Query>) -> Self {
        self.pool.count_in(queries);
        self
    }

    /// The pool's connections now.
    #[must_use]
    pub fn connections(&self) -> Connections {
        self.pool.connections()
    }

    /// One empty round trip, to know whether the database answers.
    ///
    /// # Errors
    /// Any [`StoreError`] but `Shape`.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.pool.read("SELECT", &[]).await.map(drop)
    }
}
