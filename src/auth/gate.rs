//! The session gate (http-api 3.4): from the cookies of a request to the login behind it.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::LoginId;
use super::access::Visitor;
use crate::store::{SessionRow, Store, StoreError, UserRow};

/// How long a login lasts from its making and from each renewal.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);
/// A login with less than this left is renewed.
const RENEWAL: SignedDuration = SignedDuration::from_hours(15 * 24);

/// A valid login.
#[derive(Clone)]
pub struct Login {
    /// The session.
    pub session: SessionRow,
    /// The user of an internal session, as the row says now; `None` for people from outside.
    pub user: Option<UserRow>,
}

/// Why there is no login.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// The request presents no id.
    #[error("no login cookie")]
    NoCookie,
    /// None of the ids is that of a session that still lasts.
    #[error("the login is unknown or has expired")]
    Unknown,
    /// The database could not say.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Login {
    /// What the rows of a session and of its user make. `None`: an internal session whose user is gone.
    #[must_use]
    pub fn of(session: SessionRow, user: Option<UserRow>) -> Option<Self> {
        match (session.is_external, session.user_id, user) {
            (true, _, _) => Some(Self { session, user: None }),
            (false, Some(_), Some(user)) => Some(Self { session, user: Some(user) }),
            (false, Some(_), None) => None,
            (false, None, _) => {
                tracing::debug!("an internal session without a user is ignored");
                None
            }
        }
    }

    /// The visitor for [`super::access`].
    #[must_use]
    pub fn visitor(&self) -> Visitor {
        self.user.as_ref().map_or_else(|| Visitor::external(&self.session.email), Visitor::internal)
    }
}

/// Finds the first presented login that is valid at `now`; expired ones that are presented are deleted. An internal
/// session whose user is gone is unknown. One query when none has expired; no renewal.
///
/// # Errors
/// [`GateError`].
pub async fn open(store: &Store, presented: &[LoginId], now: Timestamp) -> Result<Login, GateError> {
    if presented.is_empty() {
        return Err(GateError::NoCookie);
    }
    let ids: Vec<String> = presented.iter().map(|id| id.expose().to_owned()).collect();
    choose(store, presented, store.logins(&ids).await?, now).await
}

/// The same with the rows that [`Store::logins`] has for the presented ids.
///
/// # Errors
/// [`GateError`].
pub async fn choose(
    store: &Store,
    presented: &[LoginId],
    found: Vec<(SessionRow, Option<UserRow>)>,
    now: Timestamp,
) -> Result<Login, GateError> {
    let mut users = HashMap::new();
    let mut rows = Vec::new();
    for (session, user) in found {
        users.extend(user.map(|user| (session.id.clone(), user)));
        rows.push(session);
    }
    let sorted = sort(presented, rows, now);
    for expired in sorted.expired {
        // Nobody waits for it: the periodic clean-up will do it when this fails.
        if let Err(error) = store.delete_session(&expired).await {
            tracing::debug!(%error, "an expired session could not be deleted");
        }
    }
    for session in sorted.valid {
        let user = users.remove(&session.id);
        if let Some(login) = Login::of(session, user) {
            return Ok(login);
        }
    }
    Err(GateError::Unknown)
}

/// Gives a login that is due 30 more days. `true`: this call did it, so its answer must carry the cookie.
///
/// # Errors
/// Any [`StoreError`].
pub async fn renew(store: &Store, session: &SessionRow, now: Timestamp) -> Result<bool, StoreError> {
    if !is_due(session, now) {
        return Ok(false);
    }
    store.renew_session(&session.id, now + RENEWAL, now + LIFETIME).await
}

/// The row of a new login that begins at `now`; `user` is `None` for people from outside.
#[must_use]
pub fn new_session(id: &LoginId, user: Option<&UserRow>, email: &str, now: Timestamp) -> SessionRow {
    SessionRow {
        id: id.expose().to_owned(),
        user_id: user.map(|user| user.id),
        company_id: user.map(|user| user.company_id),
        // No clock shows a time so late that 30 days more cannot be written.
        expires_at: now + LIFETIME,
        is_external: user.is_none(),
        email: email.to_owned(),
    }
}

fn is_due(session: &SessionRow, now: Timestamp) -> bool {
    now >= session.expires_at - RENEWAL
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Sorted {
    /// In the order in which they were presented.
    valid: Vec<SessionRow>,
    expired: Vec<String>,
}

fn sort(presented: &[LoginId], mut rows: Vec<SessionRow>, now: Timestamp) -> Sorted {
    rows.sort_by_key(|row| presented.iter().position(|id| id.expose() == row.id));
    let (valid, expired): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| now < row.expires_at);
    Sorted { valid, expired: expired.into_iter().map(|row| row.id).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(letter: char) -> LoginId {
        LoginId::parse(letter.to_string().repeat(40).as_bytes()).unwrap()
    }

    fn row(letter: char, expires_at: Timestamp) -> SessionRow {
        SessionRow { expires_at, ..new_session(&id(letter), None, "ALL", Timestamp::UNIX_EPOCH) }
    }

    #[test]
    fn the_first_presented_valid_login_counts() {
        let now = Timestamp::UNIX_EPOCH;
        let second = SignedDuration::from_secs(1);
        let rows = vec![row('c', now + second), row('a', now), row('b', now + second)];
        let sorted = sort(&[id('a'), id('b'), id('c')], rows, now);
        assert_eq!(sorted.valid.iter().map(|row| &row.id[..1]).collect::<Vec<_>>(), ["b", "c"]);
        assert_eq!(sorted.expired, ["a".repeat(40)], "a login ends at its time, not after it");
    }

    #[test]
    fn renewal_is_due_at_exactly_15_days() {
        let now = Timestamp::UNIX_EPOCH;
        let millisecond = SignedDuration::from_millis(1);
        assert!(!is_due(&row('a', now + RENEWAL + millisecond), now));
        assert!(is_due(&row('a', now + RENEWAL), now));
        assert!(is_due(&row('a', now + RENEWAL - millisecond), now));
        assert!(!is_due(&row('a', now + LIFETIME), now));
    }
}
