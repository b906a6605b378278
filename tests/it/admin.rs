//! The listener of the operator's tools.

mod listener;
mod logs;
