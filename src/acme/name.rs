//! One name: has it a certificate, is it time for another, may we try, and what came of it.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::sleep;
use uuid::Uuid;

use super::answers::Answers;
use super::cache::{Cache, Kept};
use super::challenge::Kind;
use super::failure::{Failure, Weight, wait_after};
use super::order::{self, Accounts, Issued};
use super::schedule::{due, until};
use super::shelf::Shelf;
use super::status::Board;
use super::vault::Vault;
use crate::metrics::{Order, Timed};
use crate::secret::Secret;
use crate::store::{AcmeDomainRow, Store, StoreError};
use crate::tasks::Tasks;
use crate::tls::Certificate;

/// How long a process may order before another may: longer than everything that it does with a deadline.
const HOLD: Duration = Duration::from_secs(330);
/// While another process orders.
const LOOK: Duration = Duration::from_secs(2);
/// While the database is away.
const DATABASE: Duration = Duration::from_secs(5);
/// Longest sleep while an attempt waits: an operator may have changed the time of the next one.
const WAITING: Duration = Duration::from_secs(30);
/// Longest sleep otherwise; clocks are set, machines are suspended.
const IDLE: Duration = Duration::from_secs(3600);
/// A certificate in the database that this process cannot open is younger than this: another server with other secrets made
/// it, and would make it again.
const YOUNG: Duration = Duration::from_secs(24 * 3600);
/// After an order that was cut off by our own end.
const STOPPED: Duration = Duration::from_secs(30);

/// What all names share.
pub(super) struct Work {
    pub account: Accounts,
    pub challenges: Vec<Kind>,
    pub directory: String,
    /// Names this process in the database.
    pub process: Uuid,
    pub store: Store,
    pub vault: Vault,
    pub cache: Option<Cache>,
    pub shelf: Shelf,
    pub board: Board,
    pub answers: Answers,
    pub tasks: Tasks,
    /// Counts orders.
    pub orders: Timed<Order>,
}

/// A certificate, and how it is kept.
#[derive(Clone)]
pub(super) struct Held {
    certificate: Certificate,
    chain: String,
    sealed_key: String,
}

impl Work {
    /// What is in the cache for a name, shown at once.
    pub fn read_cache(&self, domain: &str) -> Option<Held> {
        let cache = self.cache.as_ref()?;
        match cache.read(domain) {
            Ok(Some(Kept { chain, sealed_key, .. })) => {
                let held = self.open(domain, &chain, &sealed_key)?;
                self.show(domain, &held, "kept on disk");
                Some(held)
            }
            Ok(None) => None,
            Err(error) => {
                let directory = cache.directory().display();
                tracing::warn!(domain, %error, "the certificate in {directory} (ACME_CACHE_DIR) cannot be read");
                None
            }
        }
    }

    /// `None` when the key cannot be opened, or both do not fit.
    fn open(&self, domain: &str, chain: &str, sealed_key: &str) -> Option<Held> {
        let key = self.vault.open(sealed_key)?;
        let certificate = Certificate::from_pem(chain.as_bytes(), key.expose().as_bytes()).ok()?;
        certificate.covers(domain).then(|| Held {
            certificate,
            chain: chain.to_owned(),
            sealed_key: sealed_key.to_owned(),
        })
    }

    fn show(&self, domain: &str, held: &Held, whence: &str) {
        let not_after = held.certificate.not_after();
        self.board.change(domain, |status| {
            (status.not_after, status.last_error) = (Some(not_after), None);
            status.next_attempt = Some(due(&held.certificate));
        });
        self.shelf.put(domain, held.certificate.clone());
        tracing::info!(domain, until = %shown(not_after), renewal = %shown(due(&held.certificate)), "certificate in use, {whence}");
    }

    async fn to_cache(&self, domain: &str, held: &Held) {
        let Some(cache) = self.cache.clone() else { return };
        let (name, chain, sealed) = (domain.to_owned(), held.chain.clone(), held.sealed_key.clone());
        let place = cache.directory().display().to_string();
        let written = tokio::task::spawn_blocking(move || cache.write(&name, &chain, &sealed)).await;
        if let Err(error) = written.map_err(std::io::Error::other).and_then(|inner| inner) {
            tracing::warn!(domain, %error, "the certificate cannot be kept in {place}; give this account the right to write there (ACME_CACHE_DIR)");
        }
    }

    async fn to_database(&self, domain: &str, held: &Held) -> Result<bool, StoreError> {
        let not_after = Timestamp::try_from(held.certificate.not_after()).unwrap_or(Timestamp::MAX);
        let (chain, key) = (&held.chain, &held.sealed_key);
        self.store.keep_acme_certificate(&self.directory, domain, chain, key, not_after).await
    }
}

/// Sees to one name until the tasks are stopped.
pub(super) async fn run(work: Arc<Work>, domain: String, held: Option<Held>, mut wakes: watch::Receiver<()>) {
    let mut name = Name { work: Arc::clone(&work), domain, held, ordering: None, last: None, told: None };
    let living = async {
        loop {
            let wait = name.step().await;
            tokio::select! {
                () = sleep(wait) => {}
                Ok(()) = wakes.changed() => {}
            }
        }
    };
    tokio::select! {
        () = living => {}
        () = work.tasks.stopped() => {}
    }
    name.give_back().await;
}

