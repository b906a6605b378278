//! The hot loop: shards, sockets, codec, outboxes, access table.

pub mod codec;
pub mod mask;
pub mod outbox;
