//! The structure check of `database.md` 9.4: does the database have the tables that our statements, and those of the
//! old server, count on? Reads the catalog only.

use std::fmt;

use tokio_postgres::Row;

use super::decode::column;
use super::{Store, StoreError};

/// What is wrong with the structure.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A table is missing.
    MissingTable {
        /// The table.
        table: String,
    },
    /// A column is missing.
    MissingColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// A column has another type.
    WrongType {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The type it should have.
        expected: String,
        /// The type it has.
        found: String,
    },
    /// A column may be NULL and should not, or the other way round.
    WrongNullability {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// What it should be.
        nullable: bool,
    },
    /// A column that we do not know must be given, so our inserts would fail: a newer version of the old server, most
    /// likely.
    UnknownRequired {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// A column should be unique.
    NotUnique {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// The enum `environmentType` is missing or lacks a label.
    MissingLabel {
        /// The label.
        label: String,
    },
}

impl Fault {
    /// Whether a migration may be able to mend it.
    pub(super) fn is_mendable(&self) -> bool {
        !matches!(self, Self::UnknownRequired { .. } | Self::WrongType { .. })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingTable { table } => write!(f, "table \"{table}\" is missing"),
            Self::MissingColumn { table, column } => write!(f, "column \"{table}\".\"{column}\" is missing"),
            Self::WrongType { table, column, expected, found } => {
                write!(f, "column \"{table}\".\"{column}\" has type {found} instead of {expected}")
            }
            Self::WrongNullability { table, column, nullable: true } => {
                write!(f, "column \"{table}\".\"{column}\" is NOT NULL but must accept NULL")
            }
            Self::WrongNullability { table, column, nullable: false } => {
                write!(f, "column \"{table}\".\"{column}\" accepts NULL but must be NOT NULL")
            }
            Self::UnknownRequired { table, column } => {
                write!(f, "column \"{table}\".\"{column}\" is unknown to this version, NOT NULL and without a default")
            }
            Self::NotUnique { table, column } => write!(f, "column \"{table}\".\"{column}\" must be unique"),
            Self::MissingLabel { label } => write!(f, "type \"environmentType\" lacks the label '{label}'"),
        }
    }
}

/// The result of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Structure {
    /// With any of these the server must not work on the database.
    pub faults: Vec<Fault>,
    /// Labels of `environmentType` that we do not know: a warning. Environments that carry one cannot be read.
    pub unknown_labels: Vec<String>,
}

/// Checks the structure of the store's database.
///
/// # Errors
/// Any [`StoreError`]. A bad structure is a result, not an error.
pub async fn check(store: &Store) -> Result<Structure, StoreError> {
    let columns = store.pool.read(COLUMNS, &[]).await?;
    let uniques = store.pool.read(UNIQUES, &[]).await?;
    let labels = store.pool.read(LABELS, &[]).await?;
    judge(&columns, &uniques, &labels)
}

/// As [`check`], on a connection that may be inside a transaction.
pub(super) async fn check_on(client: &tokio_postgres::Client) -> Result<Structure, StoreError> {
    let columns = client.query(COLUMNS, &[]).await?;
    let uniques = client.query(UNIQUES, &[]).await?;
    let labels = client.query(LABELS, &[]).await?;
    judge(&columns, &uniques, &labels)
}

const COLUMNS: &str = r#"
    SELECT c.relname::text AS "table", a.attname::text AS "column", format_type(a.atttypid, NULL) AS "type",
           NOT a.attnotnull AS "nullable",
           a.atthasdef OR a.attidentity <> '' OR a.attgenerated <> '' AS "filled"
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p')"#;

const UNIQUES: &str = r#"
    SELECT c.relname::text AS "table", a.attname::text AS "column"
      FROM pg_index i
      JOIN pg_class c ON c.oid = i.indrelid
      JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
     WHERE n.nspname = current_schema() AND i.indisunique AND i.indisvalid AND i.indnkeyatts = 1
       AND i.indpred IS NULL AND i.indexprs IS NULL"#;

