//! The listener of the operator's tools.

mod doctor;
mod health;
mod listener;
mod logs;
mod metrics;
