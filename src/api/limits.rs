//! How often one address may do something that costs us more than an answer (D-39).

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const WINDOW: Duration = Duration::from_secs(60);
/// Addresses that are told apart in one window; all others share one count.
const ADDRESSES: usize = 10_000;

/// A count for each address, in fixed windows of a minute.
#[derive(Debug)]
pub(super) struct PerAddress {
    limit: u32,
    window: Mutex<(Instant, HashMap<Option<IpAddr>, u32>)>,
}

impl PerAddress {
    /// Allows `limit` per minute and address.
    pub fn new(limit: u32) -> Self {
        Self { limit, window: Mutex::new((Instant::now(), HashMap::new())) }
    }

    /// Counts one; `false` when it is one too many.
    pub fn allow(&self, address: IpAddr, now: Instant) -> bool {
        // Plain counts: whatever a panic elsewhere left is as good as any.
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_duration_since(window.0) >= WINDOW {
            *window = (now, HashMap::new());
        }
        let counts = &mut window.1;
        let known = counts.contains_key(&Some(address)) || counts.len() < ADDRESSES;
        let count = counts.entry(known.then_some(address)).or_default();
        *count = count.saturating_add(1);
        *count <= self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_its_own_count_and_a_new_window_begins_at_zero() {
        let limit = PerAddress::new(2);
        let now = Instant::now();
        let (a, b) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        assert_eq!([a, a, a, b].map(|address| limit.allow(address, now)), [true, true, false, true]);
        assert!(limit.allow(a, now + WINDOW));
    }

    #[test]
    fn the_table_is_bounded() {
        let limit = PerAddress::new(5);
        let now = Instant::now();
        for i in 0..u32::try_from(2 * ADDRESSES).unwrap() {
            limit.allow(IpAddr::from(i.to_be_bytes()), now);
        }
        assert!(limit.window.lock().unwrap().1.len() <= ADDRESSES + 1);
        assert!(!limit.allow(IpAddr::from([250, 0, 0, 1]), now), "the shared count is used up");
    }
}
