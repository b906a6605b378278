//! Messages arrive byte for byte, of every kind and every size.

use crate::support::raw::Outgoing;
use crate::support::{Numbers, Upgrade, World, message, play};
use serde_json::json;
use uuid::Uuid;

const MIB: usize = 1 << 20;
const SIZES: [usize; 13] = [0, 1, 51, 52, 125, 126, 127, 4096, 65_535, 65_536, MIB, 9 * MIB, 3];

#[test]
fn every_size_arrives_in_both_directions() {
    play(every_size);
}

pub async fn every_size(world: &mut World) {
    let tenant = world.seed.tenant().await;
    let mut running = world.running(&tenant).await;
    let mut numbers = Numbers::from_seed(1);
    for size in SIZES {
        let file = Uuid::new_v4();
        let upload = message::upload(tenant.environment.id, running.execution, file, &numbers.bytes(size));
        running.page.peer.send(upload.clone()).await;
        running.sdk.expect(&upload).await;
        let used = message::file_change(tenant.environment.id, running.execution, "f", "r", file);
        running.page.peer.send(used.clone()).await;
        running.sdk.expect(&used).await;
        let render = message::with_header("av", running.session(), running.execution, numbers.bytes(size));
        running.sdk.send(render.clone()).await;
        running.page.peer.expect(&render).await;
    }
    running.works().await;
}

#[test]
fn the_whole_message_may_have_a_length_where_the_length_form_changes() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        let mut numbers = Numbers::from_seed(2);
        for size in [110, 111, 125, 126, 127, 4095, 4096, 4097, 65_535, 65_536, 65_537, 16_383, 16_384] {
            let file = numbers.bytes(size - 110);
            let upload = message::upload(tenant.environment.id, running.execution, Uuid::new_v4(), &file);
            running.page.peer.send(upload.clone()).await;
            running.sdk.expect(&upload).await;
            let body = numbers.bytes(size - 74);
            let loading = message::with_header("bi", running.session(), running.execution, body);
            running.sdk.send(loading.clone()).await;
            running.page.peer.expect(&loading).await;
        }
    });
}

#[test]
fn every_code_is_forwarded_from_the_browser() {
    play(every_code_from_the_browser);
}

pub async fn every_code_from_the_browser(world: &mut World) {
    let tenant = world.seed.tenant().await;
    let mut running = world.running(&tenant).await;
    let (environment, execution, session) = (tenant.environment.id, running.execution, running.session());
    let date = json!({"value": {"day": 2, "month": 5, "year": 2024}, "type": "input-date"});
    let form = json!({"title": "é中😀", "n": 7.5, "none": null, "list": [1, "a", true], "date": date});
    let file = Uuid::new_v4();
    let frames = [
        message::start(environment, Uuid::new_v4(), session, "hello"),
        message::click(environment, execution, "c"),
        message::submit(environment, execution, "f", "r", form),
        message::submit(environment, execution, "f", "r", json!({"text": "x".repeat(MIB)})),
        message::upload(environment, execution, file, b"\x00\x01\x02\xff"),
        message::file_change(environment, execution, "f", "r", file),
        message::check_execution_exists(environment, execution, session),
        message::value_hook("af", environment, execution, json!("v")),
        message::value_hook("ag", environment, execution, json!(["a", 1, null])),
        message::row_action(environment, execution, json!(3)),
        message::row_action(environment, execution, json!({"id": 1})),
        message::confirm_response(environment, execution),
        message::close_modal(environment, execution, "r"),
        message::page_change(environment, execution, "t", "r", 100),
        message::browser_session_ended(environment, execution, session),
    ];
    for frame in frames {
        running.page.peer.send(frame.clone()).await;
        running.sdk.expect(&frame).await;
    }
}

