//! Messages of section 4 of the relay protocol, made from their parts and taken apart again.

use bytes::Bytes;
use serde_json::{Value, json};
use std::fmt;
use uuid::Uuid;

/// One binary WebSocket message.
#[derive(Clone, PartialEq, Eq)]
pub struct Message(pub Bytes);

impl Message {
    /// The two letters or digits that name the event.
    pub fn code(&self) -> &str {
        std::str::from_utf8(self.0.get(..2).unwrap_or_default()).unwrap_or("")
    }

    /// Bytes 2..38: a session id on the way to a browser, an environment id on the way to an SDK.
    pub fn first_id(&self) -> Uuid {
        self.id(2)
    }

    /// Bytes 38..74: the execution id.
    pub fn execution(&self) -> Uuid {
        self.id(38)
    }

    fn id(&self, at: usize) -> Uuid {
        let text = self.0.get(at..at + 36).unwrap_or_else(|| panic!("no id at byte {at} of {self:?}"));
        Uuid::try_parse_ascii(text).unwrap_or_else(|_| panic!("no id at byte {at} of {self:?}"))
    }

    /// The JSON body, which starts at a place that the code tells.
    pub fn json(&self) -> Value {
        let at = match self.code() {
            "12" => 2,
            "11" | "13" | "14" => 38,
            _ => 74,
        };
        serde_json::from_slice(self.0.get(at..).unwrap_or_default())
            .unwrap_or_else(|error| panic!("no JSON at byte {at} of {self:?}: {error}"))
    }

    pub fn contains(&self, text: &str) -> bool {
        self.0.windows(text.len()).any(|part| part == text.as_bytes())
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = &self.0[..self.0.len().min(400)];
        write!(out, "message of {} bytes {:?}", self.0.len(), String::from_utf8_lossy(shown))
    }
}

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Self {
        Message(bytes.into())
    }
}

impl PartialEq<Vec<u8>> for Message {
    fn eq(&self, other: &Vec<u8>) -> bool {
        self.0 == other
    }
}

/// Any message with the 74-byte header, in either direction.
pub fn with_header(code: &str, first: Uuid, execution: Uuid, body: impl AsRef<[u8]>) -> Vec<u8> {
    let mut message = Vec::with_capacity(74 + body.as_ref().len());
    message.extend_from_slice(code.as_bytes());
    message.extend_from_slice(first.to_string().as_bytes());
    message.extend_from_slice(execution.to_string().as_bytes());
    message.extend_from_slice(body.as_ref());
    message
}

fn hook(code: &str, environment: Uuid, execution: Uuid, mut body: Value) -> Vec<u8> {
    body["type"] = json!(code);
    body["executionId"] = json!(execution.to_string());
    with_header(code, environment, execution, body.to_string())
}

pub fn start(environment: Uuid, execution: Uuid, session: Uuid, route: &str) -> Vec<u8> {
    hook("aa", environment, execution, json!({"appRoute": route, "sessionId": session.to_string(), "params": {}}))
}

pub fn click(environment: Uuid, execution: Uuid, component: &str) -> Vec<u8> {
    click_in(environment, execution, component, "a-render")
}

pub fn click_in(environment: Uuid, execution: Uuid, component: &str, render: &str) -> Vec<u8> {
    hook("ab", environment, execution, json!({"componentId": component, "renderId": render}))
}

pub fn submit(environment: Uuid, execution: Uuid, form: &str, render: &str, data: Value) -> Vec<u8> {
    let body = json!({"formComponentId": form, "renderId": render, "formData": data});
    hook("ac", environment, execution, body)
}

pub fn upload(environment: Uuid, execution: Uuid, file: Uuid, bytes: &[u8]) -> Vec<u8> {
    let mut message = with_header("ad", environment, execution, file.to_string());
    message.extend_from_slice(bytes);
    message
}

pub fn check_execution_exists(environment: Uuid, execution: Uuid, session: Uuid) -> Vec<u8> {
    hook("ae", environment, execution, json!({"sessionId": session.to_string()}))
}

