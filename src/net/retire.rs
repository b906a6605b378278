//! The end of a listener: the port is left to a successor, and nothing that waits in the queue is lost.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::PoisonError;
use std::time::Duration;

use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout};

use super::listener::{concerns_one_peer, prepared};
use super::share::{OTHERS, steer};
use super::{Accepted, Listener};

/// How long a leaving server still takes what was sent to it before: the third packet of a handshake may be lost and come
/// again, twice.
const LAST_HANDSHAKES: Duration = Duration::from_secs(3);
/// How often it looks meanwhile whether new connections still go to the other one.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// How long a connection to ourselves may take.
const PROBE: Duration = Duration::from_millis(250);

/// Who gets the connections that come when a listener has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Successor {
    /// Another server on the same port.
    Server,
    /// Whoever else has, or will have, the inherited socket.
    Heir,
    /// Nobody: they are refused.
    Nobody,
}

impl Listener {
    /// Ends the listening without losing a connection that the kernel has accepted for us. `take` gets those that still come;
    /// `tell` is told at once who has the port from now on. Takes some milliseconds, or [`LAST_HANDSHAKES`] when another
    /// server has it.
    pub async fn retire(self, mut take: impl FnMut(Accepted), tell: oneshot::Sender<Successor>) {
        if self.inherited {
            // The queue stays where it is.
            let _ = tell.send(Successor::Heir);
            return;
        }
        let successor = self.step_aside(&mut take).await;
        // Who does not wait for it does not need to know.
        let _ = tell.send(successor);
        if successor == Successor::Server {
            let until = Instant::now() + LAST_HANDSHAKES;
            while Instant::now() < until {
                tokio::select! {
                    accepted = self.accept() => take(accepted),
                    () = sleep(LOOK_AGAIN) => drop(self.step_aside(&mut take).await),
                }
            }
            self.step_aside(&mut take).await;
        }
        self.close(&mut take);
    }

    /// Sends new connections to another server, if there is one, and goes on accepting meanwhile.
    async fn step_aside(&self, take: &mut impl FnMut(Accepted)) -> Successor {
        for place in OTHERS {
            if let Err(error) = steer(&self.tcp, place) {
                tracing::debug!(%error, net.address = %self.address, "the port is shared with nobody");
                return Successor::Nobody;
            }
            let mut look = std::pin::pin!(self.comes_back());
            let back = loop {
                tokio::select! {
                    biased;
                    accepted = self.accept() => take(accepted),
                    back = &mut look => break back,
                }
            };
            if !back {
                return Successor::Server;
            }
        }
        Successor::Nobody
    }

    /// Whether a connection to this address arrives here. One that gets nowhere does not.
    async fn comes_back(&self) -> bool {
        let (here, there) = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => (Ipv4Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(ip) if ip.is_unspecified() => (Ipv6Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()),
            ip => (ip, ip),
        };
        let connect = async {
            let socket = if self.address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
            socket.bind(SocketAddr::new(here, 0))?;
            *self.probe() = Some(socket.local_addr()?);
            let connection = socket.connect(SocketAddr::new(there, self.address.port())).await?;
            self.came_back.notified().await;
            io::Result::Ok(connection)
        };
        let back = matches!(timeout(PROBE, connect).await, Ok(Ok(_)));
        *self.probe() = None;
        back
    }

    fn probe(&self) -> std::sync::MutexGuard<'_, Option<SocketAddr>> {
        self.probe.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_probe(&self, peer: SocketAddr) -> bool {
        *self.probe() == Some(peer)
    }

    /// Empties the queue and closes. The kernel is asked itself: what the runtime knows of the socket may be a moment old.
    fn close(self, take: &mut impl FnMut(Accepted)) {
        let queue = match self.tcp.into_std() {
            Ok(queue) => queue,
            Err(error) => return tracing::warn!(%error, "a listener could not be emptied before it was closed"),
        };
        loop {
            let accepted = queue.accept().and_then(|(tcp, peer)| {
                tcp.set_nonblocking(true)?;
                Ok((TcpStream::from_std(tcp)?, peer))
            });
            match accepted {
                Ok((tcp, peer)) => {
                    if let Some(permit) = self.admission.admit() {
                        take(Accepted { stream: prepared(tcp), peer, permit });
                    } else {
                        tracing::debug!("all places are taken, a last connection is closed (MAX_CONNECTIONS)");
                    }
                }
                Err(error) if concerns_one_peer(&error) => {}
                Err(_) => return,
            }
        }
    }
}
