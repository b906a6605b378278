//! What a shard knows of environments, browser sessions and executions (relay-protocol 5.5). Owned by one thread; created
//! and destroyed together; bounded.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::BuildHasher as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use foldhash::quality::RandomState;
use hashbrown::HashTable;
use slab::Slab;
use tokio::sync::oneshot;

use super::audience::{Audiences, Hears};
use super::directory::SessionClaim;
use super::message::ReserveError;
use super::peer::Identity;
use crate::wire::{EnvironmentId, ExecutionId, FileId, Package, SessionId};

/// Executions that one session may have bound at a time. A START makes the SDK drop the session's earlier runners, so older
/// ones are kept only for what is still on its way.
pub(super) const EXECUTIONS_PER_SESSION: usize = 4;
/// Lost uploads that one session remembers.
pub(super) const LOST_FILES: usize = 64;
/// Ended executions that may still write audit entries (D-41), and for how long.
const RETIRED: usize = 16_384;
const RETIRED_FOR: Duration = Duration::from_secs(900);

pub(super) type Map<K, V> = HashMap<K, V, RandomState>;

/// A key of a connection that says whether it is still the one that was meant.
pub(super) type Key = (usize, u64);

pub(super) struct Environment {
    pub(super) id: EnvironmentId,
    pub(super) generation: u64,
    /// The registered SDK connection.
    pub(super) sdk: Option<Key>,
    /// Of the SDK that is, or was last, connected.
    pub(super) package: Option<Arc<Package>>,
    /// Slab indexes of the sessions of its app pages.
    pub(super) sessions: HashSet<usize, RandomState>,
    /// Connections of its app pages, with those that were told to close and are still read.
    pub(super) pages: usize,
    /// An SDK that was told that it may come, and until when.
    pub(super) reserved: Option<(u64, Instant)>,
    /// SDKs that want to come (D-21).
    pub(super) waiters: VecDeque<oneshot::Sender<Result<u64, ReserveError>>>,
    /// When the registered SDK must have shown that it lives.
    pub(super) probe_by: Option<Instant>,
    /// Partly received bytes of its connections.
    pub(super) held: usize,
    /// Bytes that wait for its browsers, in their queues and for their return.
    pub(super) outbound: usize,
    /// The newest INITIALIZE that is not handed over yet.
    pub(super) pending_initialize: Option<Bytes>,
    /// From when on the control side is given the next one.
    pub(super) initialize_from: Instant,
    /// When its timer is set for.
    pub(super) armed: Option<Instant>,
}

impl Environment {
    pub(super) fn is_idle(&self) -> bool {
        self.sdk.is_none()
            && self.sessions.is_empty()
            && self.reserved.is_none()
            && self.waiters.is_empty()
            && self.pending_initialize.is_none()
    }
}

/// What an app page has beyond a home page.
pub(super) struct App {
    /// Slab index of its environment.
    pub(super) environment: usize,
    /// The route of the upgrade.
    pub(super) route: Box<str>,
    /// Bound executions, oldest first.
    pub(super) executions: VecDeque<ExecutionId>,
    /// Frames for the browser while it is away.
    pub(super) replay: Vec<Bytes>,
    pub(super) replay_bytes: usize,
    /// Frames were lost on the way to the browser: its executions must start afresh (D-25).
    pub(super) resync: bool,
    /// Uploads that were dropped: hooks that name them must be too (D-19).
    pub(super) lost: VecDeque<FileId>,
}

pub(super) struct Session {
    pub(super) id: SessionId,
    pub(super) generation: u64,
    pub(super) claim: SessionClaim,
    pub(super) connection: Option<Key>,
    /// None on a home page.
    pub(super) app: Option<App>,
    /// The environments whose status a home page gets.
    pub(super) hears: Hears,
    /// When a session without a socket ends.
    pub(super) grace_until: Option<Instant>,
    /// The connection that was told to close when the shard began to drain, and is read to its end.
    pub(super) dismissed: Option<Key>,
}

impl Session {
    /// What tells it from all others: its id, and the slab index of its environment.
    fn key(&self) -> (SessionId, Option<usize>) {
        (self.id, self.app.as_ref().map(|app| app.environment))
    }
}

pub(super) struct Execution {
    /// Slab index of its session.
    pub(super) session: usize,
    /// Slab index of its environment.
    pub(super) environment: usize,
    pub(super) identity: Arc<Identity>,
    pub(super) route: Box<str>,
    /// Bytes uploaded since the last hook that could name them.
    pub(super) uploaded: usize,
}

/// An execution that is over; its handlers in the SDK may still run and write audit entries.
pub(super) struct Retired {
    pub(super) environment: EnvironmentId,
    pub(super) session: SessionId,
    pub(super) identity: Arc<Identity>,
    pub(super) route: Box<str>,
}

