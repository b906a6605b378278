//! Migrations (`database.md` 9.5) and store on real Postgres.
#![allow(clippy::expect_used, reason = "all of this is tests; clippy sees only the functions marked so")]

#[allow(dead_code, reason = "shared with the other integration tests; each uses a part of it")]
#[path = "it/support/postgres.rs"]
mod postgres;

#[path = "migrations/catalog.rs"]
mod catalog;
#[path = "migrations/old.rs"]
mod old;

#[path = "migrations/configuration.rs"]
mod configuration;
#[path = "migrations/crash.rs"]
mod crash;
#[path = "migrations/parallel.rs"]
mod parallel;
#[path = "migrations/pool.rs"]
mod pool;
#[path = "migrations/purge.rs"]
mod purge;
#[path = "migrations/refusals.rs"]
mod refusals;
#[path = "migrations/side_by_side.rs"]
mod side_by_side;
#[path = "migrations/start_states.rs"]
mod start_states;
#[path = "migrations/tables.rs"]
mod tables;
#[path = "migrations/tls.rs"]
mod tls;
