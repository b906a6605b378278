//! Drives a decoder as a socket would, and owns what comes out.

use compose_relay::relay::codec::{Decoder, Event, ProtocolError, SMALL, reheader};

/// What came out, without borrows. How a message came does not matter here.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    Message(bool, Vec<u8>),
    Oversize(Vec<u8>, u64),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>, String),
}

fn own(event: Event<'_>) -> Seen {
    match event {
        Event::Message { binary, frame, payload_at } => {
            let payload = frame[payload_at..].to_vec();
            let out = reheader(frame, payload_at);
            assert_eq!(out, server_frame(&payload), "the frame made in place");
            Seen::Message(binary, payload)
        }
        Event::Assembled { binary, payload } => Seen::Message(binary, payload.to_vec()),
        Event::Oversize { head, size } => Seen::Oversize(head.to_vec(), size),
        Event::Ping(payload) => Seen::Ping(payload.to_vec()),
        Event::Pong(payload) => Seen::Pong(payload.to_vec()),
        Event::Close { code, reason } => Seen::Close(code, reason.to_owned()),
    }
}

fn server_frame(payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x82];
    match payload.len() {
        length @ 0..=125 => frame.push(length as u8),
        length @ 126..=0xffff => {
            frame.push(126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(payload);
    frame
}

/// Feeds `bytes` as a socket would: reads of the given sizes in turn, straight into the decoder when it offers room (if
/// `direct`), else into a buffer in front of which the leftover is kept.
pub fn feed(
    decoder: &mut Decoder,
    bytes: &[u8],
    reads: &[usize],
    direct: bool,
) -> (Vec<Seen>, Result<(), ProtocolError>) {
    let mut seen = Vec::new();
    let mut buffer = Vec::new();
    let mut rest = bytes;
    for read in reads.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        if let Some(room) = decoder.direct().filter(|_| direct) {
            assert!(buffer.is_empty(), "a leftover in the middle of a large frame");
            let count = (*read).min(rest.len()).min(room.len());
            room[..count].copy_from_slice(&rest[..count]);
            rest = &rest[count..];
            seen.extend(decoder.direct_filled(count).unwrap().map(own));
            continue;
        }
        let (front, back) = rest.split_at((*read).min(rest.len()));
        buffer.extend_from_slice(front);
        rest = back;
        let mut at = 0;
        loop {
            match decoder.decode(&mut buffer[at..]) {
                Ok((consumed, event)) => {
                    let end = event.is_none();
                    seen.extend(event.map(own));
                    at += consumed;
                    if end {
                        break;
                    }
                }
                Err(error) => {
                    assert_eq!(decoder.decode(&mut []).err(), Some(error), "an error stays");
                    return (seen, Err(error));
                }
            }
        }
        buffer.drain(..at);
        assert!(buffer.len() < SMALL + 14, "leftover of {} bytes", buffer.len());
    }
    (seen, Ok(()))
}
