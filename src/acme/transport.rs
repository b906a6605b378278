//! How `instant_acme` sends its requests: with the client of [`crate::http`], so with its deadlines and limits. An answer that
//! says no becomes an error here, where its status and its `Retry-After` are still to be seen.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient, Problem};
use jiff::fmt::rfc2822;
use jiff::{Timestamp, Zoned};

use crate::http::{Client, ClientError, OutboundRequest, header};

/// Longest wait that is taken at its word; rate limits of a week are the longest there are.
const LONGEST_WAIT: Duration = Duration::from_secs(8 * 24 * 3600);

/// The way to a certificate authority.
#[derive(Clone)]
pub(super) struct Transport(pub Client);

/// The authority does not do what was asked.
#[derive(Debug, thiserror::Error)]
#[error("status {status}")]
pub(super) struct Refused {
    pub status: u16,
    pub retry_after: Option<Duration>,
    /// What it says, when that is a problem document.
    pub problem: Option<Problem>,
}

/// No answer at all.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(super) struct NoAnswer(pub ClientError);

impl HttpClient for Transport {
    fn request(
        &self,
        request: OutboundRequest<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let client = self.0.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            // Its body cannot fail.
            let body = body.collect().await.map_or_else(|never| match never {}, |body| body.to_bytes().to_vec());
            let answer = client.send(OutboundRequest::from_parts(head, body)).await;
            let (parts, body) = answer.map_err(|error| Error::Other(Box::new(NoAnswer(error))))?.into_parts();
            let status = parts.status.as_u16();
            if status >= 300 {
                let problem: Option<Problem> = serde_json::from_slice(&body).ok();
                let bad_nonce = problem.as_ref().is_some_and(is_bad_nonce);
                // That one `instant_acme` takes care of itself.
                if !bad_nonce || status != 400 {
                    let retry_after = parts.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
                    let retry_after = retry_after.and_then(|text| wait(text, Timestamp::now()));
                    return Err(Error::Other(Box::new(Refused { status, retry_after, problem })));
                }
            }
            Ok(BytesResponse { parts, body: Box::new(Bytes::from(body)) })
        })
    }
}

pub(super) fn is_bad_nonce(problem: &Problem) -> bool {
    problem.r#type.as_deref().is_some_and(|kind| kind.ends_with(":badNonce"))
}

/// RFC 9110 section 10.2.3: seconds, or a date.
fn wait(text: &str, now: Timestamp) -> Option<Duration> {
    let wait = match text.trim().parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let date: Zoned = rfc2822::parse(text.trim()).ok()?;
            date.timestamp().duration_since(now).try_into().unwrap_or_default()
        }
    };
    Some(wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_seconds_or_dates() {
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let seconds = |text| wait(text, now).map(|wait| wait.as_secs());
        assert_eq!(seconds("120"), Some(120));
        assert_eq!(seconds("Thu, 01 Jan 2026 01:00:00 GMT"), Some(3600));
        assert_eq!(seconds("Wed, 31 Dec 2025 00:00:00 GMT"), Some(0));
        assert_eq!(seconds("99999999999"), Some(LONGEST_WAIT.as_secs()));
        for none in ["", "soon", "-1"] {
            assert_eq!(seconds(none), None, "{none}");
        }
    }
}
