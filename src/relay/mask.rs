//! RFC 6455 masking (5.3): exclusive or with four bytes, over and over.

/// Masks or unmasks `bytes` in place; they begin `offset` bytes into the frame's payload.
///
/// A plain loop over words, which the compiler turns into vector instructions.
#[inline]
pub fn unmask(bytes: &mut [u8], key: [u8; 4], offset: usize) {
    let mut key = key;
    key.rotate_left(offset & 3);
    let [a, b, c, d] = key;
    let word = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = bytes.as_chunks_mut::<8>();
    for chunk in words {
        *chunk = (u64::from_ne_bytes(*chunk) ^ word).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(word.to_ne_bytes()) {
        *byte ^= mask;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_example_of_rfc_6455() {
        let mut hello = [0x7f, 0x9f, 0x4d, 0x51, 0x58];
        unmask(&mut hello, [0x37, 0xfa, 0x21, 0x3d], 0);
        assert_eq!(&hello, b"Hello");
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(bytes in prop::collection::vec(any::<u8>(), 0..300), key: [u8; 4], offset in 0usize..9, start in 0usize..9) {
            let start = start.min(bytes.len());
            let mut fast = bytes.clone();
            unmask(&mut fast[start..], key, offset);
            for (place, (byte, fast)) in bytes.iter().zip(&fast).enumerate() {
                let mask = if place < start { 0 } else { key[(place - start + offset) % 4] };
                prop_assert_eq!(byte ^ mask, *fast);
            }
        }
    }
}