#[derive(Default)]
pub(super) struct Tables {
    pub(super) environments: Slab<Environment>,
    pub(super) environment_of: Map<EnvironmentId, usize>,
    pub(super) sessions: Slab<Session>,
    /// Slab indexes of sessions by their id and the slab index of their environment: a session id may be on a home page and on
    /// an app page at once. Without the keys, which lie with the sessions, it is a seventh as large.
    session_of: HashTable<usize>,
    hasher: RandomState,
    pub(super) executions: Map<ExecutionId, Execution>,
    retired: Map<ExecutionId, Retired>,
    retired_order: VecDeque<(Instant, ExecutionId)>,
    /// Home pages by the environments that they hear of.
    pub(super) audiences: Audiences,
    /// Environments with an SDK on any shard.
    pub(super) online: Map<EnvironmentId, Arc<Package>>,
}

impl Tables {
    /// Frees what most of those have needed who are gone.
    pub(super) fn slim(&mut self) {
        if self.sessions.len() < self.sessions.capacity() / 4 {
            self.sessions.shrink_to_fit();
            let (sessions, hasher) = (&self.sessions, &self.hasher);
            self.session_of.shrink_to_fit(|&index| hasher.hash_one(sessions[index].key()));
        }
        self.audiences.slim();
        for (_, environment) in &mut self.environments {
            if environment.sessions.len() < environment.sessions.capacity() / 4 {
                environment.sessions.shrink_to_fit();
            }
        }
        if self.executions.len() < self.executions.capacity() / 4 {
            self.executions.shrink_to_fit();
        }
    }

    /// The slab index of the session with this id, of a home page or of an app page of this environment.
    pub(super) fn session(&self, id: SessionId, environment: Option<usize>) -> Option<usize> {
        let key = (id, environment);
        self.session_of.find(self.hasher.hash_one(key), |&index| self.sessions[index].key() == key).copied()
    }

    /// Adds a session whose key is not there yet.
    pub(super) fn add_session(&mut self, session: Session) -> usize {
        let key = session.key();
        let index = self.sessions.insert(session);
        let (sessions, hasher) = (&self.sessions, &self.hasher);
        self.session_of.insert_unique(hasher.hash_one(key), index, |&index| hasher.hash_one(sessions[index].key()));
        if let Some(environment) = key.1 {
            self.environments[environment].sessions.insert(index);
        }
        index
    }

    /// Forgets a session, and its environment if it was the last that used it.
    pub(super) fn remove_session(&mut self, index: usize) {
        let session = self.sessions.remove(index);
        let key = session.key();
        if let Ok(entry) = self.session_of.find_entry(self.hasher.hash_one(key), |&it| it == index) {
            entry.remove();
        }
        self.audiences.leave(index, session.hears);
        if let Some(environment) = key.1 {
            self.environments[environment].sessions.remove(&index);
            self.drop_idle_environment(environment);
        }
    }

    /// The slab index of an environment, made if it is new.
    pub(super) fn environment(&mut self, id: EnvironmentId, generation: u64, now: Instant) -> usize {
        if let Some(&index) = self.environment_of.get(&id) {
            return index;
        }
        let index = self.environments.insert(Environment {
            id,
            generation,
            sdk: None,
            package: None,
            sessions: HashSet::default(),
            pages: 0,
            reserved: None,
            waiters: VecDeque::new(),
            probe_by: None,
            held: 0,
            outbound: 0,
            pending_initialize: None,
            initialize_from: now,
            armed: None,
        });
        self.environment_of.insert(id, index);
        index
    }

    /// Forgets an environment that nobody uses.
    pub(super) fn drop_idle_environment(&mut self, index: usize) {
        if self.environments.get(index).is_some_and(Environment::is_idle) {
            let environment = self.environments.remove(index);
            self.environment_of.remove(&environment.id);
        }
    }

    /// Ends an execution; late audit entries still find who ran it.
    pub(super) fn retire(&mut self, id: ExecutionId, now: Instant) -> Option<Execution> {
        let execution = self.executions.remove(&id)?;
        while self.retired_order.len() >= RETIRED
            || self.retired_order.front().is_some_and(|(at, _)| now.duration_since(*at) > RETIRED_FOR)
        {
            if let Some((_, old)) = self.retired_order.pop_front() {
                self.retired.remove(&old);
            }
        }
        let retired = Retired {
            environment: self.environments[execution.environment].id,
            session: self.sessions[execution.session].id,
            identity: Arc::clone(&execution.identity),
            route: execution.route.clone(),
        };
        if self.retired.insert(id, retired).is_none() {
            self.retired_order.push_back((now, id));
        }
        Some(execution)
    }

    pub(super) fn retired(&self, id: ExecutionId) -> Option<&Retired> {
        self.retired.get(&id)
    }

    pub(super) fn set_online(&mut self, id: EnvironmentId, package: Arc<Package>, online: bool) {
        if online {
            self.online.insert(id, package);
        } else {
            self.online.remove(&id);
        }
    }
}

impl App {
    pub(super) fn new(environment: usize, route: Box<str>) -> Self {
        Self {
            environment,
            route,
            executions: VecDeque::new(),
            replay: Vec::new(),
            replay_bytes: 0,
            resync: false,
            lost: VecDeque::new(),
        }
    }
}
