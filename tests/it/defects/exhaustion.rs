//! D-18 to D-20: one peer takes what belongs to all.

use crate::support::raw::{Outgoing, PING, PONG};
use crate::support::running::{start, works};
use crate::support::{Event, Running, Upgrade, message, play, play_with, soon, within};
use serde_json::json;
use std::time::{Duration, Instant};
use uuid::Uuid;

const MIB: usize = 1 << 20;

#[test]
fn d18_a_page_that_reads_nothing() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let member = world.seed.member(tenant.environment.company, "member").await;
        let mut running = world.running(&tenant).await;
        let session = Uuid::new_v4();
        let page = Upgrade::page(&member, session, tenant.environment.id, "hello");
        let mut deaf = page.raw(world.address()).await;
        let execution = Uuid::new_v4();
        let frame = message::start(tenant.environment.id, execution, session, "hello");
        deaf.send(&Outgoing::binary(frame.clone())).await;
        running.sdk.expect(&frame).await;

        let before = world.server.resident_bytes();
        let mut most = 0;
        for index in 0..200 {
            let data = message::with_header("av", session, execution, vec![b'x'; MIB]);
            running.sdk.send(data).await;
            if index % 10 == 0 {
                // The SDK and the other page do not wait for the deaf one.
                running.works().await;
                most = most.max(world.server.resident_bytes().saturating_sub(before));
            }
        }
        running.works().await;
        assert!(most < 48 * MIB as u64, "200 MB for a deaf page made the server grow by {} MiB", most / MIB as u64);
        // It was closed, and told to come back: the messages that were cut off were not sent on in part.
        let code = within(Duration::from_secs(30), "the deaf page is closed", async {
            loop {
                let frame = deaf.frame().await?;
                match frame.opcode {
                    PING | PONG => {}
                    8 => return frame.close_code(),
                    _ => {}
                }
            }
        })
        .await;
        assert!(code.is_none_or(|code| (4000..5000).contains(&code)), "closed with {code:?}");

        // Back again, it hears that what it missed is gone.
        let page = Upgrade::page(&member, session, tenant.environment.id, "hello").execution(execution);
        let mut back = page.accepted(world.address()).await;
        back.status(true).await;
        back.send(message::check_execution_exists(tenant.environment.id, execution, session)).await;
        assert_eq!(back.next_is("ay").await.json()["exists"], false);
        running.works().await;
    });
}

/// Each of these pages alone is within its bound; together they are not.
#[test]
fn d18_many_pages_that_read_nothing_share_one_bound() {
    let bounds = [("RELAY_SHARDS", "1"), ("MAX_MESSAGE_BYTES", "11534336"), ("MAX_OUTBOUND_BYTES", "52428800")];
    play_with(&bounds, async |world| {
        let tenant = world.seed.tenant().await;
        let member = world.seed.member(tenant.environment.company, "member").await;
        let mut running = world.running(&tenant).await;
        let before = world.server.resident_bytes();
        let mut deaf_ones = Vec::new();
        for _ in 0..16 {
            let session = Uuid::new_v4();
            let mut deaf = Upgrade::page(&member, session, tenant.environment.id, "hello").raw(world.address()).await;
            let execution = Uuid::new_v4();
            let frame = message::start(tenant.environment.id, execution, session, "hello");
            deaf.send(&Outgoing::binary(frame.clone())).await;
            running.sdk.expect(&frame).await;
            // More than the kernel takes on the way.
            running.sdk.send(message::with_header("av", session, execution, vec![b'x'; 11 * MIB - 100])).await;
            // Who reads is never the one that is given up.
            running.works().await;
            deaf_ones.push(deaf);
        }
        let grown = world.server.resident_bytes().saturating_sub(before) / MIB as u64;
        // A quarter of 50 MiB, a message in the making, and what the allocator keeps of such sizes; not 16 times 11.
        assert!(grown < 110, "16 deaf pages made the server grow by {grown} MiB");
        running.works().await;
    });
}

