//! Times each part of a frame's way, and the whole of it through a shard between two sockets. `./dev bench micro [NAME]`.

#![expect(clippy::expect_used, reason = "a bench that cannot go on ends")]

#[path = "../parts/src/cases.rs"]
mod cases;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Instant;

use compose_relay::relay::{Hub, Identity, Limits, Page, Request, SdkPeer, Socket, Verdict};
use compose_relay::wire::{EnvironmentId, ExecutionId, Package, PackageName, SessionId};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// The server's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

criterion_group!(benches, parts, routing);
criterion_main!(benches);

fn parts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parts");
    for mut case in cases::all() {
        group.throughput(Throughput::Bytes(case.bytes as u64));
        group.bench_function(case.name, |bencher| {
            bencher.iter_custom(|times| {
                let begin = Instant::now();
                (case.run)(times);
                begin.elapsed()
            });
        });
    }
}

/// Messages that are written at once.
const BURST: usize = 64;

/// A page writes bursts of clicks and its SDK reads them: what a shard takes for a message, with its part of the system calls.
fn routing(criterion: &mut Criterion) {
    let (mut page, mut sdk, message) = connected();
    let burst = cases::masked(&message).repeat(BURST);
    // The server's header is four bytes shorter than the client's.
    let mut answer = vec![0; burst.len() - 4 * BURST];
    let mut group = criterion.benchmark_group("shard");
    group.throughput(Throughput::Elements(BURST as u64));
    group.bench_function("64 clicks of 256 B, from socket to socket", |bencher| {
        bencher.iter(|| {
            page.write_all(&burst).expect("the shard reads");
            sdk.read_exact(&mut answer).expect("the shard writes");
        });
    });
}

/// A page and its SDK on a relay of one shard, and a message that may go from one to the other.
fn connected() -> (TcpStream, TcpStream, Vec<u8>) {
    let limits =
        Limits { browser_frames_per_second: u32::MAX, browser_bytes_per_second: u32::MAX, ..Limits::default() };
    let (environment, session, execution) =
        (EnvironmentId::from_u128(1), SessionId::from_u128(2), ExecutionId::from_u128(3));
    let (requests, mut asked) = tokio::sync::mpsc::channel(4);
    let (hub, _threads) = Hub::start(&limits, &requests).expect("a relay");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let pair = || {
        let near = TcpStream::connect(listener.local_addr().expect("an address")).expect("a connection");
        let tcp = listener.accept().expect("its other end").0;
        near.set_nodelay(true).expect("a socket");
        tcp.set_nodelay(true).expect("a socket");
        (near, Socket { tcp, session: None, leftover: Vec::new(), place: Box::new(()) })
    };
    let (mut sdk, socket) = pair();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let reservation = runtime.block_on(hub.reserve_sdk(environment)).expect("a place");
    let package = Package { name: PackageName::Node, version: "0.27.9".into() };
    let peer = SdkPeer { environment, company: uuid::Uuid::nil(), package, key_hash: "".into(), development: false };
    hub.attach_sdk(reservation, socket, peer);
    let (mut page, socket) = pair();
    let identity = Identity { login: "login".into(), user: Some(uuid::Uuid::nil()), company: None, email: None };
    let claim = hub.claim_session(session, &Arc::new(identity)).expect("a session");
    hub.attach_browser(claim, socket, Page::App { environment, route: "hello".into() });
    let start = format!(
        r#"aa{environment}{execution}{{"type":"aa","appRoute":"hello","executionId":"{execution}","sessionId":"{session}","params":{{}}}}"#
    );
    page.write_all(&cases::masked(start.as_bytes())).expect("the shard reads");
    let Some(Request::Start { ticket, .. }) = asked.blocking_recv() else { panic!("a START is asked") };
    hub.verdict(ticket, Verdict::Allowed);
    // What comes first: a ping, and the START behind it.
    let (mut seen, mut room) = (Vec::new(), [0; 4096]);
    while !seen.ends_with(b"\"params\":{}}") {
        let count = sdk.read(&mut room).expect("the shard writes");
        seen.extend_from_slice(&room[..count]);
    }
    let body = format!(
        r#"{{"type":"ab","componentId":"c","renderId":"r","executionId":"{execution}","x":"{}"}}"#,
        "x".repeat(64)
    );
    (page, sdk, format!("ab{environment}{execution}{body}").into_bytes())
}
