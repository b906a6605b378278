//! A server that speaks TLS itself.

mod door;
mod handshake;
mod relay;
mod reload;
