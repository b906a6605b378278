//! The relay alone, with limits so narrow that a test meets them, and with clients that keep to no rule.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "hub/client.rs"]
mod client;
#[path = "hub/scene.rs"]
mod scene;

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use client::{BINARY, frame, message};
use compose_relay::relay::{Count, Identity, Kept, Limits, Measured, Request, ReserveError};
use compose_relay::wire::{ExecutionId, SessionId};
use scene::{Scene, audit_log, check, start, to_page, upload};

const MIB: usize = 1 << 20;

#[test]
fn a_shard_that_sleeps_is_woken_whoever_else_wakes_it() {
    let scene = Scene::new(Limits { shards: 2, ..Limits::default() });
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let hub = scene.hub.clone();
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
                for _ in 0..2_000 {
                    // By itself it looks every two seconds.
                    assert!(runtime.block_on(hub.turns(Duration::from_millis(1_500))));
                }
            });
        }
    });
}

#[test]
fn a_protocol_error_gives_back_what_was_held_for_the_message() {
    let mut scene = Scene::new(Limits { max_message: MIB, max_inbound: 2 * MIB, ..Limits::default() });
    let (bad, good) = (scene.environment(), scene.environment());
    for _ in 0..8 {
        let (mut page, _) = scene.page(bad);
        page.write(&frame(BINARY, &vec![0; MIB / 2]));
        page.write(&message(b"a new message inside of it"));
        assert_eq!(page.closed(), Some(1002));
    }
    let mut sdk = scene.sdk(good);
    let mut running = scene.running(good, &mut sdk);
    let large = to_page("av", running.session, running.execution, MIB);
    sdk.send(&large);
    assert!(running.page.until("av") == large);
}

#[test]
fn the_largest_message_arrives_however_many_shards_there_are() {
    let limits = Limits { shards: 16, max_message: MIB, max_inbound: 4 * MIB, ..Limits::default() };
    let mut scene = Scene::new(limits);
    let environment = scene.environment();
    let mut sdk = scene.sdk(environment);
    let mut running = scene.running(environment, &mut sdk);
    let large = to_page("av", running.session, running.execution, MIB);
    sdk.send(&large);
    assert!(running.page.until("av") == large);
}

#[test]
fn messages_that_never_end_do_not_fill_the_memory() {
    let mut scene = Scene::new(Limits { max_message: 16 * MIB, max_inbound: 32 * MIB, ..Limits::default() });
    let environment = scene.environment();
    let mut pages = Vec::new();
    for _ in 0..3 {
        let (mut page, _) = scene.page(environment);
        // All of it but the last byte.
        let unfinished = message(&vec![0; 9 * MIB]);
        if page.tcp.write_all(&unfinished[..unfinished.len() - 1]).is_err() {
            break;
        }
        pages.push(page);
    }
    scene.wait(Count::CloseInbound, 1);
}

#[test]
fn a_page_is_not_too_slow_for_one_large_message_and_what_comes_behind_it() {
    let mut scene = Scene::new(Limits { browser_outbox: MIB / 8, ..Limits::default() });
    let environment = scene.environment();
    let mut sdk = scene.sdk(environment);
    let mut running = scene.running(environment, &mut sdk);
    let large = to_page("bl", running.session, running.execution, 24 * MIB);
    let small = to_page("be", running.session, running.execution, 200);
    let last = to_page("bi", running.session, running.execution, 100);
    sdk.write(&[message(&small), message(&large), message(&small), message(&last)].concat());
    scene.wait(Count::MessagesToBrowser, 4);
    assert!(running.page.until("bl") == large);
    assert_eq!(running.page.message(), small);
    assert_eq!(running.page.message(), last);

    // Two large ones are too much for who reads nothing.
    sdk.write(&[message(&large), message(&large), message(&small)].concat());
    scene.wait(Count::CloseSlow, 1);
}