#[test]
fn d19_a_message_that_a_python_sdk_dies_of() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        let (environment, execution) = (tenant.environment.id, running.execution);
        let upload = |file, size: usize| message::upload(environment, execution, file, &vec![b'x'; size - 110]);
        // Exactly the largest that it takes.
        let largest = upload(Uuid::new_v4(), 10_485_760);
        running.page.peer.send(largest.clone()).await;
        running.sdk.expect(&largest).await;
        for _ in 0..3 {
            let file = Uuid::new_v4();
            running.page.peer.send(upload(file, 10_485_761)).await;
            let told = running.page.peer.next_is("au").await;
            assert_eq!((told.first_id(), told.execution()), (running.session(), execution));
            assert!(!told.json()["errorMessage"].as_str().unwrap().is_empty());
            // The hooks that name the lost file are not delivered; others are.
            let data = json!({"f": [{"fileId": file.to_string(), "fileName": "a", "fileSize": 1, "fileType": ""}]});
            running.page.peer.send(message::submit(environment, execution, "form", "r", data)).await;
            running.page.peer.send(message::file_change(environment, execution, "f", "r", file)).await;
            let click = message::click(environment, execution, "marker");
            running.page.peer.send(click.clone()).await;
            running.sdk.expect(&click).await;
        }
        // A hook of this size is too large as well.
        let data = json!({"text": "x".repeat(10_485_760)});
        running.page.peer.send(message::submit(environment, execution, "form", "r", data)).await;
        assert_eq!(running.page.peer.until("au").await.first_id(), running.session());
        let click = message::click(environment, execution, "marker");
        running.page.peer.send(click.clone()).await;
        running.sdk.expect(&click).await;
        running.sdk.silent().await;
    });
}

#[test]
fn d19_a_node_sdk_takes_more() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut sdk = Upgrade::node_sdk(&tenant.environment).accepted(world.address()).await;
        sdk.ping(b"here").await;
        let mut page = world.page(&tenant.owner, &tenant.environment, "hello").await;
        let execution = start(&mut page, &mut sdk, "hello").await;
        let upload = message::upload(tenant.environment.id, execution, Uuid::new_v4(), &vec![7; 12_000_000]);
        page.peer.send(upload.clone()).await;
        sdk.expect(&upload).await;
        works(&mut page, &mut sdk, execution).await;
    });
}

#[test]
fn d20_one_page_floods_the_sdk_of_all() {
    // 100 frames a second, so that the limit is met at once.
    play_with(&[("BROWSER_FRAMES_PER_SECOND", "100")], async |world| {
        let tenant = world.seed.tenant().await;
        let member = world.seed.member(tenant.environment.company, "member").await;
        let Running { mut sdk, page: mut other, execution } = world.running(&tenant).await;
        let mut flood = world.page(&member, &tenant.environment, "hello").await;
        let flooding = start(&mut flood, &mut sdk, "hello").await;
        let environment = tenant.environment.id;
        let began = Instant::now();
        let flooder = tokio::spawn(async move {
            let click = message::click(environment, flooding, "flood");
            // Until it is held back for long, or closed.
            for _ in 0..20_000 {
                if flood.peer.try_send(click.clone()).await.is_err() {
                    break;
                }
            }
            flood
        });
        // The other page is served all the time.
        let (mut floods, mut served) = (0, 0);
        let mut asked: Option<(Vec<u8>, Instant)> = None;
        // Until what the page may have saved up is long used up.
        while began.elapsed() < Duration::from_secs(4) {
            if asked.is_none() {
                let click = message::click(environment, execution, &format!("c{served}"));
                other.peer.send(click.clone()).await;
                asked = Some((click, Instant::now()));
            }
            let arrived = soon("a click at the SDK", sdk.message()).await;
            match &asked {
                Some((click, at)) if arrived == *click => {
                    assert!(at.elapsed() < Duration::from_secs(2), "a click took {:?}", at.elapsed());
                    served += 1;
                    asked = None;
                }
                _ => {
                    assert!(arrived.contains("flood"), "{arrived:?}");
                    floods += 1;
                }
            }
        }
        let allowed = 100.0 * (began.elapsed().as_secs_f64() + 6.0);
        assert!(f64::from(floods) <= allowed, "{floods} frames of one page in {:?}", began.elapsed());
        assert!(served > 10, "the other page was served {served} times");
        flooder.abort();
        let _ = flooder.await;
    });
}

#[test]
fn d20_uploads_that_no_hook_names_are_bounded() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let Running { mut sdk, mut page, execution } = world.running(&tenant).await;
        let environment = tenant.environment.id;
        // 600 MB in uploads of 8 MiB, none of them used.
        let mut delivered = 0;
        for _ in 0..75 {
            let upload = message::upload(environment, execution, Uuid::new_v4(), &vec![1; 8 * MIB]);
            if page.peer.try_send(upload).await.is_err() {
                break;
            }
            let click = message::click(environment, execution, "marker");
            if page.peer.try_send(click.clone()).await.is_err() {
                break;
            }
            let refused = within(Duration::from_secs(30), "the upload or its refusal", async {
                tokio::select! {
                    arrived = sdk.message() => {
                        if arrived.code() == "ad" {
                            sdk.expect(&click).await;
                            return false;
                        }
                        true
                    }
                    Event::Closed(_) = page.peer.event() => true,
                }
            })
            .await;
            if refused {
                break;
            }
            delivered += 1;
        }
        assert!(delivered < 75, "{delivered} uploads of 8 MiB sit in the SDK's memory");
    });
}
