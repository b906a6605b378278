//! D-17: what RFC 6455 forbids, text, and messages over the limit end one connection and nothing else.

use crate::support::raw::{CLOSE, CONTINUATION, Outgoing, PING, RawSocket, TEXT};
use crate::support::{Upgrade, World, message, play, play_with};
use uuid::Uuid;

/// Every kind of frame that RFC 6455 forbids to a client.
fn broken_frames() -> Vec<(&'static str, Vec<u8>)> {
    let binary = |payload: &[u8]| Outgoing::binary(payload);
    let ping = |payload: Vec<u8>| Outgoing::new(PING, payload);
    let close = |payload: &[u8]| Outgoing::new(CLOSE, payload).bytes();
    let open = Outgoing { fin: false, ..binary(b"part") };
    vec![
        ("unmasked", Outgoing { mask: None, ..binary(b"x") }.bytes()),
        ("reserved bit 1", Outgoing { rsv: 4, ..binary(b"x") }.bytes()),
        ("reserved bit 3", Outgoing { rsv: 1, ..binary(b"x") }.bytes()),
        ("reserved opcode", Outgoing::new(3, *b"x").bytes()),
        ("reserved control opcode", Outgoing::new(11, *b"x").bytes()),
        ("long ping", ping(vec![0; 126]).bytes()),
        ("fragmented ping", Outgoing { fin: false, ..ping(vec![]) }.bytes()),
        ("continuation of nothing", Outgoing::new(CONTINUATION, *b"x").bytes()),
        ("message inside a message", [open.bytes(), binary(b"x").bytes()].concat()),
        ("length of two bytes for 5", Outgoing { length_bytes: Some(2), ..binary(b"12345") }.bytes()),
        ("length of eight bytes for 5", Outgoing { length_bytes: Some(8), ..binary(b"12345") }.bytes()),
        ("length with the top bit", binary(&[]).head(1 << 63)),
        ("length of everything", binary(&[]).head(u64::MAX >> 1)),
        ("close of one byte", close(b"\x03")),
        ("close with a reserved code", close(&1005u16.to_be_bytes())),
        ("close with code 0", close(&[0, 0])),
        ("close with a reason that is no text", close(b"\x03\xe8\xff\xff")),
    ]
}

#[test]
fn d17_a_frame_that_breaks_the_rules() {
    play(async |world| {
        let mut neighbour = world.running(&world.seed.tenant().await).await;
        let tenant = world.seed.tenant().await;
        for (name, bytes) in broken_frames() {
            for is_sdk in [true, false] {
                let mut socket = if is_sdk {
                    sdk_again(world, &tenant).await
                } else {
                    Upgrade::home(&tenant.owner, Uuid::new_v4()).raw(world.address()).await
                };
                socket.write(&bytes).await;
                let code = socket.closed().await;
                // A good close code is better than none; a peer that breaks the rules has no right to one.
                if is_sdk && let Some(code) = code {
                    crate::support::peer::assert_good_for_an_sdk(code);
                }
                if !is_sdk && !name.starts_with("close") {
                    assert!(matches!(code, Some(1002 | 1009)), "{name}: {code:?}");
                }
            }
        }
        neighbour.works().await;
    });
}

/// An SDK socket of an environment whose last one has just been closed.
async fn sdk_again(world: &World, tenant: &crate::support::Tenant) -> RawSocket {
    let mut socket = Upgrade::sdk(&tenant.environment).raw(world.address()).await;
    assert_eq!(socket.frame().await.unwrap().opcode, PING);
    socket
}

#[test]
fn d17_text_is_never_forwarded_as_text() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        let text = message::toast(running.session(), running.execution, "as text");
        running.sdk.send_text(std::str::from_utf8(&text).unwrap()).await;
        // Either the SDK is closed with a code that it survives, or the message goes on as a binary one.
        match running.page.peer.message().await {
            same if same == text => {}
            status => {
                assert_eq!(status.code(), "11", "{status:?}");
                crate::support::peer::assert_good_for_an_sdk(running.sdk.closed().await);
                running.sdk = world.sdk(&tenant.environment).await;
                running.page.peer.status(true).await;
            }
        }
        let click = message::click(tenant.environment.id, running.execution, "as text");
        running.page.peer.send_text(std::str::from_utf8(&click).unwrap()).await;
        let mut page = world.page(&tenant.owner, &tenant.environment, "hello").await;
        let execution = Uuid::new_v4();
        let start = message::start(tenant.environment.id, execution, page.session, "hello");
        page.peer.send(start.clone()).await;
        let first = running.sdk.message().await;
        if first == click {
            running.sdk.expect(&start).await;
        } else {
            assert_eq!(first, start);
            assert_eq!(running.page.peer.closed().await, 1003);
        }
        let mut socket = Upgrade::home(&tenant.owner, Uuid::new_v4()).raw(world.address()).await;
        socket.send(&Outgoing::new(TEXT, [0xff, 0xfe])).await;
        assert!(matches!(socket.closed().await, Some(1003 | 1007)));
    });
}

#[test]
fn d17_a_message_over_the_limit_reserves_nothing_and_ends_only_its_own_connection() {
    play_with(&[("MAX_MESSAGE_BYTES", "104857600")], async |world| {
        let mut neighbour = world.running(&world.seed.tenant().await).await;
        let before = world.server.resident_bytes();
        let mut sockets = Vec::new();
        for _ in 0..20 {
            // A head that claims 100 MiB, and a little of it.
            let tenant = world.seed.tenant().await;
            let mut socket = sdk_again(world, &tenant).await;
            socket.write(&Outgoing::binary([]).head(104_857_600)).await;
            socket.write(&[0; 5000]).await;
            sockets.push(socket);
        }
        neighbour.works().await;
        let grown = world.server.resident_bytes().saturating_sub(before);
        assert!(grown < 40 << 20, "20 heads made the server grow by {} MiB", grown >> 20);
        // One byte more than the limit.
        let tenant = world.seed.tenant().await;
        let mut socket = sdk_again(world, &tenant).await;
        socket.write(&Outgoing::binary([]).head(104_857_601)).await;
        if let Some(code) = socket.closed().await {
            crate::support::peer::assert_good_for_an_sdk(code);
        }
        let mut page = Upgrade::home(&tenant.owner, Uuid::new_v4()).raw(world.address()).await;
        page.write(&Outgoing::binary([]).head(104_857_601)).await;
        assert_eq!(page.closed().await, Some(1009));
        neighbour.works().await;
    });
}
