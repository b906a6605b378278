//! A server that speaks TLS itself.

mod relay;
mod reload;
