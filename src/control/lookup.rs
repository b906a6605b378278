//! What an upgrade asks the database: whose an API key is, who is logged in, what is shared in an environment, what a home
//! page hears of. When thousands come back at once they ask together (`batch`), and what was just found out about a key or
//! a login is not asked again for two seconds (`recent`), unless it may have changed.

mod batch;
mod recent;

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use self::batch::Batch;
pub(super) use self::recent::Recent;
use super::revocation::Scope;
use crate::auth::gate::{self, GateError, Login};
use crate::auth::{ApiKeyHash, LoginId};
use crate::store::{EnvironmentRow, KeyHolder, SessionRow, ShareRow, Store, StoreError, UserRow};
use crate::tasks::Tasks;

/// Keys and logins in one statement.
const ROWS: usize = 500;
/// Environments, each with its apps and shares, and home pages, each with its environments.
const LARGE_ROWS: usize = 50;

/// An environment and all shares in it, planted ones included.
pub type Shared = Arc<(EnvironmentRow, Vec<ShareRow>)>;

/// Asks for many at a time. Clones share what is under way and what was found out.
#[derive(Clone)]
pub struct Lookups {
    store: Store,
    recent: Recent,
    keys: Batch<String, KeyHolder>,
    logins: Batch<String, (SessionRow, Option<UserRow>)>,
    shared: Batch<Uuid, Shared>,
    homes: Batch<(Uuid, Uuid), Vec<Uuid>>,
}

impl std::fmt::Debug for Lookups {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lookups").finish_non_exhaustive()
    }
}

impl Lookups {
    /// Nothing is asked yet.
    pub(super) fn new(store: &Store, tasks: &Tasks, recent: &Recent) -> Self {
        let (of_keys, of_logins) = ((store.clone(), recent.clone()), (store.clone(), recent.clone()));
        let (of_shares, of_homes) = (store.clone(), store.clone());
        Self {
            store: store.clone(),
            recent: recent.clone(),
            keys: Batch::new(tasks, ROWS, move |hashes: Vec<String>| {
                let (store, recent) = of_keys.clone();
                Box::pin(async move {
                    let begun = recent.begin();
                    let found = store.key_holders(&hashes).await?;
                    recent.keep_keys(begun, &found);
                    Ok(found.into_iter().collect())
                })
            }),
            logins: Batch::new(tasks, ROWS, move |ids: Vec<String>| {
                let (store, recent) = of_logins.clone();
                Box::pin(async move {
                    let begun = recent.begin();
                    let found = store.logins(&ids).await?;
                    recent.keep_logins(begun, &found);
                    Ok(found.into_iter().map(|(session, user)| (session.id.clone(), (session, user))).collect())
                })
            }),
            shared: Batch::new(tasks, LARGE_ROWS, move |ids: Vec<Uuid>| {
                let store = of_shares.clone();
                Box::pin(async move {
                    let environments = store.environments(&ids).await?;
                    let mut shares = store.shares_of_environments(&ids).await?;
                    let with_shares = environments.into_iter().map(|environment| {
                        let its: Vec<_> = shares.extract_if(.., |it| it.environment_id == environment.id).collect();
                        (environment.id, Arc::new((environment, its)))
                    });
                    Ok(with_shares.collect())
                })
            }),
            homes: Batch::new(tasks, LARGE_ROWS, move |people: Vec<(Uuid, Uuid)>| {
                let store = of_homes.clone();
                Box::pin(async move {
                    let found = store.ids_for_home(&people).await?;
                    Ok(found.into_iter().collect())
                })
            }),
        }
    }

    /// The environment that a presented API key opens.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn key_holder(&self, hash: &ApiKeyHash) -> Result<Option<KeyHolder>, StoreError> {
        if let Some(holder) = self.recent.key(hash.as_str()) {
            return Ok(Some(holder));
        }
        Ok(self.keys.ask([hash.as_str().to_owned()]).await?.pop().map(|(_, holder)| holder))
    }

    /// As [`gate::open`]. The user's metadata may be missing.
    ///
    /// # Errors
    /// [`GateError`].
    pub async fn login(&self, presented: &[LoginId], now: Timestamp) -> Result<Login, GateError> {
        let Some(first) = presented.first() else { return Err(GateError::NoCookie) };
        if let Some(login) = self.recent.login(first, now) {
            return Ok(login);
        }
        let found = self.logins.ask(presented.iter().map(|id| id.expose().to_owned())).await?;
        let rows = found.into_iter().map(|(_, row)| row).collect();
        gate::choose(&self.store, presented, rows, now).await
    }

    /// An environment and its shares, as they are now: never from memory, for a share that was just made counts at once.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn shared(&self, environment: Uuid) -> Result<Option<Shared>, StoreError> {
        Ok(self.shared.ask([environment]).await?.pop().map(|(_, shared)| shared))
    }

    /// The environments that the home page of a user of a company hears of, as they are now. Guests hear of fewer.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn home(&self, company: Uuid, user: Uuid) -> Result<Vec<Uuid>, StoreError> {
        Ok(self.homes.ask([(company, user)]).await?.pop().map(|(_, ids)| ids).unwrap_or_default())
    }
}

/// The digest by which a login is kept: its id is a secret.
fn digest(login: &str) -> String {
    match Scope::login(login) {
        Scope::Login(digest) => digest,
        // `Scope::login` makes nothing else.
        _ => String::new(),
    }
}
