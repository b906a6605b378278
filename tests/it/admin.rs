//! The listener of the operator's tools.

pub mod doctor;
mod health;
mod listener;
mod logs;
mod metrics;
mod reasons;
