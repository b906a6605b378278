//! [`Session`] against rustls's own client, with sockets that cut the bytes wherever they like.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed, and says where")]

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::sync::Arc;

use compose_relay::tls::{
    Certificate, Certificates, Challenges, Emptied, End, RECORD, Received, Scratch, Server, Session, Source,
};
use proptest::prelude::*;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, HandshakeKind, RootCertStore, SupportedProtocolVersion};

/// One direction of a connection.
#[derive(Default)]
struct Pipe {
    bytes: VecDeque<u8>,
    writes: usize,
    ended: bool,
}

/// One end of a connection that gives and takes at most `step` bytes at a time, and holds at most `room`.
struct Socket<'a> {
    from: &'a mut Pipe,
    to: &'a mut Pipe,
    step: usize,
    room: usize,
}

impl Read for Socket<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(self.step).min(self.from.bytes.len());
        if count == 0 && !self.from.ended {
            return Err(ErrorKind::WouldBlock.into());
        }
        for (place, byte) in buffer.iter_mut().zip(self.from.bytes.drain(..count)) {
            *place = byte;
        }
        Ok(count)
    }
}

impl Write for Socket<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = bytes.len().min(self.step).min(self.room.saturating_sub(self.to.bytes.len()));
        if count == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.to.bytes.extend(&bytes[..count]);
        self.to.writes += 1;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A client and a session with the wire between them.
struct Scene {
    client: ClientConnection,
    session: Session,
    up: Pipe,
    down: Pipe,
    scratch: Scratch,
    step: usize,
    room: usize,
    /// Plaintext that the session has received, and the client.
    got: Vec<u8>,
    heard: Vec<u8>,
    end: Option<End>,
    plain: Vec<u8>,
}

struct Parties {
    server: Server,
    client: Arc<ClientConfig>,
}

impl Parties {
    fn new(versions: &[&'static SupportedProtocolVersion]) -> Self {
        let made = rcgen::generate_simple_self_signed(["a.test".to_owned()]).unwrap();
        let (chain, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        let certificates = Certificates::new(Challenges::default());
        let certificate = Certificate::from_pem(chain.as_bytes(), key.as_bytes()).unwrap();
        certificates.replace(Source::Files, vec![certificate]);
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(chain.as_bytes()).unwrap()).unwrap();
        let client = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self { server: Server::new(&certificates).unwrap(), client: Arc::new(client) }
    }

    fn scene(&self, step: usize, room: usize) -> Scene {
        let name = ServerName::try_from("a.test").unwrap();
        Scene {
            client: ClientConnection::new(Arc::clone(&self.client), name).unwrap(),
            session: self.server.session().unwrap(),
            up: Pipe::default(),
            down: Pipe::default(),
            scratch: Scratch::default(),
            step,
            room,
            got: Vec::new(),
            heard: Vec::new(),
            end: None,
            plain: vec![0; RECORD + 100],
        }
    }
}

impl Scene {
    fn receive(&mut self) -> io::Result<Received> {
        let mut socket = Socket { from: &mut self.up, to: &mut self.down, step: self.step, room: self.room };
        let received = self.session.receive(&mut socket, &mut self.plain, &mut self.scratch)?;
        self.got.extend_from_slice(&self.plain[..received.bytes]);
        self.end = received.end;
        Ok(received)
    }

    /// The session's turn: everything that is there, then what it owes.
    fn serve(&mut self) -> io::Result<()> {
        loop {
            let received = self.receive();
            let mut socket = Socket { from: &mut self.up, to: &mut self.down, step: self.step, room: self.room };
            let flushed = self.session.flush(&mut socket);
            let received = received?;
            flushed?;
            if received.socket == Emptied::Yes || received.end.is_some() {
                return Ok(());
            }
        }
    }

    /// The client's turn.
    fn client(&mut self) {
        let mut socket = Socket { from: &mut self.down, to: &mut self.up, step: self.step, room: usize::MAX };
        while self.client.wants_write() {
            self.client.write_tls(&mut socket).unwrap();
        }
        while let Ok(1..) = self.client.read_tls(&mut socket) {
            self.client.process_new_packets().unwrap();
            // Fails once everything is read.
            let _ = self.client.reader().read_to_end(&mut self.heard);
        }
        while self.client.wants_write() {
            self.client.write_tls(&mut socket).unwrap();
        }
    }

