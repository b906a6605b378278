//! What pages need to go on after this process has ended: written when it ends, taken by the next one when the page or its
//! SDK comes back (relay-protocol 5.5, A4; 7).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use crate::relay::{Hub, Identity, Kept};
use crate::store::{KeptSessionRow, Store, StoreError};
use crate::tasks::Tasks;
use crate::wire::{EnvironmentId, ExecutionId, SessionId};

/// How long it is kept. Pages come back after 10 s, a laptop that was shut may take longer; the SDK frees its side when the
/// page is told that its execution is gone.
const KEPT_FOR: Duration = Duration::from_secs(300);
/// Bytes of messages that are kept in all. Over it, pages of the environments that have the most start afresh, and of those the
/// pages that have the most.
const MOST: usize = 64 << 20;
/// Rows and bytes of one statement.
const ROWS: usize = 200;
const BATCH: usize = 4 << 20;
/// For writing all of it. The first pages are back 10 s after they were told to go, and up to 7 s of that are over.
const WRITE: Duration = Duration::from_secs(5);
/// For taking an environment's.
const TAKE: Duration = Duration::from_secs(3);

/// Takes over what the process before this one has kept.
#[derive(Clone, Debug)]
pub struct Handover {
    store: Store,
    hub: Hub,
    tasks: Tasks,
    /// When each environment was last asked for, while it is being asked for.
    asked: Arc<Mutex<HashMap<EnvironmentId, Asked>>>,
}

type Asked = Arc<tokio::sync::Mutex<Option<Instant>>>;

impl Handover {
    /// Does nothing yet.
    #[must_use]
    pub fn new(store: &Store, hub: &Hub, tasks: &Tasks) -> Self {
        Self { store: store.clone(), hub: hub.clone(), tasks: tasks.clone(), asked: Arc::default() }
    }

    /// Takes over the sessions of this environment. To be called before a socket that may belong to one of them is attached.
    /// A process that is on its way out leaves them to the next. Without the database they are lost to this process, and their
    /// pages start afresh. Cancel-safe: once begun, it is done to its end.
    pub async fn take_over(&self, environment: EnvironmentId) {
        if self.hub.is_leaving() {
            return;
        }
        let came = Instant::now();
        let asked = Arc::clone(self.table().entry(environment).or_default());
        let mut last = asked.clone().lock_owned().await;
        // Everybody comes back at the same moment: who asked after us has asked for us.
        if last.is_none_or(|at| at < came) {
            let (done, wait) = tokio::sync::oneshot::channel();
            let this = self.clone();
            self.tasks.spawn("take-over", async move {
                *last = Some(Instant::now());
                this.ask(environment).await;
                drop(last);
                // The socket may be gone by now.
                let _ = done.send(());
            });
            // An error means that the task has ended.
            let _ = wait.await;
        } else {
            drop(last);
        }
        let mut table = self.table();
        // The table's and ours: nobody else waits.
        if Arc::strong_count(&asked) <= 2 {
            table.remove(&environment);
        }
    }

    fn table(&self) -> std::sync::MutexGuard<'_, HashMap<EnvironmentId, Asked>> {
        // Single steps on a map: a poisoned lock is still good.
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask(&self, environment: EnvironmentId) {
        let id = Uuid::from_u128(environment.as_u128());
        match timeout(TAKE, self.store.take_kept_sessions(id)).await {
            Ok(Ok(rows)) if rows.is_empty() => {}
            Ok(Ok(rows)) => {
                let kept: Vec<Kept> = rows.into_iter().filter_map(from_row).collect();
                tracing::info!(%environment, sessions = kept.len(), "pages of the process before this one go on");
                self.hub.restore(kept);
            }
            Ok(Err(error)) => {
                tracing::warn!(%environment, %error, "kept sessions cannot be read; their pages start afresh")
            }
            Err(_) => tracing::warn!(%environment, "kept sessions cannot be read in time; their pages start afresh"),
        }
    }
}

/// Writes down what the relay has kept, within 5 s. What is over the bound, or cannot be written, is lost: those pages start
/// afresh.
pub async fn keep(store: &Store, kept: Vec<Kept>) {
    if kept.is_empty() {
        return;
    }
    let sessions = kept.len();
    let kept = fit(kept, MOST);
    let left_out = sessions - kept.len();
    if left_out > 0 {
        tracing::warn!(sessions = left_out, "too much waits for these pages to be kept; they will start afresh");
    }
    match timeout(WRITE, write(store, &kept)).await {
        Ok(Ok(())) => {
            tracing::info!(sessions = kept.len(), "the executions of open pages are kept for the next process")
        }
        Ok(Err(error)) => {
            tracing::warn!(%error, sessions, "the executions of open pages cannot be kept; these pages will start afresh");
        }
        Err(_) => {
            tracing::warn!(
                sessions,
                "the executions of open pages cannot be kept in time; these pages will start afresh"
            );
        }
    }
}

/// Leaves out what is over `most` bytes. Environments take turns, so to speak: one that has much does not cost another the
/// little that waits for its pages. What is left begins with the least.
fn fit(mut kept: Vec<Kept>, most: usize) -> Vec<Kept> {
    kept.sort_by_key(Kept::bytes);
    // With each session what its environment has kept up to and with it.
    let mut sums: HashMap<EnvironmentId, usize> = HashMap::new();
    let with_sum = |one: Kept| {
        let sum = sums.entry(one.environment).or_default();
        *sum += one.bytes();
        (*sum, one)
    };
    let mut kept: Vec<_> = kept.into_iter().map(with_sum).collect();
    kept.sort_by_key(|(sum, _)| *sum);
    let mut bytes = 0;
    let fits = |(_, one): &(usize, Kept)| {
        bytes += one.bytes();
        bytes <= most
    };
    kept.into_iter().take_while(fits).map(|(_, one)| one).collect()
}

