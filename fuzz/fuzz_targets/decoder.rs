//! Any bytes in any cuts: no panic, no more memory than what arrived allows, and the same messages and the same fault as in
//! one piece.
#![no_main]

#[path = "../../tests/codec_properties/drive.rs"]
mod drive;

use compose_relay::relay::codec::{Decoder, Limits};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((&[limits, cuts @ ..], bytes)) = input.split_first_chunk::<6>() else { return };
    let message = [0, 200, 5_000, 1 << 20][usize::from(limits & 3)];
    let hard = [message as u64, 2 * message as u64, 70_000, u64::MAX][usize::from(limits >> 2 & 3)].max(message as u64);
    let limits = Limits { message, hard };
    let whole = drive::feed(&mut Decoder::new(limits), bytes, &[usize::MAX], false);
    // From single bytes to more than there are.
    let cuts = cuts.map(|cut| 1 + usize::from(cut) * usize::from(cut) / 8);
    for direct in [false, true] {
        let mut decoder = Decoder::new(limits);
        assert!(
            drive::feed(&mut decoder, bytes, &cuts, direct) == whole,
            "{cuts:?}, direct {direct}: not as in one piece"
        );
        assert!(decoder.held() <= 2 * bytes.len() + 16 * 1024, "{} bytes held for {}", decoder.held(), bytes.len());
        assert!(decoder.reserved() <= 16 * bytes.len() + 16 * 1024, "{} bytes reserved", decoder.reserved());
    }
});