struct Name {
    work: Arc<Work>,
    domain: String,
    held: Option<Held>,
    /// Failures before the attempt that is being made.
    ordering: Option<u32>,
    /// How the last failure was to be taken: a count of one kind says nothing about another.
    last: Option<Weight>,
    /// What was logged last, so that nothing is said twice.
    told: Option<String>,
}

impl Name {
    /// One look; gives how long to sleep.
    async fn step(&mut self) -> Duration {
        let row = match self.work.store.acme_domain(&self.work.directory, &self.domain).await {
            Ok(row) => row,
            Err(error) => {
                self.tell(&Failure::database(&error).text);
                return DATABASE;
            }
        };
        if let Err(wait) = self.compare(row.as_ref()).await {
            return wait;
        }
        if let Some(held) = &self.held {
            let wait = until(due(&held.certificate));
            if !wait.is_zero() {
                self.is_well(due(&held.certificate));
                return wait.min(IDLE);
            }
        }
        let row = row.unwrap_or(AcmeDomainRow {
            certificate: None,
            age: None,
            is_held: false,
            failures: 0,
            wait: None,
            last_error: None,
        });
        if row.is_held {
            return LOOK;
        }
        if let Some(wait) = row.wait {
            self.wait(wait, row.last_error);
            return wait.min(WAITING);
        }
        self.attempt(row.failures).await
    }

