//! What a connection passes between being accepted and being served: the header of a proxy, the limit of its address, and
//! the TLS handshake; all within one deadline.

use std::fmt;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout, timeout_at};

use super::listener::Accepted;
use super::proxy_header::{self, ProxyHeader};
use super::{Crowd, Headerless, Networks, Stream, TlsStream};
use crate::metrics::{Handshake, Timed};
use crate::tls;

/// For the proxy's header and the handshake together.
const DEADLINE: Duration = Duration::from_secs(10);
/// The same while more than half of the places for handshakes are taken: who is slow then is most likely an attacker.
const SHORT_DEADLINE: Duration = Duration::from_secs(3);
/// Handshakes that may begin at a time. To begin one is what costs (a key exchange and a signature, some 150 µs): when thousands
/// come at once they wait here, in their order, and not before everything else that the control side has to do.
const BEGIN: usize = 4;
/// After an answer in plain text we read on for this long, and so much, so that a reset does not destroy it.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 64 << 10;
/// First bytes of plain HTTP requests and of no TLS record.
const LETTERS: std::ops::RangeInclusive<u8> = b'A'..=b'Z';

/// What an [`Entrance`] is made from.
pub struct EntranceParts {
    /// TLS; `None`: plain bytes.
    pub tls: Option<tls::Server>,
    /// Whether the proxies send the header of the PROXY protocol, version 2.
    pub proxy_header: bool,
    /// The proxies. Their own connections are not limited by address.
    pub proxies: Networks,
    /// Counts proxies that do not send it.
    pub headerless: Headerless,
    /// The limit of each address.
    pub crowd: Crowd,
    /// Most handshakes at a time; further connections are closed at once.
    pub handshakes: usize,
    /// Counts handshakes.
    pub count: Timed<Handshake>,
    /// A whole HTTP answer for those who speak plain HTTP where TLS is spoken.
    pub for_plain_http: &'static [u8],
}

/// Lets connections in. Clones share limits and counts.
#[derive(Clone)]
pub struct Entrance {
    parts: Arc<EntranceParts>,
    handshakes: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

impl fmt::Debug for Entrance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entrance").field("tls", &self.parts.tls).finish_non_exhaustive()
    }
}

impl Entrance {
    /// Joins the parts.
    #[must_use]
    pub fn new(parts: EntranceParts) -> Self {
        let handshakes = Arc::new(Semaphore::new(parts.handshakes.clamp(1, Semaphore::MAX_PERMITS)));
        Self { parts: Arc::new(parts), handshakes, turns: Arc::new(Semaphore::new(BEGIN)) }
    }

    /// No TLS, no proxy and no limit: for listeners that only this machine's operator reaches.
    #[must_use]
    pub fn open() -> Self {
        Self::new(EntranceParts {
            tls: None,
            proxy_header: false,
            proxies: Networks::default(),
            headerless: Headerless::default(),
            crowd: Crowd::new(None),
            handshakes: 1,
            count: Timed::default(),
            for_plain_http: b"",
        })
    }

    /// Lets a connection in, with the address that it really comes from. `None`: it was turned away and is closed. Takes at
    /// most 10 s for the client, 10 s for its turn when many come at once, and a second.
    pub async fn pass(&self, accepted: Accepted) -> Option<Accepted> {
        let Accepted { stream, mut peer, mut permit } = accepted;
        let Stream::Plain(mut tcp) = stream else { return Some(Accepted { stream, peer, permit }) };
        // On a socket for both families IPv4 comes as ::ffff:192.0.2.1, which nobody searches a log for.
        peer.set_ip(peer.ip().to_canonical());
        let began = Instant::now();
        if self.parts.proxy_header && self.parts.proxies.contain(peer.ip()) {
            match timeout_at(began + DEADLINE, read_header(&mut tcp, peer)).await {
                Ok(Ok(source)) => peer = source,
                // Balancers look in this way whether anybody is there.
                Ok(Err(error)) if error.kind() != ErrorKind::InvalidData => {
                    tracing::debug!(%error, net.proxy = %peer, "a proxy left before its header was whole");
                    return None;
                }
                Ok(Err(error)) => {
                    self.parts.headerless.add(peer, &error);
                    return None;
                }
                Err(_) => {
                    self.parts.headerless.add(peer, &"it did not come in time");
                    return None;
                }
            }
        }
        if self.is_limited(peer.ip()) {
            let Some(place) = self.parts.crowd.enter(peer.ip()) else {
                tracing::debug!(net.client = %peer.ip(), net.limit = self.parts.crowd.most(), "closed: too many connections from one address (MAX_CONNECTIONS_PER_ADDRESS)");
                return None;
            };
            permit.keep(place);
        }
        let stream = match &self.parts.tls {
            Some(tls) => self.shake_hands(tls, tcp, peer, began).await?,
            None => Stream::Plain(tcp),
        };
        Some(Accepted { stream, peer, permit })
    }

    /// A proxy speaks for many, and this machine for itself.
    fn is_limited(&self, address: IpAddr) -> bool {
        self.parts.crowd.most().is_some()
            && !address.to_canonical().is_loopback()
            && !self.parts.proxies.contain(address)
    }

