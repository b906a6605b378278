//! Slow readers: bounded memory, and nobody else waits.

use crate::support::raw::{Outgoing, PING, PONG, RawSocket};
use crate::support::{Peer, Upgrade, World, message, play_with, soon, within};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const MIB: usize = 1 << 20;

#[test]
fn a_slow_sdk_slows_its_browsers_down_and_loses_nothing() {
    let no_rates = [("BROWSER_FRAMES_PER_SECOND", "1000000"), ("BROWSER_BYTES_PER_SECOND", "2000000000")];
    play_with(&no_rates, a_slow_sdk);
}

pub async fn a_slow_sdk(world: &mut World) {
    let tenant = world.seed.tenant().await;
    let mut neighbour = world.running(&world.seed.tenant().await).await;
    let mut sdk = Upgrade::sdk(&tenant.environment).raw(world.address()).await;
    assert_eq!(sdk.frame().await.unwrap().opcode, PING);
    let page = world.page(&tenant.owner, &tenant.environment, "hello").await;
    let (environment, execution, session) = (tenant.environment.id, uuid::Uuid::new_v4(), page.session);
    let before = world.server.resident_bytes();

    // 64 MiB towards an SDK that does not read.
    const COUNT: usize = 256;
    let frames = Arc::new(
        (0..COUNT)
            .map(|index| {
                let data = json!({"n": index, "text": "x".repeat(MIB / 4)});
                message::submit(environment, execution, "f", "r", data)
            })
            .collect::<Vec<_>>(),
    );
    let sent = Arc::new(AtomicUsize::new(0));
    let sender = tokio::spawn({
        let (frames, sent, mut peer) = (frames.clone(), sent.clone(), page.peer);
        async move {
            peer.send(message::start(environment, execution, session, "hello")).await;
            for frame in frames.iter() {
                peer.send(frame.clone()).await;
                sent.fetch_add(1, Ordering::Relaxed);
            }
            peer
        }
    });
    // The sender comes to a halt: two looks, half a second apart, see the same number.
    within(Duration::from_secs(40), "the sender is held back", async {
        let mut last = usize::MAX;
        while last != sent.load(Ordering::Relaxed) || last == 0 {
            last = sent.load(Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    })
    .await;
    let stopped_at = sent.load(Ordering::Relaxed);
    assert!(stopped_at < COUNT, "64 MiB went into an SDK that reads nothing");
    let grown = world.server.resident_bytes().saturating_sub(before);
    assert!(grown < 24 * MIB as u64, "the server holds {} MiB for a slow SDK", grown / MIB as u64);
    neighbour.works().await;

    // The ping of the SDK is answered before all that was sent after it, and every message is there in its order.
    sdk.send(&Outgoing::new(PING, *b"still?")).await;
    let (mut next, mut whole, mut pong_at) = (0, Vec::new(), None);
    while next <= COUNT {
        let frame = soon("the next frame", sdk.frame()).await.expect("the SDK stays connected");
        match frame.opcode {
            PONG => pong_at = Some(next),
            PING => sdk.send(&Outgoing::new(PONG, frame.payload)).await,
            _ => {
                whole.extend_from_slice(&frame.payload);
                if frame.fin {
                    let expected = next.checked_sub(1).map(|index| &frames[index]);
                    assert!(expected.is_none_or(|expected| *expected == whole), "message {next} differs");
                    whole.clear();
                    next += 1;
                }
            }
        }
    }
    let pong_at = pong_at.expect("the ping was answered");
    assert!(pong_at <= stopped_at + 1, "answered after message {pong_at}, held back at {stopped_at}");
    soon("the sender ends", sender).await.unwrap();
    neighbour.works().await;
}

/// An SDK, and a page that runs its app and reads only what it is told to; its session and execution.
async fn started(world: &World) -> (Peer, RawSocket, uuid::Uuid, uuid::Uuid) {
    let tenant = world.seed.tenant().await;
    let mut sdk = world.sdk(&tenant.environment).await;
    let session = uuid::Uuid::new_v4();
    let page = Upgrade::page(&tenant.owner, session, tenant.environment.id, "hello");
    let mut page = page.raw(world.address()).await;
    let execution = uuid::Uuid::new_v4();
    let start = message::start(tenant.environment.id, execution, session, "hello");
    page.send(&Outgoing::binary(start.clone())).await;
    sdk.expect(&start).await;
    (sdk, page, session, execution)
}

#[test]
fn a_large_message_does_not_hold_up_a_ping() {
    play_with(&[], a_large_message_and_a_ping);
}

pub async fn a_large_message_and_a_ping(world: &mut World) {
    let (mut sdk, mut page, session, execution) = started(world).await;

    // The page asks for a pong while 7 MiB are on their way to it.
    let large = message::with_header("av", session, execution, vec![b'x'; 7 * MIB]);
    sdk.send(large.clone()).await;
    let (mut whole, mut asked, mut answered_at, mut frames) = (Vec::new(), false, None, 0);
    loop {
        let frame = page.frame().await.expect("the page stays connected");
        match frame.opcode {
            PONG => answered_at = Some(whole.len()),
            PING => {}
            _ if frame.payload.starts_with(b"11") => {}
            _ => {
                frames += 1;
                whole.extend_from_slice(&frame.payload);
                if !asked {
                    page.send(&Outgoing::new(PING, *b"now")).await;
                    asked = true;
                }
                if frame.fin {
                    break;
                }
            }
        }
    }
    assert_eq!(whole, large);
    assert!(frames > 7 * 8, "7 MiB came in {frames} frames");
    if answered_at.is_none() {
        // What was already in the buffers of the system could not be overtaken.
        soon("the pong", async { while page.frame().await.unwrap().opcode != PONG {} }).await;
    }
}

#[test]
fn what_a_burst_has_needed_is_given_back() {
    play_with(&[("BROWSER_OUTBOX_BYTES", "67108864")], memory_after_a_burst);
}

pub async fn memory_after_a_burst(world: &mut World) {
    let (mut sdk, mut page, session, execution) = started(world).await;
    let before = world.server.resident_bytes();

    // 56 MiB for a page that does not read yet; the system's buffers take less than half of it.
    const COUNT: usize = 560;
    for _ in 0..COUNT {
        sdk.send(message::with_header("av", session, execution, vec![b'x'; 100 << 10])).await;
    }
    within(Duration::from_secs(30), "the server holds what the page does not read", async {
        while world.server.resident_bytes() < before + 28 * MIB as u64 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    let mut messages = 0;
    while messages < COUNT {
        let frame = page.frame().await.expect("the page stays connected");
        messages +=
            usize::from(frame.fin && ![PING, PONG].contains(&frame.opcode) && !frame.payload.starts_with(b"11"));
    }
    // Nothing more happens, and the memory goes. By itself the allocator takes twice as long, or for ever.
    within(Duration::from_secs(6), "the server gives the memory back", async {
        while world.server.resident_bytes() > before + 6 * MIB as u64 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
}

#[test]
fn a_server_without_traffic_uses_no_processor_time() {
    play_with(&[("BROWSER_FRAMES_PER_SECOND", "50")], no_traffic_no_processor_time);
}

pub async fn no_traffic_no_processor_time(world: &mut World) {
    let tenant = world.seed.tenant().await;
    let mut running = world.running(&tenant).await;
    // Everything that makes a socket wait: a START that is being looked at, a rate, a slow reader.
    for _ in 0..300 {
        let click = message::click(tenant.environment.id, running.execution, "c");
        running.page.peer.send(click.clone()).await;
        running.sdk.expect(&click).await;
    }
    let large = message::with_header("av", running.session(), running.execution, vec![b'x'; 3 * MIB]);
    running.sdk.send(large.clone()).await;
    running.page.peer.expect(&large).await;
    running.works().await;
    crate::support::running::start(&mut running.page, &mut running.sdk, "second").await;
    let before = world.server.processor_time();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let used = world.server.processor_time() - before;
    assert!(used < Duration::from_millis(200), "{used:?} of processor time in 2 s without traffic");
}
