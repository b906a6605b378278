//! What happens to a frame, part by part, without sockets. The micro benches time these, the counts count them.

use std::hint::black_box;
use std::io::{self, IoSlice, Write};

use bytes::Bytes;
use compose_relay::relay::codec::{Decoder, Event, Limits, reheader};
use compose_relay::relay::mask::unmask;
use compose_relay::relay::outbox::{Outbox, Spare};
use compose_relay::wire::{BrowserCode, ExecutionId, SessionId, body, browser_header, sdk_header};

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
const ENVIRONMENT: &str = "11111111-1111-4111-8111-111111111111";
const SESSION: &str = "22222222-2222-4222-8222-222222222222";
const EXECUTION: &str = "33333333-3333-4333-8333-333333333333";

/// Something that can be done again and again.
pub struct Case {
    pub name: &'static str,
    /// Bytes that it goes through each time.
    pub bytes: usize,
    /// Does it so many times.
    pub run: Box<dyn FnMut(u64)>,
}

/// Takes everything and keeps nothing.
struct Sink;

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(black_box(bytes).len())
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        Ok(black_box(slices).iter().map(|slice| slice.len()).sum())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn session() -> SessionId {
    SessionId::parse(SESSION.as_bytes()).expect("an id")
}

fn execution() -> ExecutionId {
    ExecutionId::parse(EXECUTION.as_bytes()).expect("an id")
}

/// A client's frame, masked.
pub fn masked(payload: &[u8]) -> Vec<u8> {
    masked_with(payload, KEY)
}

