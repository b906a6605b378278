//! Memory that no connection needs just now. A queue takes some when it begins to fill and gives it back when it is drained,
//! mostly within one turn of the loop; a frame that came in part lies in some until the rest is there. So a busy connection
//! asks the allocator for nothing, and a quiet one holds nothing.

/// What lies here at most, in bytes: more than a turn of the loop needs but for a burst.
const MOST: usize = 2 << 20;

/// The spare memory of one thread.
#[derive(Debug)]
pub struct Spare {
    /// All of them empty; the one used last, which the cache still knows, is the last.
    pieces: Vec<Vec<u8>>,
    /// Their capacities in sum.
    bytes: usize,
    /// Larger pieces are freed.
    largest: usize,
}

impl Default for Spare {
    /// For queues: what many senders have for one receiver in a turn.
    fn default() -> Self {
        Self::up_to(512 << 10)
    }
}

impl Spare {
    /// Nothing yet, and later no piece of more than `largest` bytes; allocates nothing.
    #[must_use]
    pub fn up_to(largest: usize) -> Self {
        Self { pieces: Vec::new(), bytes: 0, largest }
    }

    /// Memory held, in bytes; at most 2 MiB.
    #[must_use]
    pub fn held(&self) -> usize {
        self.bytes
    }

    /// Empty memory, with some capacity if there is any.
    #[inline]
    pub(in crate::relay) fn take(&mut self) -> Vec<u8> {
        let piece = self.pieces.pop().unwrap_or_default();
        self.bytes -= piece.capacity();
        piece
    }

    /// Keeps memory for the next who needs some.
    #[inline]
    pub(in crate::relay) fn give(&mut self, mut piece: Vec<u8>) {
        let capacity = piece.capacity();
        if (1..=self.largest).contains(&capacity) && self.bytes + capacity <= MOST {
            piece.clear();
            self.bytes += capacity;
            self.pieces.push(piece);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_comes_back_empty_and_has_a_bound() {
        let mut spare = Spare::up_to(40_000);
        assert_eq!(spare.take().capacity(), 0);
        spare.give(vec![1; 100]);
        let piece = spare.take();
        assert!(piece.is_empty() && piece.capacity() >= 100 && spare.held() == 0);
        spare.give(Vec::with_capacity(40_001));
        spare.give(Vec::new());
        assert_eq!((spare.held(), spare.pieces.len()), (0, 0));
        for _ in 0..100 {
            spare.give(Vec::with_capacity(30_000));
        }
        assert!(spare.held() <= MOST && spare.held() > MOST - 60_000, "{}", spare.held());
    }
}
