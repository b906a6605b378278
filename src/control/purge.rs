//! The clean-up that runs beside everything else: logins that have ended, old rows of `deploy`, pages that a server before
//! this one has kept and that did not come back, and, when a retention is
//! set, old entries of the audit log.

use std::future::Future;
use std::num::NonZeroU32;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::store::{Store, StoreError};
use crate::tasks::Tasks;

/// The first time after the start, when the rush of reconnects is over.
const FIRST: Duration = Duration::from_secs(20);
/// Between two times for what was kept of pages, because there are messages of theirs in it ...
const SHORT: Duration = Duration::from_secs(300);
/// ... and how many of these times make one for everything.
const ALL: u32 = 12;
/// Rows in one statement, and the rest between two statements that found enough.
const BATCH: i64 = 500;
const REST: Duration = Duration::from_millis(100);
/// Companies that are looked up at a time.
const COMPANIES: i64 = 500;
/// How long rows of `deploy` are kept.
const DEPLOYS: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Cleans up until it is told to stop. `retention`: days after which entries of the audit log are deleted; `None`: never.
pub async fn run(store: Store, tasks: Tasks, retention: Option<NonZeroU32>) {
    let mut pause = FIRST;
    for round in (0..ALL).cycle() {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = tasks.stopped() => return,
        }
        pause = SHORT;
        let work = async {
            if round == 0 {
                return once(&store, retention).await;
            }
            let kept = kept_sessions(&store).await?;
            Ok(Purged { sessions: 0, deploys: 0, kept, logs: 0 })
        };
        let done = tokio::select! {
            done = work => done,
            () = tasks.stopped() => return,
        };
        match done {
            Ok(Purged { sessions: 0, deploys: 0, kept: 0, logs: 0 }) => {}
            Ok(Purged { sessions, deploys, kept, logs }) => {
                tracing::info!(sessions, deploys, kept, logs, "rows deleted whose time is over");
            }
            // What is left is taken the next time.
            Err(error) => tracing::warn!(%error, "the clean-up was cut short"),
        }
    }
}

/// How many rows were deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purged {
    /// Logins that had ended.
    pub sessions: u64,
    /// Rows of `deploy` older than 30 days.
    pub deploys: u64,
    /// Pages that did not come back after a restart.
    pub kept: u64,
    /// Entries of the audit log older than the retention.
    pub logs: u64,
}

/// Cleans up once. Dropped half-way, it has deleted a part.
///
/// # Errors
/// Any [`StoreError`]; what was deleted before it stays deleted.
pub async fn once(store: &Store, retention: Option<NonZeroU32>) -> Result<Purged, StoreError> {
    let now = Timestamp::now();
    let sessions = in_batches(|| store.delete_expired_sessions(now, BATCH)).await?;
    let deploys = in_batches(|| store.delete_old_deploys(now - DEPLOYS, BATCH)).await?;
    let kept = kept_sessions(store).await?;
    let mut logs = 0;
    if let Some(days) = retention {
        let before = now - SignedDuration::from_hours(24 * i64::from(days.get()));
        let mut after = Uuid::nil();
        loop {
            let companies = store.company_ids(after, COMPANIES).await?;
            let Some(last) = companies.last().copied() else { break };
            after = last;
            for company in companies {
                logs += in_batches(|| store.delete_old_logs(company, before, BATCH)).await?;
            }
        }
    }
    Ok(Purged { sessions, deploys, kept, logs })
}

async fn kept_sessions(store: &Store) -> Result<u64, StoreError> {
    in_batches(|| store.delete_expired_kept_sessions(BATCH)).await
}

/// Repeats a batch until it finds less than it could take.
async fn in_batches<F: Future<Output = Result<u64, StoreError>>>(batch: impl Fn() -> F) -> Result<u64, StoreError> {
    let mut total = 0;
    loop {
        let deleted = batch().await?;
        total += deleted;
        if deleted < BATCH.unsigned_abs() {
            return Ok(total);
        }
        tokio::time::sleep(REST).await;
    }
}
