//! Whose each browser session id is (relay-protocol 5.5, A1; D-11, D-26): one table for all shards, looked at only at
//! upgrades and REST calls. Pure but for the mutex around it: time comes in as an argument.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::BuildHasher as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use foldhash::quality::RandomState;
use hashbrown::HashTable;
use slab::Slab;

use super::peer::{Identity, Owner};
use crate::wire::SessionId;

/// How long a REST call keeps a session id for its caller when no socket follows.
const REMEMBER: Duration = Duration::from_secs(300);
/// Session ids that one owner may hold at a time, connected or not. A person has a few dozen tabs.
const PER_OWNER: u32 = 1_000;
/// Session ids in all: with what a REST call adds some 128 bytes each, so some 128 MiB; twice that, when each has an owner of its
/// own.
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
    /// Slab index of its owner.
    person: u32,
    /// Claims that hold it: sockets, and sessions within their grace.
    claims: u32,
}

/// An owner of sessions.
struct Person {
    owner: Owner,
    sessions: u32,
    /// As it came last. The pages of a login share it.
    identity: Option<Arc<Identity>>,
}

impl Person {
    /// One that is equal, the same as its other pages have if they have it.
    fn share(&mut self, identity: &Arc<Identity>) -> Arc<Identity> {
        match &self.identity {
            Some(known) if known == identity => Arc::clone(known),
            _ => Arc::clone(self.identity.insert(Arc::clone(identity))),
        }
    }
}

#[derive(Default)]
struct Table {
    sessions: HashMap<SessionId, Entry, RandomState>,
    people: Slab<Person>,
    /// Slab indexes of people by their owner.
    person_of: HashTable<u32>,
    hasher: RandomState,
    /// Until when sessions stay for which a REST call asked, if no claim holds them then.
    remembered: HashMap<SessionId, Instant, RandomState>,
    /// The same in the order in which they lapse; an entry may be outdated.
    lapsing: VecDeque<(Instant, SessionId)>,
}

impl Table {
    fn person(&self, owner: &Owner) -> Option<u32> {
        let hash = self.hasher.hash_one(owner);
        self.person_of.find(hash, |person| self.people[*person as usize].owner == *owner).copied()
    }

    fn add(&mut self, owner: Owner) -> Result<u32, ClaimError> {
        let hash = self.hasher.hash_one(&owner);
        // People have sessions, and of those there are far fewer than fill 32 bits.
        let person = u32::try_from(self.people.vacant_key()).map_err(|_| ClaimError::TooMany)?;
        self.people.insert(Person { owner, sessions: 0, identity: None });
        let (people, hasher) = (&self.people, &self.hasher);
        self.person_of.insert_unique(hash, person, |it| hasher.hash_one(&people[*it as usize].owner));
        Ok(person)
    }

    fn remove(&mut self, session: SessionId) {
        let Some(Entry { person, .. }) = self.sessions.remove(&session) else { return };
        self.remembered.remove(&session);
        let known = &mut self.people[person as usize];
        known.sessions -= 1;
        if known.sessions == 0 {
            let hash = self.hasher.hash_one(&known.owner);
            if let Ok(entry) = self.person_of.find_entry(hash, |it| *it == person) {
                entry.remove();
            }
            self.people.remove(person as usize);
        }
    }

    fn lapse(&mut self, now: Instant) {
        while let Some(&(at, session)) = self.lapsing.front() {
            if at > now {
                break;
            }
            self.lapsing.pop_front();
            match self.remembered.get(&session) {
                Some(&until) if until > now => self.lapsing.push_back((until, session)),
                Some(_) => {
                    self.remembered.remove(&session);
                    if self.sessions.get(&session).is_some_and(|entry| entry.claims == 0) {
                        self.remove(session);
                    }
                }
                None => {}
            }
        }
    }

    fn entry(&mut self, session: SessionId, owner: Owner, now: Instant) -> Result<&mut Entry, ClaimError> {
        self.lapse(now);
        let known = self.person(&owner);
        let person = match self.sessions.get(&session) {
            Some(entry) if Some(entry.person) != known => return Err(ClaimError::OwnedByAnother),
            Some(entry) => entry.person,
            None => {
                let has = known.map_or(0, |person| self.people[person as usize].sessions);
                if self.sessions.len() >= IN_ALL || has >= PER_OWNER {
                    return Err(ClaimError::TooMany);
                }
                let person = known.map_or_else(|| self.add(owner), Ok)?;
                self.people[person as usize].sessions += 1;
                person
            }
        };
        Ok(self.sessions.entry(session).or_insert(Entry { person, claims: 0 }))
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
        let mut table = self.table();
        let entry = table.entry(session, Owner::of(identity), now)?;
        entry.claims += 1;
        let person = entry.person;
        let identity = table.people[person as usize].share(identity);
        Ok(SessionClaim { session, identity, directory: self.clone() })
    }

    /// Keeps the id for its caller for a few minutes, so that the socket that follows gets it.
    pub(super) fn remember(&self, session: SessionId, identity: &Identity, now: Instant) -> Result<(), ClaimError> {
        let mut table = self.table();
        table.entry(session, Owner::of(identity), now)?;
        if table.remembered.insert(session, now + REMEMBER).is_none() {
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

    /// Session ids, people, and what is remembered.
    #[cfg(test)]
    fn lengths(&self) -> (usize, usize, usize) {
        let table = self.table();
        assert_eq!(table.people.len(), table.person_of.len());
        (table.sessions.len(), table.people.len(), table.remembered.len())
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
        assert_eq!(directory.lengths(), (0, 0, 0));
    }

    #[test]
    fn the_pages_of_a_login_share_what_is_known_of_it() {
        let (directory, now) = (Directory::default(), Instant::now());
        let user =
            |login: &str| Arc::new(Identity { user: Some(uuid::Uuid::nil()), ..Identity::clone(&visitor(login)) });
        let claim = |number, login| directory.claim(SessionId::from_u128(number), &user(login), now).expect("own");
        let (first, second) = (claim(1, "a"), claim(2, "a"));
        assert!(Arc::ptr_eq(first.identity(), second.identity()));
        let other = claim(3, "b");
        assert_eq!(*other.identity().login, *"b", "another login of the same user");
        assert_eq!(*claim(4, "a").identity().login, *"a");
        assert_eq!(directory.lengths(), (3, 1, 0));
        drop((first, second, other));
        assert_eq!(directory.lengths(), (0, 0, 0));
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
