//! A look at the database that changes nothing, for `doctor`.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::time::timeout;
use tokio_postgres::Client;

use super::state::State;
use super::{MigrateError, Outcome, bounded};
use crate::store::{Settings, StoreError, connect, tls};

/// Round trips that are timed.
const TRIPS: usize = 5;

/// What a look has found.
#[derive(Debug)]
pub struct Look {
    /// `server_version`, such as `15.8 (Debian 15.8-0)`.
    pub version: String,
    /// Whether this connection is encrypted.
    pub encrypted: bool,
    /// From asking to being connected.
    pub connected_in: Duration,
    /// The shortest of a few round trips.
    pub round_trip: Duration,
    /// How far the database's clock is ahead of ours; negative when it is behind.
    pub clock_ahead: jiff::SignedDuration,
    /// `max_connections`.
    pub most_connections: i64,
    /// What a start would find: `None` when it would migrate.
    pub migrations: Result<Option<Outcome>, MigrateError>,
    /// Whether the role may do what a start would do.
    pub rights: Result<(), MigrateError>,
    /// Whether it holds nothing of ours yet.
    pub is_empty: bool,
}

const HERE: &str = "SELECT current_setting('server_version') AS version,
                           current_setting('max_connections')::bigint AS most,
                           coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS encrypted";

/// Connects, looks, and leaves.
///
/// # Errors
/// When the database cannot be reached or asked; what it lacks is in [`Look`]. A server that is too old is an error, too.
pub async fn look(settings: &Settings) -> Result<Look, MigrateError> {
    let (config, tls) = (connect::config(settings), tls::connector(settings)?);
    let began = Instant::now();
    let (client, connection) = timeout(settings.connect_timeout, config.connect(tls))
        .await
        .map_err(|_| StoreError::Timeout)?
        .map_err(StoreError::from)?;
    let connected_in = began.elapsed();
    tokio::select! {
        found = look_with(&client, connected_in) => found,
        ended = connection => Err(match ended {
            Err(error) => StoreError::from(error).into(),
            Ok(()) => MigrateError::ConnectionLost,
        }),
    }
}

async fn look_with(client: &Client, connected_in: Duration) -> Result<Look, MigrateError> {
    let state = State::read(client).await?;
    let shape = |_| MigrateError::Store(StoreError::Shape { column: "(server)" });
    let here = bounded(async { Ok(client.query_one(HERE, &[]).await?) }).await?;
    let clock = client.prepare("SELECT clock_timestamp()").await.map_err(StoreError::from)?;
    let mut best: Option<(Duration, jiff::SignedDuration)> = None;
    for _ in 0..TRIPS {
        let (ours, began) = (Timestamp::now(), Instant::now());
        let row = bounded(async { Ok(client.query_one(&clock, &[]).await?) }).await?;
        let trip = began.elapsed();
        let theirs: Timestamp = row.try_get(0).map_err(shape)?;
        // Half-way through the trip is the best guess at when the database looked at its clock.
        let half = jiff::SignedDuration::try_from(trip / 2).unwrap_or_default();
        if best.is_none_or(|(shortest, _)| trip < shortest) {
            best = Some((trip, theirs.duration_since(ours) - half));
        }
    }
    let (round_trip, clock_ahead) = best.unwrap_or_default();
    Ok(Look {
        version: here.try_get("version").map_err(shape)?,
        encrypted: here.try_get("encrypted").map_err(shape)?,
        connected_in,
        round_trip,
        clock_ahead,
        most_connections: here.try_get("most").map_err(shape)?,
        migrations: state.outcome_without_work(),
        rights: state.check_rights(),
        is_empty: state.was_empty(),
    })
}
