//! The benches of compose-relay.
//!
//! The load bench starts the real server, built for release, on a core of its own with a private Postgres, and drives it
//! from this process on another core. Beside it, other relays do the same work in the same run. It knows the server from
//! outside only: programs, sockets, `/proc`. Micro benches of the server's parts are in `bench/benches/`.
#![forbid(unsafe_code)]

pub mod contender;
pub mod cpu;
pub mod crowd;
pub mod dial;
pub mod frames;
pub mod generator;
pub mod interrupt;
pub mod link;
pub mod measure;
pub mod memory;
pub mod plot;
pub mod probe;
pub mod report;
pub mod row;
pub mod run;
pub mod scene;
pub mod syscalls;
pub mod tls;
pub mod verdict;
pub mod world;
