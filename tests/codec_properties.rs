//! The decoder against frames made by an encoder of its own: whatever the cuts, the same messages come out; whatever the
//! bytes, no panic; each violation of RFC 6455 has its close code.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of a test may fail it")]

#[path = "codec_properties/drive.rs"]
mod drive;

use compose_relay::relay::codec::{Decoder, KEPT, Limits, ProtocolError};
use drive::{Seen, feed};
use proptest::prelude::*;

const NONE: Limits = Limits { message: usize::MAX, hard: u64::MAX };

/// A client frame, masked.
fn frame(first: u8, payload: &[u8], key: [u8; 4]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..=125 => frame.push(0x80 | length as u8),
        length @ 126..=0xffff => {
            frame.push(0x80 | 126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(key);
    frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// One message or control frame of a plan.
#[derive(Clone, Debug)]
enum Part {
    /// Payload lengths of its fragments, each followed by control frames.
    Message { binary: bool, fragments: Vec<(usize, Vec<(bool, usize)>)> },
}

fn part(largest: usize) -> impl Strategy<Value = Part> {
    let length = prop_oneof![
        4 => 0usize..200,
        2 => prop::sample::select(vec![0, 1, 125, 126, 127, 4095, 4096, 4097, 65535, 65536, 65537]),
        1 => 0usize..10_000,
        1 => 0..largest,
    ];
    let controls = prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec((any::<bool>(), 0usize..126), 0..3)];
    (
        any::<bool>(),
        prop_oneof![
            2 => (length.clone(), controls.clone()).prop_map(|one| vec![one]),
            1 => prop::collection::vec((length, controls), 1..6),
        ],
    )
        .prop_map(|(binary, fragments)| Part::Message { binary, fragments })
}

/// Deterministic bytes that differ from place to place.
fn fill(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    (0..length)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        })
        .collect()
}

/// The bytes of a plan and what must be seen of it.
fn compose(parts: &[Part], seed: u64) -> (Vec<u8>, Vec<Seen>) {
    let (mut bytes, mut expected, mut step) = (Vec::new(), Vec::new(), seed);
    for Part::Message { binary, fragments } in parts {
        let mut whole = Vec::new();
        let last = fragments.len() - 1;
        for (place, (length, controls)) in fragments.iter().enumerate() {
            step = step.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let payload = fill(*length, step);
            let opcode = if place > 0 { 0 } else { 1 + u8::from(*binary) };
            let fin = if place == last { 0x80 } else { 0 };
            bytes.extend(frame(fin | opcode, &payload, (step as u32).to_be_bytes()));
            whole.extend(payload);
            if place == last {
                expected.push(Seen::Message(*binary, std::mem::take(&mut whole)));
            }
            for (ping, length) in controls {
                let payload = fill(*length, step ^ 7);
                bytes.extend(frame(if *ping { 0x89 } else { 0x8a }, &payload, (step as u32).to_le_bytes()));
                expected.push(if *ping { Seen::Ping(payload) } else { Seen::Pong(payload) });
            }
        }
    }
    (bytes, expected)
}

