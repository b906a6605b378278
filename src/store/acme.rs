//! Tables `relay_acme_account`, `relay_acme_domain` and `relay_acme_challenge`: what the processes on one database share so
//! that one of them orders a certificate and all of them have it. Times are the database's: clocks of machines differ.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

use super::decode::{column, no_nul};
use super::{Store, StoreError};

/// What is known of a host name. Secrets in it are sealed by whoever stored them.
#[derive(Clone, PartialEq, Eq)]
pub struct AcmeDomainRow {
    /// The certificate chain (PEM), and its sealed key.
    pub certificate: Option<(String, String)>,
    /// When it was stored, seen from now.
    pub age: Option<Duration>,
    /// Whether a process is ordering one.
    pub is_held: bool,
    /// Attempts since the last success.
    pub failures: u32,
    /// How long nobody tries.
    pub wait: Option<Duration>,
    /// What became of the last attempt, when that failed.
    pub last_error: Option<String>,
}

impl fmt::Debug for AcmeDomainRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcmeDomainRow")
            .field("is_held", &self.is_held)
            .field("failures", &self.failures)
            .field("wait", &self.wait)
            .field("last_error", &self.last_error)
            .finish_non_exhaustive()
    }
}

/// An answer to a certificate authority.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AcmeChallengeRow {
    /// `tls-alpn-01` or `http-01`.
    pub kind: String,
    /// The name that is to be proved.
    pub domain: String,
    /// What the authority asks under (`http-01`).
    pub token: String,
    /// What it wants to see.
    pub key_authorization: String,
}

impl fmt::Debug for AcmeChallengeRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcmeChallengeRow")
            .field("kind", &self.kind)
            .field("domain", &self.domain)
            .finish_non_exhaustive()
    }
}

/// Most challenges that are read at once.
const MOST_CHALLENGES: i64 = 200;

const DOMAIN: &str = "SELECT chain, private_key, last_error, failures,
            extract(epoch FROM now() - issued_at)::float8 AS age,
            extract(epoch FROM next_attempt_at - now())::float8 AS wait,
            coalesce(held_until > now(), false) AS is_held
       FROM relay_acme_domain WHERE directory = $1 AND domain = $2";

