//! Refusals of the sign-in and sign-up routes: a message for the person and a code for programs (http-api 8.2).

use serde_json::json;

use super::refusal::Refusal;
use crate::http::StatusCode;

/// What `internalCode` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    /// Nobody here has this address.
    NoUser,
    /// Anything else.
    Unknown,
    /// The proven address is not the one that was given.
    OtherEmail,
    /// Somebody here has this address.
    Exists,
    /// The plan has no room.
    Billing,
}

impl Code {
    const fn as_str(self) -> &'static str {
        match self {
            Self::NoUser => "0a",
            Self::Unknown => "0b",
            Self::OtherEmail => "0c",
            Self::Exists => "0d",
            Self::Billing => "0f",
        }
    }

    /// A refusal with this code.
    pub fn refuse(self, status: StatusCode, text: &str) -> Refusal {
        Refusal::Told { status, body: json!({"message": text, "internalCode": self.as_str()}) }
    }

    /// The same with status 400.
    pub fn told(self, text: &str) -> Refusal {
        self.refuse(StatusCode::BAD_REQUEST, text)
    }
}
