//! Accepting.

use std::io;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use super::{Admission, BindError, Bound, Permit, Stream};

/// First wait after a failed accept; doubled up to [`LONGEST_PAUSE`].
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// At most one log line in this time about connections that were turned away.
const COMPLAINT_EVERY: Duration = Duration::from_secs(1);
/// A listening TCP port.
#[derive(Debug)]
pub struct Listener {
    pub(super) tcp: TcpListener,
    pub(super) address: SocketAddr,
    pub(super) admission: Admission,
    pub(super) inherited: bool,
    /// The near end of the connection by which we look who takes new ones, and what tells that it came back to us.
    pub(super) probe: Mutex<Option<SocketAddr>>,
    pub(super) came_back: Notify,
}

/// A connection and what must be known about it.
#[derive(Debug)]
pub struct Accepted {
    /// The socket, with Nagle's algorithm off.
    pub stream: Stream,
    /// The other end as TCP sees it (a proxy's address when there is a proxy).
    pub peer: SocketAddr,
    /// Its place under the connection cap.
    pub permit: Permit,
}

impl Listener {
    /// Binds `address` (port 0 lets the operating system choose) and starts to listen.
    ///
    /// # Errors
    /// [`BindError`] when the address cannot be had.
    pub fn bind(address: SocketAddr, admission: Admission) -> Result<Self, BindError> {
        Bound::new(address, false, admission)?.listen()
    }

    pub(super) fn new(tcp: TcpListener, address: SocketAddr, admission: Admission, inherited: bool) -> Self {
        Self { tcp, address, admission, inherited, probe: Mutex::default(), came_back: Notify::new() }
    }

