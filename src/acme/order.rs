//! One order at the certificate authority, from the account to the chain.

use std::time::Duration;

use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, Identifier, NewAccount, NewOrder, Order, OrderStatus, RetryPolicy,
};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::Orders;
use super::answers::Answers;
use super::challenge::Kind;
use super::failure::{Failure, Weight, is_bad_nonce};
use super::transport::Transport;
use super::vault::Vault;
use crate::http::Client;
use crate::secret::Secret;
use crate::store::{AcmeChallengeRow, Store};

/// For one order, from its beginning to the chain.
const ORDER: Duration = Duration::from_secs(120);
/// For getting or making the account.
const ACCOUNT: Duration = Duration::from_secs(60);
/// How the authority is asked whether it has decided.
const PATIENCE: RetryPolicy =
    RetryPolicy::new().initial_delay(Duration::from_millis(300)).backoff(1.5).timeout(Duration::from_secs(60));
/// How often a step is done again because of a rejected nonce (RFC 8555 section 6.5), beside the three tries of
/// `instant_acme`: a third of all rejected, as its test server does, still lets nearly every order through.
const NONCES: u32 = 8;

/// Does a step again while its nonce is rejected: then nothing was done.
macro_rules! step {
    ($step:expr) => {{
        let mut left = NONCES;
        loop {
            match $step.await {
                Err(error) if left > 0 && is_bad_nonce(&error) => left -= 1,
                outcome => break outcome,
            }
        }
    }};
}

/// A certificate, fresh from the authority.
pub(super) struct Issued {
    /// PEM.
    pub chain: String,
    /// PEM.
    pub key: Secret,
}

/// The account at the authority, which all names share.
pub(super) struct Accounts {
    transport: Transport,
    directory: String,
    authority: String,
    contact: Option<String>,
    store: Store,
    vault: Vault,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    account: Option<Account>,
    /// As it is stored.
    sealed: Option<String>,
    /// One that the authority does not know.
    stale: Option<String>,
}

impl Accounts {
    pub fn new(client: Client, orders: &Orders, store: Store, vault: Vault) -> Self {
        let host = url::Url::parse(&orders.directory).ok().and_then(|url| url.host_str().map(str::to_owned));
        Self {
            transport: Transport(client),
            directory: orders.directory.clone(),
            authority: host.unwrap_or_else(|| orders.directory.clone()),
            contact: orders.email.as_ref().map(|email| format!("mailto:{email}")),
            store,
            vault,
            known: Mutex::default(),
        }
    }

    /// The host of the authority.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The account: the one in use, the one in the database, or a new one.
    pub async fn get(&self) -> Result<Account, Failure> {
        let mut known = self.known.lock().await;
        if let Some(account) = &known.account {
            return Ok(account.clone());
        }
        let late = || Failure::of(&instant_acme::Error::Timeout(None), &self.authority);
        let (account, sealed) = timeout(ACCOUNT, self.find_or_make(&known)).await.map_err(|_| late())??;
        (known.account, known.sealed) = (Some(account.clone()), Some(sealed));
        Ok(account)
    }

    /// Next time the directory is read again; when the authority does not know the account, another is made.
    pub async fn forget(&self, unknown: bool) {
        let mut known = self.known.lock().await;
        known.account = None;
        if unknown {
            known.stale = known.sealed.take();
        }
    }

    async fn find_or_make(&self, known: &Known) -> Result<(Account, String), Failure> {
        let failed = |error: &instant_acme::Error| Failure::of(error, &self.authority);
        for _ in 0..2 {
            let old = self.store.acme_account(&self.directory).await.map_err(|error| Failure::database(&error))?;
            if let Some(sealed) = old.as_ref().filter(|sealed| known.stale.as_ref() != Some(*sealed)) {
                match self.vault.open(sealed).map(|text| serde_json::from_str::<AccountCredentials>(text.expose())) {
                    Some(Ok(credentials)) => {
                        let builder = Account::builder_with_http(Box::new(self.transport.clone()));
                        let account = builder.from_credentials(credentials).await.map_err(|error| failed(&error))?;
                        return Ok((account, sealed.clone()));
                    }
                    _ => tracing::warn!(
                        authority = self.authority,
                        "the account in the database cannot be opened: it was sealed with another PROD_API_KEY_SECRET or DEV_API_KEY_SECRET; a new one is made"
                    ),
                }
            }
            let contact: Vec<&str> = self.contact.iter().map(String::as_str).collect();
            let new = NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
            let made = step!(Account::builder_with_http(Box::new(self.transport.clone())).create(
                &new,
                self.directory.clone(),
                None
            ));
            let (account, credentials) = made.map_err(|error| failed(&error))?;
            let unsealed = serde_json::to_string(&credentials).map(Secret::new);
            let sealed = unsealed.ok().and_then(|text| self.vault.seal(&text));
            let sealed = sealed.ok_or_else(|| Failure::new(Weight::Trouble, "the system gives no random bytes"))?;
            let stored = self.store.replace_acme_account(&self.directory, old.as_deref(), &sealed).await;
            if stored.map_err(|error| Failure::database(&error))? {
                tracing::info!(authority = self.authority, "an account at the certificate authority is made");
                return Ok((account, sealed));
            }
            // Another process was faster: theirs counts.
        }
        Err(Failure::new(Weight::Trouble, "other processes keep changing the account in the database"))
    }
}

