//! What a run of the migrations tells: on its way, and when it fails.

use std::fmt;
use std::time::Duration;

use tokio_postgres::error::SqlState;

use crate::store::StoreError;
use crate::store::structure::Fault;

/// Why the database was not brought up to date. The texts are for the operator and say what to do.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database failed us.
    #[error("the database failed: {0}")]
    Store(#[from] StoreError),
    /// The connection ended in the middle of the work.
    #[error("the connection to the database was lost; the structure is as it was before")]
    ConnectionLost,
    /// A statement was refused.
    #[error("the database refused the statement that begins with `{statement}`")]
    Statement {
        /// Its first line.
        statement: String,
        /// Why.
        #[source]
        source: StoreError,
    },
    /// The rows of the database forbid the migration.
    #[error("the database cannot be migrated: {0}")]
    Data(String),
    /// Tables were in use all the time.
    #[error("tables of the database are locked by somebody else; stop long-running work on it and start again")]
    Busy,
    /// Another run did not end.
    #[error("another migration has been running for {} minutes; wait for its end or end it, and start again", waited.as_secs() / 60)]
    Locked {
        /// How long we waited.
        waited: Duration,
    },
    /// Postgres is too old.
    #[error("Postgres 13 or newer is needed, this server is version {0}")]
    OldServer(String),
    /// The role's search path leads nowhere.
    #[error("the role has no current schema: no schema of its search_path exists, or it may not use it")]
    NoSchema,
    /// The role may not do what there is to do.
    #[error(
        "the database has to be migrated and the role {role} may not: {what}; run `compose-relay migrate` once as the \
         owner of the tables"
    )]
    Rights {
        /// The role.
        role: String,
        /// What it lacks.
        what: String,
    },
    /// Somebody changed a file that was already applied.
    #[error(
        "migration {id} ({name}) was applied in another form than the one in this program; a shipped migration must not \
         be edited"
    )]
    Edited {
        /// Its number.
        id: i32,
        /// Its name.
        name: String,
    },
    /// The structure is not what we can work on, and not what we can mend.
    #[error("the structure of the database does not fit: {}", list(faults))]
    Structure {
        /// Everything that is wrong.
        faults: Vec<Fault>,
    },
}

fn list(faults: &[Fault]) -> String {
    faults.iter().map(Fault::to_string).collect::<Vec<_>>().join("; ")
}

impl MigrateError {
    /// Whether the same run may work a little later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Store(error) | Self::Statement { source: error, .. } => error.is_transient(),
            Self::ConnectionLost | Self::Busy => true,
            _ => false,
        }
    }

    pub(super) fn of(error: tokio_postgres::Error, statement: &str) -> Self {
        match error.as_db_error() {
            // Tables that somebody uses, or somebody who waits for us while we wait for them.
            Some(database)
                if [SqlState::LOCK_NOT_AVAILABLE, SqlState::T_R_DEADLOCK_DETECTED].contains(database.code()) =>
            {
                Self::Busy
            }
            // Raised by our own text, which shows no values of rows.
            Some(database) if *database.code() == SqlState::RAISE_EXCEPTION => {
                Self::Data(database.message().to_owned())
            }
            Some(_) => {
                let statement = statement.lines().next().unwrap_or_default().to_owned();
                Self::Statement { statement, source: error.into() }
            }
            None => Self::Store(error.into()),
        }
    }
}

/// What a run is about to do, or has seen. `Display` is a line for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Another run holds the lock.
    Waiting,
    /// A migration begins.
    Migrating {
        /// Its number.
        id: i32,
        /// Its name.
        name: &'static str,
    },
    /// Tables are in use; everything was undone and is tried again.
    Busy {
        /// After this time.
        pause: Duration,
    },
    /// The building of an index begins.
    BuildingIndex {
        /// Its name.
        name: String,
    },
    /// An index could not be built. Everything works without it, slower.
    IndexFailed {
        /// Its name.
        name: String,
        /// Why.
        reason: String,
    },
    /// All done.
    Done,
}

impl Progress {
    /// Whether the operator should see it even when all goes well otherwise.
    #[must_use]
    pub fn is_warning(&self) -> bool {
        matches!(self, Self::Busy { .. } | Self::IndexFailed { .. })
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waiting => f.write_str("waiting for another migration of this database to end"),
            Self::Migrating { id, name } => write!(f, "migrating the database: {id} {name}"),
            Self::Busy { pause } => {
                write!(f, "tables of the database are in use, trying again in {} ms", pause.as_millis())
            }
            Self::BuildingIndex { name } => write!(f, "building index {name}"),
            Self::IndexFailed { name, reason } => {
                write!(f, "index {name} was not built ({reason}); the next start tries again")
            }
            Self::Done => f.write_str("the database is up to date"),
        }
    }
}