#[test]
fn runs_of_large_frames_and_small_ones_stay_in_order_whoever_reads_slowly() {
    let mut scene = Scene::new(Limits { upload_budget: usize::MAX, sdk_outbox: MIB / 8, ..Limits::default() });
    let environment = scene.environment();
    let mut sdk = scene.sdk(environment);
    let mut pages: Vec<_> = (0..2).map(|_| scene.running(environment, &mut sdk)).collect();
    // Around the sizes from which on a frame is written from where it was read, and read into memory of its own.
    let sizes = [200, 9_000, 16_384, 16_384, 20_000, 8_191, 8_192, 110, 30_000, 65_000, 65_000, 100_000, 12_000, 300];
    let numbered = |mut message: Vec<u8>, number: usize| {
        let place = message.len() - 8;
        message[place..].copy_from_slice(&number.to_be_bytes());
        message
    };
    // Browsers to SDK, which reads nothing until its queue is full: the socket has stopped in the midst of a frame.
    let sent: Vec<Vec<Vec<u8>>> = pages
        .iter()
        .map(|page| {
            let upload = |number: usize| upload(environment, page.execution, sizes[number % sizes.len()].max(118));
            (0..300).map(|number| numbered(upload(number), number)).collect()
        })
        .collect();
    let mut writers = Vec::new();
    for (page, messages) in pages.iter().zip(&sent) {
        let bytes: Vec<u8> = messages.iter().flat_map(|it| message(it)).collect();
        let mut tcp = page.page.writer();
        writers.push(std::thread::spawn(move || tcp.write_all(&bytes).unwrap()));
    }
    scene.wait(Count::HeldForSdk, 1);
    let mut next = [0; 2];
    while next != [300; 2] {
        let message = sdk.until("ad");
        let from = pages.iter().position(|page| message[38..74] == page.execution.text()).expect("one of the two");
        assert!(message == sent[from][next[from]], "page {from}, message {}", next[from]);
        next[from] += 1;
    }
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    // And back, to both pages by turns.
    let back: Vec<Vec<u8>> = (0..600)
        .map(|number| {
            let page = &pages[number / 3 % 2];
            numbered(to_page("av", page.session, page.execution, sizes[number % sizes.len()].max(90)), number)
        })
        .collect();
    let bytes: Vec<u8> = back.iter().flat_map(|it| message(it)).collect();
    let mut tcp = sdk.writer();
    let writer = std::thread::spawn(move || tcp.write_all(&bytes).unwrap());
    for (number, expected) in back.iter().enumerate() {
        assert!(pages[number / 3 % 2].page.until("av") == *expected, "message {number}");
    }
    writer.join().unwrap();
}

#[test]
fn what_waits_for_an_sdk_is_not_charged_to_its_pages() {
    let mut scene = Scene::new(Limits { upload_budget: usize::MAX, sdk_outbox: MIB / 8, ..Limits::default() });
    let environment = scene.environment();
    let mut sdk = scene.sdk(environment);
    let mut running = scene.running(environment, &mut sdk);
    // Four are read at once and written from where they were read, until the socket takes only a part of them.
    let four = message(&upload(environment, running.execution, 16 << 10)).repeat(4);
    let before = scene.hub.count(Count::MessagesToSdk);
    let sum = |scene: &Scene, of: fn(&Measured) -> usize| {
        let measured = scene.block_on(scene.hub.measure(Duration::from_secs(10)));
        measured.iter().flatten().map(|(it, _)| of(it)).sum::<usize>()
    };
    let mut sent = 0;
    while sum(&scene, |it| it.waiting_for_sdks) == 0 {
        assert!(sent < 10_000, "nothing waits for an SDK that does not read");
        running.page.write(&four);
        sent += 4;
        scene.wait(Count::MessagesToSdk, before + sent);
        assert_eq!(sum(&scene, |it| it.waiting_for_browsers), 0);
    }
    for _ in 0..sent {
        sdk.until("ad");
    }
}

#[test]
fn a_page_that_reads_no_answers_is_closed() {
    let mut scene = Scene::new(Limits { browser_outbox: MIB / 8, ..Limits::default() });
    let environment = scene.environment();
    let _sdk = scene.sdk(environment);
    let (mut page, session) = scene.page(environment);
    let unknown = message(&check(environment, session, ExecutionId::from_u128(99))).repeat(1_000);
    let mut sent = 0;
    while scene.hub.count(Count::CloseSlow) == 0 && sent < 1_000 && page.tcp.write_all(&unknown).is_ok() {
        sent += 1;
    }
    assert_eq!(scene.hub.count(Count::CloseSlow), 1, "{sent},000 answers wait in memory");
}

