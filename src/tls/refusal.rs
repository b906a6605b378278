//! Why a handshake does not come about, as far as it matters to whoever counts it.

use std::io;

use rustls::Error;

/// Whose doing it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// What came was not TLS, or broken.
    NoTls,
    /// No version, cipher or protocol that both sides know.
    NothingInCommon,
    /// There is no certificate to show.
    NoCertificate,
    /// The client does not want: it does not believe the certificate, for example.
    ByClient,
}

impl Refusal {
    /// What an error of [`super::Session`] means; `None`: the connection broke.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<Self> {
        Some(match error.get_ref()?.downcast_ref::<Error>()? {
            Error::AlertReceived(_) => Self::ByClient,
            Error::PeerIncompatible(_) | Error::NoApplicationProtocol => Self::NothingInCommon,
            // What rustls says when the resolver gives none.
            Error::General(_) => Self::NoCertificate,
            _ => Self::NoTls,
        })
    }
}
