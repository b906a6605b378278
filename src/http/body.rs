//! Request bodies (http-api 1.2).

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::HeaderMap;
use hyper::body::{Body as _, Incoming};
use hyper::header::CONTENT_TYPE;
use serde_json::Value;
use tokio::time::timeout;

use super::Fault;

/// The largest body: exactly this many bytes pass, one more is refused.
pub const LARGEST_BODY: usize = 1_048_576;
/// From the end of the headers to the last byte of the body.
const BODY_DEADLINE: Duration = Duration::from_secs(30);

/// Reads a whole body. A body that announces too much is refused before a byte of it is read.
pub(super) async fn read(incoming: &mut Incoming) -> Result<Bytes, Fault> {
    if incoming.size_hint().lower() > LARGEST_BODY as u64 {
        return Err(Fault::BodyTooLarge);
    }
    timeout(BODY_DEADLINE, collect(incoming)).await.unwrap_or(Err(Fault::BodyTimeout))
}

async fn collect(incoming: &mut Incoming) -> Result<Bytes, Fault> {
    let mut whole = BytesMut::new();
    while let Some(frame) = incoming.frame().await {
        // Trailers are of no use here.
        let Ok(data) = frame.map_err(|_| Fault::BodyLength)?.into_data() else { continue };
        if whole.len() + data.len() > LARGEST_BODY {
            return Err(Fault::BodyTooLarge);
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}

/// Parses a body: a leading byte order mark is skipped, the last of several equal keys wins.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, Fault> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|_| Fault::BodyLength)?;
    if text.is_empty() {
        return Err(Fault::EmptyJson);
    }
    serde_json::from_str(text).map_err(|_| Fault::Json)
}

/// What the `Content-Type` header announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    /// No such header.
    None,
    /// `application/json`, in any case and with any parameters.
    Json,
    /// Something else, or the header is repeated.
    Other,
}

impl MediaType {
    /// Reads it from the headers.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let mut values = headers.get_all(CONTENT_TYPE).iter();
        match (values.next(), values.next()) {
            (None, _) => Self::None,
            (Some(value), None) if is_json(value.as_bytes()) => Self::Json,
            _ => Self::Other,
        }
    }
}

fn is_json(value: &[u8]) -> bool {
    let essence = value.split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii();
    essence.eq_ignore_ascii_case(b"application/json")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_byte_order_mark_is_skipped_and_the_last_key_wins() {
        assert_eq!(parse(b"\xef\xbb\xbf{\"a\":1,\"a\":2}"), Ok(json!({"a": 2})));
    }

    #[test]
    fn faults_of_bodies_have_names() {
        assert_eq!(parse(b""), Err(Fault::EmptyJson));
        assert_eq!(parse(b"{\"a\":"), Err(Fault::Json));
        assert_eq!(parse(b"{} x"), Err(Fault::Json));
        assert_eq!(parse(b"\"\xff\""), Err(Fault::BodyLength));
        assert_eq!(
            parse("[".repeat(100_000).as_bytes()),
            Err(Fault::Json),
            "deep nesting is refused, not recursed into"
        );
    }

    #[test]
    fn only_json_is_json() {
        let of = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(CONTENT_TYPE, value.parse().unwrap());
            }
            MediaType::of(&headers)
        };
        assert_eq!(of(&[]), MediaType::None);
        assert_eq!(of(&["Application/JSON"]), MediaType::Json);
        assert_eq!(of(&["application/json; charset=utf-8"]), MediaType::Json);
        for other in [&["text/plain"][..], &["application/jsonx"], &[""], &["application/json", "text/plain"]] {
            assert_eq!(of(other), MediaType::Other, "{other:?}");
        }
    }
}