    /// Where it listens, with the real port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next connection. Never fails: when accepting fails (no file descriptors, no memory, a peer that is gone
    /// again) it logs, waits a little and goes on; a connection above the cap is closed at once, which all clients treat
    /// as an ordinary failure and retry. Cancel-safe.
    pub async fn accept(&self) -> Accepted {
        let mut pause = SHORTEST_PAUSE;
        let mut quiet_until = Instant::now();
        let mut turned_away = 0_u64;
        loop {
            match self.tcp.accept().await {
                Ok((_, peer)) if self.is_probe(peer) => self.came_back.notify_one(),
                Ok((tcp, peer)) => {
                    if let Some(permit) = self.admission.admit() {
                        return Accepted { stream: prepared(tcp), peer, permit };
                    }
                    turned_away += 1;
                    if Instant::now() >= quiet_until {
                        tracing::warn!(
                            net.limit = self.admission.limit(),
                            net.turned_away = turned_away,
                            "all places are taken, new connections are closed at once (MAX_CONNECTIONS)"
                        );
                        quiet_until = Instant::now() + COMPLAINT_EVERY;
                        turned_away = 0;
                    }
                }
                Err(error) if concerns_one_peer(&error) => {
                    tracing::debug!(%error, "a connection was gone before it was accepted");
                }
                Err(error) => {
                    // Out of file descriptors or memory. The connection stays in the backlog, so trying again at once
                    // would spin.
                    if pause >= LONGEST_PAUSE || pause == SHORTEST_PAUSE {
                        tracing::error!(%error, net.address = %self.address, "cannot accept connections, trying again (raise the limit of open files: ulimit -n)");
                    }
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }
}

pub(super) fn prepared(tcp: TcpStream) -> Stream {
    // Frames are small and already gathered into one write per turn: waiting for more only adds delay.
    if let Err(error) = tcp.set_nodelay(true) {
        tracing::debug!(%error, "cannot turn off Nagle's algorithm");
    }
    Stream::Plain(tcp)
}

/// These errors belong to the connection that was to be accepted; the next one may be fine.
pub(super) fn concerns_one_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
    )
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;
    use crate::net::{BindFault, Successor};

    fn loopback(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    #[tokio::test]
    async fn a_taken_port_is_named_with_the_next_step() {
        let first = Listener::bind(loopback(0), Admission::new(8)).unwrap();
        let error = Listener::bind(first.address(), Admission::new(8)).unwrap_err();
        assert_eq!(error.fault, BindFault::Taken);
        let text = error.to_string();
        assert!(text.contains(&first.address().to_string()) && text.contains("--listen"), "{text}");
    }

    #[tokio::test]
    async fn the_older_of_two_keeps_the_port_until_it_leaves_and_no_connection_is_lost() {
        let older = Listener::bind(loopback(0), Admission::new(1_000)).unwrap();
        let address = older.address();
        let newer = Bound::new(address, true, Admission::new(1_000)).unwrap();
        assert!(newer.is_beside());
        // Not ready yet: nobody comes to it.
        for _ in 0..20 {
            drop(TcpStream::connect(address).await.unwrap());
            within(older.accept()).await;
        }
        let newer = newer.listen().unwrap();
        for _ in 0..20 {
            drop(TcpStream::connect(address).await.unwrap());
            within(older.accept()).await;
        }
        // These wait in the queue of the one that leaves.
        let mut waiting = Vec::new();
        for _ in 0..20 {
            waiting.push(TcpStream::connect(address).await.unwrap());
        }
        let (tell, told) = tokio::sync::oneshot::channel();
        let (took, mut taken) = tokio::sync::mpsc::unbounded_channel();
        let leaving = older.retire(move |accepted| took.send(accepted).unwrap(), tell);
        let coming = async {
            assert_eq!(told.await, Ok(Successor::Server));
            for _ in 0..20 {
                let mine = TcpStream::connect(address).await.unwrap();
                // The older one looks who takes new connections, by connections.
                while newer.accept().await.peer != mine.local_addr().unwrap() {}
            }
            for _ in 0..20 {
                taken.recv().await.unwrap();
            }
        };
        within(async { tokio::join!(leaving, coming) }).await;
        assert!(taken.recv().await.is_none());
        // The one that is left finds that it is alone.
        let (tell, told) = tokio::sync::oneshot::channel();
        within(newer.retire(|_| {}, tell)).await;
        assert_eq!(told.await, Ok(Successor::Nobody));
        assert!(TcpStream::connect(address).await.is_err());
    }

    #[tokio::test]
    async fn an_inherited_queue_is_left_to_the_heir() {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let passed = socket.try_clone().unwrap();
        let listener = Bound::inherited(passed, Admission::new(8)).unwrap().listen().unwrap();
        let _waiting = TcpStream::connect(listener.address()).await.unwrap();
        let (tell, told) = tokio::sync::oneshot::channel();
        within(listener.retire(|_| panic!("taken from the heir"), tell)).await;
        assert_eq!(told.await, Ok(Successor::Heir));
        socket.accept().unwrap();
    }

    async fn within<T>(future: impl std::future::Future<Output = T>) -> T {
        tokio::time::timeout(Duration::from_secs(10), future).await.expect("in time")
    }

    #[tokio::test]
    async fn an_address_of_another_machine_is_named() {
        let error = Listener::bind(SocketAddr::from(([192, 0, 2, 1], 0)), Admission::new(8)).unwrap_err();
        assert_eq!(error.fault, BindFault::NoSuchAddress);
    }

    #[tokio::test]
    async fn connections_above_the_cap_are_closed_and_a_freed_place_is_used() {
        let listener = Listener::bind(loopback(0), Admission::new(1)).unwrap();
        let address = listener.address();
        let _first = TcpStream::connect(address).await.unwrap();
        let kept = listener.accept().await;
        let mut second = TcpStream::connect(address).await.unwrap();
        let waiting = tokio::time::timeout(Duration::from_millis(200), listener.accept()).await;
        assert!(waiting.is_err(), "a connection above the cap was accepted");
        let mut byte = [0; 1];
        let read = tokio::time::timeout(Duration::from_secs(2), second.read(&mut byte)).await.unwrap();
        assert!(matches!(read, Ok(0) | Err(_)));
        drop(kept);
        let _third = TcpStream::connect(address).await.unwrap();
        tokio::time::timeout(Duration::from_secs(2), listener.accept()).await.unwrap();
    }
}
