//! A token bucket that asks its user to wait instead of refusing. Pure: time comes in as an argument.

use std::time::{Duration, Instant};

/// `rate` tokens a second, at most `burst` of them saved up. Taking may go below zero; then [`Bucket::wait`] tells how long
/// until it is even again.
#[derive(Debug)]
pub(super) struct Bucket {
    rate: f64,
    burst: f64,
    tokens: f64,
    at: Instant,
}

impl Bucket {
    pub(super) fn new(rate: f64, burst: f64, now: Instant) -> Self {
        Self { rate, burst, tokens: burst, at: now }
    }

    /// Takes `n` tokens; true when they were there.
    pub(super) fn take(&mut self, n: usize, now: Instant) -> bool {
        if now > self.at {
            self.tokens = (self.tokens + now.duration_since(self.at).as_secs_f64() * self.rate).min(self.burst);
            self.at = now;
        }
        self.tokens -= n as f64;
        self.tokens >= 0.0
    }

    /// Takes one token, unless some are owed: who is refused owes nothing more.
    pub(super) fn take_one(&mut self, now: Instant) -> bool {
        let even = self.take(0, now);
        if even {
            self.tokens -= 1.0;
        }
        even
    }

    /// How long until the debt is paid; zero when there is none.
    pub(super) fn wait(&self) -> Duration {
        if self.tokens >= 0.0 { Duration::ZERO } else { Duration::from_secs_f64(-self.tokens / self.rate) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lends_once_and_then_makes_wait() {
        let now = Instant::now();
        let mut bucket = Bucket::new(10.0, 5.0, now);
        assert!(bucket.take(5, now));
        assert!(!bucket.take(5, now));
        assert_eq!(bucket.wait(), Duration::from_millis(500));
        assert!(!bucket.take(5, now + Duration::from_millis(500)), "paid, but nothing saved");
        assert!(bucket.take(5, now + Duration::from_secs(60)), "never more than the burst");
        assert!(!bucket.take(1, now + Duration::from_secs(60)));
    }

    #[test]
    fn a_refusal_costs_nothing() {
        let now = Instant::now();
        let mut bucket = Bucket::new(1.0, 2.0, now);
        let taken = (0..100).filter(|_| bucket.take_one(now)).count();
        assert_eq!(taken, 3, "two and one that is lent");
        assert!(bucket.take_one(now + Duration::from_secs(1)));
    }
}
