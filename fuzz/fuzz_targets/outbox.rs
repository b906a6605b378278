//! Whatever is queued, and however little the socket takes at a time: a strict client reads the same messages in order.
#![no_main]

#[path = "../../tests/outbox_properties/reader.rs"]
mod reader;

use std::io::{self, ErrorKind, IoSlice, Write};

use bytes::Bytes;
use compose_relay::relay::outbox::{FRAGMENT, Outbox, Spare, State};
use libfuzzer_sys::fuzz_target;
use reader::{Seen, messages, read};

/// Takes so many bytes more, then no more.
struct Socket {
    taken: Vec<u8>,
    room: usize,
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let before = self.room;
        for slice in slices {
            let count = slice.len().min(self.room);
            self.taken.extend_from_slice(&slice[..count]);
            self.room -= count;
        }
        if self.room == before { Err(ErrorKind::WouldBlock.into()) } else { Ok(before - self.room) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Lengths near every bound, and everything else by the second byte.
fn length(sort: u8, size: u8) -> usize {
    let size = usize::from(size);
    match sort & 7 {
        0 => size,
        1 => 120 + size % 12,
        2 => size * 40,
        3 => 16 * 1024 - 3 + size % 6,
        4 => FRAGMENT - 3 + size % 6,
        5 => 2 * FRAGMENT - 3 + size % 6,
        6 => size * 1_000,
        _ => 0,
    }
}

fuzz_target!(|input: &[u8]| {
    let (mut outbox, mut spare) = (Outbox::new(), Spare::default());
    let mut socket = Socket { taken: Vec::new(), room: 0 };
    let (mut expected, mut ended, mut aborted) = (Vec::new(), false, false);
    let (steps, _) = input.as_chunks::<3>();
    for (place, &[what, sort, size]) in steps.iter().take(200).enumerate() {
        let length = length(sort, size);
        let payload: Vec<u8> = (0..length).map(|n| (n / 251 + n + place) as u8).collect();
        match what % 10 {
            0..=2 => {
                outbox.borrow(&mut spare);
                outbox.push_copy(&payload);
            }
            3 => outbox.push_shared(Bytes::from(payload.clone())),
            4 => outbox.ping(&payload),
            5 => outbox.pong(&payload),
            6 if size == 0 => outbox.finish(4003, "too slow"),
            7 if size == 0 => {
                outbox.abort(4001, "replaced");
                aborted = true;
                assert!(outbox.queued() <= FRAGMENT + 10);
            }
            _ => {
                socket.room = length + usize::from(size);
                let before = socket.taken.len();
                let progress = outbox.write_to(&mut socket, &mut spare).unwrap();
                assert_eq!(progress.written, socket.taken.len() - before);
                assert_eq!(progress.state == State::Drained, outbox.is_empty());
                assert!(outbox.held() <= 4 * outbox.queued().max(1 << 20), "held {}", outbox.held());
            }
        }
        if what % 10 < 4 && !ended {
            expected.push(payload);
        }
        ended |= outbox.closing();
    }
    let waiting = outbox.unsent();
    socket.room = usize::MAX;
    while outbox.write_to(&mut socket, &mut spare).unwrap().state != State::Drained {
        socket.room = usize::MAX;
    }
    assert_eq!((outbox.queued(), outbox.held()), (0, 0));
    assert_eq!(outbox.is_finished(), ended);
    let mut seen = read(&socket.taken);
    // Only an abort may leave a message without its end.
    if aborted && seen.last() == Some(&Seen::Unfinished) {
        seen.pop();
    }
    assert_eq!(matches!(seen.last(), Some(Seen::Close(_))), ended);
    if aborted {
        let seen = messages(&seen);
        assert!(seen.len() <= expected.len() && seen[..] == expected[..seen.len()]);
    } else {
        assert!(!seen.contains(&Seen::Unfinished));
        assert!(messages(&seen) == expected);
        // What was not sent yet is the end of it.
        let from = expected.len() - waiting.messages.len();
        assert!(waiting.messages.iter().zip(&expected[from..]).all(|(waiting, expected)| waiting == expected));
    }
});
