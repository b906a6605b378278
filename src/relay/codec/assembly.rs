//! The buffer in which a large or fragmented message is gathered.

use bytes::Bytes;

/// Smallest growth in bytes.
const STEP: usize = 4096;

/// How many times what has arrived may be set aside for a message whose length is known. Memory that nobody has touched costs
/// address space alone, and a message that never moves is neither copied nor has its pages made twice.
const ASIDE: usize = 16;
/// Most that is zeroed at a time: it is still in the cache when the socket is read into it.
const AHEAD: usize = 128 << 10;

/// Holds what has arrived. What is touched beyond that is at most as much again, so it follows the bytes that came, not those
/// that a header promised.
#[derive(Default)]
pub(super) struct Assembly {
    /// Beyond `filled` there may be zeros, which [`Assembly::room`] lends out.
    buffer: Vec<u8>,
    filled: usize,
    /// The message's length, once its last frame's head was seen: growing beyond it would be waste.
    end: Option<usize>,
}

impl Assembly {
    pub fn filled(&self) -> usize {
        self.filled
    }

    /// Memory that was touched.
    pub fn held(&self) -> usize {
        self.buffer.len()
    }

    /// Address space, touched or not.
    pub fn reserved(&self) -> usize {
        self.buffer.capacity()
    }

    /// The first `most` bytes, or what there is.
    pub fn front(&self, most: usize) -> &[u8] {
        &self.buffer[..self.filled.min(most)]
    }

    /// A frame begins: the last one, with so much payload, or one of unknown many.
    pub fn expect(&mut self, last: Option<u64>) {
        self.end = last.and_then(|payload| self.filled.checked_add(usize::try_from(payload).ok()?));
    }

    pub fn append(&mut self, bytes: &[u8]) {
        let end = self.filled + bytes.len();
        if let Some(spare) = self.buffer.get_mut(self.filled..end) {
            spare.copy_from_slice(bytes);
        } else {
            self.buffer.truncate(self.filled);
            self.reserve(bytes.len(), STEP, end);
            self.buffer.extend_from_slice(bytes);
        }
        self.filled = end;
    }

    /// Room behind what has arrived: at least [`STEP`] bytes and never more than `left`, which must not be less than
    /// `step`. When it grows, then by `step` at least: were the two bounds one, small reads would make it grow each time.
    pub fn room(&mut self, step: usize, left: usize) -> &mut [u8] {
        if self.buffer.len() - self.filled < STEP {
            self.buffer.truncate(self.filled);
            self.reserve(STEP, step, self.filled);
            // Zeroed once, which costs far less than reading through a second buffer.
            let ahead = left.min(step.max(self.filled).min(AHEAD));
            self.buffer.resize(self.buffer.capacity().min(self.filled + ahead), 0);
        }
        let end = self.buffer.len().min(self.filled + left);
        &mut self.buffer[self.filled..end]
    }

    /// The first `count` bytes of the room have been filled; returns them.
    pub fn fill(&mut self, count: usize) -> &mut [u8] {
        let start = self.filled;
        self.filled += count;
        &mut self.buffer[start..self.filled]
    }

    /// Makes capacity for `need` bytes more, of which `arrived` are there in all: `step`, or as much again as there is; if the
    /// end is known more, but not beyond it.
    fn reserve(&mut self, need: usize, step: usize, arrived: usize) {
        if self.buffer.capacity() - self.filled < need {
            let most = self.end.map_or(self.filled, |end| (arrived * ASIDE).min(end) - self.filled);
            let end = self.end.map_or(usize::MAX, |end| end - self.filled);
            // What is set aside makes it quick, but where address space is short it is not to be had.
            if self.buffer.try_reserve_exact(step.max(most).min(end).max(need)).is_err() {
                self.buffer.reserve_exact(step.max(arrived).min(end).max(need));
            }
        }
    }

    pub fn finish(mut self) -> Bytes {
        self.buffer.truncate(self.filled);
        // A quarter of waste is less bad than copying the message once more.
        if self.buffer.capacity() - self.filled > self.filled / 4 {
            self.buffer.shrink_to_fit();
        }
        Bytes::from(self.buffer)
    }
}
