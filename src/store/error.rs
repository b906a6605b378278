//! What can go wrong with the database, told without telling what was in it.

use std::error::Error as _;
use std::fmt;

use tokio_postgres::error::SqlState;

/// Why a call to the store failed.
///
/// The texts name tables, columns and constraints, never values: Postgres puts values of rows into its messages, so
/// those are not passed on.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached, is starting or stopping, or has no place for us.
    #[error("the database is not available")]
    Unavailable {
        /// What was seen.
        #[source]
        cause: Cause,
    },
    /// No connection, or no answer, before the deadline. A write may have happened.
    #[error("the database did not answer in time")]
    Timeout,
    /// A unique or foreign key forbids the write.
    #[error("constraint {constraint} forbids the write")]
    Conflict {
        /// Name of the constraint.
        constraint: String,
    },
    /// The database refuses the log-in or the statement, and will again.
    #[error("the database refused (SQLSTATE {sqlstate})")]
    Rejected {
        /// Five characters, see the appendix "Error Codes" of the Postgres manual.
        sqlstate: String,
        /// What was seen.
        #[source]
        cause: Cause,
    },
    /// A row does not look like `database.md` 2.
    #[error("column {column} has an unexpected form")]
    Shape {
        /// Name of the column.
        column: &'static str,
    },
    /// The settings cannot be used.
    #[error("{0}")]
    Settings(String),
}

/// Text for the operator's log, free of the contents of rows.
#[derive(Clone, Debug)]
pub struct Cause(String);

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Cause {}

impl Cause {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    fn of(error: &tokio_postgres::Error) -> Self {
        let Some(database) = error.as_db_error() else {
            // Not from the server: I/O, TLS or protocol. Their texts hold no data; the chain tells the most.
            let mut text = error.to_string();
            let mut source = error.source();
            while let Some(inner) = source {
                let inner_text = inner.to_string();
                if !text.contains(&inner_text) {
                    text.push_str(": ");
                    text.push_str(&inner_text);
                }
                source = inner.source();
            }
            return Self(text);
        };
        let code = database.code().code();
        // Messages of these classes speak of the connection, the role and the server only.
        if ["08", "28", "3D", "42501", "53", "55", "57"].iter().any(|class| code.starts_with(class)) {
            return Self(format!("{} ({code})", database.message()));
        }
        let mut text = format!("SQLSTATE {code}");
        for (what, name) in
            [("table", database.table()), ("column", database.column()), ("constraint", database.constraint())]
        {
            if let Some(name) = name {
                text.push_str(&format!(", {what} {name}"));
            }
        }
        Self(text)
    }
}

impl StoreError {
    /// Whether the same call may work a little later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Timeout)
    }

    /// The connection was closed by the other end.
    pub(super) fn closed() -> Self {
        Self::Unavailable { cause: Cause::new("the connection was closed") }
    }

    /// U+0000 is legal in JSON and in our strings and illegal in Postgres: refused before it gets there.
    pub(super) fn nul() -> Self {
        Self::Rejected {
            sqlstate: SqlState::CHARACTER_NOT_IN_REPERTOIRE.code().to_owned(),
            cause: Cause::new("text with a NUL character"),
        }
    }
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        let cause = Cause::of(&error);
        let Some(code) = error.code() else {
            return Self::Unavailable { cause };
        };
        let text = code.code();
        match code {
            &SqlState::QUERY_CANCELED | &SqlState::LOCK_NOT_AVAILABLE => Self::Timeout,
            &SqlState::UNIQUE_VIOLATION | &SqlState::FOREIGN_KEY_VIOLATION | &SqlState::EXCLUSION_VIOLATION => {
                let constraint = error.as_db_error().and_then(|e| e.constraint()).unwrap_or("(unnamed)").to_owned();
                Self::Conflict { constraint }
            }
            // 40: serialisation failure, deadlock. 57P: the server stops or starts. 25006: a standby that takes over soon.
            _ if text.starts_with("08")
                || text.starts_with("40")
                || text.starts_with("53")
                || text.starts_with("57P")
                || text == "25006" =>
            {
                Self::Unavailable { cause }
            }
            _ => Self::Rejected { sqlstate: text.to_owned(), cause },
        }
    }
}
