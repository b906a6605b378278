//! TLS as a server: whose certificate is shown to whom, answers to a certificate authority's challenges, the settings of every
//! handshake, and the [`Session`] that it begins.
//!
//! [`Certificates`] is filled from outside (files, ACME) and may be filled anew at any time: connections that are open
//! keep what they have, the next handshake sees the new one.

mod age;
mod certificate;
mod certificates;
mod challenges;
mod files;
mod lenient;
mod provider;
mod refusal;
mod server;
mod session;

pub use age::Age;
pub use certificate::{Certificate, CertificateError};
pub use certificates::{Certificates, Source};
pub use challenges::{ACME_TLS_ALPN, Challenges, Pending, TooMany};
pub use files::{Files, FilesError, Look, read as read_file};
pub use lenient::Lenient;
pub use provider::provider;
pub use refusal::Refusal;
pub use server::Server;
pub use session::{Emptied, End, RECORD, Received, Scratch, Session};
