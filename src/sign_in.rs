//! Who somebody is in the words of a provider that they sign in with: Google, or one that speaks OpenID Connect.
//!
//! Every answer of a provider is held against all that it must say; nothing is believed because it is plausible. No
//! token, code or address is in an error or in a log.
//!
//! OpenID Connect is written by hand on top of `oauth2` and `ring`: the crate `openidconnect` brings `rsa`, which has an
//! open advisory (RUSTSEC-2023-0071), and kinds of signatures that we would have to switch off again.

mod code;
mod google;
mod id_token;
mod oidc;

use std::fmt;

use crate::auth::Email;
use crate::http::ClientError;

pub use google::{Google, GoogleSettings};
pub use oidc::{Oidc, OidcSettings};

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

/// A provider to which browsers are sent and from which they come back with a code.
pub enum Provider<'a> {
    /// Google.
    Google(&'a Google),
    /// Another one.
    Oidc(&'a Oidc),
}

/// A browser on its way to a provider.
pub struct Departure {
    /// Where it is sent.
    pub url: String,
    /// What it must have when it comes back.
    pub luggage: Luggage,
}

/// What is to be remembered until the browser comes back. `Debug` shows nothing of it.
pub struct Luggage {
    /// Comes back with the code; good once.
    pub state: String,
    /// The secret behind the challenge (PKCE).
    pub verifier: String,
    /// Must be in the ID token; Google is asked for none.
    pub nonce: Option<String>,
    /// The address that the provider sends the browser back to.
    pub redirect: String,
}

impl fmt::Debug for Luggage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Luggage(…)")
    }
}

impl Provider<'_> {
    /// Prepares a departure. `redirect`: where the provider sends the browser back to. `choose`: the provider shall let
    /// the person choose another account. May ask the provider where its pages are: up to 5 s.
    ///
    /// # Errors
    /// [`Refused`] when the provider cannot be asked.
    pub async fn depart(&self, redirect: &str, choose: bool) -> Result<Departure, Refused> {
        match self {
            Self::Google(google) => google.depart(redirect, choose),
            Self::Oidc(oidc) => oidc.depart(redirect, choose).await,
        }
    }

    /// Takes a code for what it is worth. A few requests, each up to 5 s.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn arrive(&self, code: &str, luggage: &Luggage) -> Result<Person, Refused> {
        match self {
            Self::Google(google) => google.arrive(code, luggage).await,
            Self::Oidc(oidc) => oidc.arrive(code, luggage).await,
        }
    }
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
    /// The signature is not that of the provider.
    #[error("the signature is not one of the provider's")]
    Signature,
    /// It was made for another sign-in.
    #[error("it was made for another sign-in")]
    Nonce,
    /// It was made for another application.
    #[error("it was made for another application")]
    Audience,
    /// It was made by another provider.
    #[error("it was made by another provider")]
    Issuer,
    /// It is no longer good, or not yet.
    #[error("it has expired, or is not good yet")]
    Expired,
    /// There is no address, or the provider does not vouch for it.
    #[error("the provider does not vouch for an e-mail address")]
    Email,
}