impl Store {
    /// What is known of a name at a certificate authority.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn acme_domain(&self, directory: &str, domain: &str) -> Result<Option<AcmeDomainRow>, StoreError> {
        no_nul([directory, domain])?;
        let row = self.pool.read_one(DOMAIN, &[&directory, &domain]).await?;
        row.as_ref().map(domain_row).transpose()
    }

    /// Makes `holder` the one who may order for `hold`, unless another is, or nobody may try yet. Counts the attempt as
    /// failed and forbids the next one for `wait`, so that even a process that dies over it does not try at once;
    /// [`Store::keep_acme_certificate`] and [`Store::acme_failed`] set that right.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn claim_acme(
        &self,
        directory: &str,
        domain: &str,
        holder: Uuid,
        hold: Duration,
        wait: Duration,
    ) -> Result<bool, StoreError> {
        no_nul([directory, domain])?;
        let rows = self
            .pool
            .write(
                "INSERT INTO relay_acme_domain AS known (directory, domain, holder, held_until, failures, next_attempt_at)
                 VALUES ($1, $2, $3, now() + $4 * interval '1 second', 1, now() + $5 * interval '1 second')
                 ON CONFLICT (directory, domain) DO UPDATE
                    SET holder = $3, held_until = now() + $4 * interval '1 second', failures = known.failures + 1,
                        next_attempt_at = now() + $5 * interval '1 second'
                  WHERE coalesce(known.held_until <= now(), true) AND coalesce(known.next_attempt_at <= now(), true)
                 RETURNING 1",
                &[&directory, &domain, &holder, &hold.as_secs_f64(), &wait.as_secs_f64()],
            )
            .await?;
        Ok(!rows.is_empty())
    }

    /// Ends a claim without a certificate: nobody tries for `wait`. `failures`: how many there were in a row.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn acme_failed(
        &self,
        directory: &str,
        domain: &str,
        holder: Uuid,
        wait: Duration,
        failures: u32,
        error: &str,
    ) -> Result<(), StoreError> {
        no_nul([directory, domain, error])?;
        let failures = i32::try_from(failures).unwrap_or(i32::MAX);
        self.pool
            .write(
                "UPDATE relay_acme_domain
                    SET holder = NULL, held_until = NULL, next_attempt_at = now() + $4 * interval '1 second',
                        last_error = $5, failures = $6
                  WHERE directory = $1 AND domain = $2 AND holder = $3",
                &[&directory, &domain, &holder, &wait.as_secs_f64(), &error, &failures],
            )
            .await
            .map(drop)
    }

    /// Ends a claim under which there was nothing to do, because there is a certificate already.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn release_acme(&self, directory: &str, domain: &str, holder: Uuid) -> Result<(), StoreError> {
        no_nul([directory, domain])?;
        self.pool
            .write(
                "UPDATE relay_acme_domain
                    SET holder = NULL, held_until = NULL, failures = 0, next_attempt_at = NULL, last_error = NULL
                  WHERE directory = $1 AND domain = $2 AND holder = $3",
                &[&directory, &domain, &holder],
            )
            .await
            .map(drop)
    }

    /// Stores a certificate, ends every claim and forgets failures. `false`: there is one that is good for longer.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn keep_acme_certificate(
        &self,
        directory: &str,
        domain: &str,
        chain: &str,
        sealed_key: &str,
        not_after: Timestamp,
    ) -> Result<bool, StoreError> {
        no_nul([directory, domain, chain, sealed_key])?;
        let rows = self
            .pool
            .write(
                "INSERT INTO relay_acme_domain AS known (directory, domain, chain, private_key, not_after, issued_at)
                 VALUES ($1, $2, $3, $4, $5, now())
                 ON CONFLICT (directory, domain) DO UPDATE
                    SET chain = $3, private_key = $4, not_after = $5, issued_at = now(), holder = NULL,
                        held_until = NULL, failures = 0, next_attempt_at = NULL, last_error = NULL
                  WHERE coalesce(known.not_after < $5, true)
                 RETURNING 1",
                &[&directory, &domain, &chain, &sealed_key, &not_after],
            )
            .await?;
        Ok(!rows.is_empty())
    }

    /// The sealed credentials of the account at a certificate authority.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn acme_account(&self, directory: &str) -> Result<Option<String>, StoreError> {
        no_nul([directory])?;
        let sql = "SELECT credentials FROM relay_acme_account WHERE directory = $1";
        let row = self.pool.read_one(sql, &[&directory]).await?;
        row.as_ref().map(|row| column(row, "credentials")).transpose()
    }

    /// Stores an account in the place of `old`. `false`: somebody else has stored one meanwhile.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn replace_acme_account(
        &self,
        directory: &str,
        old: Option<&str>,
        new: &str,
    ) -> Result<bool, StoreError> {
        no_nul([directory, new])?;
        let rows = self
            .pool
            .write(
                "INSERT INTO relay_acme_account AS known (directory, credentials) VALUES ($1, $3)
                 ON CONFLICT (directory) DO UPDATE SET credentials = $3, created_at = now()
                  WHERE known.credentials IS NOT DISTINCT FROM $2
                 RETURNING 1",
                &[&directory, &old, &new],
            )
            .await?;
        Ok(!rows.is_empty())
    }

    /// Stores an answer for `life`, and deletes those that have had their time.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn publish_acme_challenge(&self, row: &AcmeChallengeRow, life: Duration) -> Result<(), StoreError> {
        no_nul([row.domain.as_str(), &row.kind, &row.token, &row.key_authorization])?;
        self.pool
            .write(
                "WITH old AS (DELETE FROM relay_acme_challenge WHERE expires_at <= now() AND token <> $3)
                 INSERT INTO relay_acme_challenge (kind, domain, token, key_authorization, expires_at)
                 VALUES ($1, $2, $3, $4, now() + $5 * interval '1 second')
                 ON CONFLICT (kind, domain, token) DO UPDATE
                    SET key_authorization = excluded.key_authorization, expires_at = excluded.expires_at",
                &[&row.kind, &row.domain, &row.token, &row.key_authorization, &life.as_secs_f64()],
            )
            .await
            .map(drop)
    }

    /// Deletes an answer.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn withdraw_acme_challenge(&self, row: &AcmeChallengeRow) -> Result<(), StoreError> {
        let sql = "DELETE FROM relay_acme_challenge WHERE kind = $1 AND domain = $2 AND token = $3";
        self.pool.write(sql, &[&row.kind, &row.domain, &row.token]).await.map(drop)
    }

    /// All answers that are good now; 200 at the most.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn acme_challenges(&self) -> Result<Vec<AcmeChallengeRow>, StoreError> {
        let sql = "SELECT kind, domain, token, key_authorization FROM relay_acme_challenge
                    WHERE expires_at > now() ORDER BY expires_at DESC LIMIT $1";
        let rows = self.pool.read(sql, &[&MOST_CHALLENGES]).await?;
        let read = |row: &Row| {
            Ok(AcmeChallengeRow {
                kind: column(row, "kind")?,
                domain: column(row, "domain")?,
                token: column(row, "token")?,
                key_authorization: column(row, "key_authorization")?,
            })
        };
        rows.iter().map(read).collect()
    }
}

fn domain_row(row: &Row) -> Result<AcmeDomainRow, StoreError> {
    let seconds = |name| {
        let seconds: Option<f64> = column(row, name)?;
        Ok::<_, StoreError>(seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()))
    };
    let (chain, key): (Option<String>, Option<String>) = (column(row, "chain")?, column(row, "private_key")?);
    let failures: i32 = column(row, "failures")?;
    Ok(AcmeDomainRow {
        certificate: chain.zip(key),
        age: seconds("age")?,
        is_held: column(row, "is_held")?,
        failures: u32::try_from(failures).unwrap_or(0),
        wait: seconds("wait")?.filter(|wait| !wait.is_zero()),
        last_error: column(row, "last_error")?,
    })
}
