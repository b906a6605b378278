//! Numbers that look random and are the same in every run, so that a failure can be repeated.

/// A small xorshift generator. Not for secrets.
pub struct Numbers(u64);

impl Numbers {
    pub fn from_seed(seed: u64) -> Self {
        Numbers(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number in `0..end`.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(length + 8);
        while bytes.len() < length {
            bytes.extend_from_slice(&self.next().to_le_bytes());
        }
        bytes.truncate(length);
        bytes
    }
}

#[test]
fn the_same_seed_gives_the_same_numbers() {
    let (mut one, mut two) = (Numbers::from_seed(7), Numbers::from_seed(7));
    assert_eq!(one.bytes(100), two.bytes(100));
    assert_ne!(Numbers::from_seed(8).bytes(16), Numbers::from_seed(7).bytes(16));
    assert!((0..1000).all(|_| one.below(3) < 3));
}
