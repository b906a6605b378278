//! The allocator of compose-relay, mimalloc, and what it has to be told: when to give memory back.
//!
//! By itself it does that when a thread asks for more, so a thread that has nothing to do after a burst keeps what the burst has
//! needed (`docs/PERFORMANCE.md` has the figures). The call is a function of C; this crate of its own is there so that nothing
//! else needs `unsafe`.

use std::cell::Cell;
use std::time::{Duration, Instant};

pub use mimalloc::MiMalloc;

thread_local! {
    static LAST: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Gives memory that this thread does not use back to the system. It takes some ten microseconds, and what is free now may be
/// wanted again soon: not for every turn of a loop. Without effect in a program with another allocator.
pub fn give_back() {
    #[expect(unsafe_code, reason = "a function of C")]
    // SAFETY: it may be called at any time and on any thread (mimalloc's documentation of `mi_collect`), and touches only what
    // is free.
    unsafe {
        libmimalloc_sys::mi_collect(false);
    }
}

/// The same for a thread that is about to wait, unless it did so less than `every` ago.
pub fn give_back_every(every: Duration) {
    LAST.with(|last| {
        let now = Instant::now();
        if last.get().is_none_or(|last| now.saturating_duration_since(last) >= every) {
            last.set(Some(now));
            give_back();
        }
    });
}
