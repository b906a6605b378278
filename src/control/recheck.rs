//! Who lost an authorisation is closed (relay-protocol 5.5, A8; D-9, D-10): those concerned as soon as a revocation is said,
//! and from time to time everybody, for what nobody said. A few queries do for all.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use uuid::Uuid;

use super::lookup::Recent;
use super::revocation::Scope;
use crate::auth::access::{self, Access, Visitor};
use crate::relay::{Attached, Heard, Hub, Identity, Look};
use crate::store::{EnvironmentRow, SessionRow, ShareRow, Store, StoreError, UserRow};
use crate::tasks::Tasks;
use crate::wire::EnvironmentId;

/// Ids in one query.
const BATCH: usize = 500;

/// Revocations said within this time are looked at together.
const GATHER: Duration = Duration::from_millis(20);
/// Until what could not be looked at is looked at again.
const AGAIN: Duration = Duration::from_secs(1);

pub(super) async fn run(
    store: Store,
    hub: Hub,
    tasks: Tasks,
    mut said: mpsc::UnboundedReceiver<Scope>,
    period: Duration,
    recent: Recent,
) {
    let mut round = tokio::time::interval(period);
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // What could not be looked at, or not all of it: it is looked at again soon, not only in the next round.
    let mut again = Vec::new();
    loop {
        let mut scopes = std::mem::take(&mut again);
        let repeated = !scopes.is_empty();
        tokio::select! {
            () = tokio::time::sleep(AGAIN), if repeated => {}
            _ = round.tick() => {
                // What nobody said counts from here on for those who come, too.
                recent.forget(&Scope::All);
                scopes.push(Scope::All);
            }
            n = said.recv_many(&mut scopes, BATCH) => if n == 0 { return },
            () = tasks.stopped() => return,
        }
        tokio::time::sleep(GATHER).await;
        while let Ok(scope) = said.try_recv() {
            scopes.push(scope);
        }
        let mut look = Look::default();
        match sweep(&store, &hub, &mut look, &scopes, &recent).await {
            Ok(revoked) => {
                if revoked > 0 {
                    tracing::info!(revoked, "connections closed whose authorisation is gone");
                }
                if !look.missed() {
                    continue;
                }
                tracing::warn!("authorisations were not all checked again: a shard is late");
            }
            // Open sockets go on while the database is away.
            Err(error) if repeated => tracing::debug!(%error, "authorisations could not be checked again"),
            Err(error) => {
                tracing::warn!(%error, "authorisations could not be checked again; this goes on until they can")
            }
        }
        again = if scopes.len() > BATCH { vec![Scope::All] } else { scopes };
    }
}

/// What the database says of everything that is connected.
struct Facts {
    key_hashes: HashMap<Uuid, String>,
    sessions: HashMap<String, SessionRow>,
    users: HashMap<Uuid, UserRow>,
    environments: HashMap<Uuid, EnvironmentRow>,
    shares: HashMap<Uuid, Vec<ShareRow>>,
}

/// Part by part: what is known of all at once would be much memory for a moment, and one long stop of each shard.
async fn sweep(
    store: &Store,
    hub: &Hub,
    look: &mut Look,
    scopes: &[Scope],
    recent: &Recent,
) -> Result<usize, StoreError> {
    let mut revoked = 0;
    while let Some(mut attached) = hub.attached(look).await {
        attached.retain(|it| scopes.iter().any(|scope| scope.concerns(it)));
        if !attached.is_empty() {
            revoked += sweep_part(store, hub, &attached, recent).await?;
        }
    }
    Ok(revoked)
}

async fn sweep_part(store: &Store, hub: &Hub, attached: &[Attached], recent: &Recent) -> Result<usize, StoreError> {
    let facts = Facts::load(store, attached).await?;
    let mut revoked = 0;
    for it in attached {
        let (at, stays) = match it {
            Attached::Sdk { at, environment, key_hash } => {
                (*at, facts.key_hashes.get(&uuid(*environment)).is_some_and(|hash| **hash == **key_hash))
            }
            Attached::Browser { at, identity, app, hears } => (*at, facts.may_stay(identity, app.as_ref(), hears)),
        };
        if !stays {
            if revoked == 0 {
                // Before it comes again.
                recent.forget(&Scope::All);
            }
            hub.revoke(at);
            revoked += 1;
        }
    }
    Ok(revoked)
}