fn masked_with(payload: &[u8], key: [u8; 4]) -> Vec<u8> {
    let mut frame = vec![0x82];
    match payload.len() {
        n @ 0..126 => frame.push(0x80 | n as u8),
        n @ 126..=0xffff => {
            frame.push(0x80 | 126);
            frame.extend((n as u16).to_be_bytes());
        }
        n => {
            frame.push(0x80 | 127);
            frame.extend((n as u64).to_be_bytes());
        }
    }
    frame.extend(key);
    frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

fn upload(size: usize) -> Vec<u8> {
    let mut message = format!("ad{ENVIRONMENT}{EXECUTION}{SESSION}").into_bytes();
    message.resize(size, b'x');
    message
}

fn hook(size: usize) -> Vec<u8> {
    let body =
        |fill: &str| format!(r#"{{"type":"ab","componentId":"c","renderId":"{fill}","executionId":"{EXECUTION}"}}"#);
    let fill = "r".repeat(size - 74 - body("").len());
    format!("ab{ENVIRONMENT}{EXECUTION}{}", body(&fill)).into_bytes()
}

/// A submitted form with so many fields of every kind of value.
fn form(fields: usize) -> Vec<u8> {
    let field =
        |n: usize| format!(r#""field-{n}":{{"text":"a \"quoted\" line\n","number":-1.5e3,"list":[true,null,"ü"]}}"#);
    let fields: Vec<String> = (0..fields).map(field).collect();
    format!(
        r#"ac{ENVIRONMENT}{EXECUTION}{{"type":"ac","executionId":"{EXECUTION}","formComponentId":"f","renderId":"r","formData":{{{}}}}}"#,
        fields.join(",")
    )
    .into_bytes()
}

fn render(size: usize) -> Vec<u8> {
    let mut message = format!("av{SESSION}{EXECUTION}").into_bytes();
    message.resize(size, b'x');
    message
}

fn decoder() -> Decoder {
    Decoder::new(Limits { message: 1 << 20, hard: 1 << 20 })
}

/// How much of a frame is written anew for each decoding: its header, which becomes the server's. A copy of all of it would be
/// most of the count, and differ from processor to processor.
const HEAD: usize = 14;

/// Decodes a frame and makes the outgoing one of it.
fn decode(name: &'static str, payload: &[u8]) -> Case {
    let (frame, mut decoder) = (masked(payload), decoder());
    let mut buffer = frame.clone();
    let run = move |times| {
        for _ in 0..times {
            buffer[..HEAD].copy_from_slice(&black_box(&frame)[..HEAD]);
            let Ok((_, Some(Event::Message { frame, payload_at, .. }))) = decoder.decode(&mut buffer) else {
                panic!("not a message")
            };
            black_box(reheader(frame, payload_at));
        }
    };
    Case { name, bytes: payload.len(), run: Box::new(run) }
}

fn check(name: &'static str, code: BrowserCode, message: Vec<u8>) -> Case {
    let bytes = message.len();
    let run = move |times| {
        for _ in 0..times {
            black_box(body::check(code, execution(), session(), &black_box(&message)[74..])).expect("a good body");
        }
    };
    Case { name, bytes, run: Box::new(run) }
}

/// All that a browser's frame goes through before it is in the SDK's queue, the look-ups in tables left out; and the queue is
/// written after every sixteenth.
fn way(name: &'static str, message: Vec<u8>) -> Case {
    // A mask of zeros, so that the payload stays as it is.
    let (frame, mut decoder) = (masked_with(&message, [0; 4]), decoder());
    let mut buffer = frame.clone();
    let (mut outbox, mut spare) = (Outbox::new(), Spare::default());
    let run = move |times| {
        for turn in 0..times {
            buffer[..HEAD].copy_from_slice(&black_box(&frame)[..HEAD]);
            let Ok((_, Some(Event::Message { frame, payload_at, .. }))) = decoder.decode(&mut buffer) else {
                panic!("not a message")
            };
            let payload = &frame[payload_at..];
            let header = browser_header(payload).expect("a good header");
            body::check(header.code, header.execution, session(), &payload[74..]).expect("a good body");
            outbox.borrow(&mut spare);
            outbox.push_framed(reheader(frame, payload_at));
            if turn % 16 == 15 {
                outbox.write_to(&mut Sink, &mut spare).expect("takes everything");
            }
        }
    };
    Case { name, bytes: message.len(), run: Box::new(run) }
}

/// So many messages are queued by reference, or copied if they are small, and written.
fn queue(name: &'static str, size: usize, count: usize) -> Case {
    let payload = Bytes::from(render(size));
    let (mut outbox, mut spare) = (Outbox::new(), Spare::default());
    let run = move |times| {
        for _ in 0..times {
            outbox.borrow(&mut spare);
            for _ in 0..count {
                outbox.push_shared(black_box(payload.clone()));
            }
            while !outbox.is_empty() {
                outbox.write_to(&mut Sink, &mut spare).expect("takes everything");
            }
        }
    };
    Case { name, bytes: size * count, run: Box::new(run) }
}

pub fn all() -> Vec<Case> {
    let (click, show) = (hook(256), render(128));
    let mut bytes = upload(16 << 10);
    vec![
        Case {
            name: "unmask 16 KiB",
            bytes: bytes.len(),
            run: Box::new(move |times| {
                for _ in 0..times {
                    unmask(black_box(&mut bytes), KEY, 1);
                }
            }),
        },
        decode("decode and new header, 128 B", &upload(128)),
        decode("decode and new header, 16 KiB", &upload(16 << 10)),
        Case {
            name: "header of a browser's message",
            bytes: 74,
            run: Box::new(move |times| {
                for _ in 0..times {
                    black_box(browser_header(black_box(&click))).expect("a good header");
                }
            }),
        },
        Case {
            name: "header of an SDK's message",
            bytes: 74,
            run: Box::new(move |times| {
                for _ in 0..times {
                    black_box(sdk_header(black_box(&show))).expect("a good header");
                }
            }),
        },
        check("body of a click, 256 B", BrowserCode::OnClickHook, hook(256)),
        check("body of a form, 64 fields", BrowserCode::OnSubmitFormHook, form(64)),
        way("way of a click, 256 B", hook(256)),
        way("way of an upload, 128 B", upload(128)),
        queue("queue, 16 of 128 B", 128, 16),
        queue("queue, 1 of 1 MiB", 1 << 20, 1),
    ]
}
