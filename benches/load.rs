//! A first load run of the relay alone: sockets on loopback, attached to the hub without HTTP, the generator on one thread of
//! this process. It reports round trips a second, the shard's CPU per forwarded message (a round trip is two of them), and
//! latency. `cargo bench --bench load`; with `-- 2` it runs two seconds a row instead of five.

#![expect(clippy::expect_used, reason = "a bench that cannot go on ends")]

#[path = "load/client.rs"]
mod client;
#[path = "load/cpu.rs"]
mod cpu;

use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use compose_relay::relay::{Hub, Identity, Limits, Page, Request, SdkPeer, Socket, Verdict};
use compose_relay::wire::{EnvironmentId, ExecutionId, FileId, Package, PackageName, SessionId};
use hdrhistogram::Histogram;
use mio::{Events, Interest, Poll, Token};

use client::Client;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// One row: so many browsers on one SDK, each with so many messages on the way.
struct Row {
    name: &'static str,
    browsers: usize,
    window: usize,
    /// Bytes of a message in both directions.
    size: usize,
    /// A hook with a JSON body, which is checked whole; else an upload, of which only the head is looked at.
    hook: bool,
}

const ROWS: &[Row] = &[
    Row { name: "fan-in 64:1, 128 B upload, window 1", browsers: 64, window: 1, size: 128, hook: false },
    Row { name: "fan-in 64:1, 128 B upload, window 16", browsers: 64, window: 16, size: 128, hook: false },
    Row { name: "fan-in 64:1, 256 B hook, window 1", browsers: 64, window: 1, size: 256, hook: true },
    Row { name: "fan-in 64:1, 256 B hook, window 16", browsers: 64, window: 16, size: 256, hook: true },
    Row { name: "1:1, 128 B upload, window 1", browsers: 1, window: 1, size: 128, hook: false },
    Row { name: "fan-in 16:1, 16 KiB upload, window 4", browsers: 16, window: 4, size: 16 << 10, hook: false },
    Row { name: "fan-in 16:1, 64 KiB upload, window 1", browsers: 16, window: 1, size: 64 << 10, hook: false },
];

fn main() {
    let seconds = std::env::args().filter_map(|it| it.parse::<u64>().ok()).next().unwrap_or(5);
    println!(
        "{:<40} {:>10} {:>12} {:>8} {:>9} {:>9} {:>9}",
        "row", "trips/s", "us/message", "busy", "p50 us", "p99 us", "p99.9 us"
    );
    for row in ROWS {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
        run(row, Duration::from_secs(seconds), &runtime);
    }
}

fn pair(listener: &TcpListener) -> (TcpStream, TcpStream) {
    let near = TcpStream::connect(listener.local_addr().expect("address")).expect("connect");
    let far = listener.accept().expect("accept").0;
    near.set_nodelay(true).expect("nodelay");
    far.set_nodelay(true).expect("nodelay");
    (near, far)
}