#[test]
fn an_audit_log_does_not_fill_the_queue_of_a_page_that_does_not_read() {
    let mut scene = Scene::with_queue(Limits { browser_outbox: MIB / 8, ..Limits::default() }, 1);
    let environment = scene.environment();
    let mut sdk = scene.sdk(environment);
    let running = scene.running(environment, &mut sdk);
    let entries = message(&audit_log(running.session, running.execution)).repeat(1_000);
    let mut sent = 0;
    while scene.hub.count(Count::CloseSlow) == 0 && sent < 500 {
        sdk.write(&entries);
        sent += 1;
    }
    assert_eq!(scene.hub.count(Count::CloseSlow), 1, "{sent},000 answers wait in memory");
}

#[test]
fn a_queue_that_is_full_is_not_filled_further_by_others() {
    let mut scene = Scene::new(Limits { sdk_outbox: MIB / 8, ..Limits::default() });
    let environment = scene.environment();
    let mut sdk = scene.sdk(environment);
    let pages: Vec<_> = (0..6).map(|_| scene.running(environment, &mut sdk)).collect();
    let before = scene.hub.count(Count::MessagesToSdk);
    let mut writers = Vec::new();
    for (place, running) in pages.iter().enumerate() {
        let large = message(&upload(environment, running.execution, 12 * MIB));
        let mut tcp = running.page.writer();
        writers.push(std::thread::spawn(move || tcp.write_all(&large).unwrap()));
        if place == 0 {
            scene.wait(Count::MessagesToSdk, before + 1);
        }
    }
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(scene.hub.count(Count::MessagesToSdk), before + 1, "12 MiB each wait for an SDK that reads nothing");
    for _ in &pages {
        assert_eq!(sdk.until("ad").len(), 12 * MIB);
    }
    writers.into_iter().for_each(|writer| writer.join().unwrap());
}

#[test]
fn pages_that_wait_for_a_slow_sdk_take_turns() {
    const COUNT: usize = 48;
    let mut scene = Scene::new(Limits { sdk_outbox: MIB / 8, ..Limits::default() });
    let environment = scene.environment();
    let mut sdk = scene.sdk(environment);
    let pages: Vec<_> = (0..4).map(|_| scene.running(environment, &mut sdk)).collect();
    let writers: Vec<_> = pages
        .iter()
        .map(|running| {
            let all = message(&upload(environment, running.execution, MIB / 2)).repeat(COUNT);
            let mut tcp = running.page.writer();
            std::thread::spawn(move || tcp.write_all(&all).unwrap())
        })
        .collect();
    // All of them have something waiting before the SDK begins to read.
    std::thread::sleep(Duration::from_secs(1));
    let mut arrived = vec![0; pages.len()];
    while arrived.iter().all(|count| *count < COUNT) {
        let upload = sdk.until("ad");
        let from = pages.iter().position(|it| it.execution.text() == upload[38..74]).unwrap();
        arrived[from] += 1;
    }
    assert!(arrived.iter().all(|count| *count >= COUNT / 2), "{arrived:?} of {COUNT} each");
    for _ in arrived.iter().sum::<usize>()..COUNT * pages.len() {
        sdk.until("ad");
    }
    writers.into_iter().for_each(|writer| writer.join().unwrap());
}

#[test]
fn a_start_of_megabytes_is_refused_before_anybody_is_asked() {
    let mut scene = Scene::new(Limits::default());
    let environment = scene.environment();
    let _sdk = scene.sdk(environment);
    let (mut page, session) = scene.page(environment);
    let large = start(environment, session, ExecutionId::from_u128(99), &"x".repeat(2 * MIB));
    page.send(&large);
    page.until("au");
    assert!(scene.requests.try_recv().is_err());
}

