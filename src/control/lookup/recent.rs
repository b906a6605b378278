//! What was just found out about keys and logins. It is a "yes" that must not outlive the right to it, so:
//!
//! - it lasts two seconds, whatever happens;
//! - what takes a right away ([`Recent::forget`]) takes it out in the same step in which it is said or heard, and an answer
//!   that was asked for before that is not kept when it comes;
//! - while this process does not hear what others take away, nothing is kept and nothing that was kept is used;
//! - a "no" is not kept: who asks with keys that do not exist would fill it, and a key that was just made would be refused.
//!   Guests are not kept either: what they may see hangs on their row;
//! - keys and logins are known by their digests.
//!
//! There are crates for caches; that an answer under way is void once something was taken away is what they do not have.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::super::revocation::Scope;
use super::digest;
use crate::auth::LoginId;
use crate::auth::gate::Login;
use crate::store::{KeyHolder, SessionRow, UserRow};

/// How long an answer lasts, from when it was asked for.
const LASTS: Duration = Duration::from_secs(2);
/// Answers of each kind: some 2 MiB in all.
const MOST: usize = 4096;

/// The answers. Clones share them.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Recent(Arc<Mutex<Answers>>);

#[derive(Default)]
struct Answers {
    /// Whether what other processes take away is heard here.
    hears: bool,
    /// How often something was taken away.
    epoch: u64,
    keys: Young<KeyHolder>,
    /// Without the session's id and the user's metadata.
    logins: Young<Login>,
}

impl std::fmt::Debug for Answers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answers").field("hears", &self.hears).field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

/// When a question went out, to be given back with its answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begun {
    epoch: u64,
    at: Instant,
}

impl Recent {
    fn lock(&self) -> MutexGuard<'_, Answers> {
        // Single steps on maps: a poisoned lock is still good.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// To be called before the database is asked.
    pub(super) fn begin(&self) -> Begun {
        Begun { epoch: self.lock().epoch, at: Instant::now() }
    }

    pub(super) fn keep_keys(&self, begun: Begun, found: &[(String, KeyHolder)]) {
        let mut answers = self.lock();
        if answers.still_good(begun) {
            for (hash, holder) in found.iter().filter(|(_, holder)| holder.company_exists) {
                answers.keys.keep(hash.clone(), *holder, begun.at);
            }
        }
    }

    pub(super) fn keep_logins(&self, begun: Begun, found: &[(SessionRow, Option<UserRow>)]) {
        let logins = found.iter().filter_map(|(session, user)| {
            let mut login = Login::of(session.clone(), user.clone())?;
            let digest = digest(&std::mem::take(&mut login.session.id));
            if let Some(user) = &mut login.user {
                user.metadata = serde_json::Value::Null;
            }
            (!login.visitor().is_guest()).then_some((digest, login))
        });
        let logins: Vec<_> = logins.collect();
        let mut answers = self.lock();
        if answers.still_good(begun) {
            for (digest, login) in logins {
                answers.logins.keep(digest, login, begun.at);
            }
        }
    }

    pub(super) fn key(&self, hash: &str) -> Option<KeyHolder> {
        self.lock().keys.get(hash, Instant::now()).copied()
    }

    pub(super) fn login(&self, id: &LoginId, now: Timestamp) -> Option<Login> {
        let mut login = self.lock().logins.get(&digest(id.expose()), Instant::now())?.clone();
        id.expose().clone_into(&mut login.session.id);
        (now < login.session.expires_at).then_some(login)
    }

    /// What was taken away is not known here any more.
    pub(in super::super) fn forget(&self, scope: &Scope) {
        let mut answers = self.lock();
        answers.epoch += 1;
        match scope {
            Scope::Login(digest) => answers.logins.retain(|known, _| known != digest),
            Scope::User(id) => {
                answers.logins.retain(|_, login| login.user.as_ref().is_none_or(|user| user.id != *id));
            }
            Scope::Environment(id) => answers.keys.retain(|_, holder| holder.environment != *id),
            Scope::All => answers.clear(),
        }
    }

    /// Whether what other processes take away is heard from now on. What was said before that is unknown.
    pub(in super::super) fn hears(&self, hears: bool) {
        let mut answers = self.lock();
        answers.hears = hears;
        answers.epoch += 1;
        answers.clear();
    }
}

impl Answers {
    fn still_good(&self, begun: Begun) -> bool {
        self.hears && self.epoch == begun.epoch
    }

    fn clear(&mut self) {
        self.keys = Young::default();
        self.logins = Young::default();
    }
}

/// A map of what is young, in two halves: the older one goes when the newer one is full or has had its time.
struct Young<V> {
    newer: HashMap<String, (Instant, V)>,
    older: HashMap<String, (Instant, V)>,
    since: Option<Instant>,
}

impl<V> Default for Young<V> {
    fn default() -> Self {
        Self { newer: HashMap::new(), older: HashMap::new(), since: None }
    }
}

impl<V> Young<V> {
    fn get(&self, key: &str, now: Instant) -> Option<&V> {
        let (at, value) = self.newer.get(key).or_else(|| self.older.get(key))?;
        (now < *at + LASTS).then_some(value)
    }

    fn keep(&mut self, key: String, value: V, at: Instant) {
        let since = *self.since.get_or_insert(at);
        if self.newer.len() >= MOST / 2 || at >= since + LASTS {
            self.older = std::mem::take(&mut self.newer);
            self.since = Some(at);
        }
        self.newer.insert(key, (at, value));
    }

