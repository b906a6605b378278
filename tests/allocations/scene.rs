//! A relay of one shard without HTTP around it, whose thread's requests for memory are counted; sockets on loopback, plain
//! or TLS.

use std::io::{ErrorKind, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use compose_relay::relay::{Hub, Identity, Limits, Page, Request, SdkPeer, Socket, Threads, Verdict};
use compose_relay::tls::{Certificate, Certificates, Challenges, RECORD, Scratch, Server, Session, Source};
use compose_relay::wire::{EnvironmentId, ExecutionId, Package, PackageName, SessionId};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tokio::sync::mpsc;

use super::client::{Client, Transport, Wire, message};
use super::counting::{Asked, Mark};

const ENVIRONMENT: EnvironmentId = EnvironmentId::from_u128(1);

pub struct Scene {
    hub: Hub,
    threads: Option<Threads>,
    requests: mpsc::Receiver<Request>,
    runtime: tokio::runtime::Runtime,
    listener: TcpListener,
    tls: Option<Parties>,
    next: u128,
    /// What the shard's thread asked for.
    pub asked: &'static Asked,
}

/// Both sides' settings.
struct Parties {
    server: Server,
    client: Arc<ClientConfig>,
}

/// A page with an execution that the SDK knows.
pub struct Running {
    pub client: Client,
    pub session: SessionId,
    pub execution: ExecutionId,
}

impl Running {
    /// A click, checked whole, of so many bytes.
    pub fn hook(&self, size: usize) -> Vec<u8> {
        let execution = self.execution;
        let body = |fill: &str| {
            format!(r#"{{"type":"ab","componentId":"c","renderId":"{fill}","executionId":"{execution}"}}"#)
        };
        let fill = "r".repeat(size - 74 - body("").len());
        format!("ab{ENVIRONMENT}{execution}{}", body(&fill)).into_bytes()
    }

    /// A file, of so many bytes with its header.
    pub fn upload(&self, size: usize) -> Vec<u8> {
        let file = compose_relay::wire::FileId::from_u128(7);
        let mut message = format!("ad{ENVIRONMENT}{}{file}", self.execution).into_bytes();
        message.resize(size, b'x');
        message
    }

    /// What the SDK shows on this page, of so many bytes.
    pub fn render(&self, size: usize) -> Vec<u8> {
        let mut message = format!("av{}{}", self.session, self.execution).into_bytes();
        message.resize(size, b'x');
        message
    }
}

impl Scene {
    pub fn new(tls: bool) -> Self {
        let limits = Limits {
            browser_frames_per_second: u32::MAX,
            browser_bytes_per_second: u32::MAX,
            upload_budget: usize::MAX,
            ..Limits::default()
        };
        let (sender, requests) = mpsc::channel(64);
        let (hub, threads) = Hub::start(&limits, &sender).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let tls = tls.then(Parties::new);
        let asked: &Asked = Box::leak(Box::default());
        let mut scene = Self { hub, threads: Some(threads), requests, runtime, listener, tls, next: 1, asked };
        scene.mark();
        scene
    }

    /// A place is given back on the shard's thread: that is how the mark gets there.
    fn mark(&mut self) {
        let before = self.asked.read();
        let (client, mut socket) = self.socket();
        socket.place = Box::new(Mark(self.asked));
        let (_, claim) = self.claim();
        self.hub.attach_browser(claim, socket, Page::Home { company: Vec::new(), own: None });
        drop(client);
        // The next page makes the shard ask for memory.
        let end = Instant::now() + Duration::from_secs(30);
        while self.asked.read() == before {
            assert!(Instant::now() < end, "the shard's thread does not get its mark");
            self.page();
        }
    }

    fn id(&mut self) -> u128 {
        self.next += 1;
        self.next
    }

    fn claim(&mut self) -> (SessionId, compose_relay::relay::SessionClaim) {
        let session = SessionId::from_u128(self.id());
        let user = Some(uuid::Uuid::from_u128(self.id()));
        let identity = Arc::new(Identity { login: "login".into(), user, company: None, email: None });
        (session, self.hub.claim_session(session, &identity).unwrap())
    }

    fn socket(&self) -> (Client, Socket) {
        let near = TcpStream::connect(self.listener.local_addr().unwrap()).unwrap();
        let far = self.listener.accept().unwrap().0;
        far.set_nodelay(true).unwrap();
        let (transport, session) = match &self.tls {
            None => (Transport::Plain(near), None),
            Some(parties) => {
                let (client, session) = parties.shake_hands(near, &far);
                (Transport::Tls(Box::new(client)), Some(session))
            }
        };
        let socket = Socket { tcp: far, session, leftover: Vec::new(), place: Box::new(()) };
        (Client::new(transport), socket)
    }

    /// A Node SDK, whose messages may be the largest.
    pub fn sdk(&mut self) -> Client {
        let (client, socket) = self.socket();
        let reservation = self.runtime.block_on(self.hub.reserve_sdk(ENVIRONMENT)).expect("the place is free");
        let package = Package { name: PackageName::Node, version: "0.27.9".into() };
        let company = uuid::Uuid::nil();
        let peer = SdkPeer { environment: ENVIRONMENT, company, package, key_hash: "".into(), development: false };
        self.hub.attach_sdk(reservation, socket, peer);
        client
    }

    /// An app page of somebody new; its first status frame is read.
    fn page(&mut self) -> (Client, SessionId) {
        let (mut client, socket) = self.socket();
        let (session, claim) = self.claim();
        self.hub.attach_browser(claim, socket, Page::App { environment: ENVIRONMENT, route: "hello".into() });
        client.until("11");
        (client, session)
    }

    /// A page that has started an app.
    pub fn running(&mut self, sdk: &mut Client) -> Running {
        let (mut client, session) = self.page();
        let execution = ExecutionId::from_u128(self.id());
        let body = format!(
            r#"{{"type":"aa","appRoute":"hello","executionId":"{execution}","sessionId":"{session}","params":{{}}}}"#
        );
        client.write(&message(format!("aa{ENVIRONMENT}{execution}{body}").as_bytes()));
        let Some(Request::Start { ticket, .. }) = self.requests.blocking_recv() else { panic!("a START is asked") };
        self.hub.verdict(ticket, Verdict::Allowed);
        sdk.until("aa");
        Running { client, session, execution }
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        drop(self.runtime.block_on(self.hub.drain(Duration::ZERO)));
        if let Some(threads) = self.threads.take() {
            threads.join();
        }
    }
}

impl Parties {
    fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(["a.test".to_owned()]).unwrap();
        let (chain, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        let certificates = Certificates::new(Challenges::default());
        let certificate = Certificate::from_pem(chain.as_bytes(), key.as_bytes()).unwrap();
        certificates.replace(Source::Files, vec![certificate]);
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(chain.as_bytes()).unwrap()).unwrap();
        let client = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self { server: Server::new(&certificates).unwrap(), client: Arc::new(client) }
    }

    /// Both ends on this thread, in turns.
    fn shake_hands(&self, near: TcpStream, far: &TcpStream) -> (StreamOwned<ClientConnection, Wire>, Box<Session>) {
        let name = ServerName::try_from("a.test").unwrap();
        let mut client = ClientConnection::new(Arc::clone(&self.client), name).unwrap();
        let mut session = Box::new(self.server.session().unwrap());
        let (mut scratch, mut plain) = (Scratch::default(), vec![0; RECORD]);
        near.set_nonblocking(true).unwrap();
        far.set_nonblocking(true).unwrap();
        let (mut wire, mut far) = (Wire::new(near), far);
        while client.is_handshaking() || session.is_handshaking() || session.wants_write() {
            while client.wants_write() && client.write_tls(&mut wire).is_ok() {}
            let received = session.receive(&mut far, &mut plain, &mut scratch).unwrap();
            assert_eq!(received.bytes, 0, "the client says nothing yet");
            session.flush(&mut far).unwrap();
            match client.read_tls(&mut wire) {
                Ok(_) => drop(client.process_new_packets().unwrap()),
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
        wire.tcp().set_nonblocking(false).unwrap();
        let mut stream = StreamOwned::new(client, wire);
        stream.flush().unwrap();
        (stream, session)
    }
}
