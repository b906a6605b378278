//! Whatever is pushed, and however little the socket takes at a time: a strict reader finds the same messages in order,
//! with control frames between frames only, and at the end the close frame.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of a test may fail it")]

#[path = "outbox_properties/reader.rs"]
mod reader;

use std::io::{self, IoSlice, Write};

use bytes::Bytes;
use compose_relay::relay::outbox::{FRAGMENT, Outbox, SHARE, Spare, State};
use proptest::prelude::*;
use reader::{Seen, messages, read};

/// A socket that takes what its plan says.
#[derive(Default)]
struct Socket {
    taken: Vec<u8>,
    /// Takes this much in each write, in turn; 0: would block; `usize::MAX`: is interrupted.
    plan: Vec<usize>,
    turn: usize,
    /// How many calls wrote something.
    writes: usize,
}

impl Socket {
    fn new(plan: &[usize]) -> Self {
        Self { plan: plan.to_vec(), ..Self::default() }
    }

    fn take(&mut self, buffers: &[&[u8]]) -> io::Result<usize> {
        assert!(buffers.iter().any(|buffer| !buffer.is_empty()), "an empty write");
        let most = self.plan.get(self.turn % self.plan.len().max(1)).copied().unwrap_or(1 << 40);
        self.turn += 1;
        match most {
            0 => return Err(io::ErrorKind::WouldBlock.into()),
            usize::MAX => return Err(io::ErrorKind::Interrupted.into()),
            _ => {}
        }
        let before = self.taken.len();
        for buffer in buffers {
            let room = most - (self.taken.len() - before);
            self.taken.extend_from_slice(&buffer[..buffer.len().min(room)]);
        }
        self.writes += 1;
        Ok(self.taken.len() - before)
    }
}

impl Write for Socket {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.take(&[buffer])
    }

    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        self.take(&buffers.iter().map(|buffer| &**buffer).collect::<Vec<_>>())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Clone, Debug)]
enum Step {
    Copy(usize),
    Framed(usize),
    Shared(usize),
    Ping(usize),
    Pong(usize),
    Write,
}

fn step() -> impl Strategy<Value = Step> {
    let shared = prop_oneof![
        2 => prop::sample::select(vec![0, SHARE - 1, SHARE, FRAGMENT - 1, FRAGMENT, FRAGMENT + 1, 2 * FRAGMENT, 2 * FRAGMENT + 126]),
        1 => 0..5 * FRAGMENT,
    ];
    prop_oneof![
        4 => prop_oneof![0usize..300, 60_000usize..70_000].prop_map(Step::Copy),
        2 => prop_oneof![0usize..300, 300usize..9000].prop_map(Step::Framed),
        2 => shared.prop_map(Step::Shared),
        1 => (0usize..200).prop_map(Step::Ping),
        1 => (0usize..200).prop_map(Step::Pong),
        4 => Just(Step::Write),
    ]
}

fn plan() -> impl Strategy<Value = Vec<usize>> {
    let most = prop_oneof![
        2 => 1usize..40,
        2 => 40usize..5000,
        2 => 5000usize..200_000,
        2 => Just(0),
        1 => Just(usize::MAX),
    ];
    prop::collection::vec(most, 1..12).prop_map(|mut plan| {
        plan.push(50_000);
        plan
    })
}

fn framed(payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x82];
    if payload.len() < 126 {
        frame.push(payload.len() as u8);
    } else {
        frame.push(126);
        frame.extend((payload.len() as u16).to_be_bytes());
    }
    frame.extend(payload);
    frame
}

/// Applies the steps; returns what the client has to see, as far as messages go.
fn apply(outbox: &mut Outbox, socket: &mut Socket, steps: &[Step]) -> Vec<Vec<u8>> {
    let mut expected = Vec::new();
    for (place, step) in steps.iter().enumerate() {
        let payload = |length: &usize| (0..*length).map(|n| (n / 251 + n + place) as u8).collect::<Vec<_>>();
        match step {
            Step::Copy(length) => {
                expected.push(payload(length));
                outbox.push_copy(&payload(length));
            }
            Step::Framed(length) => {
                expected.push(payload(length));
                outbox.push_framed(&framed(&payload(length)));
            }
            Step::Shared(length) => {
                expected.push(payload(length));
                outbox.push_shared(Bytes::from(payload(length)));
            }
            Step::Ping(length) => outbox.ping(&payload(length)),
            Step::Pong(length) => outbox.pong(&payload(length)),
            Step::Write => drop(write(outbox, socket)),
        }
    }
    expected
}