#[test]
fn every_code_is_forwarded_from_the_sdk() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        let (session, execution) = (running.session(), running.execution);
        let codes =
            ["au", "av", "aw", "ax", "ay", "az", "ba", "bb", "bc", "bd", "be", "bf", "bg", "bh", "bi", "bj", "bk"];
        for code in codes {
            let frame = message::to_browser(code, session, execution, json!({"x": "é"}));
            running.sdk.send(frame.clone()).await;
            running.page.peer.expect(&frame).await;
        }
        // A body is no business of the server on this way: any bytes go.
        let frame = message::with_header("bj", session, execution, [0xff, 0xfe, b'{', 0]);
        running.sdk.send(frame.clone()).await;
        running.page.peer.expect(&frame).await;
        running.works().await;
    });
}

#[test]
fn downloads_arrive_even_with_the_short_metadata_length_of_the_sdks() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        let (session, execution) = (running.session(), running.execution);
        let metadata = json!({"name": "résumé.csv", "download": true, "id": Uuid::new_v4().to_string()}).to_string();
        let length = u32::try_from(metadata.len()).unwrap();
        let good = message::download(session, execution, length, &metadata, b"a,b\n1,2\n");
        running.sdk.send(good.clone()).await;
        running.page.peer.expect(&good).await;
        let short = message::download(session, execution, length - 2, &metadata, b"a,b\n1,2\n");
        running.sdk.send(short.clone()).await;
        let got = running.page.peer.message().await;
        assert!(got == short || got == good, "verbatim, or with the length repaired: {got:?}");
    });
}

#[test]
fn fragments_and_frames_in_one_segment_arrive_as_the_messages_they_are() {
    play(fragments_and_frames_in_one_segment);
}

pub async fn fragments_and_frames_in_one_segment(world: &mut World) {
    let tenant = world.seed.tenant().await;
    let mut sdk = world.sdk(&tenant.environment).await;
    let session = Uuid::new_v4();
    let page = Upgrade::page(&tenant.owner, session, tenant.environment.id, "hello");
    let mut page = page.raw(world.address()).await;
    let execution = Uuid::new_v4();
    let start = message::start(tenant.environment.id, execution, session, "hello");
    page.send(&Outgoing::binary(start.clone())).await;
    sdk.expect(&start).await;

    let mut numbers = Numbers::from_seed(3);
    let mut upload = |size| message::upload(tenant.environment.id, execution, Uuid::new_v4(), &numbers.bytes(size));
    for count in [2, 3, 50, 1000] {
        let frame = upload(5000);
        for part in Outgoing::fragments(&frame, count) {
            page.send(&part).await;
        }
        sdk.expect(&frame).await;
    }
    // An empty last fragment, and fragments that cut the header.
    let frame = upload(10);
    let [one, two] = [&frame[..1], &frame[1..]];
    page.send(&Outgoing { fin: false, ..Outgoing::binary(one) }).await;
    page.send(&Outgoing { fin: false, ..Outgoing::new(0, two) }).await;
    page.send(&Outgoing::new(0, [])).await;
    sdk.expect(&frame).await;

    let frames: Vec<_> = [0, 3, 200, 70_000, 5].into_iter().map(&mut upload).collect();
    let segment: Vec<u8> = frames.iter().flat_map(|frame| Outgoing::binary(frame.clone()).bytes()).collect();
    page.write(&segment).await;
    for frame in &frames {
        sdk.expect(frame).await;
    }
    // A mask of zeros is a mask.
    let frame = upload(100);
    page.send(&Outgoing { mask: Some([0; 4]), ..Outgoing::binary(frame.clone()) }).await;
    sdk.expect(&frame).await;
}

#[test]
fn two_pages_of_one_environment_do_not_mix() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let member = world.seed.member(tenant.environment.company, "member").await;
        let mut running = world.running(&tenant).await;
        let mut second = world.page(&member, &tenant.environment, "second").await;
        let execution = crate::support::running::start(&mut second, &mut running.sdk, "second").await;
        for _ in 0..20 {
            running.works().await;
            crate::support::running::works(&mut second, &mut running.sdk, execution).await;
        }
    });
}
