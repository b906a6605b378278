//! One port, two servers: how an older one and its successor share it so that no connection is lost between them.
//!
//! Sockets with `SO_REUSEPORT` that listen on one address are a group of the kernel's; by itself it spreads new connections
//! over the group, and resets what waits in the queue of a socket that is closed. A program attached to the group decides
//! instead, by a place in the order in which the sockets began to listen:
//!
//! - who joins a group says "the first one": the older server keeps everything for itself, because its programs and pages
//!   must stay together, and the newer one stands by;
//! - who leaves says "the second one", looks whether that is somebody else, takes what has come into its queue by then, and
//!   only then closes. The kernel moves the last socket of the group into the place that becomes free.

use std::io;
use std::os::fd::AsFd;

/// The place that a group's connections are sent to by those who join it.
pub(super) const FIRST: u32 = 0;
/// Where a leaving server tries to send them, in this order. It may not be the first: while three servers share the port,
/// and when one has just left.
pub(super) const OTHERS: [u32; 2] = [1, 0];

/// Sends all new connections of the socket's group to the socket in this place. A place that nobody has counts as no
/// answer: the kernel spreads them.
///
/// # Errors
/// `InvalidInput` when the socket shares its port with nobody and never has.
#[cfg(target_os = "linux")]
pub(super) fn steer(socket: &impl AsFd, place: u32) -> io::Result<()> {
    use nix::libc;
    use nix::sys::socket::{setsockopt, sockopt::AttachReusePortCbpf};

    /// BPF_RET | BPF_K: the answer is the constant `k`.
    const RETURN: u16 = 0x06;
    let mut program = [libc::sock_filter { code: RETURN, jt: 0, jf: 0, k: place }];
    // The kernel copies the program before the call returns.
    let program = libc::sock_fprog { len: 1, filter: program.as_mut_ptr() };
    setsockopt(socket, AttachReusePortCbpf, &program).map_err(io::Error::from)
}

/// Elsewhere there are no such groups: a port has one server at a time.
#[cfg(not(target_os = "linux"))]
pub(super) fn steer(_socket: &impl AsFd, _place: u32) -> io::Result<()> {
    Err(io::ErrorKind::InvalidInput.into())
}
