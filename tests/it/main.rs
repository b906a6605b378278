//! Black-box tests: the real binary, a real Postgres, real sockets. Nothing in here names a room of the server.
//!
//! Each scene has its own database and its own server process (`support::world`), ends with a look whether that process
//! is still the same and healthy, and waits for nothing without a deadline. A test that says "nothing arrives" sends a
//! marker after the forbidden frame and checks that the marker is the next thing that arrives.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed, and says where")]

mod acme;
mod admin;
mod api;
mod database_away;
mod defects;
mod handover;
mod http;
mod process;
mod relay;
mod sdk;
mod settings;
mod support;
mod tls;
