//! Live revocation (relay-protocol 5.5, A8): what took an authorisation away says whose, here and to the other processes on
//! the same database; whoever is concerned is then held against the database at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ring::digest::{SHA256, digest};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::lookup::Recent;
use crate::auth::hex;
use crate::relay::Attached;
use crate::store::{Notices, Settings, Store};
use crate::tasks::Tasks;

/// The name of the channel in Postgres.
const CHANNEL: &str = "compose_relay_revocation";
/// Between two tries to listen.
const RETRY: Duration = Duration::from_secs(2);

/// Whose authorisation may have changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One login session, by the SHA-256 of its id in hex: the id itself is a secret.
    Login(String),
    /// A user on every login: removed, or of another role.
    User(Uuid),
    /// An environment: deleted, another API key, other shares.
    Environment(Uuid),
    /// Nobody knows; everything is looked at.
    All,
}

impl Scope {
    /// The scope of one login session.
    #[must_use]
    pub fn login(id: &str) -> Self {
        Self::Login(hex(id))
    }

    fn notice(&self) -> String {
        match self {
            Self::Login(digest) => format!("login {digest}"),
            Self::User(id) => format!("user {id}"),
            Self::Environment(id) => format!("environment {id}"),
            Self::All => "all".to_owned(),
        }
    }

    /// What another process said. A text that it cannot have sent, or of a later version, means that anything may have
    /// changed.
    fn read(notice: &str) -> Self {
        let id = |text: &str| text.parse::<Uuid>().ok();
        let known = match notice.split_once(' ') {
            Some(("login", digest)) => Some(Self::Login(digest.to_owned())),
            Some(("user", text)) => id(text).map(Self::User),
            Some(("environment", text)) => id(text).map(Self::Environment),
            _ => None,
        };
        known.unwrap_or(Self::All)
    }

    /// Whether this connection may have lost its authorisation by it.
    pub(super) fn concerns(&self, attached: &Attached) -> bool {
        match (self, attached) {
            (Self::All, _) => true,
            (Self::Environment(id), Attached::Sdk { environment, .. }) => environment.as_u128() == id.as_u128(),
            (Self::Environment(id), Attached::Browser { app, hears, .. }) => {
                let of_page = app.as_ref().map(|(environment, _)| *environment);
                of_page.into_iter().chain(hears.iter()).any(|environment| environment.as_u128() == id.as_u128())
            }
            (Self::User(id), Attached::Browser { identity, .. }) => identity.user == Some(*id),
            (Self::Login(digest), Attached::Browser { identity, .. }) => hex(&identity.login) == *digest,
            (Self::User(_) | Self::Login(_), Attached::Sdk { .. }) => false,
        }
    }
}

fn hex(login: &str) -> String {
    hex::encode(digest(&SHA256, login.as_bytes()).as_ref())
}

/// Where revocations are said. Clones share it.
#[derive(Clone, Debug)]
pub struct Revocations {
    store: Store,
    tasks: Tasks,
    here: mpsc::UnboundedSender<Scope>,
    recent: Recent,
    /// How many were said or heard in this process.
    said: Arc<AtomicU64>,
}

impl Revocations {
    /// `recent` forgets what is said or heard here, before anybody is told of it.
    pub(super) fn new(store: &Store, tasks: &Tasks, recent: &Recent) -> (Self, mpsc::UnboundedReceiver<Scope>) {
        // Unbounded: one small value for each write that takes something away.
        let (here, receiver) = mpsc::unbounded_channel();
        let (store, tasks, recent) = (store.clone(), tasks.clone(), recent.clone());
        (Self { store, tasks, here, recent, said: Arc::default() }, receiver)
    }

    /// Says that something was taken away. To be called when it is committed; returns at once. Should the notice to the
    /// other processes be lost, they find out at their next round.
    pub fn say(&self, scope: Scope) {
        let (store, notice) = (self.store.clone(), scope.notice());
        // First here: who is let in from now on is asked about anew.
        self.look(scope);
        self.tasks.spawn("revocation notice", async move {
            if let Err(error) = store.notify(CHANNEL, &notice).await {
                tracing::warn!(%error, "other processes could not be told of a revocation");
            }
        });
    }

    /// How many revocations there were so far: to be asked before rights are read for a socket that is still to be attached.
    #[must_use]
    pub fn so_far(&self) -> u64 {
        self.said.load(Ordering::SeqCst)
    }

    /// To be called when the socket is attached: if a revocation came in between, which could not see the socket yet, it is
    /// held against the database once more.
    pub fn attached_since(&self, so_far: u64, scope: Scope) {
        if self.so_far() != so_far {
            // Not counted: it is a look, not a revocation, and must not make the next socket look too.
            let _ = self.here.send(scope);
        }
    }

    fn look(&self, scope: Scope) {
        self.recent.forget(&scope);
        self.said.fetch_add(1, Ordering::SeqCst);
        // The receiver lives as long as the process.
        let _ = self.here.send(scope);
    }

    /// Hears what other processes say (and, harmlessly, what this one said), until the process ends.
    pub(super) async fn hear(self, settings: Settings) {
        loop {
            tokio::select! {
                () = self.listen(&settings) => self.recent.hears(false),
                () = self.tasks.stopped() => return,
            }
            tokio::select! {
                () = tokio::time::sleep(RETRY) => {}
                () = self.tasks.stopped() => return,
            }
        }
    }

    async fn listen(&self, settings: &Settings) {
        let mut notices = match Notices::listen(settings, CHANNEL).await {
            Ok(notices) => notices,
            Err(error) => return tracing::warn!(%error, "revocations by other processes are not heard at once"),
        };
        self.recent.hears(true);
        // What was said while nobody listened is unknown.
        self.look(Scope::All);
        loop {
            match notices.next().await {
                Ok(notice) => self.look(Scope::read(&notice)),
                Err(error) => return tracing::warn!(%error, "revocations by other processes are not heard for now"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_read_as_it_was_said() {
        for scope in [
            Scope::login("a".repeat(40).as_str()),
            Scope::User(Uuid::nil()),
            Scope::Environment(Uuid::max()),
            Scope::All,
        ] {
            assert_eq!(Scope::read(&scope.notice()), scope);
            assert!(!scope.notice().contains(&"a".repeat(40)), "the login's id stays secret");
        }
        assert_eq!(Scope::read("user nobody"), Scope::All);
        assert_eq!(Scope::read("later version"), Scope::All);
    }
}