fn reads() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        Just(vec![1]),
        Just(vec![usize::MAX]),
        Just(vec![65536]),
        prop::collection::vec(1usize..300, 1..8),
        prop::collection::vec(1usize..100_000, 1..8),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_same_messages_come_out_whatever_the_cuts(
        parts in prop::collection::vec(part(200_000), 1..10), seed: u64, reads in reads(), direct: bool,
    ) {
        let (bytes, expected) = compose(&parts, seed);
        let mut decoder = Decoder::new(NONE);
        let (seen, end) = feed(&mut decoder, &bytes, &reads, direct);
        prop_assert_eq!(end, Ok(()));
        prop_assert!(seen == expected, "{} events, expected {}", seen.len(), expected.len());
        prop_assert_eq!(decoder.held(), 0);
    }

    #[test]
    fn oversize_messages_are_skipped_and_the_rest_comes_out(
        parts in prop::collection::vec(part(20_000), 1..8), seed: u64, reads in reads(), direct: bool, limit in 0usize..9000,
    ) {
        let (bytes, expected) = compose(&parts, seed);
        let expected: Vec<_> = expected.into_iter().map(|one| match one {
            Seen::Message(_, payload) if payload.len() > limit => {
                Seen::Oversize(payload[..payload.len().min(KEPT)].to_vec(), payload.len() as u64)
            }
            other => other,
        }).collect();
        let mut decoder = Decoder::new(Limits { message: limit, hard: u64::MAX });
        let (seen, end) = feed(&mut decoder, &bytes, &reads, direct);
        prop_assert_eq!(end, Ok(()));
        prop_assert!(seen == expected, "{:?}", seen.iter().zip(&expected).find(|(a, b)| a != b).is_some());
    }

    #[test]
    fn memory_follows_what_arrived(claimed in 5000u64..1 << 62, fin: bool, arrive in 0usize..300_000, reads in reads(), direct: bool) {
        let mut bytes = vec![if fin { 0x82 } else { 0x02 }, 0xff];
        bytes.extend(claimed.max(0x10000).to_be_bytes());
        bytes.extend([1, 2, 3, 4]);
        bytes.resize(14 + arrive.min(claimed as usize - 1), 9);
        let mut decoder = Decoder::new(NONE);
        let (seen, end) = feed(&mut decoder, &bytes, &reads, direct);
        prop_assert_eq!((seen.len(), end), (0, Ok(())));
        decoder.direct();
        prop_assert!(decoder.held() <= 2 * bytes.len() + 16 * 1024, "{} for {}", decoder.held(), bytes.len());
        let reserved = decoder.reserved();
        prop_assert!(reserved <= 16 * bytes.len() + 16 * 1024, "{reserved} for {}", bytes.len());
    }

    #[test]
    fn any_bytes_are_survived(
        bytes in prop::collection::vec(any::<u8>(), 0..400), reads in reads(), message in 0usize..500, hard in 0u64..1000, direct: bool,
    ) {
        feed(&mut Decoder::new(Limits { message, hard }), &bytes, &reads, direct).1.ok();
    }

    #[test]
    fn nearly_valid_bytes_are_survived(
        parts in prop::collection::vec(part(9000), 1..5), seed: u64, reads in reads(), direct: bool,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let (mut bytes, _) = compose(&parts, seed);
        for (place, byte) in edits {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        feed(&mut Decoder::new(Limits { message: 5000, hard: 100_000 }), &bytes, &reads, direct).1.ok();
    }
}

#[test]
fn large_messages() {
    const NINE: usize = 9 * 1024 * 1024;
    let payload = fill(NINE, 5);
    let whole = frame(0x82, &payload, [1, 2, 3, 4]);
    let mut fragmented = Vec::new();
    for (place, piece) in payload.chunks(1_000_003).enumerate() {
        let first = if place == 0 { 2 } else { 0 } | if (place + 1) * 1_000_003 >= NINE { 0x80 } else { 0 };
        fragmented.extend(frame(first, piece, [9, 8, 7, place as u8]));
        fragmented.extend(frame(0x89, b"alive", [0, 1, 0, 1]));
    }
    let limits = Limits { message: NINE, hard: NINE as u64 };
    for (bytes, reads, direct) in [
        (&whole, usize::MAX, false),
        (&whole, 65536, true),
        (&whole, 10_007, false),
        (&fragmented, 65536, true),
        (&fragmented, 4099, false),
    ] {
        let (mut seen, end) = feed(&mut Decoder::new(limits), bytes, &[reads], direct);
        assert_eq!(end, Ok(()));
        seen.retain(|one| !matches!(one, Seen::Ping(_)));
        assert!(seen == [Seen::Message(true, payload.clone())]);
    }
    let smaller = Limits { message: NINE - 1, hard: NINE as u64 };
    let (seen, _) = feed(&mut Decoder::new(smaller), &whole, &[65536], true);
    assert_eq!(seen, [Seen::Oversize(payload[..KEPT].to_vec(), NINE as u64)]);
    let hard = Limits { message: NINE - 1, hard: NINE as u64 - 1 };
    for bytes in [&whole, &fragmented] {
        assert_eq!(feed(&mut Decoder::new(hard), bytes, &[65536], true).1, Err(ProtocolError::TooBig));
    }
    // The claim alone is enough.
    assert_eq!(feed(&mut Decoder::new(hard), &whole[..14], &[14], true).1, Err(ProtocolError::TooBig));
}

