//! The defects of the old server that the specification lists, each played as an attack or a fault. A test is named after
//! its number in section 8 of the relay protocol (`d01`…`d47`, and `n01`…`n10` for the negative vectors of section 9).

mod access;
mod bad_frames;
mod control;
mod crashes;
mod deploy;
mod exhaustion;
mod isolation;
mod liveness;
mod recovery;
mod revocation;
mod state;
mod vectors;