const LABELS: &str = r#"
    SELECT l.enumlabel::text AS "label"
      FROM pg_enum l
      JOIN pg_type t ON t.oid = l.enumtypid
      JOIN pg_namespace n ON n.oid = t.typnamespace
     WHERE n.nspname = current_schema() AND t.typname = 'environmentType'"#;

struct Found<'a> {
    table: &'a str,
    column: &'a str,
    kind: &'a str,
    nullable: bool,
    filled: bool,
}

fn judge(columns: &[Row], uniques: &[Row], labels: &[Row]) -> Result<Structure, StoreError> {
    let columns = columns
        .iter()
        .map(|row| {
            Ok(Found {
                table: column(row, "table")?,
                column: column(row, "column")?,
                kind: column(row, "type")?,
                nullable: column(row, "nullable")?,
                filled: column(row, "filled")?,
            })
        })
        .collect::<Result<Vec<_>, StoreError>>()?;
    let uniques = uniques
        .iter()
        .map(|row| Ok((column(row, "table")?, column(row, "column")?)))
        .collect::<Result<Vec<(&str, &str)>, StoreError>>()?;
    let labels = labels.iter().map(|row| column(row, "label")).collect::<Result<Vec<&str>, StoreError>>()?;

    let mut faults = Vec::new();
    for (table, expected) in TABLES {
        let found: Vec<&Found<'_>> = columns.iter().filter(|c| c.table == *table).collect();
        if found.is_empty() {
            faults.push(Fault::MissingTable { table: (*table).to_owned() });
            continue;
        }
        compare(table, expected, &found, &mut faults);
    }
    for (table, name) in UNIQUE_COLUMNS {
        if columns.iter().any(|c| c.table == *table && c.column == *name) && !uniques.contains(&(*table, *name)) {
            faults.push(Fault::NotUnique { table: (*table).to_owned(), column: (*name).to_owned() });
        }
    }
    for label in ENUM_LABELS.iter().filter(|label| !labels.contains(*label)) {
        faults.push(Fault::MissingLabel { label: (*label).to_owned() });
    }
    let unknown_labels =
        labels.iter().filter(|label| !ENUM_LABELS.contains(*label)).map(|label| (*label).to_owned()).collect();
    Ok(Structure { faults, unknown_labels })
}