/// Many tiny fragments must neither cost a copy of the message each nor reserve much each.
#[test]
fn a_message_of_many_tiny_fragments() {
    let mut bytes = frame(0x02, b"a", [1, 1, 1, 1]);
    for _ in 0..300_000 {
        bytes.extend(frame(0x00, b"a", [1, 1, 1, 1]));
    }
    let mut decoder = Decoder::new(Limits { message: 300_000, hard: 400_000 });
    let (seen, end) = feed(&mut decoder, &bytes[..bytes.len() / 2], &[65536], true);
    assert_eq!((seen.len(), end), (0, Ok(())));
    assert!(decoder.held() <= 304 * 1024, "{}", decoder.held());
    let (seen, _) = feed(&mut decoder, &bytes[bytes.len() / 2 / 7 * 7..], &[65536], true);
    assert_eq!(seen, []);
    let (seen, _) = feed(&mut decoder, &frame(0x80, b"", [1, 1, 1, 1]), &[65536], true);
    assert!(matches!(&seen[..], [Seen::Oversize(head, size)] if head.len() == KEPT && *size > 300_000));
    assert_eq!(decoder.held(), 0);
}

/// A large frame that arrives byte by byte is copied a few times, not once per byte.
#[test]
fn a_large_frame_in_tiny_reads() {
    let bytes = frame(0x82, &fill(400_000, 3), [1, 2, 3, 4]);
    for direct in [false, true] {
        let mut decoder = Decoder::new(NONE);
        let (mut reserved, mut growths, mut seen) = (0, 0, Vec::new());
        assert_eq!(feed(&mut decoder, &bytes[..14], &[14], direct), (vec![], Ok(())));
        for place in 14..bytes.len() {
            seen.extend(feed(&mut decoder, &bytes[place..=place], &[1], direct).0);
            growths += usize::from(decoder.reserved() > reserved);
            reserved = decoder.reserved();
            assert!(decoder.held() <= 2 * place + 16 * 1024, "{} for {place}", decoder.held());
        }
        assert!(growths < 12, "{growths}");
        assert_eq!(seen.len(), 1);
    }
}

#[test]
fn every_violation_has_its_code() {
    let key = [1, 2, 3, 4];
    let unmask = |mut frame: Vec<u8>| {
        frame[1] &= 0x7f;
        frame
    };
    let long = |first: u8, short: u8, length: &[u8]| [&[first, 0x80 | short], length, &key].concat();
    let two = |first: Vec<u8>, second: Vec<u8>| [first, second].concat();
    let begun = || frame(0x02, b"x", key);
    let cases: Vec<(Vec<u8>, ProtocolError, u16)> = vec![
        (unmask(frame(0x82, b"x", key)), ProtocolError::Unmasked, 1002),
        (unmask(frame(0x89, b"", key)), ProtocolError::Unmasked, 1002),
        (frame(0xc2, b"x", key), ProtocolError::ReservedBits, 1002),
        (frame(0xa2, b"x", key), ProtocolError::ReservedBits, 1002),
        (frame(0x99, b"x", key), ProtocolError::ReservedBits, 1002),
        (frame(0x83, b"x", key), ProtocolError::ReservedOpcode, 1002),
        (frame(0x87, b"x", key), ProtocolError::ReservedOpcode, 1002),
        (frame(0x8b, b"x", key), ProtocolError::ReservedOpcode, 1002),
        (frame(0x8f, b"x", key), ProtocolError::ReservedOpcode, 1002),
        (frame(0x0b, b"x", key), ProtocolError::ReservedOpcode, 1002),
        (long(0x82, 126, &125u16.to_be_bytes()), ProtocolError::LengthNotMinimal, 1002),
        (long(0x82, 126, &0u16.to_be_bytes()), ProtocolError::LengthNotMinimal, 1002),
        (long(0x82, 127, &65535u64.to_be_bytes()), ProtocolError::LengthNotMinimal, 1002),
        (long(0x82, 127, &1u64.to_be_bytes()), ProtocolError::LengthNotMinimal, 1002),
        (long(0x82, 127, &(1u64 << 63).to_be_bytes()), ProtocolError::LengthTopBit, 1002),
        (long(0x82, 127, &u64::MAX.to_be_bytes()), ProtocolError::LengthTopBit, 1002),
        (frame(0x89, &[0; 126], key), ProtocolError::LongControl, 1002),
        (frame(0x88, &[0; 126], key), ProtocolError::LongControl, 1002),
        (frame(0x8a, &[0; 70_000], key), ProtocolError::LongControl, 1002),
        (frame(0x09, b"x", key), ProtocolError::FragmentedControl, 1002),
        (frame(0x08, b"", key), ProtocolError::FragmentedControl, 1002),
        (frame(0x80, b"x", key), ProtocolError::UnexpectedContinuation, 1002),
        (frame(0x00, b"x", key), ProtocolError::UnexpectedContinuation, 1002),
        (two(frame(0x82, b"x", key), frame(0x80, b"x", key)), ProtocolError::UnexpectedContinuation, 1002),
        (two(begun(), frame(0x82, b"x", key)), ProtocolError::Interleaved, 1002),
        (two(begun(), frame(0x01, b"x", key)), ProtocolError::Interleaved, 1002),
        (two(two(begun(), frame(0x89, b"", key)), begun()), ProtocolError::Interleaved, 1002),
        (frame(0x88, &[3], key), ProtocolError::HalfCloseCode, 1002),
        (frame(0x88, b"\x03\xe8\xff", key), ProtocolError::BadCloseReason, 1007),
    ];
    for (bytes, error, code) in cases {
        assert_eq!(error.code(), code);
        for read in [1, usize::MAX] {
            let (seen, end) = feed(&mut Decoder::new(NONE), &bytes, &[read], true);
            assert_eq!(end, Err(error), "{:02x?}", &bytes[..bytes.len().min(16)]);
            assert!(seen.len() <= 1);
        }
    }
    assert_eq!(ProtocolError::TooBig.code(), 1009);
}

