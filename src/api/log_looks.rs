//! What of the audit log somebody saw who began to page through it: later pages look at that much and no more, so that
//! entries written meanwhile neither move a row to the next page nor hide one.
//!
//! Clients page with `limit` and `offset` alone; what belongs together is known by the login and the filter. This process
//! remembers; another one on the same database shows such a page as the log is at that moment. Two processes may store
//! entries at once, and then an entry may become visible a moment after one with a higher id: who opens the log in that
//! moment may find it on a later page.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::store::LogFilter;

/// Looks that one generation holds; there are two of them.
const MANY: usize = 5_000;
/// How long a generation takes new looks. A look is remembered for once to twice this time after its last use.
const TURN: Duration = Duration::from_secs(5 * 60);

/// Somebody's look at the log. A keyed hash: a login id is a secret, and filters are long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Look(u64);

/// The looks of the last minutes: at most 10,000, the oldest go first.
#[derive(Default)]
pub(super) struct Looks {
    hashes: RandomState,
    generations: Mutex<Generations>,
}

/// When the young one is full or has had its time, it becomes the old one, and the old one is forgotten as a whole.
#[derive(Default)]
struct Generations {
    young: HashMap<Look, i64>,
    old: HashMap<Look, i64>,
    /// When the young one began.
    began: Option<Instant>,
}

impl Looks {
    /// The look of a login at what a filter leaves.
    pub fn of(&self, login: &str, company: Uuid, filter: &LogFilter) -> Look {
        Look(self.hashes.hash_one((login, company, filter)))
    }

    /// Remembers the newest id of a look that has just begun.
    pub fn remember(&self, look: Look, newest: i64, now: Instant) {
        self.with(now, |generations| generations.put(look, newest));
    }

    /// The newest id when the look began, unless that is too long ago.
    pub fn recall(&self, look: Look, now: Instant) -> Option<i64> {
        self.with(now, |generations| {
            let newest = *generations.young.get(&look).or_else(|| generations.old.get(&look))?;
            generations.put(look, newest);
            Some(newest)
        })
    }

    fn with<T>(&self, now: Instant, run: impl FnOnce(&mut Generations) -> T) -> T {
        // Nothing in there is ever half done.
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        let age = now.saturating_duration_since(*generations.began.get_or_insert(now));
        if age >= TURN {
            generations.turn();
            if age >= TURN * 2 {
                generations.turn();
            }
            generations.began = Some(now);
        }
        run(&mut generations)
    }
}

impl Generations {
    fn turn(&mut self) {
        self.old = std::mem::take(&mut self.young);
    }

    fn put(&mut self, look: Look, newest: i64) {
        if self.young.len() >= MANY && !self.young.contains_key(&look) {
            self.turn();
        }
        self.young.insert(look, newest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_belongs_to_one_login_one_company_and_one_filter() {
        let looks = Looks::default();
        let filter = LogFilter { kind: Some("user".to_owned()), ..LogFilter::default() };
        let look = looks.of("a", Uuid::nil(), &filter);
        assert_eq!(look, looks.of("a", Uuid::nil(), &filter.clone()));
        assert_ne!(look, looks.of("b", Uuid::nil(), &filter));
        assert_ne!(look, looks.of("a", Uuid::max(), &filter));
        assert_ne!(look, looks.of("a", Uuid::nil(), &LogFilter::default()));
        // The same text in another field is another filter.
        let route = LogFilter { app_route: Some("user".to_owned()), ..LogFilter::default() };
        assert_ne!(look, looks.of("a", Uuid::nil(), &route));
    }

    #[test]
    fn a_look_lasts_as_long_as_it_is_used() {
        let (looks, start) = (Looks::default(), Instant::now());
        let after = |minutes: u64| start + Duration::from_secs(60 * minutes);
        looks.remember(Look(1), 7, start);
        looks.remember(Look(2), 8, start);
        for minutes in [0, 4, 8, 12, 16] {
            assert_eq!(looks.recall(Look(1), after(minutes)), Some(7), "{minutes}");
        }
        assert_eq!(looks.recall(Look(2), after(16)), None);
        looks.remember(Look(1), 9, after(17));
        assert_eq!(looks.recall(Look(1), after(17)), Some(9), "a new look replaces the old one");
        assert_eq!(looks.recall(Look(1), after(30)), None);
    }

    #[test]
    fn the_table_is_bounded_and_forgets_the_oldest() {
        let (looks, now) = (Looks::default(), Instant::now());
        for number in 0..25_000 {
            looks.remember(Look(number), 1, now);
        }
        let known = (0..25_000).filter(|number| {
            let generations = looks.generations.lock().unwrap();
            generations.young.contains_key(&Look(*number)) || generations.old.contains_key(&Look(*number))
        });
        assert_eq!(known.collect::<Vec<_>>(), (15_000..25_000).collect::<Vec<_>>());
    }
}
