//! What is due on the strokes of a clock. Many things fall on a stroke and are taken up together, in order of the strokes: each is
//! one push and one pop in memory that lies side by side, where a heap of ten thousand would be searched all over.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// From one stroke to the next.
pub(super) const STROKE: Duration = Duration::from_millis(100);
/// Strokes from the first one on which something is due to the last one; a ping is within 20 s.
const MOST: u64 = 256;

pub(super) struct Strokes<T> {
    /// The stroke with the number 0.
    begun: Instant,
    /// The number of the stroke at the front.
    first: u64,
    /// What is due on each stroke from `first` on. On that at the front there is something.
    due: VecDeque<Vec<T>>,
    /// Memory of strokes that are over.
    spare: Vec<Vec<T>>,
}

impl<T> Strokes<T> {
    /// A clock that begins now; nothing is due.
    pub(super) fn new(begun: Instant) -> Self {
        Self { begun, first: 0, due: VecDeque::new(), spare: Vec::new() }
    }

    /// The last stroke that is not after this.
    pub(super) fn before(&self, at: Instant) -> Instant {
        let past = at.saturating_duration_since(self.begun).as_nanos() % STROKE.as_nanos();
        // Shorter than a stroke, so it fits.
        at - Duration::from_nanos(past as u64)
    }

    /// Takes what is due at this time. False: that is no stroke, or too far away from others; it is not taken.
    pub(super) fn push(&mut self, at: Instant, what: T) -> bool {
        let Some(number) = self.number(at) else { return false };
        if self.due.is_empty() {
            self.first = number;
        }
        let last = self.first + self.due.len() as u64;
        if number >= self.first + MOST || last > number + MOST {
            return false;
        }
        while number < self.first {
            self.due.push_front(Vec::new());
            self.first -= 1;
        }
        // Less than `MOST`.
        let place = (number - self.first) as usize;
        while self.due.len() <= place {
            self.due.push_back(Vec::new());
        }
        let due = &mut self.due[place];
        if due.capacity() == 0 {
            *due = self.spare.pop().unwrap_or_default();
        }
        due.push(what);
        true
    }

    /// When the next thing is due.
    pub(super) fn next(&self) -> Option<Instant> {
        (!self.due.is_empty()).then(|| self.at(self.first))
    }

    /// One thing that is due now, and since when.
    pub(super) fn pop(&mut self, now: Instant) -> Option<(Instant, T)> {
        let at = self.next().filter(|at| *at <= now)?;
        let what = self.due.front_mut().and_then(Vec::pop)?;
        while self.due.front().is_some_and(Vec::is_empty) {
            self.first += 1;
            self.spare.extend(self.due.pop_front().filter(|over| over.capacity() > 0));
        }
        Some((at, what))
    }

    /// How much is due, now or later.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.due.iter().map(Vec::len).sum()
    }

    /// Frees what is kept to be quick.
    pub(super) fn slim(&mut self) {
        self.spare = Vec::new();
    }

    fn at(&self, number: u64) -> Instant {
        // A clock does not run for as long as would not fit.
        self.begun + Duration::from_millis(number * STROKE.as_millis() as u64)
    }

    fn number(&self, at: Instant) -> Option<u64> {
        let since = at.checked_duration_since(self.begun)?.as_nanos();
        (since % STROKE.as_nanos() == 0).then(|| (since / STROKE.as_nanos()) as u64)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against a list that is searched.
        #[test]
        fn everything_comes_when_it_is_due_and_once(steps in proptest::collection::vec((0_u64..300, 0_u64..40), 1..200)) {
            let begun = Instant::now();
            let mut strokes = Strokes::new(begun);
            let (mut waiting, mut now) = (Vec::new(), begun);
            for (what, (ahead, passes)) in steps.into_iter().enumerate() {
                let at = strokes.before(now) + STROKE * ahead as u32;
                if strokes.push(at, what) {
                    waiting.push((at, what));
                } else {
                    // What else is due is too far away, before it or behind it.
                    prop_assert!(ahead >= MOST || waiting.iter().any(|(other, _)| *other > at + STROKE * (MOST as u32 - 1)));
                }
                now += STROKE * passes as u32 / 2;
                prop_assert_eq!(strokes.next(), waiting.iter().map(|(at, _)| *at).min());
                let mut last = None;
                while let Some(came) = strokes.pop(now) {
                    prop_assert!(last <= Some(came.0));
                    last = Some(came.0);
                    let place = waiting.iter().position(|it| *it == came);
                    prop_assert!(place.is_some());
                    waiting.remove(place.unwrap());
                }
                prop_assert!(waiting.iter().all(|(at, _)| *at > now));
            }
        }
    }

    #[test]
    fn only_strokes_are_taken() {
        let begun = Instant::now();
        let mut strokes = Strokes::new(begun);
        assert!(!strokes.push(begun + STROKE / 2, ()));
        assert!(strokes.push(begun + STROKE, ()));
        assert!(strokes.push(begun, ()));
        assert!(!strokes.push(begun + STROKE * MOST as u32, ()));
        assert_eq!(strokes.next(), Some(begun));
    }

    #[test]
    fn who_is_due_again_and_again_needs_no_memory_for_it() {
        let mut strokes = Strokes::new(Instant::now());
        let mut at = strokes.begun;
        strokes.push(at, ());
        let memory = strokes.due[0].as_ptr();
        for _ in 0..1_000 {
            assert_eq!(strokes.pop(at), Some((at, ())));
            at += STROKE * 195;
            strokes.push(at, ());
            assert_eq!(strokes.due[0].as_ptr(), memory);
        }
        strokes.pop(at);
        strokes.slim();
        assert!(strokes.due.is_empty() && strokes.spare.is_empty());
    }
}
