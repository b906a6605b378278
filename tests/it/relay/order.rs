//! Two thousand messages of mixed sizes keep their order and their bytes, however badly they are cut.

use crate::support::raw::{Outgoing, PING, PONG, RawSocket};
use crate::support::{Message, Numbers, Peer, Upgrade, World, message, play_with};
use serde_json::json;
use std::sync::Arc;
use tokio::sync::Semaphore;
use uuid::Uuid;

const COUNT: usize = 2000;
const MIB: usize = 1 << 20;
/// Bytes on the way at most, in KiB: below every bound of an outbox, so that nobody may be closed for slowness.
const WINDOW: usize = 2048;

/// No rate limit is in the way here; `defects::d20` has its own test.
pub const NO_RATES: [(&str, &str); 2] =
    [("BROWSER_FRAMES_PER_SECOND", "1000000"), ("BROWSER_BYTES_PER_SECOND", "2000000000")];

/// Mostly small, some of a few pages, a few large, two of 9 MiB.
fn size(index: usize, numbers: &mut Numbers) -> usize {
    match index {
        700 | 1400 => 9 * MIB,
        _ if index % 250 == 17 => MIB + numbers.below(MIB),
        _ if index % 40 == 3 => 60_000 + numbers.below(10_000),
        _ => {
            let largest = numbers.one_of(&[0, 1, 60, 300, 3000, 9000]);
            numbers.below(largest + 1)
        }
    }
}

/// Writes the messages in every way that RFC 6455 and TCP allow.
async fn write_badly(mut socket: RawSocket, messages: Arc<Vec<Vec<u8>>>, window: Arc<Semaphore>) -> RawSocket {
    let mut numbers = Numbers::from_seed(99);
    let mut waiting = Vec::new();
    for message in messages.iter() {
        let permits = (message.len() / 1024 + 1).min(WINDOW);
        if window.available_permits() < permits {
            // The other end must see everything before it can make room.
            socket.write(&waiting).await;
            waiting.clear();
        }
        window.acquire_many(u32::try_from(permits).unwrap()).await.unwrap().forget();
        let way = numbers.below(10);
        let whole = Outgoing::binary(message.as_slice()).bytes();
        match way {
            // Together with what follows.
            0..=3 => waiting.extend_from_slice(&whole),
            // In fragments, with control frames between them.
            4..=6 => {
                let count = 1 + numbers.below(20);
                for part in Outgoing::fragments(message, count) {
                    waiting.extend_from_slice(&part.bytes());
                    let control = if numbers.below(2) == 0 { PING } else { PONG };
                    let length = numbers.below(126);
                    waiting.extend_from_slice(&Outgoing::new(control, numbers.bytes(length)).bytes());
                }
            }
            // Byte by byte; a large one only at its ends.
            7 => {
                socket.write(&waiting).await;
                waiting.clear();
                let (start, rest) = whole.split_at(whole.len().min(400));
                let (middle, end) = rest.split_at(rest.len().saturating_sub(50));
                for byte in start {
                    socket.write(std::slice::from_ref(byte)).await;
                }
                socket.write(middle).await;
                for byte in end {
                    socket.write(std::slice::from_ref(byte)).await;
                }
            }
            // Cut in the middle of the head.
            8 => {
                socket.write(&[waiting.as_slice(), &whole[..3]].concat()).await;
                tokio::task::yield_now().await;
                socket.write(&whole[3..]).await;
                waiting.clear();
            }
            _ => {
                socket.write(&[waiting.as_slice(), &whole].concat()).await;
                waiting.clear();
            }
        }
    }
    socket.write(&waiting).await;
    socket
}

async fn expect_all(peer: &mut Peer, messages: &[Vec<u8>], window: &Semaphore) {
    for (index, expected) in messages.iter().enumerate() {
        let message = peer.message().await;
        assert!(message == *expected, "message {index}: {message:?} and not {:?}", Message::from(expected.clone()));
        window.add_permits((expected.len() / 1024 + 1).min(WINDOW));
    }
}

#[test]
fn two_thousand_messages_from_a_browser() {
    play_with(&NO_RATES, from_browser_to_sdk);
}

pub async fn from_browser_to_sdk(world: &mut World) {
    let tenant = world.seed.tenant().await;
    let (environment, session, execution) = (tenant.environment.id, Uuid::new_v4(), Uuid::new_v4());
    let mut sdk = world.sdk(&tenant.environment).await;
    let page = Upgrade::page(&tenant.owner, session, environment, "hello");
    let mut page = page.raw(world.address()).await;
    let start = message::start(environment, execution, session, "hello");
    page.send(&Outgoing::binary(start.clone())).await;
    sdk.expect(&start).await;

    let mut numbers = Numbers::from_seed(4);
    let messages: Vec<Vec<u8>> = (0..COUNT)
        .map(|index| {
            let size = size(index, &mut numbers);
            match index % 3 {
                0 if size < 20_000 => message::upload(environment, execution, Uuid::new_v4(), &numbers.bytes(size)),
                1 => message::click(environment, execution, &format!("c{index}{}", "é".repeat(size / 2))),
                _ => {
                    let data = json!({"n": index, "text": "\"x\\".repeat(size / 5), "list": [null, true, {}]});
                    message::submit(environment, execution, "f", "r", data)
                }
            }
        })
        .collect();
    let (messages, window) = (Arc::new(messages), Arc::new(Semaphore::new(WINDOW)));
    let writer = tokio::spawn(write_badly(page, messages.clone(), window.clone()));
    expect_all(&mut sdk, &messages, &window).await;
    drop(writer.await.unwrap());
}

#[test]
fn two_thousand_messages_from_an_sdk() {
    play_with(&NO_RATES, from_sdk_to_browser);
}

pub async fn from_sdk_to_browser(world: &mut World) {
    let tenant = world.seed.tenant().await;
    let mut sdk = Upgrade::sdk(&tenant.environment).raw(world.address()).await;
    assert_eq!(sdk.frame().await.unwrap().opcode, PING);
    let mut page = world.page(&tenant.owner, &tenant.environment, "hello").await;
    let execution = Uuid::new_v4();
    let start = message::start(tenant.environment.id, execution, page.session, "hello");
    page.peer.send(start.clone()).await;
    assert_eq!(sdk.message().await, start);

    let mut numbers = Numbers::from_seed(5);
    let codes = ["av", "be", "bf", "bj", "au", "bl"];
    let messages: Vec<Vec<u8>> = (0..COUNT)
        .map(|index| {
            let size = size(index, &mut numbers);
            message::with_header(numbers.one_of(&codes), page.session, execution, numbers.bytes(size))
        })
        .collect();
    let (messages, window) = (Arc::new(messages), Arc::new(Semaphore::new(WINDOW)));
    let writer = tokio::spawn(write_badly(sdk, messages.clone(), window.clone()));
    expect_all(&mut page.peer, &messages, &window).await;
    drop(writer.await.unwrap());
}
