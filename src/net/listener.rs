//! Binding and accepting.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{Instant, sleep};

use super::{Admission, Permit, Stream};

/// Connections that the kernel may hold ready for us. After a restart all clients come back in the same second (D-47).
const BACKLOG: u32 = 4096;
/// First wait after a failed accept; doubled up to [`LONGEST_PAUSE`].
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// At most one log line in this time about connections that were turned away.
const COMPLAINT_EVERY: Duration = Duration::from_secs(1);

/// A bound TCP port.
#[derive(Debug)]
pub struct Listener {
    tcp: TcpListener,
    address: SocketAddr,
    admission: Admission,
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

/// Why a port could not be bound. The text names the address and the next step.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {fault}")]
pub struct BindError {
    /// The address that was asked for.
    pub address: SocketAddr,
    /// What is wrong with it.
    pub fault: BindFault,
    /// The operating system's own error.
    #[source]
    pub source: io::Error,
}

/// The kinds of [`BindError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BindFault {
    /// Another socket listens there.
    #[error(
        "another program uses this port. Stop that program, or choose another port (PORT=8081 or --listen 127.0.0.1:8081)"
    )]
    Taken,
    /// A low port without the right to use it.
    #[error(
        "no permission. Ports below 1024 are reserved for the administrator: choose a port from 1024 up, or give the program the capability CAP_NET_BIND_SERVICE"
    )]
    Permission,
    /// No such address here.
    #[error(
        "this machine has no such address. Use 127.0.0.1 for this machine alone or 0.0.0.0 for every network it is on"
    )]
    NoSuchAddress,
    /// Anything else; the source says what.
    #[error("the operating system refused it")]
    Other,
}

impl BindFault {
    fn of(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AddrInUse => Self::Taken,
            io::ErrorKind::PermissionDenied => Self::Permission,
            io::ErrorKind::AddrNotAvailable => Self::NoSuchAddress,
            _ => Self::Other,
        }
    }
}

impl Listener {
    /// Binds `address` (port 0 lets the operating system choose) and starts to listen.
    ///
    /// # Errors
    /// [`BindError`] when the address cannot be had.
    pub fn bind(address: SocketAddr, admission: Admission) -> Result<Self, BindError> {
        let refused = |source: io::Error| BindError { address, fault: BindFault::of(&source), source };
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.map_err(refused)?;
        // Without it a restart within a minute fails on the sockets that the kernel still holds in TIME_WAIT. It does
        // not let two listeners share a port.
        socket.set_reuseaddr(true).map_err(refused)?;
        socket.bind(address).map_err(refused)?;
        let tcp = socket.listen(BACKLOG).map_err(refused)?;
        let address = tcp.local_addr().map_err(refused)?;
        Ok(Self { tcp, address, admission })
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

fn prepared(tcp: TcpStream) -> Stream {
    // Frames are small and already gathered into one write per turn: waiting for more only adds delay.
    if let Err(error) = tcp.set_nodelay(true) {
        tracing::debug!(%error, "cannot turn off Nagle's algorithm");
    }
    Stream::Plain(tcp)
}

/// These errors belong to the connection that was to be accepted; the next one may be fine.
fn concerns_one_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
    )
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

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
