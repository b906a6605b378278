//! The system's allocator, which counts what marked threads ask it for.

#![expect(unsafe_code, reason = "an allocator has no other form")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a thread has asked for: a block that grows counts again, with what it grew by.
#[derive(Default)]
pub struct Asked {
    blocks: AtomicU64,
    bytes: AtomicU64,
}

/// A reading of [`Asked`], or the difference of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    pub blocks: u64,
    pub bytes: u64,
}

thread_local! {
    static ASKED: Cell<Option<&'static Asked>> = const { Cell::new(None) };
}

pub struct Counting;

// SAFETY: everything is the system's own; beside it only thread-local memory without a destructor and atomics are touched.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size.saturating_sub(layout.size()));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.realloc(block, layout, size) }
    }
}

fn count(bytes: usize) {
    if let Some(asked) = ASKED.get() {
        asked.blocks.fetch_add(1, Ordering::Relaxed);
        asked.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

impl Asked {
    pub fn read(&self) -> Reading {
        Reading { blocks: self.blocks.load(Ordering::Relaxed), bytes: self.bytes.load(Ordering::Relaxed) }
    }

    /// What was asked for since an earlier reading.
    pub fn since(&self, earlier: Reading) -> Reading {
        let now = self.read();
        Reading { blocks: now.blocks - earlier.blocks, bytes: now.bytes - earlier.bytes }
    }
}

/// Marks the thread on which it is dropped.
pub struct Mark(pub &'static Asked);

impl Drop for Mark {
    fn drop(&mut self) {
        ASKED.set(Some(self.0));
    }
}