fn uuid(id: EnvironmentId) -> Uuid {
    Uuid::from_u128(id.as_u128())
}

impl Facts {
    async fn load(store: &Store, attached: &[Attached]) -> Result<Self, StoreError> {
        let (mut keys, mut logins, mut people, mut pages) =
            (HashSet::new(), HashSet::new(), HashSet::new(), HashSet::new());
        for it in attached {
            match it {
                Attached::Sdk { environment, .. } => {
                    keys.insert(uuid(*environment));
                }
                Attached::Browser { identity, app, .. } => {
                    logins.insert(identity.login.to_string());
                    people.extend(identity.user);
                    pages.extend(app.as_ref().map(|(environment, _)| uuid(*environment)));
                }
            }
        }
        let mut facts = Self {
            key_hashes: HashMap::new(),
            sessions: HashMap::new(),
            users: HashMap::new(),
            environments: HashMap::new(),
            shares: HashMap::new(),
        };
        for ids in batches(keys) {
            facts.key_hashes.extend(store.key_hashes(&ids).await?);
        }
        for ids in batches(logins) {
            facts.sessions.extend(store.sessions(&ids).await?.into_iter().map(|row| (row.id.clone(), row)));
        }
        for ids in batches(people) {
            facts.users.extend(store.users(&ids).await?.into_iter().map(|row| (row.id, row)));
        }
        for it in attached {
            // Whoever is no guest may hear of everything that a home page of the company hears of.
            if let Attached::Browser { identity, hears, .. } = it
                && identity
                    .user
                    .and_then(|id| facts.users.get(&id))
                    .is_some_and(|user| Visitor::internal(user).is_guest())
            {
                pages.extend(hears.iter().map(uuid));
            }
        }
        for ids in batches(pages) {
            facts.environments.extend(store.environments(&ids).await?.into_iter().map(|row| (row.id, row)));
            for share in store.shares_of_environments(&ids).await? {
                facts.shares.entry(share.environment_id).or_default().push(share);
            }
        }
        Ok(facts)
    }

    fn may_stay(&self, identity: &Identity, app: Option<&(EnvironmentId, Vec<Box<str>>)>, hears: &Heard) -> bool {
        let Some(session) = self.sessions.get(&*identity.login) else { return false };
        if session.expires_at <= Timestamp::now() {
            return false;
        }
        let visitor = match identity.user {
            Some(user) => match self.users.get(&user) {
                Some(user) if Some(user.company_id) == identity.company => Visitor::internal(user),
                _ => return false,
            },
            None => Visitor::external(&session.email),
        };
        let Some((environment, routes)) = app else {
            // Of an environment that is gone, nothing more can be heard.
            let mut known = hears.iter().filter_map(|id| self.environments.get(&uuid(id)));
            return !visitor.is_guest() || known.all(|it| access::may_open_any(it, self.shares_of(it), &visitor));
        };
        let Some(environment) = self.environments.get(&uuid(*environment)) else { return false };
        let shares = self.shares_of(environment);
        routes.iter().all(|route| access::decide(environment, shares, &visitor, route) == Access::Allowed)
    }

    fn shares_of(&self, environment: &EnvironmentRow) -> &[ShareRow] {
        self.shares.get(&environment.id).map(Vec::as_slice).unwrap_or_default()
    }
}

fn batches<T>(ids: HashSet<T>) -> Vec<Vec<T>> {
    let mut batches: Vec<Vec<T>> = Vec::new();
    for id in ids {
        match batches.last_mut() {
            Some(batch) if batch.len() < BATCH => batch.push(id),
            _ => batches.push(vec![id]),
        }
    }
    batches
}
