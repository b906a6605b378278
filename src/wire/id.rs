//! The four ids that travel in headers (section 1): canonical 36-character UUID text on the wire, a `u128` here.
//!
//! Parsing accepts either letter case and makes equal ids equal, so that comparing ids is comparing integers.

use std::fmt;

/// Length of an id's text in bytes.
const LEN: usize = 36;

/// Where the 32 digits are in the text; the four gaps are the hyphens.
const DIGITS: [usize; 32] = [
    0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 16, 17, 19, 20, 21, 22, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34,
    35,
];

const LOWER: &[u8; 16] = b"0123456789abcdef";

/// Each byte of a word.
const fn every(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// Reads 36 bytes without a branch per digit, eight digits at a time; faults are collected and looked at once.
#[inline]
fn parse(text: &[u8]) -> Option<u128> {
    let text: &[u8; LEN] = text.try_into().ok()?;
    let hyphens = (text[8] ^ b'-') | (text[13] ^ b'-') | (text[18] ^ b'-') | (text[23] ^ b'-');
    let at =
        |place: usize| u64::from(u32::from_le_bytes([text[place], text[place + 1], text[place + 2], text[place + 3]]));
    // The lowest byte is the first digit.
    let digits = [at(0) | at(4) << 32, at(9) | at(14) << 32, at(19) | at(24) << 32, at(28) | at(32) << 32];
    let mut fault = 0;
    let mut value = 0_u128;
    for digits in digits {
        // With the high bit out of the way adding carries into no neighbour, and the high bit of a sum tells "at least".
        let low = digits & every(0x7f);
        let lower = low | every(0x20);
        let digit = (low + every(0x80 - b'0')) & !(low + every(0x80 - b'9' - 1));
        let letter = (lower + every(0x80 - b'a')) & !(lower + every(0x80 - b'f' - 1));
        fault |= (!(digit | letter) | digits) & every(0x80);
        // Bit 6 tells a letter, and the low half of a letter begins at 1.
        let nibbles = (digits & every(0x0f)) + ((digits >> 6) & every(0x01)) * 9;
        let pairs = ((nibbles << 4) | (nibbles >> 8)) & 0x00ff_00ff_00ff_00ff;
        let fours = (pairs | (pairs >> 8)) & 0x0000_ffff_0000_ffff;
        let eight = ((fours | (fours >> 16)) as u32).swap_bytes();
        value = (value << 32) | u128::from(eight);
    }
    (fault == 0 && hyphens == 0).then_some(value)
}

/// The lower-case text.
fn text(value: u128) -> [u8; LEN] {
    let mut text = [b'-'; LEN];
    for (&place, nibble) in DIGITS.iter().zip((0..32).rev()) {
        text[place] = LOWER[(value >> (nibble * 4)) as usize & 0x0f];
    }
    text
}

fn display(value: u128, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    // The text is ASCII, so the fallback is never taken; it only spares a panic path.
    f.write_str(std::str::from_utf8(&text(value)).unwrap_or_default())
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        // Aligned to 8 bytes: an id beside something smaller, of which there are many, then wastes no room.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(Rust, packed(8))]
        pub struct $name(u128);

        impl $name {
            /// Length of the text in bytes.
            pub const LEN: usize = LEN;

            /// Reads canonical hyphenated UUID text of exactly 36 bytes, in either letter case; `None` for anything else.
            #[inline]
            #[must_use]
            pub fn parse(text: &[u8]) -> Option<Self> {
                parse(text).map(Self)
            }

            /// The id whose 128 bits are these, most significant digit first.
            #[must_use]
            pub const fn from_u128(value: u128) -> Self {
                Self(value)
            }

            /// The 128 bits, most significant digit first.
            #[must_use]
            pub const fn as_u128(self) -> u128 {
                self.0
            }

            /// The text in lower case, as it stands in a frame header.
            #[must_use]
            pub fn text(self) -> [u8; LEN] {
                text(self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                display(self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                display(self.0, f)
            }
        }
    };
}

id! {
    /// Names an environment: one customer process with an SDK, known by its API key.
    EnvironmentId
}
id! {
    /// Names one mounted page of the web client; survives its reconnects. Not a login.
    SessionId
}
id! {
    /// Names one run of an app, made by the web client for every START_EXECUTION.
    ExecutionId
}
id! {
    /// Names one upload; made when the user picks the file.
    FileId
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn either_case_is_one_id() {
        let lower = EnvironmentId::parse(b"abcdef01-2345-4678-9abc-def012345678").unwrap();
        let upper = EnvironmentId::parse(b"ABCDEF01-2345-4678-9ABC-DEF012345678").unwrap();
        assert_eq!(lower, upper);
        assert_eq!(lower.as_u128(), 0xabcd_ef01_2345_4678_9abc_def0_1234_5678);
        assert_eq!(upper.to_string(), "abcdef01-2345-4678-9abc-def012345678");
        assert_eq!(format!("{upper:?}"), upper.to_string());
    }

    #[test]
    fn other_uuid_spellings_are_refused() {
        for text in [
            "",
            "abcdef0123454678",
            "abcdef01234546789abcdef012345678",
            "{abcdef01-2345-4678-9abc-def01234567}",
            "abcdef01-2345-4678-9abc-def01234567",
            "abcdef01-2345-4678-9abc-def0123456789",
            "abcdef01-2345-4678-9abc_def012345678",
            "abcdef01-2345-4678-9abcddef012345678",
            "gbcdef01-2345-4678-9abc-def012345678",
            "abcdef01-2345-4678-9abc-def01234567é",
            "-bcdef01-2345-4678-9abc-def012345678",
        ] {
            assert_eq!(FileId::parse(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn text_and_number_round_trip(value: u128) {
            let id = SessionId::from_u128(value);
            prop_assert_eq!(SessionId::parse(&id.text()), Some(id));
            prop_assert_eq!(id.to_string(), uuid::Uuid::from_u128(value).to_string());
        }

        #[test]
        fn one_bad_byte_is_seen(value: u128, place in 0usize..36, byte: u8) {
            let mut text = ExecutionId::from_u128(value).text();
            text[place] = byte;
            let good = if matches!(place, 8 | 13 | 18 | 23) { byte == b'-' } else { byte.is_ascii_hexdigit() };
            prop_assert_eq!(ExecutionId::parse(&text).is_some(), good);
        }
    }
}
