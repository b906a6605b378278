//! The allocator of compose-relay: mimalloc, with a count of what each thread asks it for, and what it has to be told: when to
//! give memory back.
//!
//! By itself it does that when a thread asks for more, so a thread that has nothing to do after a burst keeps what the burst has
//! needed (`docs/PERFORMANCE.md` has the figures). The call is a function of C, and an allocator has no form without `unsafe`;
//! this crate of its own is there so that nothing else needs it.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::time::{Duration, Instant};

use mimalloc::MiMalloc;

/// The allocator.
#[derive(Debug)]
pub struct Allocator;

/// How much of what is free is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Free {
    /// What has been free for a second.
    Long,
    /// All of it, with what the allocator keeps to be quick: some MiB after a burst, which have to be made anew when they are
    /// wanted again.
    All,
}

thread_local! {
    static ASKED: Cell<u64> = const { Cell::new(0) };
    /// When this thread gave back last, and when it gave back all.
    static LAST: Cell<[Option<Instant>; 2]> = const { Cell::new([None; 2]) };
}

#[expect(unsafe_code, reason = "an allocator has no other form")]
// SAFETY: everything is mimalloc's own; beside it only a number of the thread is touched, which has no destructor.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise is passed on.
        unsafe { MiMalloc.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise is passed on.
        unsafe { MiMalloc.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's promise is passed on.
        unsafe { MiMalloc.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { MiMalloc.dealloc(block, layout) }
    }
}

fn count() {
    ASKED.set(ASKED.get() + 1);
}

/// How often this thread has asked for a block of memory, or for another size of one that it has; 0 in a program with another
/// allocator.
#[must_use]
pub fn asked() -> u64 {
    ASKED.get()
}

/// Gives memory that this thread does not use, and what all have given up, back to the system. It takes some ten microseconds, all
/// of it some hundred, and what is free now may be wanted again soon: not for every turn of a loop. Without effect in a program
/// with another allocator.
pub fn give_back(free: Free) {
    #[expect(unsafe_code, reason = "a function of C")]
    // SAFETY: it may be called at any time and on any thread (mimalloc's documentation of `mi_collect`), and touches only what
    // is free.
    unsafe {
        libmimalloc_sys::mi_collect(free == Free::All);
    }
}

/// The same for a thread that is about to wait, unless it did so less than `every` ago; and all unless it did that less than
/// `all_every` ago.
pub fn give_back_every(every: Duration, all_every: Duration) {
    LAST.with(|last| {
        let now = Instant::now();
        let due = |at: Option<Instant>, every| at.is_none_or(|at| now.saturating_duration_since(at) >= every);
        let [some, all] = last.get();
        if due(all, all_every) {
            last.set([Some(now); 2]);
            give_back(Free::All);
        } else if due(some, every) {
            last.set([Some(now), all]);
            give_back(Free::Long);
        }
    });
}