/// Orders a certificate for one name, with the first challenge that works.
pub(super) async fn order(
    account: &Account,
    authority: &str,
    domain: &str,
    challenges: &[Kind],
    answers: &Answers,
) -> Result<Issued, Failure> {
    let mut failed: Option<Failure> = None;
    for kind in challenges {
        let ordering = Ordering { account, authority, domain, kind: *kind, answers };
        let late = || Failure::of(&instant_acme::Error::Timeout(None), authority);
        let failure = match timeout(ORDER, ordering.run()).await.unwrap_or_else(|_| Err(late())) {
            Ok(issued) => return Ok(issued),
            Err(failure) => failure,
        };
        let goes_on = failure.weight == Weight::Proof;
        tracing::debug!(domain, challenge = kind.name(), error = failure.text, "an order failed");
        let failure = match failed.take() {
            Some(earlier) => earlier.and(failure),
            None => failure,
        };
        if !goes_on {
            return Err(failure);
        }
        failed = Some(failure);
    }
    Err(failed.unwrap_or_else(|| Failure::new(Weight::Refusal, "ACME_CHALLENGES allows none")))
}

struct Ordering<'a> {
    account: &'a Account,
    authority: &'a str,
    domain: &'a str,
    kind: Kind,
    answers: &'a Answers,
}

impl Ordering<'_> {
    async fn run(&self) -> Result<Issued, Failure> {
        let identifiers = [Identifier::Dns(self.domain.to_owned())];
        let new = NewOrder::new(&identifiers);
        let mut order = step!(self.account.new_order(&new)).map_err(|error| self.failed(&error))?;
        if order.state().status == OrderStatus::Pending
            && let Some(row) = self.challenge(&mut order).await?
        {
            let proved = self.prove(&mut order, &row).await;
            self.answers.withdraw(&row).await;
            proved?;
        }
        let key = step!(order.finalize()).map(Secret::new).map_err(|error| self.failed(&error))?;
        let chain = step!(order.poll_certificate(&PATIENCE)).map_err(|error| self.failed(&error))?;
        Ok(Issued { chain, key })
    }

    fn failed(&self, error: &instant_acme::Error) -> Failure {
        Failure::of(error, self.authority)
    }

    /// What is to be answered; `None`: the authority still believes an earlier proof.
    async fn challenge(&self, order: &mut Order) -> Result<Option<AcmeChallengeRow>, Failure> {
        let row = step!(async {
            let mut authorizations = order.authorizations();
            let Some(authorization) = authorizations.next().await else { return Ok(None) };
            let mut authorization = authorization?;
            if authorization.status == AuthorizationStatus::Valid {
                return Ok(None);
            }
            let Some(challenge) = authorization.challenge(self.kind.of_type()) else {
                return Err(instant_acme::Error::Unsupported(self.kind.name()));
            };
            Ok(Some(AcmeChallengeRow {
                kind: self.kind.name().to_owned(),
                domain: self.domain.to_owned(),
                token: challenge.token.clone(),
                key_authorization: challenge.key_authorization().as_str().to_owned(),
            }))
        });
        match row {
            Err(instant_acme::Error::Unsupported(kind)) => Err(Failure::new(
                Weight::Proof,
                format!("{} does not offer {kind} for {}", self.authority, self.domain),
            )),
            row => row.map_err(|error| self.failed(&error)),
        }
    }

    async fn prove(&self, order: &mut Order, row: &AcmeChallengeRow) -> Result<(), Failure> {
        self.answers.publish(row).await.map_err(|error| Failure::database(&error))?;
        let ready = step!(async {
            let mut authorizations = order.authorizations();
            if let Some(authorization) = authorizations.next().await
                && let Some(mut challenge) = authorization?.challenge(self.kind.of_type())
            {
                challenge.set_ready().await?;
            }
            Ok(())
        });
        ready.map_err(|error| self.failed(&error))?;
        match step!(order.poll_ready(&PATIENCE)) {
            Ok(OrderStatus::Ready) => Ok(()),
            Ok(_) | Err(instant_acme::Error::Api(_)) => Err(self.why(order).await),
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// Why the proof failed: the challenge itself says it best.
    async fn why(&self, order: &mut Order) -> Failure {
        let state = step!(async {
            let mut authorizations = order.authorizations();
            let Some(authorization) = authorizations.next().await else { return Ok(None) };
            let mut authorization = authorization?;
            let state = authorization.refresh().await?;
            let problem = state.challenges.iter().find_map(|challenge| challenge.error.clone());
            Ok::<_, instant_acme::Error>(problem)
        });
        let problem = state.ok().flatten().or_else(|| order.state().error.clone());
        Failure::of_proof(problem.as_ref(), self.domain, self.kind, self.authority)
    }
}