async fn write(store: &Store, kept: &[Kept]) -> Result<(), StoreError> {
    let (mut rows, mut bytes) = (Vec::new(), 0);
    for one in kept {
        rows.push(to_row(one));
        bytes += one.bytes();
        if rows.len() >= ROWS || bytes >= BATCH {
            store.keep_sessions(&rows, KEPT_FOR.as_secs_f64()).await?;
            (rows, bytes) = (Vec::new(), 0);
        }
    }
    if rows.is_empty() { Ok(()) } else { store.keep_sessions(&rows, KEPT_FOR.as_secs_f64()).await }
}

fn to_row(kept: &Kept) -> KeptSessionRow {
    let executions = kept.executions.iter().map(|(id, route)| json!({"id": id.to_string(), "appRoute": route}));
    let mut frames = BytesMut::with_capacity(kept.bytes() + 4 * kept.frames.len());
    for frame in &kept.frames {
        // A message is far below 4 GiB.
        frames.extend_from_slice(&u32::try_from(frame.len()).unwrap_or(u32::MAX).to_be_bytes());
        frames.extend_from_slice(frame);
    }
    KeptSessionRow {
        environment: Uuid::from_u128(kept.environment.as_u128()),
        session: Uuid::from_u128(kept.session.as_u128()),
        login: kept.identity.login.to_string(),
        user: kept.identity.user,
        company: kept.identity.company,
        email: kept.identity.email.as_deref().map(str::to_owned),
        route: kept.route.to_string(),
        executions: executions.collect(),
        frames: frames.into(),
    }
}

/// `None` for a row that we cannot have written.
fn from_row(row: KeptSessionRow) -> Option<Kept> {
    let execution = |value: &Value| {
        let id = ExecutionId::parse(value.get("id")?.as_str()?.as_bytes())?;
        Some((id, value.get("appRoute")?.as_str()?.into()))
    };
    Some(Kept {
        environment: EnvironmentId::from_u128(row.environment.as_u128()),
        session: SessionId::from_u128(row.session.as_u128()),
        identity: Arc::new(Identity {
            login: row.login.into(),
            user: row.user,
            company: row.company,
            email: row.email.map(Into::into),
        }),
        route: row.route.into(),
        executions: row.executions.as_array()?.iter().map(execution).collect::<Option<_>>()?,
        frames: frames(row.frames.into())?,
    })
}

fn frames(mut all: Bytes) -> Option<Vec<Bytes>> {
    let mut frames = Vec::new();
    while let Some((length, _)) = all.split_first_chunk::<4>() {
        let length = u32::from_be_bytes(*length) as usize;
        let _ = all.split_to(4);
        if all.len() < length {
            return None;
        }
        // A copy, so that one small message does not hold the memory of them all.
        frames.push(Bytes::copy_from_slice(&all.split_to(length)));
    }
    all.is_empty().then_some(frames)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_with_many_pages_does_not_cost_another_its_few() {
        let session = |environment, session, bytes| Kept {
            environment: EnvironmentId::from_u128(environment),
            session: SessionId::from_u128(session),
            identity: Arc::new(Identity { login: "".into(), user: None, company: None, email: None }),
            route: "".into(),
            executions: Vec::new(),
            frames: vec![Bytes::from(vec![0; bytes])],
        };
        // More than there is room for, in sessions that are each smaller than the other environment's only one.
        let mut kept: Vec<Kept> = (0..200).map(|number| session(1, number, 10)).collect();
        kept.push(session(2, 1_000, 300));
        kept.push(session(3, 1_001, 0));
        let kept = fit(kept, 1_000);
        let of =
            |environment| kept.iter().filter(|one| one.environment == EnvironmentId::from_u128(environment)).count();
        assert_eq!((of(1), of(2), of(3)), (70, 1, 1));
        assert_eq!(kept.iter().map(Kept::bytes).sum::<usize>(), 1_000);
    }

    #[test]
    fn a_session_comes_out_of_its_row_as_it_went_in() {
        let kept = Kept {
            environment: EnvironmentId::from_u128(1),
            session: SessionId::from_u128(2),
            identity: Arc::new(Identity {
                login: "a-login".into(),
                user: Some(Uuid::from_u128(3)),
                company: None,
                email: Some("a@b.test".into()),
            }),
            route: "hello".into(),
            executions: vec![(ExecutionId::from_u128(4), "hello".into()), (ExecutionId::from_u128(5), "there".into())],
            frames: vec![Bytes::from_static(b"one"), Bytes::new(), Bytes::from(vec![7; 70_000])],
        };
        let row = to_row(&kept);
        assert!(!format!("{row:?}").contains("a-login"));
        let back = from_row(row.clone()).unwrap();
        assert_eq!(back.executions, kept.executions);
        assert_eq!(back.frames, kept.frames);
        assert_eq!((back.environment, back.session, &*back.route), (kept.environment, kept.session, &*kept.route));
        assert!(back.identity == kept.identity);
        for cut in [1, 4, 8, 70_000] {
            let frames = row.frames[..row.frames.len() - cut].to_vec();
            assert!(from_row(KeptSessionRow { frames, ..row.clone() }).is_none(), "{cut} bytes are missing");
        }
    }
}