#[test]
fn one_sdk_does_not_take_all_the_room_for_requests() {
    let mut scene = Scene::with_queue(Limits::default(), 2_048);
    let (loud, quiet) = (scene.environment(), scene.environment());
    let (mut sdk, _other) = (scene.sdk(loud), scene.sdk(quiet));
    let running = scene.running(loud, &mut sdk);
    for number in 0..500 {
        sdk.send(format!("ab{number}").as_bytes());
    }
    sdk.write(&message(&audit_log(running.session, running.execution)).repeat(3_000));
    sdk.settle();
    let (mut page, session) = scene.page(quiet);
    page.send(&start(quiet, session, ExecutionId::from_u128(99), ""));
    // The shard has looked at it before anybody takes a request.
    std::thread::sleep(Duration::from_millis(500));
    let end = Instant::now() + client::PATIENCE;
    let (mut asked, mut newest) = (false, String::new());
    while !asked || newest != "499" {
        assert!(Instant::now() < end, "asked: {asked}, newest INITIALIZE: {newest}");
        match scene.requests.try_recv() {
            Ok(Request::Start { .. }) => asked = true,
            Ok(Request::Initialize { body, .. }) => newest = String::from_utf8(body.to_vec()).unwrap(),
            Ok(Request::AuditLog(_)) => {}
            Err(_) => std::thread::sleep(Duration::from_millis(5)),
        }
    }
}

#[test]
fn a_place_is_free_again_when_the_answer_was_not_taken() {
    let mut scene = Scene::new(Limits::default());
    // A shard that is quicker than the look at its answer has it taken; then another place is asked for.
    let environments: Vec<_> = (0..100).map(|_| scene.environment()).collect();
    scene.block_on(async {
        let mut places = environments.into_iter();
        let (environment, asking) = loop {
            let environment = places.next().expect("one of a hundred answers comes later");
            let mut asking = Box::pin(scene.hub.reserve_sdk(environment));
            if futures_util::poll!(&mut asking).is_pending() {
                break (environment, asking);
            }
        };
        // The answer comes and nobody looks at it.
        std::thread::sleep(Duration::from_millis(300));
        drop(asking);
        let next = tokio::time::timeout(Duration::from_secs(2), scene.hub.reserve_sdk(environment)).await;
        assert!(matches!(next, Ok(Ok(_))), "{next:?}");
    });
}

#[test]
fn an_sdk_that_takes_what_is_sent_to_it_lives() {
    let mut scene = Scene::new(Limits::default());
    let environment = scene.environment();
    let mut sdk = scene.sdk(environment);
    let mut running = scene.running(environment, &mut sdk);
    running.page.send(&upload(environment, running.execution, 64 * MIB));
    scene.wait(Count::MessagesToSdk, 2);
    // It is too busy to answer pings, and its line is slow.
    let reader = std::thread::spawn(move || {
        for _ in 0..60 {
            sdk.fill(256 << 10);
            std::thread::sleep(Duration::from_millis(50));
        }
        sdk
    });
    let second = scene.block_on(scene.hub.reserve_sdk(environment));
    assert!(matches!(second, Err(ReserveError::Occupied)), "{second:?}");
    reader.join().unwrap();
}

#[test]
fn what_is_taken_over_while_the_relay_ends_is_kept_for_the_next_process() {
    let mut scene = Scene::new(Limits { shards: 2, ..Limits::default() });
    let kept = Kept {
        environment: scene.environment(),
        session: SessionId::from_u128(7),
        identity: Arc::new(Identity { login: "a".into(), user: None, company: None, email: None }),
        route: "hello".into(),
        executions: vec![(ExecutionId::from_u128(8), "hello".into())],
        frames: vec![b"one".as_slice().into(), b"two".as_slice().into()],
    };
    let hub = scene.hub.clone();
    assert!(!hub.is_leaving());
    let taken = async {
        assert!(hub.is_leaving(), "no more is to be taken");
        // This was on its way already.
        hub.restore(vec![kept.clone()]);
    };
    let (left, ()) = scene.block_on(async { tokio::join!(hub.drain(Duration::from_secs(1)), taken) });
    assert_eq!(left.len(), 1);
    assert_eq!((left[0].session, &left[0].executions), (kept.session, &kept.executions));
    assert_eq!(left[0].frames, kept.frames);
}

