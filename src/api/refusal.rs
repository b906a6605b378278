//! Every answer that is not a success (http-api 1.3 to 1.5).

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::http::{Fault, Reply, StatusCode, header, json as json_reply};
use crate::store::StoreError;

/// Why a request is not served.
#[derive(Debug)]
pub(super) enum Refusal {
    /// With a body that was written for the client.
    Told { status: StatusCode, body: Value },
    /// Asked too often; worth another try after this time.
    TooMany { wait: Duration, body: Value },
    /// Broken on the transport level.
    Fault(Fault),
    /// The database.
    Store(StoreError),
    /// Our own mistake or the machine's; the text is for the log.
    Internal(String),
}

impl Refusal {
    /// A body of just a message, which the web client shows to the user.
    pub fn message(status: StatusCode, text: &str) -> Self {
        Self::Told { status, body: json!({"message": text}) }
    }

    /// Asked too often.
    pub fn too_many(wait: Duration) -> Self {
        Self::TooMany { wait, body: json!({"message": "Too many requests. Please try again in a minute."}) }
    }

    /// The words in which a route refuses (http-api 1.5 and 11), for what was refused before its handler could say it.
    pub fn in_the_words_of(mut self, path: &str) -> Self {
        let status = match &self {
            Self::Told { status, .. } => *status,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            _ => return self,
        };
        let (Self::Told { body, .. } | Self::TooMany { body, .. }) = &mut self else { return self };
        let mut add = |key: &str, value: Value| {
            if let Some(body) = body.as_object_mut() {
                body.entry(key).or_insert(value);
            }
        };
        match path {
            "/api/v1/auth/login-to-app" => {
                add("isValid", false.into());
                add("code", status.as_u16().into());
            }
            "/api/v1/auth/google-oauth/redirect" | "/api/v1/auth/complete-sign-up-to-org" => {
                add("internalCode", "0b".into());
            }
            "/api/v1/auth/complete-sign-up" => {
                add("internalCode", "0b".into());
                // Under both names: the old server used now one and now the other.
                if let Some(code) = body.get("internalCode").cloned() {
                    body["code"] = code;
                }
            }
            path if path.starts_with("/api/v1/audit-log/") => add("type", "unknown-error".into()),
            _ => {}
        }
        self
    }

    /// The answer. Logs what only the operator may know.
    pub fn reply(self) -> Reply {
        match self {
            Self::Told { status, body } => json_reply(status, &body),
            Self::TooMany { wait, body } => {
                let mut reply = json_reply(StatusCode::TOO_MANY_REQUESTS, &body);
                let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                reply.headers_mut().insert(header::RETRY_AFTER, seconds.max(1).into());
                reply
            }
            Self::Fault(Fault::Crash) => incident("a handler panicked"),
            Self::Fault(fault) => framework(fault.status(), code_of(fault), &sentence(&fault.to_string())),
            Self::Store(error) if error.is_transient() => {
                tracing::warn!(%error, "a request could not be served");
                framework(
                    StatusCode::SERVICE_UNAVAILABLE,
                    None,
                    "The server cannot reach its database right now. Please try again in a few seconds.",
                )
            }
            Self::Store(error @ StoreError::Conflict { .. }) => {
                tracing::info!(%error, "a request was overtaken by another");
                framework(
                    StatusCode::CONFLICT,
                    None,
                    "Somebody changed or removed the same thing at the same moment. Please try again.",
                )
            }
            Self::Store(error) => incident(&chain(&error)),
            Self::Internal(text) => incident(&text),
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// 400 with a text that the web client shows to the user.
pub(super) fn told(text: &str) -> Refusal {
    Refusal::message(StatusCode::BAD_REQUEST, text)
}

/// 404 for a path or method that the table does not know.
pub(super) fn unknown_route() -> Reply {
    json_reply(
        StatusCode::NOT_FOUND,
        &json!({"message": "There is nothing at this address.", "error": "Not Found", "statusCode": 404}),
    )
}

/// A 500 that tells the client no more than a number to quote; the same number is in the log.
fn incident(what: &str) -> Reply {
    let incident = Uuid::new_v4();
    tracing::error!(%incident, what, "a request failed");
    let text = format!(
        "Something went wrong on the server. If it happens again, tell your administrator this number: {incident}"
    );
    framework(StatusCode::INTERNAL_SERVER_ERROR, None, &text)
}

fn framework(status: StatusCode, code: Option<&str>, message: &str) -> Reply {
    let mut body = json!({
        "statusCode": status.as_u16(),
        "error": status.canonical_reason().unwrap_or_default(),
        "message": message,
    });
    if let Some(code) = code {
        body["code"] = code.into();
    }
    json_reply(status, &body)
}

/// The codes that readers of the old server's answers may know.
fn code_of(fault: Fault) -> Option<&'static str> {
    Some(match fault {
        Fault::BadUrl => "FST_ERR_BAD_URL",
        Fault::EmptyJson => "FST_ERR_CTP_EMPTY_JSON_BODY",
        Fault::BodyLength => "FST_ERR_CTP_INVALID_CONTENT_LENGTH",
        Fault::BodyTooLarge => "FST_ERR_CTP_BODY_TOO_LARGE",
        Fault::MediaType => "FST_ERR_CTP_INVALID_MEDIA_TYPE",
        _ => return None,
    })
}

/// An error's own text as a sentence.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| format!("{}{}.", first.to_uppercase(), letters.as_str())).unwrap_or_default()
}

/// An error with its sources.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}
