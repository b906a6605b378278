//! The checklist of section 10 of the relay protocol, on a server that nobody attacks.

mod forwarding;
mod opening;
mod order;
mod pressure;
mod sessions;
mod status;
