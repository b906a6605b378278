//! Who somebody is in the words of a provider that they sign in with: Google, or one that speaks OpenID Connect.
//!
//! Every answer of a provider is held against all that it must say; nothing is believed because it is plausible. No
//! token, code or address is in an error or in a log.

mod google;

use crate::auth::Email;
use crate::http::ClientError;

pub use google::{Google, GoogleSettings};

/// Somebody whose provider has vouched for their address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// In the provider's spelling.
    pub email: Email,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
}

/// Why a sign-in is not believed. The text is for the operator's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// What was presented cannot be what it should be.
    #[error("what was presented has the wrong form")]
    Form,
    /// The provider cannot be asked.
    #[error("the provider cannot be asked: {0}")]
    Client(#[from] ClientError),
    /// The provider says no.
    #[error("the provider does not accept it")]
    Rejected,
    /// The provider's answer is not what it should be.
    #[error("the provider's answer cannot be used: {0}")]
    Answer(&'static str),
    /// It was made for another application.
    #[error("it was made for another application")]
    Audience,
    /// It is no longer good.
    #[error("it has expired")]
    Expired,
    /// There is no address, or the provider does not vouch for it.
    #[error("the provider does not vouch for an e-mail address")]
    Email,
}
