//! What can be wrong with a request before anybody asks what it wants. The room above makes the answer out of it.

use hyper::StatusCode;

/// A fault of the transport level (http-api 1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The request line or a header is not HTTP.
    #[error("the request is not valid HTTP")]
    Malformed,
    /// More than 16 KiB of request line and headers, or more than 100 headers.
    #[error("the request headers are larger than 16 KiB")]
    HeadTooLarge,
    /// The headers did not arrive in time.
    #[error("the request headers did not arrive in time")]
    HeadTimeout,
    /// `Host` is missing, repeated or not a host.
    #[error("the Host header is missing, repeated or not a host name")]
    Host,
    /// Broken percent-encoding in the path.
    #[error("the path has a broken percent-encoding")]
    BadUrl,
    /// The body is not JSON.
    #[error("the body is not valid JSON")]
    Json,
    /// JSON was announced and nothing came.
    #[error("the body is empty although JSON was announced")]
    EmptyJson,
    /// The body ended early, its chunks are broken, or it is not UTF-8.
    #[error("the body does not match its announced length or is not UTF-8")]
    BodyLength,
    /// More than 1 MiB of body.
    #[error("the body is larger than 1 MiB")]
    BodyTooLarge,
    /// The body did not arrive in time.
    #[error("the body did not arrive in time")]
    BodyTimeout,
    /// A body that is not `application/json`.
    #[error("only bodies of type application/json are accepted")]
    MediaType,
    /// The handler panicked.
    #[error("the server made a mistake")]
    Crash,
}

impl Fault {
    /// The status of the answer.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::HeadTimeout | Self::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Crash => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}
