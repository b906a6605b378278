//! The cap on open connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::crowd::Place;

/// How many connections may be open at once. Clones share one count, so that several listeners can share one cap.
#[derive(Clone, Debug)]
pub struct Admission {
    places: Arc<Semaphore>,
    limit: usize,
    counts: Arc<Counts>,
}

/// What has happened at the door so far.
#[derive(Debug, Default)]
struct Counts {
    admitted: AtomicU64,
    turned_away: AtomicU64,
}

/// One open connection. Dropping it gives the place back, so it must live as long as the socket does.
#[derive(Debug)]
pub struct Permit {
    _place: OwnedSemaphorePermit,
    /// Its place among those of its address.
    of_its_address: Option<Place>,
}

impl Permit {
    /// Keeps this place, too, as long as the connection is open.
    pub(super) fn keep(&mut self, place: Place) {
        self.of_its_address = Some(place);
    }
}

impl Admission {
    /// A cap of `limit` connections (at least 1).
    #[must_use]
    pub fn new(limit: usize) -> Self {
        let limit = limit.clamp(1, Semaphore::MAX_PERMITS);
        Self { places: Arc::new(Semaphore::new(limit)), limit, counts: Arc::default() }
    }

    /// A place, or `None` when all are taken. Does not wait.
    #[must_use]
    pub fn admit(&self) -> Option<Permit> {
        let place = Arc::clone(&self.places)
            .try_acquire_owned()
            .ok()
            .map(|place| Permit { _place: place, of_its_address: None });
        let count = if place.is_some() { &self.counts.admitted } else { &self.counts.turned_away };
        count.fetch_add(1, Ordering::Relaxed);
        place
    }

    /// Connections that got a place so far.
    #[must_use]
    pub fn admitted(&self) -> u64 {
        self.counts.admitted.load(Ordering::Relaxed)
    }

    /// Connections that were closed at once so far, because all places were taken.
    #[must_use]
    pub fn turned_away(&self) -> u64 {
        self.counts.turned_away.load(Ordering::Relaxed)
    }

    /// Connections open now.
    #[must_use]
    pub fn open(&self) -> usize {
        self.limit - self.places.available_permits().min(self.limit)
    }

    /// The cap.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_comes_back_when_its_permit_is_dropped() {
        let admission = Admission::new(2);
        let first = admission.admit().unwrap();
        let second = admission.admit().unwrap();
        assert!(admission.admit().is_none());
        assert_eq!(admission.open(), 2);
        drop(first);
        assert_eq!(admission.open(), 1);
        assert!(admission.clone().admit().is_some());
        drop(second);
        assert_eq!(admission.open(), 0);
        assert_eq!((admission.admitted(), admission.turned_away()), (3, 1));
    }
}
