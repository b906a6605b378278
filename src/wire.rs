//! The relay protocol's message layout: ids, event codes, headers, bodies, the server's own frames, close codes.
//!
//! Everything here is pure: bytes in, values out; no clock, no I/O, no room of this crate is named. Functions never
//! panic on input from a peer. The sections named in the comments are those of the relay protocol's specification.

pub mod body;
pub mod close;
pub mod code;
pub mod header;
pub mod id;
pub mod package;
pub mod server;

pub use code::BrowserCode;
pub use header::{BrowserHeader, HeaderError, LastIds, SdkHeader, browser_header, sdk_header};
pub use id::{EnvironmentId, ExecutionId, FileId, SessionId};
pub use package::{Package, PackageName};