    fn retain(&mut self, mut stays: impl FnMut(&str, &V) -> bool) {
        for half in [&mut self.newer, &mut self.older] {
            half.retain(|key, (_, value)| stays(key, value));
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::auth::gate;
    use crate::store::EnvironmentType;

    fn holder(environment: u128) -> KeyHolder {
        KeyHolder {
            environment: Uuid::from_u128(environment),
            company: Uuid::nil(),
            kind: EnvironmentType::Production,
            company_exists: true,
        }
    }

    fn hearing() -> Recent {
        let recent = Recent::default();
        recent.hears(true);
        recent
    }

    fn keep(recent: &Recent, hash: &str, environment: u128) {
        recent.keep_keys(recent.begin(), &[(hash.to_owned(), holder(environment))]);
    }

    fn user(role: &str) -> UserRow {
        UserRow {
            id: Uuid::from_u128(7),
            company_id: Uuid::nil(),
            first_name: String::new(),
            last_name: String::new(),
            email: "a@b.test".to_owned(),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            development_environment_id: None,
            permission: role.to_owned(),
            metadata: serde_json::json!({"large": true}),
        }
    }

    fn id(letter: char) -> LoginId {
        LoginId::parse(letter.to_string().repeat(40).as_bytes()).unwrap()
    }

    fn keep_login(recent: &Recent, letter: char, role: &str) {
        let row = gate::new_session(&id(letter), Some(&user(role)), "a@b.test", Timestamp::UNIX_EPOCH);
        recent.keep_logins(recent.begin(), &[(row, Some(user(role)))]);
    }

    #[test]
    fn what_was_taken_away_is_forgotten_and_nothing_else() {
        let (recent, now) = (hearing(), Timestamp::UNIX_EPOCH);
        let all = |recent: &Recent| {
            keep(recent, "one", 1);
            keep(recent, "two", 2);
            keep_login(recent, 'a', "member");
        };
        all(&recent);
        assert_eq!(recent.key("one"), Some(holder(1)));
        assert_eq!(recent.login(&id('a'), now).unwrap().session.id, id('a').expose());
        assert!(recent.login(&id('a'), now + gate::LIFETIME).is_none(), "it has ended by itself");
        recent.forget(&Scope::Environment(Uuid::from_u128(1)));
        assert_eq!((recent.key("one"), recent.key("two")), (None, Some(holder(2))));
        recent.forget(&Scope::User(Uuid::from_u128(8)));
        assert!(recent.login(&id('a'), now).is_some());
        recent.forget(&Scope::User(Uuid::from_u128(7)));
        assert!(recent.login(&id('a'), now).is_none());
        for scope in [Scope::login(id('a').expose()), Scope::All] {
            all(&recent);
            recent.forget(&scope);
            assert!(recent.login(&id('a'), now).is_none(), "{scope:?}");
        }
        assert_eq!(recent.key("two"), None);
    }

    #[test]
    fn an_answer_that_was_asked_for_before_something_was_taken_away_is_not_kept() {
        let recent = hearing();
        let begun = recent.begin();
        recent.forget(&Scope::Environment(Uuid::from_u128(1)));
        recent.keep_keys(begun, &[("one".to_owned(), holder(1))]);
        assert_eq!(recent.key("one"), None);
    }

    #[test]
    fn who_does_not_hear_the_others_keeps_nothing_and_uses_nothing() {
        let recent = Recent::default();
        keep(&recent, "one", 1);
        assert_eq!(recent.key("one"), None);
        recent.hears(true);
        keep(&recent, "one", 1);
        recent.hears(false);
        assert_eq!(recent.key("one"), None);
        recent.hears(true);
        assert_eq!(recent.key("one"), None, "what was said meanwhile is unknown");
    }

    #[test]
    fn guests_and_keys_of_nobody_are_not_kept_and_no_secret_is() {
        let recent = hearing();
        keep_login(&recent, 'g', "guest");
        keep_login(&recent, 'a', "owner");
        recent.keep_keys(recent.begin(), &[("one".to_owned(), KeyHolder { company_exists: false, ..holder(1) })]);
        assert!(recent.login(&id('g'), Timestamp::UNIX_EPOCH).is_none() && recent.key("one").is_none());
        let answers = recent.lock();
        for (digest, (_, login)) in &answers.logins.newer {
            assert!(!digest.contains("aaaa") && login.session.id.is_empty());
            assert!(login.user.as_ref().unwrap().metadata.is_null());
        }
    }

    #[test]
    fn it_lasts_two_seconds_and_never_grows_beyond_its_bound() {
        let mut young = Young::default();
        let begin = Instant::now();
        young.keep("one".to_owned(), 1, begin);
        let millisecond = Duration::from_millis(1);
        assert_eq!(young.get("one", begin + LASTS - millisecond), Some(&1));
        assert_eq!(young.get("one", begin + LASTS), None);
        for number in 0..3 * MOST {
            young.keep(number.to_string(), 2, begin);
            assert!(young.newer.len() + young.older.len() <= MOST);
        }
        assert_eq!(young.get(&(3 * MOST - MOST / 2).to_string(), begin), Some(&2), "the newest half is always there");
        young.keep("last".to_owned(), 3, begin + LASTS);
        young.keep("after it".to_owned(), 3, begin + LASTS * 2);
        assert_eq!(young.newer.len() + young.older.len(), 2, "what is over goes");
    }
}