    async fn shake_hands(&self, tls: &tls::Server, tcp: TcpStream, peer: SocketAddr, began: Instant) -> Option<Stream> {
        let count = |outcome| self.parts.count.add(outcome, began.elapsed());
        let Ok(_turn) = self.handshakes.try_acquire() else {
            count(Handshake::TurnedAway);
            tracing::debug!(net.client = %peer, "closed: too many handshakes at a time");
            return None;
        };
        let crowded = self.handshakes.available_permits() < self.parts.handshakes / 2;
        let patience = if crowded { SHORT_DEADLINE } else { DEADLINE };
        let outcome = self.begin(tls, tcp, began + patience).await;
        match outcome {
            Ok(stream) => {
                count(Handshake::Ok);
                let agreed = stream.session().agreed();
                tracing::debug!(
                    net.client = %peer,
                    tls.version = ?agreed.protocol_version(),
                    tls.kind = ?agreed.handshake_kind(),
                    "handshake"
                );
                if agreed.alpn_protocol() == Some(tls::ACME_TLS_ALPN) {
                    // The certificate was all that it came for (RFC 8737 section 3).
                    tracing::info!(net.client = %peer, "a certificate authority has checked a name (TLS-ALPN-01)");
                    let _ = timeout(LINGER, Stream::Tls(Box::new(stream)).shutdown()).await;
                    return None;
                }
                Some(Stream::Tls(Box::new(stream)))
            }
            Err(Refused { outcome, why }) => {
                count(outcome);
                tracing::debug!(net.client = %peer, outcome = ?outcome, why, "no handshake");
                None
            }
        }
    }

    async fn begin(&self, tls: &tls::Server, mut tcp: TcpStream, deadline: Instant) -> Result<TlsStream, Refused> {
        let late = |_| Refused { outcome: Handshake::Timeout, why: "no handshake in time".to_owned() };
        let mut first = [0];
        match timeout_at(deadline, tcp.peek(&mut first)).await.map_err(late)? {
            Ok(1) if LETTERS.contains(&first[0]) => {
                answer(&mut tcp, self.parts.for_plain_http).await;
                return Err(Refused { outcome: Handshake::NoTls, why: "plain HTTP where TLS is spoken".to_owned() });
            }
            Ok(1) => {}
            Ok(_) => return Err(Refused { outcome: Handshake::Lost, why: "the client left".to_owned() }),
            Err(error) => return Err(Refused::of(&error)),
        }
        // How long others take is not the client's fault: its time stands still.
        let asked = Instant::now();
        let turn = timeout(DEADLINE, self.turns.acquire()).await.map_err(late)?;
        // The turn is held while the others of this thread go on: nobody would ever wait for one without this.
        tokio::task::yield_now().await;
        let deadline = deadline + asked.elapsed();
        let session = tls.session().map_err(|error| Refused { outcome: Handshake::Refused, why: error.to_string() })?;
        let mut stream = TlsStream::new(tcp, session);
        let shaken = {
            let mut handshake = pin!(stream.handshake());
            let begun = poll_fn(|cx| Poll::Ready(handshake.as_mut().poll(cx))).await;
            drop(turn);
            // The system lets a thread go on for up to 4 ms before another has the core. Where there are more threads than cores, a
            // shard that was woken meanwhile goes first.
            std::thread::yield_now();
            match begun {
                Poll::Ready(shaken) => shaken,
                Poll::Pending => timeout_at(deadline, handshake).await.map_err(late)?,
            }
        };
        match shaken {
            Ok(()) => Ok(stream),
            Err(error) => Err(Refused::of(&error)),
        }
    }
}

/// A handshake that did not come about.
struct Refused {
    outcome: Handshake,
    why: String,
}

impl Refused {
    fn of(error: &io::Error) -> Self {
        let outcome = match tls::Refusal::of(error) {
            Some(tls::Refusal::NoTls) => Handshake::NoTls,
            Some(tls::Refusal::NothingInCommon) => Handshake::Refused,
            Some(tls::Refusal::NoCertificate) => Handshake::NoCertificate,
            Some(tls::Refusal::ByClient) => Handshake::Rejected,
            None => Handshake::Lost,
        };
        Self { outcome, why: error.to_string() }
    }
}

/// Reads the header of the PROXY protocol, and not a byte more. Gives where the connection comes from.
async fn read_header(tcp: &mut TcpStream, proxy: SocketAddr) -> io::Result<SocketAddr> {
    let wrong = |fault| io::Error::new(ErrorKind::InvalidData, fault);
    let mut head = [0; proxy_header::HEAD];
    tcp.read_exact(&mut head).await?;
    let rest = proxy_header::rest(&head).map_err(wrong)?;
    let mut bytes = head.to_vec();
    bytes.resize(proxy_header::HEAD + rest, 0);
    tcp.read_exact(&mut bytes[proxy_header::HEAD..]).await?;
    match ProxyHeader::parse(&bytes).map_err(wrong)? {
        ProxyHeader::From(source) => Ok(source),
        ProxyHeader::Own => Ok(proxy),
    }
}

/// Says it and closes so that it arrives.
async fn answer(tcp: &mut TcpStream, bytes: &[u8]) {
    let say = async {
        tcp.write_all(bytes).await?;
        tcp.shutdown().await?;
        let (mut scratch, mut discarded) = ([0; 4096], 0);
        while discarded < LINGER_BYTES {
            match tcp.read(&mut scratch).await? {
                0 => break,
                count => discarded += count,
            }
        }
        io::Result::Ok(())
    };
    // Whether the client took it or not, the connection is over.
    let _ = timeout(LINGER, say).await;
}