fn run(row: &Row, time: Duration, runtime: &tokio::runtime::Runtime) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let (requests, mut asked) = tokio::sync::mpsc::channel(4096);
    let limits = Limits {
        browser_frames_per_second: u32::MAX,
        browser_bytes_per_second: u32::MAX,
        upload_budget: usize::MAX,
        ..Limits::default()
    };
    let (hub, threads) = Hub::start(&limits, &requests).expect("hub");
    drop(requests);
    // Every START is allowed: the control side is not what is measured.
    let answers = hub.clone();
    let control = std::thread::spawn(move || {
        while let Some(request) = asked.blocking_recv() {
            if let Request::Start { ticket, .. } = request {
                answers.verdict(ticket, Verdict::Allowed);
            }
        }
    });

    let environment = EnvironmentId::from_u128(1);
    let (near, far) = pair(&listener);
    let reservation = runtime.block_on(hub.reserve_sdk(environment)).expect("free");
    let package = Package { name: PackageName::Node, version: "0.27.9".into() };
    let peer = SdkPeer { environment, company: uuid::Uuid::nil(), package, key_hash: "".into(), development: false };
    hub.attach_sdk(reservation, Socket { tcp: far, session: None, leftover: Vec::new(), place: Box::new(()) }, peer);

    let mut clients = vec![Client::new(near)];
    let mut replies = foldhash::HashMap::default();
    for n in 0..row.browsers {
        let (near, far) = pair(&listener);
        let session = SessionId::from_u128(1_000 + n as u128);
        let execution = ExecutionId::from_u128(2_000 + n as u128);
        let identity = Arc::new(Identity {
            login: format!("{n}").into(),
            user: Some(uuid::Uuid::nil()),
            company: None,
            email: None,
        });
        let claim = hub.claim_session(session, &identity).expect("free");
        let page = Page::App { environment, route: "hello".into() };
        hub.attach_browser(claim, Socket { tcp: far, session: None, leftover: Vec::new(), place: Box::new(()) }, page);
        let mut client = Client::new(near);
        client.outgoing = client::masked(&client::start(environment, session, execution));
        client.frame = client::masked(&if row.hook {
            client::hook(environment, execution, row.size)
        } else {
            client::upload(environment, execution, FileId::from_u128(n as u128), row.size)
        });
        replies.insert(execution.text(), client::masked(&client::render(session, execution, row.size)));
        clients.push(client);
    }

    let mut poll = Poll::new().expect("poll");
    for (index, client) in clients.iter_mut().enumerate() {
        poll.registry()
            .register(&mut client.tcp, Token(index), Interest::READABLE | Interest::WRITABLE)
            .expect("register");
    }
    let mut events = Events::with_capacity(256);
    let mut latency: Histogram<u64> = Histogram::new(3).expect("histogram");
    let (mut trips, mut begun, mut cpu_before) = (0_u64, None::<Instant>, 0);
    let warm_up = Instant::now() + time / 5;
    for client in &mut clients {
        client.write();
    }
    loop {
        poll.poll(&mut events, Some(Duration::from_millis(100))).expect("poll");
        let now = Instant::now();
        if begun.is_none() && now >= warm_up {
            (begun, trips, cpu_before) = (Some(now), 0, cpu::of_threads("shard-"));
            latency.reset();
        }
        if begun.is_some_and(|begun| now.duration_since(begun) >= time) {
            break;
        }
        for event in &events {
            let index = event.token().0;
            for message in clients[index].read() {
                if index == 0 {
                    // The SDK answers every message with one of the same size to the page that it came from.
                    let Some(reply) = message.get(38..74).and_then(|id| replies.get(id)) else { continue };
                    clients[0].outgoing.extend_from_slice(reply);
                    if message.starts_with(b"aa") {
                        continue;
                    }
                } else if message.starts_with(b"av") {
                    let client = &mut clients[index];
                    trips += 1;
                    if let Some(sent) = client.sent.pop_front() {
                        latency.record(now.duration_since(sent).as_nanos() as u64).expect("in range");
                    }
                    // The first answer is the one to START: now the window is filled.
                    while client.sent.len() < row.window {
                        client.sent.push_back(Instant::now());
                        let frame = client.frame.clone();
                        client.outgoing.extend_from_slice(&frame);
                    }
                    client.write();
                }
            }
            clients[index].write();
        }
    }
    let wall = begun.map(|begun| begun.elapsed()).unwrap_or_default();
    let cpu = cpu::of_threads("shard-") - cpu_before;
    assert!(trips > 0, "nothing came back");
    println!(
        "{:<40} {:>10.0} {:>12.2} {:>7.0}% {:>9.1} {:>9.1} {:>9.1}",
        row.name,
        trips as f64 / wall.as_secs_f64(),
        cpu as f64 / 1e3 / (trips * 2) as f64,
        cpu as f64 / wall.as_nanos() as f64 * 100.0,
        latency.value_at_quantile(0.5) as f64 / 1e3,
        latency.value_at_quantile(0.99) as f64 / 1e3,
        latency.value_at_quantile(0.999) as f64 / 1e3,
    );
    drop(runtime.block_on(hub.drain(std::time::Duration::ZERO)));
    threads.join();
    drop(hub);
    drop(control);
}