fn write(outbox: &mut Outbox, socket: &mut Socket) -> State {
    let (before, queued) = (socket.taken.len(), outbox.queued());
    let progress = outbox.write_to(socket, &mut Spare::default()).unwrap();
    assert_eq!(progress.written, socket.taken.len() - before);
    assert!(queued - outbox.queued() <= progress.written);
    assert_eq!(progress.state == State::Drained, outbox.is_empty());
    progress.state
}

fn drain(outbox: &mut Outbox, socket: &mut Socket) {
    while write(outbox, socket) != State::Drained {}
    assert_eq!(outbox.queued(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_same_messages_arrive_in_order(steps in prop::collection::vec(step(), 1..24), plan in plan(), close: bool) {
        let (mut outbox, mut socket) = (Outbox::new(), Socket::new(&plan));
        let expected = apply(&mut outbox, &mut socket, &steps);
        if close {
            outbox.finish(4003, "too slow");
            prop_assert!(outbox.closing() && !outbox.is_finished());
            outbox.push_copy(b"late");
            outbox.push_framed(&framed(b"late"));
            outbox.push_shared(Bytes::from(vec![0; FRAGMENT]));
            outbox.finish(1000, "");
        }
        drain(&mut outbox, &mut socket);
        let seen = read(&socket.taken);
        prop_assert!(messages(&seen) == expected);
        prop_assert_eq!(outbox.is_finished(), close);
        prop_assert_eq!(seen.last() == Some(&Seen::Close(b"\x0f\xa3too slow".to_vec())), close);
        prop_assert!(!seen.contains(&Seen::Unfinished));
    }

    #[test]
    fn an_abort_lets_the_frame_end_and_drops_the_rest(
        steps in prop::collection::vec(step(), 1..16), plan in plan(), finish_first: bool,
    ) {
        let (mut outbox, mut socket) = (Outbox::new(), Socket::new(&plan));
        let expected = apply(&mut outbox, &mut socket, &steps);
        let before = socket.taken.len();
        if finish_first {
            outbox.finish(1000, "");
        }
        outbox.abort(4001, "replaced");
        prop_assert!(outbox.queued() <= FRAGMENT + 10, "{} bytes left", outbox.queued());
        outbox.push_copy(b"late");
        drain(&mut outbox, &mut socket);
        prop_assert!(outbox.is_finished());
        prop_assert!(socket.taken.len() - before <= FRAGMENT + 10 + 260 + 12);
        let mut seen = read(&socket.taken);
        if seen.last() == Some(&Seen::Unfinished) {
            seen.pop();
        }
        prop_assert_eq!(seen.last(), Some(&Seen::Close(b"\x0f\xa1replaced".to_vec())));
        let seen = messages(&seen);
        prop_assert!(seen.len() <= expected.len() && seen[..] == expected[..seen.len()]);
    }
}

#[test]
fn control_frames_pass_a_large_message() {
    let mut outbox = Outbox::new();
    let mut socket = Socket::new(&[100_000, 0]);
    outbox.push_copy(b"first");
    outbox.push_shared(Bytes::from(vec![7; 10 * FRAGMENT]));
    outbox.push_copy(b"last");
    assert_eq!(write(&mut outbox, &mut socket), State::Blocked);
    outbox.ping(b"old");
    outbox.ping(b"new");
    outbox.pong(b"p");
    socket.plan = vec![];
    drain(&mut outbox, &mut socket);
    let seen = read(&socket.taken);
    let expected = [
        Seen::Message(b"first".to_vec()),
        Seen::Pong(b"p".to_vec()),
        Seen::Ping(b"new".to_vec()),
        Seen::Message(vec![7; 10 * FRAGMENT]),
        Seen::Message(b"last".to_vec()),
    ];
    assert!(seen == expected);
    let ping = socket.taken.windows(5).position(|five| five == b"\x89\x03new").unwrap();
    assert!(ping <= 100_000 + FRAGMENT + 30, "{ping}");
}

#[test]
fn a_control_frame_waits_for_one_small_frame_only() {
    let mut outbox = Outbox::new();
    for _ in 0..1000 {
        outbox.push_copy(&[5; 100]);
    }
    let mut socket = Socket::new(&[102 * 3 + 50, 0]);
    write(&mut outbox, &mut socket);
    outbox.ping(b"");
    socket.plan = vec![7, 1 << 30];
    drain(&mut outbox, &mut socket);
    assert_eq!(&socket.taken[102 * 4..102 * 4 + 2], [0x89, 0]);
    assert_eq!(messages(&read(&socket.taken)).len(), 1000);
}

#[test]
fn a_ping_alone_is_two_bytes() {
    let (mut outbox, mut socket) = (Outbox::new(), Socket::default());
    assert!(outbox.is_empty());
    outbox.ping(b"");
    assert!(!outbox.is_empty());
    drain(&mut outbox, &mut socket);
    assert_eq!(socket.taken, [0x89, 0]);
}

#[test]
fn many_small_frames_are_one_write() {
    let (mut outbox, mut socket) = (Outbox::new(), Socket::default());
    for _ in 0..500 {
        outbox.push_copy(&[1; 128]);
    }
    drain(&mut outbox, &mut socket);
    assert_eq!(socket.writes, 1);
    // Shared payloads of one frame too.
    for _ in 0..8 {
        outbox.push_shared(Bytes::from(vec![2; SHARE]));
        outbox.push_copy(b"x");
    }
    drain(&mut outbox, &mut socket);
    assert_eq!(socket.writes, 2);
}

#[test]
fn a_long_queue_does_not_move_as_it_grows() {
    let (mut outbox, mut socket) = (Outbox::new(), Socket::new(&[40_000]));
    for _ in 0..140 {
        outbox.push_copy(&[3; 60_000]);
        // What is held beside it would be copied in one go.
        let bound = outbox.queued() / 8 * 9 + 600_000;
        assert!(outbox.held() <= bound, "{} held for {}", outbox.held(), outbox.queued());
    }
    drain(&mut outbox, &mut socket);
    assert!(messages(&read(&socket.taken)) == vec![vec![3; 60_000]; 140]);
}

/// What counts is what is held, not what fits into it; and what a blocked queue outgrows is not thrown away behind it.
#[test]
fn a_queue_that_nobody_takes_counts_its_memory() {
    let (mut outbox, mut socket) = (Outbox::new(), Socket::new(&[0]));
    outbox.push_copy(&[3; 60_000]);
    assert_eq!(write(&mut outbox, &mut socket), State::Blocked);
    let mut growths = Vec::new();
    for _ in 0..140 {
        let held = outbox.held();
        outbox.push_copy(&[3; 60_000]);
        growths.push(outbox.held() - held);
        // The run that is being filled is not touched beyond what it has.
        assert!(outbox.held() <= outbox.behind(0) + (512 << 10), "{} held, {} count", outbox.held(), outbox.behind(0));
        assert!(outbox.behind(0) >= outbox.queued());
    }
    let runs = growths.iter().filter(|it| **it == 512 << 10).count();
    let doubled = growths.iter().filter(|it| (1..512 << 10).contains(*it)).count();
    assert!(runs >= 16 && doubled <= 1, "{growths:?}");
    socket.plan = vec![];
    drain(&mut outbox, &mut socket);
    assert_eq!((outbox.held(), outbox.behind(60_000)), (0, 0));
}

#[test]
fn close_frames() {
    let written = |close: &dyn Fn(&mut Outbox)| {
        let (mut outbox, mut socket) = (Outbox::new(), Socket::default());
        outbox.push_copy(b"queued");
        close(&mut outbox);
        outbox.abort(4002, "");
        drain(&mut outbox, &mut socket);
        outbox.ping(b"late");
        outbox.pong(b"late");
        outbox.abort(4001, "late");
        assert!(outbox.is_empty() && outbox.is_finished());
        socket.taken
    };
    assert_eq!(written(&|_| {}), b"\x88\x02\x0f\xa2");
    assert_eq!(written(&|outbox| outbox.finish(3782, "x")), b"\x88\x02\x0f\xa2", "abort wins over what is not begun");

    let (mut outbox, mut socket) = (Outbox::new(), Socket::default());
    outbox.finish(3782, &"é".repeat(100));
    drain(&mut outbox, &mut socket);
    assert_eq!(&socket.taken[..4], [0x88, 124, 0x0e, 0xc6]);
    assert_eq!(std::str::from_utf8(&socket.taken[4..]).unwrap(), "é".repeat(61));
}

#[test]
fn a_close_frame_once_begun_is_completed() {
    let (mut outbox, mut socket) = (Outbox::new(), Socket::new(&[3, 0]));
    outbox.finish(3782, "update");
    assert_eq!(write(&mut outbox, &mut socket), State::Blocked);
    outbox.abort(4001, "other");
    assert!(!outbox.is_finished());
    drain(&mut outbox, &mut socket);
    assert!(outbox.is_finished());
    assert_eq!(socket.taken, b"\x88\x08\x0e\xc6update");
}

#[test]
fn a_fast_reader_gets_one_turn_at_a_time() {
    let (mut outbox, mut socket) = (Outbox::new(), Socket::default());
    outbox.push_shared(Bytes::from(vec![1; 5 << 20]));
    let mut turns = 1;
    while write(&mut outbox, &mut socket) == State::Yielded {
        turns += 1;
    }
    assert!((5..=6).contains(&turns), "{turns}");
    assert!(read(&socket.taken) == [Seen::Message(vec![1; 5 << 20])]);
}

#[test]
fn errors_are_passed_on() {
    struct Broken(io::Result<usize>);
    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            self.0.as_ref().copied().map_err(|error| error.kind().into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut outbox = Outbox::new();
    outbox.push_copy(b"x");
    assert_eq!(
        outbox.write_to(&mut Broken(Ok(0)), &mut Spare::default()).unwrap_err().kind(),
        io::ErrorKind::WriteZero
    );
    let reset = Broken(Err(io::ErrorKind::ConnectionReset.into()));
    assert_eq!(
        outbox.write_to(&mut { reset }, &mut Spare::default()).unwrap_err().kind(),
        io::ErrorKind::ConnectionReset
    );
}

/// A reader that never catches up, hour after hour: what is held follows what is queued, not what went through.
#[test]
fn a_slow_reader_does_not_make_the_outbox_grow() {
    let mut outbox = Outbox::new();
    let mut socket = Socket::new(&[10_000, 0]);
    for _ in 0..1000 {
        outbox.push_copy(&[0; 10_000]);
    }
    for _ in 0..900 {
        socket.taken.clear();
        socket.turn = 0;
        write(&mut outbox, &mut socket);
        outbox.push_copy(&[0; 100]);
        assert!(
            outbox.held() <= 2 * outbox.queued() + 7 * 1024 * 1024,
            "{} held, {} queued",
            outbox.held(),
            outbox.queued()
        );
    }
    assert!(outbox.held() <= 4 * outbox.queued() + 64 * 1024, "{} held, {} queued", outbox.held(), outbox.queued());
    socket.plan = vec![];
    drain(&mut outbox, &mut socket);
    assert_eq!(outbox.held(), 0);
}

/// What a drained queue gives back serves the next one, which then grows without asking for more.
#[test]
fn memory_goes_from_queue_to_queue() {
    let mut spare = Spare::default();
    let (mut first, mut second) = (Outbox::new(), Outbox::new());
    for _ in 0..50 {
        first.push_copy(&[1; 100]);
    }
    let held = first.held();
    first.write_to(&mut Socket::default(), &mut spare).unwrap();
    assert_eq!((first.held(), spare.held()), (0, held));
    second.borrow(&mut spare);
    assert_eq!((second.held(), spare.held()), (held, 0));
    for _ in 0..50 {
        second.push_copy(&[2; 100]);
    }
    second.borrow(&mut spare);
    assert_eq!(second.held(), held);
    let mut socket = Socket::default();
    second.write_to(&mut socket, &mut spare).unwrap();
    assert_eq!((second.held(), spare.held()), (0, held));
    assert!(messages(&read(&socket.taken)) == vec![vec![2; 100]; 50]);
}

/// A reader that stops cannot keep memory that others need.
#[test]
fn a_slow_reader_keeps_no_more_than_it_needs() {
    let mut spare = Spare::default();
    let mut busy = Outbox::new();
    busy.push_framed(&framed(&[1; 60_000]).repeat(4));
    busy.write_to(&mut Socket::default(), &mut spare).unwrap();
    let large = spare.held();
    assert!(large > 200_000);
    let mut slow = Outbox::new();
    slow.borrow(&mut spare);
    for _ in 0..2 {
        slow.push_copy(&[2; 100]);
    }
    let mut socket = Socket::new(&[50, 0]);
    assert_eq!(slow.write_to(&mut socket, &mut spare).unwrap().state, State::Blocked);
    assert_eq!((slow.held(), spare.held()), (204 - 50, large));
    socket.plan = vec![];
    slow.write_to(&mut socket, &mut spare).unwrap();
    assert!(messages(&read(&socket.taken)) == [[2; 100]; 2]);
    // With something large in the queue nothing more is borrowed.
    slow.push_shared(Bytes::from(vec![0; SHARE]));
    slow.borrow(&mut spare);
    assert_eq!(slow.held(), SHARE);
}