/// `af` and `ag`: a value with its component.
pub fn value_hook(code: &str, environment: Uuid, execution: Uuid, value: Value) -> Vec<u8> {
    hook(code, environment, execution, json!({"componentId": "c", "renderId": "r", "value": value}))
}

/// `ah`: a list of uploaded files.
pub fn file_change(environment: Uuid, execution: Uuid, component: &str, render: &str, file: Uuid) -> Vec<u8> {
    let files = json!([{"fileId": file.to_string(), "fileName": "héllo.bin", "fileSize": 5, "fileType": ""}]);
    hook("ah", environment, execution, json!({"componentId": component, "renderId": render, "value": files}))
}

pub fn row_action(environment: Uuid, execution: Uuid, value: Value) -> Vec<u8> {
    let body = json!({"componentId": "c", "renderId": "r", "actionIdx": 0, "value": value});
    hook("ai", environment, execution, body)
}

pub fn confirm_response(environment: Uuid, execution: Uuid) -> Vec<u8> {
    hook("aj", environment, execution, json!({"componentId": "c", "response": true}))
}

pub fn browser_session_ended(environment: Uuid, execution: Uuid, session: Uuid) -> Vec<u8> {
    hook("ak", environment, execution, json!({"sessionId": session.to_string()}))
}

pub fn close_modal(environment: Uuid, execution: Uuid, render: &str) -> Vec<u8> {
    hook("al", environment, execution, json!({"renderId": render}))
}

pub fn page_change(environment: Uuid, execution: Uuid, component: &str, render: &str, offset: u32) -> Vec<u8> {
    let body = json!({
        "componentId": component, "renderId": render, "offset": offset, "pageSize": 100, "searchQuery": null,
        "sortBy": [{"key": "n", "direction": "desc"}], "filterBy": null,
    });
    hook("am", environment, execution, body)
}

/// A current SDK-to-browser message: `type` is put into the body.
pub fn to_browser(code: &str, session: Uuid, execution: Uuid, mut body: Value) -> Vec<u8> {
    body["type"] = json!(code);
    with_header(code, session, execution, body.to_string())
}

pub fn toast(session: Uuid, execution: Uuid, text: &str) -> Vec<u8> {
    to_browser("be", session, execution, json!({"message": text, "options": null}))
}

pub fn render(session: Uuid, execution: Uuid, text: &str) -> Vec<u8> {
    let ui = json!({"model": {"id": "t", "style": null, "properties": {"text": text}}, "hooks": null,
                    "type": "display-text", "interactionType": "display"});
    let body = json!({"ui": ui, "renderId": Uuid::new_v4().to_string(), "appearance": "default", "idx": 0, "modalWidth": "md"});
    to_browser("av", session, execution, body)
}

pub fn download(session: Uuid, execution: Uuid, metadata_length: u32, metadata: &str, bytes: &[u8]) -> Vec<u8> {
    let mut message = with_header("bl", session, execution, metadata_length.to_be_bytes());
    message.extend_from_slice(metadata.as_bytes());
    message.extend_from_slice(bytes);
    message
}

pub fn audit_log(session: Uuid, execution: Uuid, mut body: Value) -> Vec<u8> {
    body["type"] = json!("50");
    with_header("50", session, execution, body.to_string())
}

/// An INITIALIZE with these apps and nothing else.
pub fn initialize(apps: Value) -> Vec<u8> {
    initialize_body(json!({
        "type": "ab", "navs": [], "apps": apps, "theme": null, "packageVersion": "0.27.8", "packageName": "compose-python",
    }))
}

pub fn initialize_body(body: Value) -> Vec<u8> {
    format!("ab{body}").into_bytes()
}

pub fn app(route: &str) -> Value {
    json!({"name": route.to_uppercase(), "route": route, "description": null})
}

#[test]
fn the_parts_come_back() {
    let [environment, execution, session] = [Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4()];
    let message = Message::from(start(environment, execution, session, "hello"));
    assert_eq!((message.code(), message.first_id(), message.execution()), ("aa", environment, execution));
    assert_eq!(message.json()["appRoute"], "hello");
    assert_eq!(upload(environment, execution, Uuid::new_v4(), b"").len(), 110);
    assert!(Message::from(toast(session, execution, "marker")).contains("marker"));
}
