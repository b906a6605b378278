//! The checklist of section 10 of the relay protocol, on a server that nobody attacks.

pub mod forwarding;
mod opening;
pub mod order;
pub mod pressure;
mod sessions;
mod status;
mod storm;
