//! How many connections one address may have open.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts open connections by address. Clones share the counts. An IPv6 /64 counts as one address.
#[derive(Clone, Debug)]
pub struct Crowd {
    most: Option<usize>,
    counts: Arc<Mutex<HashMap<IpAddr, usize>>>,
    turned_away: Arc<AtomicU64>,
}

/// One open connection of an address; dropping it makes room for another.
#[derive(Debug)]
pub struct Place {
    counts: Arc<Mutex<HashMap<IpAddr, usize>>>,
    of: IpAddr,
}

impl Crowd {
    /// At most so many connections of one address; `None`: no limit.
    #[must_use]
    pub fn new(most: Option<usize>) -> Self {
        Self { most, counts: Arc::default(), turned_away: Arc::default() }
    }

    /// A place, or `None` when the address has all of its own.
    #[must_use]
    pub fn enter(&self, address: IpAddr) -> Option<Place> {
        let of = network(address);
        let mut counts = lock(&self.counts);
        let count = counts.entry(of).or_default();
        if self.most.is_some_and(|most| *count >= most) {
            self.turned_away.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        *count += 1;
        Some(Place { counts: Arc::clone(&self.counts), of })
    }

    /// Connections that were closed so far because their address had too many.
    #[must_use]
    pub fn turned_away(&self) -> u64 {
        self.turned_away.load(Ordering::Relaxed)
    }

    /// The limit.
    #[must_use]
    pub fn most(&self) -> Option<usize> {
        self.most
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = lock(&self.counts);
        if let Some(count) = counts.get_mut(&self.of) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.of);
            }
        }
    }
}

fn lock(counts: &Mutex<HashMap<IpAddr, usize>>) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
    // Counts that are consistent between any two statements: a panic elsewhere cannot spoil them.
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What counts as one address: an IPv4 address, or an IPv6 /64, because whoever has one IPv6 address has 2^64 of them.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn each_address_has_its_own_places_and_a_64_shares_them() {
        let crowd = Crowd::new(Some(2));
        let first = crowd.enter(ip("2001:db8::1")).unwrap();
        let _second = crowd.enter(ip("2001:db8::ffff:2")).unwrap();
        assert!(crowd.enter(ip("2001:db8:0:0:7::")).is_none());
        let _other = crowd.enter(ip("2001:db8:0:1::1")).unwrap();
        drop(first);
        let _third = crowd.enter(ip("2001:db8::3")).unwrap();
        let _four = [crowd.enter(ip("192.0.2.1")).unwrap(), crowd.enter(ip("::ffff:192.0.2.1")).unwrap()];
        assert!(crowd.enter(ip("192.0.2.1")).is_none());
        assert_eq!(crowd.turned_away(), 2);
    }

    #[test]
    fn nothing_is_remembered_of_who_has_left_and_there_may_be_no_limit() {
        let crowd = Crowd::new(None);
        let all: Vec<_> = (0..100).map(|_| crowd.enter(ip("192.0.2.1")).unwrap()).collect();
        drop(all);
        assert!(lock(&crowd.counts).is_empty());
        let none = Crowd::new(Some(0));
        assert!(none.enter(ip("192.0.2.1")).is_none());
    }
}
