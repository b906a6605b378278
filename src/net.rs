//! Listeners and sockets: binding with errors that say what to do, an accept loop that survives a full file table, a
//! cap on open connections, and [`Stream`], the one socket type of the control runtime (TLS will be its second variant).

mod admission;
mod listener;
mod stream;

pub use admission::{Admission, Permit};
pub use listener::{Accepted, BindError, BindFault, Listener};
pub use stream::Stream;
