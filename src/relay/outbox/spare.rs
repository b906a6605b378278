//! Memory of drained runs, for the next run on the same thread: it is still in the processor's cache, and taking it costs no
//! growth step by step.

use std::cell::RefCell;

/// How many are kept for each thread, and how large each may be.
const KEPT: usize = 4;
const LARGEST: usize = 512 * 1024;

thread_local! {
    static SPARE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Empty memory, with room if any is kept.
pub(super) fn take() -> Vec<u8> {
    SPARE.with_borrow_mut(Vec::pop).unwrap_or_default()
}

/// Keeps memory that is not needed any more, within the bounds.
pub(super) fn give(mut bytes: Vec<u8>) {
    bytes.clear();
    SPARE.with_borrow_mut(|spare| {
        if spare.len() < KEPT && bytes.capacity() <= LARGEST {
            spare.push(bytes);
        }
    });
}