fn compare(table: &str, expected: &[(&str, Kind, bool)], found: &[&Found<'_>], faults: &mut Vec<Fault>) {
    for (name, kind, nullable) in expected {
        let (table, column) = (table.to_owned(), (*name).to_owned());
        match found.iter().find(|c| c.column == *name) {
            None => faults.push(Fault::MissingColumn { table, column }),
            Some(c) if c.kind != kind.as_str() => {
                let (expected, found) = (kind.as_str().to_owned(), c.kind.to_owned());
                faults.push(Fault::WrongType { table, column, expected, found });
            }
            Some(c) if c.nullable != *nullable => {
                faults.push(Fault::WrongNullability { table, column, nullable: *nullable });
            }
            Some(_) => {}
        }
    }
    let extra = found.iter().filter(|c| !expected.iter().any(|(name, ..)| c.column == *name));
    for c in extra.filter(|c| !c.nullable && !c.filled) {
        faults.push(Fault::UnknownRequired { table: table.to_owned(), column: c.column.to_owned() });
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Uuid,
    Text,
    Time,
    Json,
    Bool,
    Int,
    BigInt,
    EnvironmentType,
}

impl Kind {
    /// As Postgres writes it.
    fn as_str(self) -> &'static str {
        match self {
            Self::Uuid => "uuid",
            Self::Text => "text",
            Self::Time => "timestamp with time zone",
            Self::Json => "jsonb",
            Self::Bool => "boolean",
            Self::Int => "integer",
            Self::BigInt => "bigint",
            Self::EnvironmentType => "\"environmentType\"",
        }
    }
}

const ENUM_LABELS: &[&str] = &["development", "production"];

const UNIQUE_COLUMNS: &[(&str, &str)] = &[("environment", "apiKey"), ("user", "email")];

/// A column: its name, its type, and whether it may be NULL.
type Column = (&'static str, Kind, bool);

/// `database.md` 2.
const TABLES: &[(&str, &[Column])] = {
    use Kind::{BigInt, Bool, EnvironmentType, Int, Json, Text, Time, Uuid};
    &[
        (
            "company",
            &[
                ("id", Uuid, false),
                ("name", Text, false),
                ("createdAt", Time, false),
                ("updatedAt", Time, false),
                ("plan", Text, false),
                ("billingId", Text, false),
                ("flags", Json, false),
            ],
        ),
        (
            "environment",
            &[
                ("id", Uuid, false),
                ("companyId", Uuid, false),
                ("name", Text, false),
                ("apiKey", Text, false),
                ("type", EnvironmentType, false),
                ("apps", Json, false),
                ("createdAt", Time, false),
                ("updatedAt", Time, false),
                ("theme", Json, true),
                ("decryptableKey", Text, true),
                ("data", Json, false),
            ],
        ),
        (
            "user",
            &[
                ("id", Uuid, false),
                ("companyId", Uuid, false),
                ("firstName", Text, false),
                ("lastName", Text, false),
                ("email", Text, false),
                ("createdAt", Time, false),
                ("updatedAt", Time, false),
                ("developmentEnvironmentId", Uuid, true),
                ("permission", Text, false),
                ("metadata", Json, false),
            ],
        ),
        (
            "session",
            &[
                ("id", Text, false),
                ("userId", Uuid, true),
                ("companyId", Uuid, true),
                ("expiresAt", Time, false),
                ("isExternal", Bool, false),
                ("email", Text, false),
            ],
        ),
        (
            "externalAppUser",
            &[
                ("id", Uuid, false),
                ("email", Text, false),
                ("environmentId", Uuid, false),
                ("appRoute", Text, false),
                ("createdByUserId", Uuid, true),
                ("createdAt", Time, false),
                ("updatedAt", Time, false),
                ("companyId", Uuid, false),
                ("createdBySdk", Bool, false),
            ],
        ),
        (
            "emailCode",
            &[
                ("id", Uuid, false),
                ("companyId", Uuid, true),
                ("email", Text, false),
                ("createdAt", Time, false),
                ("expiresAt", Time, false),
                ("metadata", Json, false),
            ],
        ),
        (
            "errorLog",
            &[("id", Uuid, false), ("createdAt", Time, false), ("data", Json, false), ("status", Text, false)],
        ),
        ("deploy", &[("id", Int, false), ("deployId", Text, false), ("createdAt", Time, false)]),
        (
            "log",
            &[
                ("id", BigInt, false),
                ("createdAt", Time, false),
                ("companyId", Uuid, false),
                ("environmentId", Uuid, true),
                ("userId", Uuid, true),
                ("userEmail", Text, true),
                ("appRoute", Text, false),
                ("message", Text, false),
                ("data", Json, true),
                ("severity", Text, false),
                ("type", Text, false),
                ("environmentType", Text, false),
            ],
        ),
        (
            "report",
            &[
                ("id", Uuid, false),
                ("createdAt", Time, false),
                ("updatedAt", Time, false),
                ("createdByUserId", Uuid, false),
                ("updatedByUserId", Uuid, false),
                ("companyId", Uuid, false),
                ("title", Text, false),
                ("description", Text, true),
                ("data", Json, false),
            ],
        ),
        (
            "reportUser",
            &[
                ("id", Uuid, false),
                ("createdAt", Time, false),
                ("createdByUserId", Uuid, false),
                ("userId", Uuid, false),
                ("reportId", Uuid, false),
                ("companyId", Uuid, false),
                ("permission", Json, false),
            ],
        ),
    ]
};
