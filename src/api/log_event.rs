//! Route 41: the dashboard's page views. There is no analytics service here, so nothing is kept.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::call::{Answer, Call};
use super::refusal::Refusal;
use crate::http::{StatusCode, json as json_reply};

/// Only the shape is looked at.
#[derive(Deserialize)]
struct Event {
    #[serde(rename = "event")]
    _event: String,
    #[serde(rename = "data")]
    _data: Map<String, Value>,
}

pub(super) async fn discard(mut call: Call) -> Answer {
    if call.read::<Event>().is_none() {
        return Err(Refusal::message(StatusCode::BAD_REQUEST, "An event has a name and an object of data."));
    }
    Ok(json_reply(StatusCode::OK, &json!({"success": true})))
}
