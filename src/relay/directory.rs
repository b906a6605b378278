//! Whose each browser session id is (relay-protocol 5.5, A1; D-11, D-26): one table for all shards, looked at only at
//! upgrades and REST calls. Pure but for the mutex around it: time comes in as an argument.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use foldhash::quality::RandomState;

use super::peer::{Identity, Owner};
use crate::wire::SessionId;

/// How long a REST call keeps a session id for its caller when no socket follows.
const REMEMBER: Duration = Duration::from_secs(300);
/// Session ids that one owner may hold at a time, connected or not. A person has a few dozen tabs.
const PER_OWNER: u32 = 1_000;
/// Session ids in all: 128 bytes each, so 128 MiB at the most.
const IN_ALL: usize = 1 << 20;

/// Why a session id is not to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// Another user used it first.
    #[error("this browser session belongs to another login")]
    OwnedByAnother,
    /// This login, or the server, holds too many.
    #[error("too many browser sessions")]
    TooMany,
}

struct Entry {
    owner: Owner,
    /// Claims that hold it: sockets, and sessions within their grace.
    claims: u32,
    /// When it ends if no claim holds it.
    until: Instant,
    /// Whether it waits in `lapsing`.
    listed: bool,
}

#[derive(Default)]
struct Table {
    sessions: HashMap<SessionId, Entry, RandomState>,
    owners: HashMap<Owner, u32, RandomState>,
    /// Sessions without a claim in the order in which they lapse; an entry may be outdated.
    lapsing: VecDeque<(Instant, SessionId)>,
}

impl Table {
    fn remove(&mut self, session: SessionId) {
        if let Some(entry) = self.sessions.remove(&session)
            && let Some(count) = self.owners.get_mut(&entry.owner)
        {
            *count -= 1;
            if *count == 0 {
                self.owners.remove(&entry.owner);
            }
        }
    }

    fn lapse(&mut self, now: Instant) {
        while let Some(&(at, session)) = self.lapsing.front() {
            if at > now {
                break;
            }
            self.lapsing.pop_front();
            match self.sessions.get_mut(&session) {
                Some(entry) if entry.until > now => self.lapsing.push_back((entry.until, session)),
                Some(entry) if entry.claims == 0 => self.remove(session),
                Some(entry) => entry.listed = false,
                None => {}
            }
        }
    }

    fn entry(&mut self, session: SessionId, owner: Owner, now: Instant) -> Result<&mut Entry, ClaimError> {
        self.lapse(now);
        match self.sessions.get(&session) {
            Some(entry) if entry.owner != owner => return Err(ClaimError::OwnedByAnother),
            Some(_) => {}
            None => {
                if self.sessions.len() >= IN_ALL {
                    return Err(ClaimError::TooMany);
                }
                let count = self.owners.entry(owner.clone()).or_default();
                if *count >= PER_OWNER {
                    return Err(ClaimError::TooMany);
                }
                *count += 1;
            }
        }
        Ok(self.sessions.entry(session).or_insert(Entry { owner, claims: 0, until: now, listed: false }))
    }
}

/// The shared table.
#[derive(Clone, Default)]
pub(super) struct Directory(Arc<Mutex<Table>>);

impl Directory {
    fn table(&self) -> std::sync::MutexGuard<'_, Table> {
        // Each method leaves the table consistent before anything could panic, so a poisoned lock is still good.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Holds the id for a socket until the claim is dropped.
    pub(super) fn claim(
        &self,
        session: SessionId,
        identity: &Arc<Identity>,
        now: Instant,
    ) -> Result<SessionClaim, ClaimError> {
        self.table().entry(session, Owner::of(identity), now)?.claims += 1;
        Ok(SessionClaim { session, identity: Arc::clone(identity), directory: self.clone() })
    }

    /// Keeps the id for its caller for a few minutes, so that the socket that follows gets it.
    pub(super) fn remember(&self, session: SessionId, identity: &Identity, now: Instant) -> Result<(), ClaimError> {
        let mut table = self.table();
        let entry = table.entry(session, Owner::of(identity), now)?;
        entry.until = now + REMEMBER;
        if !std::mem::replace(&mut entry.listed, true) {
            table.lapsing.push_back((now + REMEMBER, session));
        }
        Ok(())
    }

    fn release(&self, session: SessionId) {
        let mut table = self.table();
        if let Some(entry) = table.sessions.get_mut(&session) {
            entry.claims -= 1;
            if entry.claims == 0 {
                table.remove(session);
            }
        }
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.table().sessions.len()
    }
}

/// A session id that is held for one user; dropping it gives it back.
pub struct SessionClaim {
    session: SessionId,
    identity: Arc<Identity>,
    directory: Directory,
}

impl SessionClaim {
    /// The id that is held.
    #[must_use]
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// Who holds it.
    #[must_use]
    pub fn identity(&self) -> &Arc<Identity> {
        &self.identity
    }
}

impl fmt::Debug for SessionClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionClaim").field("session", &self.session).finish_non_exhaustive()
    }
}

impl Drop for SessionClaim {
    fn drop(&mut self) {
        self.directory.release(self.session);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visitor(login: &str) -> Arc<Identity> {
        Arc::new(Identity { login: login.into(), user: None, company: None, email: None })
    }

    #[test]
    fn a_session_belongs_to_who_used_it_first_until_the_last_claim_is_gone() {
        let (directory, now) = (Directory::default(), Instant::now());
        let id = SessionId::from_u128(1);
        let first = directory.claim(id, &visitor("a"), now).expect("free");
        let second = directory.claim(id, &visitor("a"), now).expect("own");
        assert_eq!(directory.claim(id, &visitor("b"), now).err(), Some(ClaimError::OwnedByAnother));
        drop(first);
        assert_eq!(directory.remember(id, &visitor("b"), now).err(), Some(ClaimError::OwnedByAnother));
        drop(second);
        assert!(directory.claim(id, &visitor("b"), now).is_ok());
    }

    #[test]
    fn a_remembered_session_lapses_unless_a_socket_comes() {
        let (directory, now) = (Directory::default(), Instant::now());
        let (idle, used) = (SessionId::from_u128(1), SessionId::from_u128(2));
        directory.remember(idle, &visitor("a"), now).expect("free");
        directory.remember(used, &visitor("a"), now).expect("free");
        let claim = directory.claim(used, &visitor("a"), now).expect("own");
        let later = now + REMEMBER;
        assert!(directory.claim(idle, &visitor("b"), later).is_ok(), "lapsed");
        assert_eq!(directory.claim(used, &visitor("b"), later).err(), Some(ClaimError::OwnedByAnother));
        drop(claim);
        assert_eq!(directory.len(), 0);
    }

    #[test]
    fn one_login_cannot_fill_the_table() {
        let (directory, now) = (Directory::default(), Instant::now());
        for i in 0..u128::from(PER_OWNER) {
            directory.remember(SessionId::from_u128(i), &visitor("a"), now).expect("within the bound");
        }
        let next = SessionId::from_u128(u128::MAX);
        assert_eq!(directory.remember(next, &visitor("a"), now).err(), Some(ClaimError::TooMany));
        assert!(directory.remember(next, &visitor("b"), now).is_ok());
    }
}