    /// Which certificate is the newest: ours, or that in the database. `Err`: how long to sleep, because it is no time to go
    /// on.
    async fn compare(&mut self, row: Option<&AcmeDomainRow>) -> Result<(), Duration> {
        let stored = row.and_then(|row| row.certificate.as_ref());
        if let (Some(held), Some((chain, _))) = (&self.held, stored)
            && held.chain == *chain
        {
            return Ok(());
        }
        let opened = stored.map(|(chain, key)| self.work.open(&self.domain, chain, key));
        let ours = self.held.as_ref().map(|held| held.certificate.not_after());
        match opened {
            Some(Some(theirs)) if Some(theirs.certificate.not_after()) > ours => {
                self.work.show(&self.domain, &theirs, "from the database");
                self.work.to_cache(&self.domain, &theirs).await;
                self.held = Some(theirs);
                self.told = None;
            }
            Some(None) if row.and_then(|row| row.age).is_some_and(|age| age < YOUNG) && ours.is_none() => {
                let text = "the certificate in the database cannot be opened: it was sealed with another \
                            PROD_API_KEY_SECRET or DEV_API_KEY_SECRET. Next: give all servers on this database the same \
                            secrets; a day after it was ordered it is replaced";
                self.tell(text);
                return Err(WAITING);
            }
            _ if let Some(held) = self.held.clone() => {
                // The database was away when it came, or has lost it.
                match self.work.to_database(&self.domain, &held).await {
                    Ok(true) => self.work.answers.tell().await,
                    Ok(false) => {}
                    Err(error) => {
                        self.tell(&Failure::database(&error).text);
                        return Err(DATABASE);
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// There is nothing to do before then. What was wrong before (the database was away) is over.
    fn is_well(&mut self, renewal: SystemTime) {
        if self.told.take().is_some() {
            self.work.board.change(&self.domain, |status| {
                (status.last_error, status.next_attempt) = (None, Some(renewal));
            });
        }
    }

    /// Nobody may try yet.
    fn wait(&mut self, wait: Duration, error: Option<String>) {
        let error = error.unwrap_or_else(|| "the process that tried has ended over it".to_owned());
        let next = SystemTime::now() + wait;
        self.work.board.change(&self.domain, |status| {
            (status.last_error, status.next_attempt) = (Some(error.clone()), Some(next));
        });
        // To the minute: otherwise it would be said anew at every look.
        let line = format!("{error}. The next attempt is in {} min", wait.as_secs().div_ceil(60));
        if self.told.is_none() {
            self.tell(&line);
        }
    }

    async fn attempt(&mut self, failures: u32) -> Duration {
        let work = Arc::clone(&self.work);
        let wait = wait_after(Weight::Refusal, failures + 1);
        match work.store.claim_acme(&work.directory, &self.domain, work.process, HOLD, wait).await {
            Ok(true) => {}
            Ok(false) => return LOOK,
            Err(error) => {
                self.tell(&Failure::database(&error).text);
                return DATABASE;
            }
        }
        let began = Instant::now();
        self.ordering = Some(failures);
        // Between our look and our claim another process may have been through with it.
        match work.store.acme_domain(&work.directory, &self.domain).await {
            Ok(row) => {
                let before = self.held.as_ref().map(|held| held.chain.clone());
                let looked = self.compare(row.as_ref()).await;
                if looked.is_err() || self.held.as_ref().map(|held| held.chain.clone()) != before {
                    self.ordering = None;
                    return match work.store.release_acme(&work.directory, &self.domain, work.process).await {
                        Ok(()) => LOOK,
                        Err(_the_claim_ends_by_itself) => DATABASE,
                    };
                }
            }
            Err(error) => {
                self.failed(Failure::database(&error), failures, began).await;
                return DATABASE;
            }
        }
        match self.order().await {
            Ok(held) => {
                self.ordering = None;
                (self.last, self.told) = (None, None);
                work.orders.add(Order::Ok, began.elapsed());
                work.show(&self.domain, &held, "fresh from the certificate authority");
                work.to_cache(&self.domain, &held).await;
                self.held = Some(held.clone());
                match work.to_database(&self.domain, &held).await {
                    Ok(_) => work.answers.tell().await,
                    Err(error) => self.tell(&Failure::database(&error).text),
                }
                Duration::ZERO
            }
            Err(failure) => self.failed(failure, failures, began).await,
        }
    }

    async fn order(&self) -> Result<Held, Failure> {
        let work = &self.work;
        tracing::info!(domain = self.domain, authority = work.account.authority(), "ordering a certificate");
        let Issued { chain, key } = match self.order_once().await {
            Err(failure) if failure.weight == Weight::NoAccount => {
                tracing::warn!(domain = self.domain, "{}; a new one is made", failure.text);
                work.account.forget(true).await;
                self.order_once().await
            }
            outcome => outcome,
        }?;
        self.held(&chain, &key)
    }

    async fn order_once(&self) -> Result<Issued, Failure> {
        let work = &self.work;
        let account = work.account.get().await?;
        order::order(&account, work.account.authority(), &self.domain, &work.challenges, &work.answers).await
    }

    /// What came is looked at before it is used.
    fn held(&self, chain: &str, key: &Secret) -> Result<Held, Failure> {
        let authority = self.work.account.authority();
        let wrong = |what: String| {
            let next = "Next: see whether ACME_DIRECTORY_URL is the right authority";
            Failure::new(Weight::Refusal, format!("{authority} gave a certificate that is of no use: {what}. {next}"))
        };
        let certificate = Certificate::from_pem(chain.as_bytes(), key.expose().as_bytes())
            .map_err(|error| wrong(error.to_string()))?;
        if !certificate.covers(&self.domain) {
            return Err(wrong(format!("it is not for {}", self.domain)));
        }
        if certificate.remaining(SystemTime::now()).is_none() {
            return Err(wrong("it has ended already; does this machine's clock go right?".to_owned()));
        }
        let sealed_key = self.work.vault.seal(key);
        let sealed_key = sealed_key.ok_or_else(|| Failure::new(Weight::Trouble, "the system gives no random bytes"))?;
        Ok(Held { certificate, chain: chain.to_owned(), sealed_key })
    }

    async fn failed(&mut self, failure: Failure, before: u32, began: Instant) -> Duration {
        let work = Arc::clone(&self.work);
        work.orders.add(failure.outcome, began.elapsed());
        self.ordering = None;
        work.account.forget(failure.weight == Weight::NoAccount).await;
        let failures = if self.last.is_some_and(|last| last != failure.weight) { 1 } else { before + 1 };
        self.last = Some(failure.weight);
        let wait = failure.wait(failures);
        let next = SystemTime::now() + wait;
        work.board.change(&self.domain, |status| {
            (status.last_error, status.next_attempt) = (Some(failure.text.clone()), Some(next));
        });
        let state = match &self.held {
            Some(held) => format!("The present one is good until {}", shown(held.certificate.not_after())),
            None => "There is none yet: browsers that ask for this name are refused".to_owned(),
        };
        tracing::warn!(
            domain = self.domain,
            "no new certificate: {}. {state}. The next attempt is at {}",
            failure.text,
            shown(next)
        );
        self.told = Some(String::new());
        let stored =
            work.store.acme_failed(&work.directory, &self.domain, work.process, wait, failures, &failure.text).await;
        if let Err(error) = stored {
            tracing::debug!(domain = self.domain, %error, "the failure is not in the database; the claim ends by itself");
        }
        work.answers.tell().await;
        wait.min(WAITING)
    }

    /// Gives a claim back when there is one.
    async fn give_back(&mut self) {
        let Some(failures) = self.ordering.take() else { return };
        let Work { store, directory, process, .. } = &*self.work;
        let why = "the process was stopped while it ordered";
        let given = store.acme_failed(directory, &self.domain, *process, STOPPED, failures, why).await;
        if let Err(error) = given {
            tracing::debug!(domain = self.domain, %error, "the claim is not given back; it ends by itself");
        }
    }

    /// Says it once, until something else is to be said.
    fn tell(&mut self, text: &str) {
        if self.told.as_deref() != Some(text) {
            tracing::warn!(domain = self.domain, "{text}");
            self.told = Some(text.to_owned());
        }
        self.work.board.change(&self.domain, |status| status.last_error = Some(text.to_owned()));
    }
}

fn shown(moment: SystemTime) -> String {
    Timestamp::try_from(moment).map_or_else(|_| "the end of time".to_owned(), |moment| format!("{moment:.0}"))
}
