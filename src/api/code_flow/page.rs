//! The few words that a browser sees when a sign-in does not end on the page that it was meant for.

use crate::api::refusal::Refusal;
use crate::http::{HeaderName, HeaderValue, Reply, StatusCode, header, reply};

const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A page with one sentence and a way back.
pub(super) fn notice(status: StatusCode, text: &str) -> Reply {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let page = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>Sign in</title><h1>Sign in</h1><p>{text}</p><p><a href=\"/auth/login\">To the sign-in page</a></p></html>"
    );
    harden(reply(status, "text/html; charset=utf-8", page))
}

/// A refusal as a page.
pub(super) fn of(refusal: Refusal) -> Reply {
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
    headers.insert(HeaderName::from_static("content-security-policy"), HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    reply
}
