//! A strict client: what it reads of a server's bytes, or a panic at the first fault.

use compose_relay::relay::outbox::FRAGMENT;

#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    Message(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Vec<u8>),
    /// The stream ended inside a fragmented message.
    Unfinished,
}

/// A strict client: reads whole server frames.
pub fn read(mut bytes: &[u8]) -> Vec<Seen> {
    let mut seen = Vec::new();
    let mut message: Option<Vec<u8>> = None;
    while let [first, second, rest @ ..] = bytes {
        assert!(!matches!(seen.last(), Some(Seen::Close(_))), "something follows the close frame");
        assert_eq!(second & 0x80, 0, "masked");
        let (length, rest) = match second {
            126 => {
                let (length, rest) = rest.split_first_chunk::<2>().expect("a whole head");
                let length = usize::from(u16::from_be_bytes(*length));
                assert!(length > 125);
                (length, rest)
            }
            127 => {
                let (length, rest) = rest.split_first_chunk::<8>().expect("a whole head");
                let length = u64::from_be_bytes(*length) as usize;
                assert!(length > 0xffff);
                (length, rest)
            }
            _ => (usize::from(*second), rest),
        };
        let (payload, rest) = rest.split_at_checked(length).expect("a whole frame");
        bytes = rest;
        if first & 0x08 != 0 {
            assert!(length <= 125);
            let payload = payload.to_vec();
            seen.push(match first {
                0x88 => Seen::Close(payload),
                0x89 => Seen::Ping(payload),
                0x8a => Seen::Pong(payload),
                _ => panic!("first byte {first:x}"),
            });
            continue;
        }
        assert!(length <= FRAGMENT, "a fragment of {length} bytes");
        let so_far = match (first & 0x7f, message.take()) {
            (0x02, None) => Vec::new(),
            (0x00, Some(so_far)) => so_far,
            (opcode, begun) => {
                panic!("opcode {opcode} while a message is {}begun", if begun.is_some() { "" } else { "not " })
            }
        };
        let whole = [&so_far, payload].concat();
        if first & 0x80 != 0 {
            seen.push(Seen::Message(whole));
        } else {
            message = Some(whole);
        }
    }
    assert!(bytes.is_empty(), "half a head");
    if message.is_some() {
        seen.push(Seen::Unfinished);
    }
    seen
}

pub fn messages(seen: &[Seen]) -> Vec<Vec<u8>> {
    seen.iter()
        .filter_map(|one| match one {
            Seen::Message(payload) => Some(payload.clone()),
            _ => None,
        })
        .collect()
}
