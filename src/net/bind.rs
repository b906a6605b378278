//! Binding: to have an address before anybody is let in, and to say well why it cannot be had.

use std::io;
use std::net::SocketAddr;

use nix::sys::socket::{setsockopt, sockopt::ReusePort};
use tokio::net::{TcpListener, TcpSocket};

use super::share::{FIRST, steer};
use super::{Admission, Listener};

/// Connections that the kernel may hold ready for us. After a restart all clients come back in the same second (D-47).
const BACKLOG: u32 = 4096;

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
        "another program uses this port. Stop that program, or choose another port (PORT=8081 or --listen 127.0.0.1:8081). To replace a running compose-relay without a gap, start the new one as the same user and with HANDOVER=signal"
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

impl BindError {
    pub(super) fn new(address: SocketAddr, source: io::Error) -> Self {
        let fault = match source.kind() {
            io::ErrorKind::AddrInUse => BindFault::Taken,
            io::ErrorKind::PermissionDenied => BindFault::Permission,
            io::ErrorKind::AddrNotAvailable => BindFault::NoSuchAddress,
            _ => BindFault::Other,
        };
        Self { address, fault, source }
    }
}

/// An address that is ours, now or as soon as we are ready for it.
#[derive(Debug)]
pub struct Bound {
    socket: Socket,
    address: SocketAddr,
    admission: Admission,
}

#[derive(Debug)]
enum Socket {
    /// Nobody else was there: it listens already, so that those who come while we start wait for us.
    Alone(TcpListener),
    /// An older server of the same user listens there. This one does not yet: whatever becomes of us before we are ready, no
    /// connection has waited for us in vain.
    Beside(TcpSocket),
    /// Made by somebody else; its queue is filled anyway.
    Inherited(TcpListener),
}

impl Bound {
    /// Binds `address`; port 0 lets the operating system choose. `share`: an older server of the same user may have it, too.
    ///
    /// # Errors
    /// [`BindError`] when the address cannot be had.
    pub fn new(address: SocketAddr, share: bool, admission: Admission) -> Result<Self, BindError> {
        let failed = |source| BindError::new(address, source);
        let socket = match alone(address) {
            Ok(socket) => Socket::Alone(socket),
            Err(error) if share && error.kind() == io::ErrorKind::AddrInUse => {
                Socket::Beside(beside(address).map_err(failed)?)
            }
            Err(error) => return Err(failed(error)),
        };
        let address = match &socket {
            Socket::Alone(socket) | Socket::Inherited(socket) => socket.local_addr(),
            Socket::Beside(socket) => socket.local_addr(),
        };
        Ok(Self { socket, address: address.map_err(failed)?, admission })
    }

    /// A listening socket that somebody else made.
    ///
    /// # Errors
    /// [`BindError`] when the operating system does not let it be used without blocking.
    pub fn inherited(socket: std::net::TcpListener, admission: Admission) -> Result<Self, BindError> {
        let unknown = SocketAddr::from(([0, 0, 0, 0], 0));
        let address = socket.local_addr().map_err(|source| BindError::new(unknown, source))?;
        let socket = socket.set_nonblocking(true).and_then(|()| TcpListener::from_std(socket));
        let socket = socket.map_err(|source| BindError::new(address, source))?;
        Ok(Self { socket: Socket::Inherited(socket), address, admission })
    }

    /// The address, with the real port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether an older server has the address, too, and keeps all new connections until it leaves.
    #[must_use]
    pub fn is_beside(&self) -> bool {
        matches!(self.socket, Socket::Beside(_))
    }

    /// From now on connections are accepted, or will be as soon as the older server has left.
    ///
    /// # Errors
    /// [`BindError`], when the address has gone to another user meanwhile.
    pub fn listen(self) -> Result<Listener, BindError> {
        let failed = |source| BindError::new(self.address, source);
        let (tcp, inherited) = match self.socket {
            Socket::Alone(tcp) => (tcp, false),
            Socket::Inherited(tcp) => (tcp, true),
            Socket::Beside(socket) => {
                let tcp = socket.listen(BACKLOG).map_err(failed)?;
                if let Err(error) = steer(&tcp, FIRST) {
                    // The older one has gone in this very moment, or the kernel spreads connections over both.
                    tracing::debug!(%error, net.address = %self.address, "not in a group");
                }
                (tcp, false)
            }
        };
        Ok(Listener::new(tcp, self.address, self.admission, inherited))
    }
}

fn new_socket(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // Without it a restart within a minute fails on the sockets that the kernel still holds in TIME_WAIT. It does not let two
    // listeners share a port.
    socket.set_reuseaddr(true)?;
    Ok(socket)
}

/// Listens where nobody else does. A later server of the same user may join.
fn alone(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = new_socket(address)?;
    socket.bind(address)?;
    let tcp = socket.listen(BACKLOG)?;
    // Only now, so that two that are started by mistake do not share the port without a word.
    setsockopt(&tcp, ReusePort, &true)?;
    Ok(tcp)
}

fn beside(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = new_socket(address)?;
    setsockopt(&socket, ReusePort, &true)?;
    socket.bind(address)?;
    Ok(socket)
}
