//! Listening sockets that a service manager made and passed on (systemd's socket activation, sd_listen_fds(3)). Their queue
//! belongs to the socket and not to us, so it outlives any number of restarts.

use std::io;
use std::net::TcpListener;

use listenfd::ListenFd;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::socket::{getsockopt, sockopt::AcceptConn};

/// The sockets that were passed and not yet taken.
#[derive(Debug, Default)]
pub struct Inherited {
    sockets: Vec<(String, TcpListener)>,
    unusable: Vec<String>,
    blocking: Vec<String>,
}

impl Inherited {
    /// Takes the sockets that `LISTEN_FDS` and `LISTEN_PID` announce, and removes these variables so that no child process
    /// mistakes them for its own. Call it once, before the first thread is started. `names`: what `LISTEN_FDNAMES` says.
    ///
    /// None of them blocks from now on. Whether a socket does is a property that all its holders share: an older process that is
    /// woken for a connection which we have taken by then would stand still until the next one.
    #[must_use]
    pub fn take_from_environment(names: Option<&str>) -> Self {
        let mut passed = ListenFd::from_env();
        let mut names = names.unwrap_or_default().split(':');
        let mut inherited = Self::default();
        for number in 0..passed.len() {
            // systemd's own word for a socket without a name.
            let name = names.next().filter(|name| !name.is_empty()).unwrap_or("unknown").to_owned();
            match passed.take_tcp_listener(number) {
                Ok(Some(socket)) if getsockopt(&socket, AcceptConn).unwrap_or(false) => inherited.add(name, socket),
                Ok(Some(_)) => inherited.unusable.push(format!("`{name}` is a TCP socket that does not listen")),
                Ok(None) => {}
                Err(error) => inherited.unusable.push(format!("`{name}` is no TCP socket ({error})")),
            }
        }
        inherited
    }

    fn add(&mut self, name: String, socket: TcpListener) {
        match unblock(&socket) {
            Ok(true) => self.blocking.push(name.clone()),
            Ok(false) => {}
            Err(error) => return self.unusable.push(format!("`{name}` cannot be used without blocking ({error})")),
        }
        self.sockets.push((name, socket));
    }

    /// The names of those that blocked when they were passed, which the service manager should be told not to do.
    #[must_use]
    pub fn blocking(&self) -> &[String] {
        &self.blocking
    }

    /// All sockets of one name. `default`: those without a name of their own, too, when no socket bears the name.
    pub fn take(&mut self, name: &str, default: bool) -> Vec<TcpListener> {
        let named = self.sockets.iter().any(|(it, _)| it == name);
        // Without FileDescriptorName= systemd gives the name of the unit.
        let wanted = |it: &str| it == name || (default && !named && !matches!(it, "http" | "https" | "admin"));
        let (taken, left) = std::mem::take(&mut self.sockets).into_iter().partition(|(it, _)| wanted(it));
        self.sockets = left;
        taken.into_iter().map(|(_, socket)| socket).collect()
    }

    /// Says what was passed in vain, one line each for the log, and closes it.
    #[must_use]
    pub fn left_over(self) -> Vec<String> {
        let unused = self.sockets.iter().map(|(name, socket)| match socket.local_addr() {
            Ok(address) => format!("`{name}` ({address}) is used for nothing here"),
            Err(_) => format!("`{name}` is used for nothing here"),
        });
        self.unusable.iter().cloned().chain(unused).collect()
    }
}

/// True: it blocked until now.
fn unblock(socket: &TcpListener) -> io::Result<bool> {
    let flags = OFlag::from_bits_retain(fcntl(socket, FcntlArg::F_GETFL)?);
    socket.set_nonblocking(true)?;
    Ok(!flags.contains(OFlag::O_NONBLOCK))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(names: &[&str]) -> Inherited {
        let sockets =
            names.iter().map(|name| ((*name).to_owned(), TcpListener::bind("127.0.0.1:0").unwrap())).collect();
        Inherited { sockets, ..Inherited::default() }
    }

    #[test]
    fn sockets_go_by_their_names() {
        let mut inherited = passed(&["http", "https", "http", "other"]);
        assert_eq!(inherited.take("http", true).len(), 2);
        assert_eq!(inherited.take("https", false).len(), 1);
        assert_eq!(inherited.take("admin", false).len(), 0);
        let left = inherited.left_over();
        assert!(left.len() == 1 && left[0].contains("`other`"), "{left:?}");
    }

    #[test]
    fn one_without_a_known_name_is_the_default() {
        let mut inherited = passed(&["compose-relay.socket", "admin"]);
        assert_eq!(inherited.take("https", false).len(), 0);
        assert_eq!(inherited.take("http", true).len(), 1);
        assert_eq!(inherited.left_over().len(), 1, "the one for admin");
    }
}
