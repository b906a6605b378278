//! Listeners and sockets: binding with errors that say what to do, sharing a port with a successor, an accept loop that survives a full file table, a
//! cap on open connections, and [`Stream`], the one socket type of the control runtime (TLS will be its second variant).

mod admission;
mod bind;
mod inherited;
mod listener;
mod share;
mod stream;

pub use admission::{Admission, Permit};
pub use bind::{BindError, BindFault, Bound};
pub use inherited::Inherited;
pub use listener::{Accepted, Listener, Successor};
pub use stream::Stream;
