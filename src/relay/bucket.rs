//! A token bucket that asks its user to wait instead of refusing. Pure: time comes in as an argument.

use std::time::{Duration, Instant};

/// What a bucket goes by. The same for many buckets, so they do not hold it themselves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    /// Tokens a second.
    pub(super) rate: f64,
    /// At most so many of them are saved up.
    pub(super) burst: f64,
}

/// Taking may go below zero; then [`Bucket::wait`] tells how long until it is even again.
#[derive(Debug)]
pub(super) struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Bucket {
    /// Full.
    pub(super) fn new(rate: Rate, now: Instant) -> Self {
        Self { tokens: rate.burst, at: now }
    }

    /// Takes `n` tokens; true when they were there.
    pub(super) fn take(&mut self, n: usize, rate: Rate, now: Instant) -> bool {
        if now > self.at {
            self.tokens = (self.tokens + now.duration_since(self.at).as_secs_f64() * rate.rate).min(rate.burst);
            self.at = now;
        }
        self.tokens -= n as f64;
        self.tokens >= 0.0
    }

    /// Takes one token, unless some are owed: who is refused owes nothing more.
    pub(super) fn take_one(&mut self, rate: Rate, now: Instant) -> bool {
        let even = self.take(0, rate, now);
        if even {
            self.tokens -= 1.0;
        }
        even
    }

    /// How long until the debt is paid; zero when there is none.
    pub(super) fn wait(&self, rate: Rate) -> Duration {
        if self.tokens >= 0.0 { Duration::ZERO } else { Duration::from_secs_f64(-self.tokens / rate.rate) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lends_once_and_then_makes_wait() {
        let now = Instant::now();
        let rate = Rate { rate: 10.0, burst: 5.0 };
        let mut bucket = Bucket::new(rate, now);
        assert!(bucket.take(5, rate, now));
        assert!(!bucket.take(5, rate, now));
        assert_eq!(bucket.wait(rate), Duration::from_millis(500));
        assert!(!bucket.take(5, rate, now + Duration::from_millis(500)), "paid, but nothing saved");
        assert!(bucket.take(5, rate, now + Duration::from_secs(60)), "never more than the burst");
        assert!(!bucket.take(1, rate, now + Duration::from_secs(60)));
    }

    #[test]
    fn a_refusal_costs_nothing() {
        let now = Instant::now();
        let rate = Rate { rate: 1.0, burst: 2.0 };
        let mut bucket = Bucket::new(rate, now);
        let taken = (0..100).filter(|_| bucket.take_one(rate, now)).count();
        assert_eq!(taken, 3, "two and one that is lent");
        assert!(bucket.take_one(rate, now + Duration::from_secs(1)));
    }
}
