//! Route 10: what load balancers ask.

use super::call::{Answer, Call};
use crate::http::{StatusCode, reply};

/// `success` while serving, 503 `failure` while starting and draining. The database is not asked: without it open
/// sockets work on, and taking this server out of rotation would not bring it back.
pub(super) async fn check(call: Call) -> Answer {
    let (status, text) = if *call.api.healthy.borrow() {
        (StatusCode::OK, "success")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "failure")
    };
    Ok(reply(status, "text/plain; charset=utf-8", text))
}
