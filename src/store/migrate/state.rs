//! What a database looks like to the runner, and what follows from it.

use std::collections::BTreeMap;

use tokio_postgres::Client;

use super::files::{MIGRATIONS, Migration, OLD_STEPS, Way};
use super::{MigrateError, Outcome, bounded, execute};
use crate::store::StoreError;
use crate::store::structure::{self, Fault};

pub(super) struct State {
    /// Numbers and checksums of `relay_migration`.
    recorded: BTreeMap<i32, Option<String>>,
    faults: Vec<Fault>,
    role: String,
    may_create: bool,
    /// Tables of ours or of the old server that belong to another role.
    foreign: Vec<String>,
}

const HERE: &str = "SELECT current_setting('server_version_num')::integer AS number,
                           current_setting('server_version') AS version,
                           current_user::text AS role,
                           n.oid IS NOT NULL AS has_schema,
                           coalesce(has_schema_privilege(n.oid, 'CREATE'), false) AS may_create
                      FROM (SELECT current_schema() AS name) AS here
                      LEFT JOIN pg_namespace n ON n.nspname = here.name";

const RECORDED: &str = "SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                                        WHERE n.nspname = current_schema() AND c.relname = 'relay_migration')";

const FOREIGN: &str = r#"SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                          WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p')
                            AND c.relname IN ('relay_migration', 'company', 'environment', 'user', 'session',
                                              'externalAppUser', 'emailCode', 'errorLog', 'deploy', 'deployment', 'log',
                                              'report', 'reportUser')
                            AND NOT pg_has_role(c.relowner, 'USAGE')
                          ORDER BY 1"#;

impl State {
    /// Looks, and changes nothing.
    pub(super) async fn read(client: &Client) -> Result<Self, MigrateError> {
        let here = bounded(async { Ok(client.query_one(HERE, &[]).await?) }).await?;
        let get = |_| MigrateError::Store(StoreError::Shape { column: "(server)" });
        if here.try_get::<_, i32>("number").map_err(get)? < 130_000 {
            return Err(MigrateError::OldServer(here.try_get("version").map_err(get)?));
        }
        if !here.try_get::<_, bool>("has_schema").map_err(get)? {
            return Err(MigrateError::NoSchema);
        }
        let mut recorded = BTreeMap::new();
        let has_table = bounded(async { Ok(client.query_one(RECORDED, &[]).await?) }).await?;
        if has_table.try_get::<_, bool>(0).map_err(get)? {
            let rows =
                bounded(async { Ok(client.query("SELECT id, checksum FROM relay_migration", &[]).await?) }).await?;
            for row in rows {
                recorded.insert(row.try_get(0).map_err(get)?, row.try_get(1).map_err(get)?);
            }
        }
        let foreign = bounded(async { Ok(client.query(FOREIGN, &[]).await?) }).await?;
        Ok(Self {
            recorded,
            faults: bounded(structure::check_on(client)).await?.faults,
            role: here.try_get("role").map_err(get)?,
            may_create: here.try_get("may_create").map_err(get)?,
            foreign: foreign.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>().map_err(get)?,
        })
    }

    /// The outcome, when there is nothing to do.
    ///
    /// # Errors
    /// When nothing may be done.
    pub(super) fn outcome_without_work(&self) -> Result<Option<Outcome>, MigrateError> {
        for migration in MIGRATIONS {
            if let Some(Some(checksum)) = self.recorded.get(&migration.id)
                && *checksum != migration.checksum()
            {
                return Err(MigrateError::Edited { id: migration.id, name: migration.name.to_owned() });
            }
        }
        let latest = MIGRATIONS.last().map_or(OLD_STEPS, |m| m.id);
        let newer = self.recorded.keys().any(|id| *id > latest);
        if !self.faults.is_empty() && (newer || !self.faults.iter().all(Fault::is_mendable)) {
            return Err(MigrateError::Structure { faults: self.faults.clone() });
        }
        if newer {
            return Ok(Some(Outcome::Newer));
        }
        Ok((!self.needs_baseline() && self.missing().next().is_none()).then_some(Outcome::UpToDate))
    }

    /// Never converged, or no more what it was then: somebody may have restored an old dump over it.
    pub(super) fn needs_baseline(&self) -> bool {
        !(1..=OLD_STEPS).all(|step| self.recorded.contains_key(&step)) || !self.faults.is_empty()
    }

    /// Our own migrations that were not applied yet.
    pub(super) fn missing(&self) -> impl Iterator<Item = &'static Migration> {
        MIGRATIONS.iter().filter(|m| !self.recorded.contains_key(&m.id))
    }

    pub(super) fn needs_transaction(&self) -> bool {
        self.needs_baseline() || self.missing().any(|m| m.way == Way::Transaction)
    }

    /// Nothing of ours was recorded when we looked.
    pub(super) fn was_empty(&self) -> bool {
        self.recorded.is_empty()
    }

    /// Says what is missing before the database does, in a way that helps.
    pub(super) fn check_rights(&self) -> Result<(), MigrateError> {
        let mut lacks = Vec::new();
        if !self.may_create {
            lacks.push("it may not create tables in the current schema".to_owned());
        }
        if !self.foreign.is_empty() {
            lacks.push(format!("it does not own {}", self.foreign.join(", ")));
        }
        if lacks.is_empty() {
            return Ok(());
        }
        Err(MigrateError::Rights { role: self.role.clone(), what: lacks.join(" and ") })
    }
}

/// Writes the version row of a migration that was just applied.
pub(super) async fn record(client: &Client, migration: &Migration) -> Result<(), MigrateError> {
    // The values are ours and hold no quotes; this way it is one message like all other statements.
    let Migration { id, name, .. } = migration;
    let checksum = migration.checksum();
    execute(
        client,
        &format!(
            "INSERT INTO relay_migration (id, name, checksum, how) VALUES ({id}, '{name}', '{checksum}', 'applied')
             ON CONFLICT (id) DO NOTHING"
        ),
    )
    .await
}

/// Whether the baseline found an empty database.
pub(super) async fn was_created(client: &Client) -> Result<bool, MigrateError> {
    let row = bounded(async {
        Ok(client.query_opt("SELECT how = 'created' FROM relay_migration WHERE id = $1", &[&OLD_STEPS]).await?)
    })
    .await?;
    Ok(row.is_some_and(|row| row.try_get(0).unwrap_or(false)))
}
