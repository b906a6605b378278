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

thread_local! {
    static ASKED: Cell<u64> = const { Cell::new(0) };
    static LAST: Cell<Option<Instant>> = const { Cell::new(None) };
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

/// How often this thread has asked for a block of memory, or for a larger one in the place of one that it has; 0 in a program
/// with another allocator.
#[must_use]
pub fn asked() -> u64 {
    ASKED.get()
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