#[test]
fn what_a_page_that_is_behind_cannot_be_given_of_what_was_kept_is_counted() {
    let mut scene = Scene::new(Limits { browser_outbox: 10_000, ..Limits::default() });
    let environment = scene.environment();
    let (mut page, session) = scene.page(environment);
    // Whose page it is, as the scene makes it up.
    let user = Some(uuid::Uuid::from_u128(session.as_u128() + 1));
    let kept = Kept {
        environment,
        session,
        identity: Arc::new(Identity { login: "login".into(), user, company: None, email: None }),
        route: "hello".into(),
        executions: vec![(ExecutionId::from_u128(8), "hello".into())],
        frames: vec![vec![b'x'; 4_000].into(); 20],
    };
    scene.hub.restore(vec![kept]);
    assert_eq!(page.closed(), Some(4003));
    assert_eq!(scene.hub.count(Count::DropReplay), 20);
}

/// Panics where it is dropped.
struct Mistake;

impl Drop for Mistake {
    fn drop(&mut self) {
        panic!("on purpose");
    }
}

#[test]
fn a_mistake_of_ours_costs_nobody_else_anything() {
    // One shard, so that the neighbour lives on the very thread that panics.
    let mut scene = Scene::new(Limits { shards: 1, ..Limits::default() });
    let environment = scene.environment();
    let mut sdk = scene.sdk(environment);
    let mut running = scene.running(environment, &mut sdk);
    for times in 1..=3 {
        let (page, _) = scene.page_with(environment, Box::new(Mistake));
        drop(page);
        scene.wait(Count::Panic, times);
        let toast = to_page("be", running.session, running.execution, 100);
        sdk.send(&toast);
        assert_eq!(running.page.until("be"), toast);
    }
    assert!(scene.block_on(scene.hub.turns(client::PATIENCE)));
}

/// Blocks where it is dropped, until the other end says something or goes.
struct Standstill(std::sync::mpsc::Receiver<()>);

impl Drop for Standstill {
    fn drop(&mut self) {
        let _ = self.0.recv();
    }
}

#[test]
fn a_shard_that_stands_still_is_found_out() {
    let mut scene = Scene::new(Limits { shards: 4, ..Limits::default() });
    let environment = scene.environment();
    let (release, held) = std::sync::mpsc::channel();
    let (page, _) = scene.page_with(environment, Box::new(Standstill(held)));
    assert!(scene.block_on(scene.hub.turns(client::PATIENCE)));
    drop(page);
    scene.wait(Count::AppGone, 1);
    assert!(!scene.block_on(scene.hub.turns(Duration::from_millis(500))));
    drop(release);
    assert!(scene.block_on(scene.hub.turns(client::PATIENCE)));
}

#[test]
fn uploads_over_the_budget_of_a_run_are_dropped_and_counted() {
    let mut scene = Scene::new(Limits { upload_budget: MIB, ..Limits::default() });
    let environment = scene.environment();
    let mut sdk = scene.sdk(environment);
    let mut running = scene.running(environment, &mut sdk);
    let file = upload(environment, running.execution, MIB / 2);
    for _ in 0..2 {
        running.page.send(&file);
        assert_eq!(sdk.until("ad"), file);
    }
    assert_eq!(scene.hub.count(Count::DropUploadBudget), 0);
    running.page.send(&file);
    scene.wait(Count::DropUploadBudget, 1);
    running.page.until("au");
}

#[test]
fn an_sdk_that_comes_when_its_place_is_lost_is_sent_away_and_counted() {
    let mut scene = Scene::new(Limits::default());
    let environment = scene.environment();
    let late = scene.block_on(scene.hub.reserve_sdk(environment)).expect("the place is free");
    // Somebody else gets it once it is lost.
    let end = Instant::now() + client::PATIENCE;
    let _other = loop {
        match scene.block_on(scene.hub.reserve_sdk(environment)) {
            Ok(other) => break other,
            // On a busy machine a shard may be late with its answer as well.
            Err(error) => assert!(Instant::now() < end, "{error:?}"),
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(scene.sdk_with(environment, late).closed(), Some(4001));
    assert_eq!(scene.hub.count(Count::CloseLate), 1);
}
