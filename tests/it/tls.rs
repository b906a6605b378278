//! A server that speaks TLS itself.

mod browser;
mod door;
mod ending;
mod handshake;
mod relay;
mod reload;