#[test]
fn close_codes() {
    for code in 0..=u16::MAX {
        let bytes = frame(0x88, &[&code.to_be_bytes()[..], "gone".as_bytes()].concat(), [5, 6, 7, 8]);
        let allowed = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
        let (seen, end) = feed(&mut Decoder::new(NONE), &bytes, &[usize::MAX], false);
        if allowed {
            assert_eq!((seen, end), (vec![Seen::Close(Some(code), "gone".to_owned())], Ok(())));
        } else {
            assert_eq!((seen, end), (vec![], Err(ProtocolError::BadCloseCode)), "{code}");
        }
    }
    let (seen, end) = feed(&mut Decoder::new(NONE), &frame(0x88, b"", [0; 4]), &[1], false);
    assert_eq!((seen, end), (vec![Seen::Close(None, String::new())], Ok(())));
}

#[test]
fn nothing_counts_after_a_close() {
    let mut bytes = frame(0x88, b"", [0; 4]);
    bytes.extend(frame(0x82, b"late", [0; 4]));
    bytes.extend([0xff; 20]);
    for read in [1, usize::MAX] {
        let (seen, end) = feed(&mut Decoder::new(NONE), &bytes, &[read], true);
        assert_eq!((seen, end), (vec![Seen::Close(None, String::new())], Ok(())));
    }
}

#[test]
fn new_limits_hold_from_the_next_frame_on() {
    let mut decoder = Decoder::new(NONE);
    let first = feed(&mut decoder, &frame(0x02, &[7; 200], [0; 4]), &[usize::MAX], true);
    assert_eq!(first, (vec![], Ok(())));
    decoder.set_limits(Limits { message: 100, hard: 1000 });
    let (seen, _) = feed(&mut decoder, &frame(0x80, &[8; 200], [0; 4]), &[usize::MAX], true);
    assert_eq!(seen, [Seen::Oversize(vec![7; KEPT], 400)]);
}

#[test]
fn debug_shows_no_content() {
    let mut bytes = frame(0x82, b"secret", [0; 4]);
    let mut decoder = Decoder::new(NONE);
    let (_, event) = decoder.decode(&mut bytes).unwrap();
    let shown = format!("{event:?}");
    assert!(shown.contains("6 bytes") && !shown.contains("secret") && !shown.contains("115"), "{shown}");
}