    fn shake_hands(&mut self) {
        let mut rounds = 0;
        while self.client.is_handshaking() || self.session.is_handshaking() || self.session.wants_write() {
            self.client();
            self.serve().unwrap();
            rounds += 1;
            assert!(rounds < 10_000, "the handshake does not end");
        }
        self.client();
    }

    fn send(&mut self, slices: &[&[u8]]) -> io::Result<usize> {
        let slices: Vec<IoSlice<'_>> = slices.iter().map(|slice| IoSlice::new(slice)).collect();
        let mut socket = Socket { from: &mut self.up, to: &mut self.down, step: self.step, room: self.room };
        self.session.send(&mut socket, &slices, &mut self.scratch)
    }

    fn finish(&mut self) -> io::Result<()> {
        let mut socket = Socket { from: &mut self.up, to: &mut self.down, step: self.step, room: self.room };
        self.session.finish(&mut socket, &mut self.scratch)
    }

    /// Sends all of it while the client reads.
    fn send_all(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match self.send(&[bytes]) {
                Ok(taken) => bytes = &bytes[taken..],
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::WouldBlock);
                    self.client();
                }
            }
        }
        while self.session.wants_write() {
            self.client();
            self.serve().unwrap();
        }
        self.client();
    }
}

fn numbers(size: usize) -> Vec<u8> {
    (0..size).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

const BOTH: &[&[&SupportedProtocolVersion]] = &[&[&rustls::version::TLS13], &[&rustls::version::TLS12]];

#[test]
fn what_is_sent_arrives_in_both_directions_and_nothing_is_held_afterwards() {
    for versions in BOTH {
        let parties = Parties::new(versions);
        for (step, room) in [(usize::MAX, usize::MAX), (1, usize::MAX), (7, 50), (1500, 4000), (20_000, 70_000)] {
            let mut scene = parties.scene(step, room);
            scene.shake_hands();
            for size in [1, 100, RECORD - 1, RECORD, RECORD + 1, 200_000] {
                let bytes = numbers(size);
                scene.send_all(&bytes);
                assert!(scene.heard == bytes, "{size} bytes down, step {step}, room {room}");
                scene.heard.clear();
                let mut rest = &bytes[..];
                while !rest.is_empty() {
                    let taken = scene.client.writer().write(rest).unwrap();
                    rest = &rest[taken..];
                    scene.client();
                    scene.serve().unwrap();
                }
                assert!(scene.got == bytes, "{size} bytes up, step {step}, room {room}");
                scene.got.clear();
                assert_eq!(scene.session.held(), 0);
            }
        }
    }
}

#[test]
fn many_slices_share_a_record() {
    let mut scene = Parties::new(BOTH[0]).scene(usize::MAX, usize::MAX);
    scene.shake_hands();
    let parts: Vec<Vec<u8>> = (0..30).map(|n| vec![n; 100]).collect();
    let slices: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    assert_eq!(scene.send(&slices).unwrap(), 3000);
    // Head, type and tag of one record.
    assert_eq!(scene.down.bytes.len(), 3000 + 5 + 1 + 16);
    scene.client();
    assert_eq!(scene.heard, parts.concat());
}

#[test]
fn a_socket_that_takes_nothing_takes_one_chunk_and_then_no_more() {
    let mut scene = Parties::new(BOTH[0]).scene(usize::MAX, usize::MAX);
    scene.shake_hands();
    scene.room = 0;
    let bytes = numbers(1 << 20);
    let taken = scene.send(&[&bytes]).unwrap();
    assert_eq!(taken, 64 << 10);
    assert_eq!(scene.send(&[&bytes[taken..]]).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert!(scene.session.held() <= 80 << 10, "{}", scene.session.held());
    scene.room = 30_000;
    scene.send_all(&bytes[taken..]);
    assert!(scene.heard == bytes);
    assert_eq!(scene.session.held(), 0);
}

#[test]
fn whole_records_that_do_not_fit_wait_and_sending_goes_on_meanwhile() {
    let mut scene = Parties::new(BOTH[0]).scene(usize::MAX, usize::MAX);
    scene.shake_hands();
    let bytes = numbers(3 * RECORD);
    scene.client.writer().write_all(&bytes).unwrap();
    scene.client();
    // Room for one record: two wait.
    let received = scene.receive().unwrap();
    assert_eq!((received.bytes, received.socket), (RECORD, Emptied::No));
    assert_eq!(scene.send(&[b"hello"]).unwrap(), 5);
    scene.client();
    assert_eq!(scene.heard, b"hello");
    scene.serve().unwrap();
    assert!(scene.got == bytes);
}

#[test]
fn key_updates_of_either_side_are_survived() {
    let mut scene = Parties::new(BOTH[0]).scene(3, usize::MAX);
    scene.shake_hands();
    for round in 0..5_u8 {
        scene.client.refresh_traffic_keys().unwrap();
        scene.client.writer().write_all(&[round; 100]).unwrap();
        scene.client();
        // In the middle of the records of the update something is sent.
        scene.receive().unwrap();
        scene.send_all(&[round; 50]);
        scene.serve().unwrap();
        scene.send_all(&[round; 50]);
        assert_eq!((&scene.got[..], &scene.heard[..]), (&[round; 100][..], &[round; 100][..]));
        scene.got.clear();
        scene.heard.clear();
    }
}

#[test]
fn a_proper_end_and_a_cut_are_told_apart() {
    for versions in BOTH {
        let parties = Parties::new(versions);
        let mut scene = parties.scene(usize::MAX, usize::MAX);
        scene.shake_hands();
        scene.client.writer().write_all(b"last").unwrap();
        scene.client.send_close_notify();
        scene.client();
        scene.up.ended = true;
        scene.serve().unwrap();
        assert_eq!((&scene.got[..], scene.end), (&b"last"[..], Some(End::Closed)));
        // We may still answer, and end properly.
        scene.send_all(b"bye");
        scene.finish().unwrap();
        scene.finish().unwrap();
        scene.down.ended = true;
        scene.client();
        assert_eq!(scene.heard, b"bye");
        assert!(scene.client.process_new_packets().unwrap().peer_has_closed());

        let mut scene = parties.scene(usize::MAX, usize::MAX);
        scene.shake_hands();
        scene.client.writer().write_all(b"last").unwrap();
        scene.client();
        scene.up.bytes.extend([23, 3, 3, 0, 50, 1, 2, 3]);
        scene.up.ended = true;
        scene.serve().unwrap();
        assert_eq!((&scene.got[..], scene.end), (&b"last"[..], Some(End::Truncated)));
    }
}

#[test]
fn broken_records_are_answered_with_an_alert() {
    let mut scene = Parties::new(BOTH[0]).scene(usize::MAX, usize::MAX);
    scene.shake_hands();
    scene.up.bytes.extend([23, 3, 3, 0, 40]);
    scene.up.bytes.extend([0; 40]);
    let error = scene.serve().unwrap_err();
    let error = error.get_ref().unwrap().downcast_ref::<rustls::Error>().unwrap();
    assert_eq!(*error, rustls::Error::DecryptError);
    let mut socket = Socket { from: &mut scene.down, to: &mut scene.up, step: usize::MAX, room: usize::MAX };
    scene.client.read_tls(&mut socket).unwrap();
    let error = scene.client.process_new_packets().unwrap_err();
    assert_eq!(error, rustls::Error::AlertReceived(rustls::AlertDescription::BadRecordMac));
}

#[test]
fn what_is_no_tls_is_refused_at_its_first_record() {
    let mut scene = Parties::new(BOTH[0]).scene(usize::MAX, usize::MAX);
    scene.up.bytes.extend(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    let error = scene.serve().unwrap_err();
    let error = error.get_ref().unwrap().downcast_ref::<rustls::Error>().unwrap();
    assert!(matches!(error, rustls::Error::InvalidMessage(_)), "{error:?}");
}

#[test]
fn a_handshake_message_in_pieces_has_a_bound() {
    let mut scene = Parties::new(BOTH[0]).scene(usize::MAX, usize::MAX);
    // A ClientHello of 60,000 bytes, one byte in a record.
    let hello = [&[1, 0, 0xea, 0x60][..], &vec![0; 60_000]].concat();
    for byte in hello {
        scene.up.bytes.extend([22, 3, 1, 0, 1, byte]);
    }
    let error = scene.serve().unwrap_err();
    assert!(error.to_string().contains("too large"), "{error}");
    assert!(scene.session.held() < 100_000);
}

#[test]
fn sessions_are_resumed() {
    for versions in BOTH {
        let parties = Parties::new(versions);
        for (round, expected) in
            [HandshakeKind::Full, HandshakeKind::Resumed, HandshakeKind::Resumed].iter().enumerate()
        {
            let mut scene = parties.scene(100, usize::MAX);
            scene.shake_hands();
            assert_eq!(scene.session.agreed().handshake_kind(), Some(*expected), "round {round}");
            scene.send_all(b"hello");
        }
    }
}

#[test]
fn a_ticket_that_is_held_goes_with_the_answer_or_a_flush_in_one_write() {
    let parties = Parties::new(BOTH[0]);
    for answered in [true, false] {
        let mut scene = parties.scene(usize::MAX, usize::MAX);
        scene.client();
        scene.serve().unwrap();
        scene.client.writer().write_all(b"request").unwrap();
        scene.client();
        scene.receive().unwrap();
        assert_eq!(scene.got, b"request");
        assert!(!scene.session.is_handshaking() && scene.session.wants_write(), "a ticket is owed");
        assert!(scene.session.hold() && scene.session.is_held());
        let writes = scene.down.writes;
        if answered {
            assert_eq!(scene.send(&[b"answer"]).unwrap(), 6);
        } else {
            scene.serve().unwrap();
        }
        assert!(!scene.session.is_held() && !scene.session.wants_write());
        assert_eq!(scene.down.writes, writes + 1);
        scene.client();
        assert_eq!(scene.heard, if answered { &b"answer"[..] } else { b"" });
        assert_eq!(scene.client.tls13_tickets_received(), 1);
    }
    // Before TLS 1.3 what is owed is a part of the handshake.
    let mut scene = Parties::new(BOTH[1]).scene(usize::MAX, usize::MAX);
    scene.client();
    scene.receive().unwrap();
    assert!(scene.session.wants_write() && !scene.session.hold());
}

#[test]
fn one_thousand_quiet_sessions_hold_their_keys_and_nothing_else() {
    let mut scene = Parties::new(BOTH[0]).scene(usize::MAX, usize::MAX);
    scene.shake_hands();
    scene.send_all(b"ping");
    assert_eq!(scene.session.held(), 0);
    assert!(size_of::<Session>() <= 2048, "{}", size_of::<Session>());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_mix_arrives_in_order(
        version in 0..2_usize,
        steps in proptest::collection::vec((1..40_000_usize, 0..3_u8, 1..50_000_usize), 1..20),
    ) {
        let mut scene = Parties::new(BOTH[version]).scene(usize::MAX, 90_000);
        scene.shake_hands();
        let (mut up, mut down) = (Vec::new(), Vec::new());
        for (step, what, size) in steps {
            scene.step = step;
            let bytes = numbers(size);
            match what {
                0 => {
                    scene.send_all(&bytes);
                    down.extend_from_slice(&bytes);
                }
                1 => {
                    scene.client.writer().write_all(&bytes).unwrap();
                    up.extend_from_slice(&bytes);
                    scene.client();
                }
                _ => scene.serve().unwrap(),
            }
        }
        scene.serve().unwrap();
        scene.client();
        prop_assert!(scene.got == up && scene.heard == down);
    }

    #[test]
    fn garbage_ends_in_an_error_and_never_in_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000), after in any::<bool>()) {
        let mut scene = Parties::new(BOTH[0]).scene(usize::MAX, usize::MAX);
        if after {
            scene.shake_hands();
        }
        scene.up.bytes.extend(&bytes);
        scene.up.ended = true;
        let outcome = scene.serve();
        let outcome = outcome.and_then(|()| if scene.end.is_none() { scene.serve() } else { Ok(()) });
        prop_assert!(outcome.is_err() || scene.end == Some(End::Truncated));
        prop_assert!(scene.got.is_empty());
        let _ = scene.send(&[b"hello"]);
        let _ = scene.finish();
    }
}
