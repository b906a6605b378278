//! How often somebody may ask (D-39): per address where nobody is logged in, per login elsewhere. The counts are those of
//! this process.

use std::hash::{BuildHasher as _, Hash};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use governor::clock::{Clock as _, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use super::log_error;
use super::refusal::Refusal;
use super::routes::{Access, Rule};
use crate::http::network;

/// The limits as they are set. A burst of one minute's worth is allowed at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimits {
    /// Requests per minute and address on routes without a login; `None`: no limit.
    pub address_per_minute: Option<NonZeroU32>,
    /// Requests per minute and login on all other routes; `None`: no limit.
    pub session_per_minute: Option<NonZeroU32>,
}

/// What a sign-up counts, where another request counts one.
const SIGN_UP: u32 = 10;
/// Addresses or logins that are told apart; all further ones share one count until old ones are forgotten.
const TOLD_APART: usize = 100_000;
/// From so many on, those that have been quiet are forgotten from time to time.
const MANY: usize = 10_000;
const FORGET_EVERY: Duration = Duration::from_secs(5);

/// The counts of all limits.
pub(super) struct Limits {
    addresses: Option<Limiter>,
    sessions: Option<Limiter>,
    error_reports: Option<Limiter>,
}

impl Limits {
    pub fn new(limits: RateLimits) -> Self {
        Self {
            addresses: limits.address_per_minute.map(Limiter::new),
            sessions: limits.session_per_minute.map(Limiter::new),
            error_reports: NonZeroU32::new(log_error::PER_MINUTE).map(Limiter::new),
        }
    }

    /// Counts a request to a route without a login.
    ///
    /// # Errors
    /// [`Refusal::TooMany`].
    pub fn stranger(&self, rule: &Rule, address: IpAddr) -> Result<(), Refusal> {
        // Load balancers ask often, and all through one address; pages are files in memory. Sockets have limits of their own
        // in the relay.
        if rule.access != Access::Open || matches!(rule.path, "/health-check" | "/") {
            return Ok(());
        }
        let cost = if rule.path.starts_with("/api/v1/auth/complete-sign-up") { SIGN_UP } else { 1 };
        check(self.addresses.as_ref(), network(address), cost)
    }

    /// Counts a request of a login.
    ///
    /// # Errors
    /// [`Refusal::TooMany`].
    pub fn session(&self, id: &str) -> Result<(), Refusal> {
        check(self.sessions.as_ref(), id, 1)
    }

    /// Counts a report of an error in the browser.
    ///
    /// # Errors
    /// [`Refusal::TooMany`].
    pub fn error_report(&self, id: &str) -> Result<(), Refusal> {
        check(self.error_reports.as_ref(), id, 1)
    }
}

fn check(limiter: Option<&Limiter>, key: impl Hash, cost: u32) -> Result<(), Refusal> {
    match limiter.map_or(Ok(()), |limiter| limiter.check(key, cost)) {
        Ok(()) => Ok(()),
        Err(wait) => Err(Refusal::too_many(wait)),
    }
}

/// A token bucket for each key. Keys are kept as keyed hashes: a login id is a secret.
struct Limiter {
    buckets: RateLimiter<u64, HashMapStateStore<u64>, DefaultClock>,
    hashes: foldhash::fast::RandomState,
    burst: NonZeroU32,
    forgot: Mutex<Instant>,
}

impl Limiter {
    fn new(per_minute: NonZeroU32) -> Self {
        Self {
            buckets: RateLimiter::hashmap(Quota::per_minute(per_minute)),
            hashes: foldhash::fast::RandomState::default(),
            burst: per_minute,
            forgot: Mutex::new(Instant::now()),
        }
    }

    /// The error is the time after which it is worth another try.
    fn check(&self, key: impl Hash, cost: u32) -> Result<(), Duration> {
        let key = match self.is_full() {
            false => self.hashes.hash_one(key),
            true => 0,
        };
        // More than the whole bucket would never pass.
        let cost = NonZeroU32::new(cost).map_or(NonZeroU32::MIN, |cost| cost.min(self.burst));
        match self.buckets.check_key_n(&key, cost) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(refused)) => Err(refused.wait_time_from(DefaultClock::default().now())),
            Err(_more_than_the_bucket) => Err(Duration::from_secs(60)),
        }
    }

    fn is_full(&self) -> bool {
        if self.buckets.len() < MANY {
            return false;
        }
        // Whoever finds the lock taken leaves the work to the one who has it.
        if let Ok(mut forgot) = self.forgot.try_lock()
            && forgot.elapsed() >= FORGET_EVERY
        {
            self.buckets.retain_recent();
            self.buckets.shrink_to_fit();
            *forgot = Instant::now();
        }
        self.buckets.len() >= TOLD_APART
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(per_minute: u32) -> Limiter {
        Limiter::new(NonZeroU32::new(per_minute).unwrap())
    }

    #[test]
    fn each_key_has_its_own_count_and_the_wait_is_told() {
        let limit = limiter(2);
        assert_eq!(["a", "a", "b"].map(|key| limit.check(key, 1).is_ok()), [true, true, true]);
        let wait = limit.check("a", 1).unwrap_err();
        assert!(wait > Duration::from_secs(20) && wait <= Duration::from_secs(30), "{wait:?}");
    }

    #[test]
    fn a_dear_request_empties_the_bucket_faster_and_never_blocks_for_ever() {
        let limit = limiter(15);
        assert_eq!([(); 2].map(|()| limit.check("a", 10).is_ok()), [true, false]);
        assert!(limiter(5).check("a", 10).is_ok());
    }

    #[test]
    fn the_table_is_bounded() {
        let limit = limiter(1_000_000);
        for key in 0..TOLD_APART + 1_000 {
            let _ = limit.check(key, 1);
        }
        assert!(limit.buckets.len() <= TOLD_APART + 1);
    }

    #[test]
    fn an_ipv6_network_counts_as_one_address() {
        let at = |text: &str| network(text.parse().unwrap());
        assert_eq!(at("2001:db8::1"), at("2001:db8::ffff:2"));
        assert_ne!(at("2001:db8::1"), at("2001:db8:0:1::1"));
        assert_eq!(at("::ffff:10.0.0.1"), at("10.0.0.1"));
        assert_ne!(at("10.0.0.1"), at("10.0.0.2"));
    }
}
