//! A relay without HTTP around it: sockets on loopback, attached to the hub as the upgrade does it.

use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use compose_relay::relay::{Count, Hub, Identity, Limits, Page, Request, SdkPeer, SdkReservation, Socket, Verdict};
use compose_relay::wire::{EnvironmentId, ExecutionId, FileId, Package, PackageName, SessionId};
use tokio::sync::mpsc;

use super::client::{Client, PATIENCE};

pub struct Scene {
    pub hub: Hub,
    /// What the shards hand to the control side.
    pub requests: mpsc::Receiver<Request>,
    runtime: tokio::runtime::Runtime,
    listener: TcpListener,
    next: u128,
}

/// A page with an execution that its SDK knows.
pub struct Running {
    pub page: Client,
    pub session: SessionId,
    pub execution: ExecutionId,
}

impl Scene {
    /// Limits as wide as they go, but for what the test narrows.
    pub fn new(limits: Limits) -> Self {
        Self::with_queue(limits, 4_096)
    }

    /// The same with room for so many requests.
    pub fn with_queue(limits: Limits, queue: usize) -> Self {
        let limits = Limits { browser_frames_per_second: u32::MAX, browser_bytes_per_second: u32::MAX, ..limits };
        let (sender, requests) = mpsc::channel(queue);
        let (hub, _threads) = Hub::start(&limits, &sender).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { hub, requests, runtime, listener: TcpListener::bind("127.0.0.1:0").unwrap(), next: 1 }
    }

    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    fn id(&mut self) -> u128 {
        self.next += 1;
        self.next
    }

    pub fn environment(&mut self) -> EnvironmentId {
        EnvironmentId::from_u128(self.id())
    }

    fn socket(&self) -> (Client, Socket) {
        self.socket_with(Box::new(()))
    }

    /// `place`: what is dropped with the socket.
    fn socket_with(&self, place: Box<dyn Send>) -> (Client, Socket) {
        let near = TcpStream::connect(self.listener.local_addr().unwrap()).unwrap();
        let far = self.listener.accept().unwrap().0;
        (Client::new(near), Socket { tcp: far, session: None, leftover: Vec::new(), place })
    }

    /// A Node SDK, whose messages may be the largest.
    pub fn sdk(&mut self, environment: EnvironmentId) -> Client {
        let reservation = self.block_on(self.hub.reserve_sdk(environment)).expect("the place is free");
        self.sdk_with(environment, reservation)
    }

    /// The same with a place that was asked for before.
    pub fn sdk_with(&mut self, environment: EnvironmentId, reservation: SdkReservation) -> Client {
        let (client, socket) = self.socket();
        let package = Package { name: PackageName::Node, version: "0.27.9".into() };
        let peer =
            SdkPeer { environment, company: uuid::Uuid::nil(), package, key_hash: "".into(), development: false };
        self.hub.attach_sdk(reservation, socket, peer);
        client
    }

    /// An app page of somebody new; its first status frame is read.
    pub fn page(&mut self, environment: EnvironmentId) -> (Client, SessionId) {
        self.page_with(environment, Box::new(()))
    }

    /// The same with something that is dropped with the page's socket, on the thread of the shard.
    pub fn page_with(&mut self, environment: EnvironmentId, place: Box<dyn Send>) -> (Client, SessionId) {
        let (mut client, socket) = self.socket_with(place);
        let session = SessionId::from_u128(self.id());
        let user = Some(uuid::Uuid::from_u128(self.id()));
        let identity = Arc::new(Identity { login: "login".into(), user, company: None, email: None });
        let claim = self.hub.claim_session(session, &identity).unwrap();
        self.hub.attach_browser(claim, socket, Page::App { environment, route: "hello".into() });
        client.until("11");
        (client, session)
    }

    /// A page that has started an app.
    pub fn running(&mut self, environment: EnvironmentId, sdk: &mut Client) -> Running {
        let (mut page, session) = self.page(environment);
        let execution = ExecutionId::from_u128(self.id());
        page.send(&start(environment, session, execution, ""));
        let Some(Request::Start { ticket, .. }) = self.requests.blocking_recv() else { panic!("a START is asked") };
        self.hub.verdict(ticket, Verdict::Allowed);
        sdk.until("aa");
        Running { page, session, execution }
    }

    /// Waits until a counter has come to a number.
    pub fn wait(&self, count: Count, number: u64) {
        let end = Instant::now() + PATIENCE;
        while self.hub.count(count) < number {
            assert!(Instant::now() < end, "{count:?} is {}, not {number}", self.hub.count(count));
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

pub fn start(environment: EnvironmentId, session: SessionId, execution: ExecutionId, fill: &str) -> Vec<u8> {
    let body = format!(
        r#"{{"type":"aa","appRoute":"hello","executionId":"{execution}","sessionId":"{session}","params":{{"p":"{fill}"}}}}"#
    );
    format!("aa{environment}{execution}{body}").into_bytes()
}

pub fn check(environment: EnvironmentId, session: SessionId, execution: ExecutionId) -> Vec<u8> {
    let body = format!(r#"{{"type":"ae","executionId":"{execution}","sessionId":"{session}"}}"#);
    format!("ae{environment}{execution}{body}").into_bytes()
}

pub fn upload(environment: EnvironmentId, execution: ExecutionId, size: usize) -> Vec<u8> {
    let mut message = format!("ad{environment}{execution}{}", FileId::from_u128(7)).into_bytes();
    message.resize(size, b'x');
    message
}

/// A message from the SDK to a page.
pub fn to_page(code: &str, session: SessionId, execution: ExecutionId, size: usize) -> Vec<u8> {
    let mut message = format!("{code}{session}{execution}").into_bytes();
    message.resize(size, b'x');
    message
}

pub fn audit_log(session: SessionId, execution: ExecutionId) -> Vec<u8> {
    format!(r#"50{session}{execution}{{"type":"50","message":"m"}}"#).into_bytes()
}
