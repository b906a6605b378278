//! Listeners and sockets: binding with errors that say what to do, sharing a port with a successor, an accept loop that
//! survives a full file table, caps on open connections, what each connection passes before it may speak ([`Entrance`]), and
//! [`Stream`], the one socket type of the control runtime.

mod admission;
mod bind;
mod crowd;
mod entrance;
mod headerless;
mod inherited;
mod listener;
mod networks;
mod proxy_header;
mod retire;
mod secure;
mod share;
mod stream;

pub use admission::{Admission, Permit};
pub use bind::{BindError, BindFault, Bound};
pub use crowd::{Crowd, network};
pub use entrance::{Entrance, EntranceParts};
pub use headerless::Headerless;
pub use inherited::Inherited;
pub use listener::{Accepted, Listener};
pub use networks::Networks;
pub use proxy_header::{LOCAL, ProxyHeader, ProxyHeaderFault};
pub use retire::Successor;
pub use secure::TlsStream;
pub use stream::{Parts, Stream};
