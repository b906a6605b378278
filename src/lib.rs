//! The rooms of compose-relay. `docs/ARCHITECTURE.md` draws them; `tests/architecture.rs` holds the walls between them.
#![forbid(unsafe_code)]

pub mod acme;
pub mod admin;
pub mod api;
pub mod app;
pub mod auth;
pub mod cli;
pub mod config;
pub mod control;
pub mod dashboard;
pub mod doctor;
pub mod http;
pub mod lifecycle;
pub mod metrics;
pub mod net;
pub mod relay;
pub mod secret;
pub mod sign_in;
pub mod store;
pub mod tasks;
pub mod telemetry;
pub mod tls;
pub mod wire;
