//! The hot loop: frames between browsers and SDK sockets. It knows sockets, queues, ids and counters; no HTTP, no SQL, no
//! settings. Who may talk to whom comes in at attach time or as the answer to a [`Request`].

pub mod codec;
pub mod mask;
pub mod outbox;

mod audience;
mod bucket;
mod connection;
mod counters;
mod directory;
mod hub;
mod kept;
mod life;
mod message;
mod payload;
mod peer;
mod shard;
mod stream;
mod strokes;
mod table;

pub use audience::Heard;
pub use counters::Count;
pub use directory::{ClaimError, SessionClaim};
pub use hub::{HandedOver, Hub, Look, SdkReservation, Threads};
pub use kept::Kept;
pub use life::{Kind, Life, Traffic};
pub use message::{AuditLog, Measured, Request, ReserveError, Verdict};
pub use peer::{Attached, Identity, Limits, Owner, Page, Place, ReplyTo, SdkPeer, Socket, Ticket};
