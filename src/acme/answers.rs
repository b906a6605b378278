//! The answers to challenges, in the database, so that whichever process the certificate authority comes to has them; and the
//! notices by which the processes wake each other.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, watch};
use tokio::time::sleep;

use super::challenge::{self, Kind};
use crate::store::{AcmeChallengeRow, Notices, Settings, Store, StoreError};
use crate::tasks::Tasks;
use crate::tls::{Challenges, Pending};

/// The channel of the notices.
const CHANNEL: &str = "relay_acme";
/// An answer that nobody takes back is good for so long.
const LIFE: Duration = Duration::from_secs(600);
/// How long the other processes get to take up an answer before the authority is told that it may ask.
const SPREAD: Duration = Duration::from_millis(1500);
/// Between two tries to listen; without notices the answers are looked up as often.
const RETRY: Duration = Duration::from_secs(1);
/// Between two looks whether answers are out of date, while there are any.
const LOOK: Duration = Duration::from_secs(30);

/// Wakes who waits for a change in the database. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Wakes(Arc<watch::Sender<()>>);

impl Wakes {
    pub fn watch(&self) -> watch::Receiver<()> {
        self.0.subscribe()
    }

    fn wake(&self) {
        self.0.send_replace(());
    }
}

/// Publishes answers, and gives those that any process has published. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Answers {
    store: Store,
    challenges: Challenges,
    given: Arc<Mutex<BTreeMap<AcmeChallengeRow, Pending>>>,
}

impl Answers {
    pub fn new(store: Store, challenges: Challenges) -> Self {
        Self { store, challenges, given: Arc::default() }
    }

    /// Resolves when this process gives the answer and the others had time to take it up. Dropped half-way it may be
    /// published; it ends by itself.
    pub async fn publish(&self, row: &AcmeChallengeRow) -> Result<(), StoreError> {
        self.store.publish_acme_challenge(row, LIFE).await?;
        self.refresh().await?;
        self.tell().await;
        sleep(SPREAD).await;
        Ok(())
    }

    /// Takes an answer back.
    pub async fn withdraw(&self, row: &AcmeChallengeRow) {
        let withdrawn = self.store.withdraw_acme_challenge(row).await;
        if let Err(error) = withdrawn.and(self.refresh().await) {
            tracing::debug!(%error, "an answer to a challenge was not taken back; it ends by itself");
        }
    }

    /// Tells all processes that something has changed.
    pub async fn tell(&self) {
        if let Err(error) = self.store.notify(CHANNEL, "").await {
            tracing::debug!(%error, "the other processes could not be told; they look for themselves");
        }
    }

    /// Gives what the database says, and nothing else. One at a time, so that an older look never undoes a newer one.
    async fn refresh(&self) -> Result<(), StoreError> {
        let mut given = self.given.lock().await;
        let wanted = self.store.acme_challenges().await?;
        given.retain(|row, _| wanted.contains(row));
        for row in wanted {
            if given.contains_key(&row) {
                continue;
            }
            let pending = if row.kind == Kind::Http01.name() {
                self.challenges.answer_http(&row.token, &row.key_authorization)
            } else {
                let Some(certificate) = challenge::certificate(&row.domain, &row.key_authorization) else { continue };
                self.challenges.answer_tls_alpn(&row.domain, certificate)
            };
            match pending {
                Ok(pending) => drop(given.insert(row, pending)),
                Err(error) => tracing::warn!(%error, domain = row.domain, "a challenge is not answered"),
            }
        }
        Ok(())
    }

    async fn are_given(&self) -> bool {
        !self.given.lock().await.is_empty()
    }
}

/// Follows what other processes publish, until the tasks are stopped.
pub(super) async fn follow(answers: Answers, database: Settings, wakes: Wakes, tasks: Tasks) {
    let following = async {
        loop {
            match Notices::listen(&database, CHANNEL).await {
                Ok(mut notices) => {
                    // What was sent before is missed.
                    look(&answers, &wakes).await;
                    loop {
                        let looking = answers.are_given().await;
                        tokio::select! {
                            notice = notices.next() => if let Err(error) = notice {
                                tracing::debug!(%error, "notices about certificates are interrupted");
                                break;
                            },
                            () = sleep(LOOK), if looking => {}
                        }
                        look(&answers, &wakes).await;
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, "no notices about certificates");
                    look(&answers, &wakes).await;
                }
            }
            sleep(RETRY).await;
        }
    };
    tokio::select! {
        () = following => {}
        () = tasks.stopped() => {}
    }
}

async fn look(answers: &Answers, wakes: &Wakes) {
    if let Err(error) = answers.refresh().await {
        tracing::debug!(%error, "the answers to challenges cannot be looked up");
    }
    wakes.wake();
}
