//! The few words that a browser sees when a sign-in does not end on the page that it was meant for, and the frame of the
//! built-in pages. No script, nothing from elsewhere.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::api::escape::escape;
use crate::api::refusal::Refusal;
use crate::http::{HeaderName, HeaderValue, Reply, StatusCode, header, reply};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:4rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}\
h1{font-size:1.5rem}code,pre{background:#eee;padding:0 .3em}pre{padding:.5em}li{margin:.5rem 0}";

/// Nothing but our own style may load, and no page may frame this one.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

/// A page with this title and this body, both markup.
pub(in crate::api) fn document(status: StatusCode, title: &str, body: &str) -> Reply {
    let page = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style><h1>{title}</h1>{body}</html>"
    );
    harden(reply(status, "text/html; charset=utf-8", page))
}

/// A page with one sentence and a way back.
pub(super) fn notice(status: StatusCode, text: &str) -> Reply {
    let text = escape(text);
    document(status, "Sign in", &format!("<p>{text}</p><p><a href=\"/auth/login\">To the sign-in page</a></p>"))
}

/// A refusal as a page.
pub(in crate::api) fn of(refusal: Refusal) -> Reply {
    match refusal {
        Refusal::Told { status, body } => {
            let text = body.get("message").and_then(serde_json::Value::as_str);
            notice(status, text.unwrap_or("The sign-in did not work."))
        }
        other => {
            let status = other.reply().status();
            notice(status, "The server cannot do this right now. Please try again in a few seconds.")
        }
    }
}

/// The address of such a page may hold a code: nobody shall learn it by way of a link.
pub(super) fn harden(mut reply: Reply) -> Reply {
    let headers = reply.headers_mut();
    if let Ok(policy) = HeaderValue::try_from(POLICY.as_str()) {
        headers.insert(HeaderName::from_static("content-security-policy"), policy);
    }
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    reply
}
