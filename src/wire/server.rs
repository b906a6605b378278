//! The frames that the server makes itself (sections 4.5, 5.5 and 6): complete messages, without the WebSocket header.

use super::id::{EnvironmentId, ExecutionId, SessionId};
use super::package::Package;

/// A `11`: the environment's SDK is connected. Always with the package, for without it the web client falls back to the old
/// header format (3.5).
#[must_use]
pub fn sdk_online(session: SessionId, environment: EnvironmentId, package: &Package) -> Vec<u8> {
    status(session, environment, true, Some(package))
}

/// A `11`: the environment has no SDK. With the package of the departed one, if one was seen.
#[must_use]
pub fn sdk_offline(session: SessionId, environment: EnvironmentId, package: Option<&Package>) -> Vec<u8> {
    status(session, environment, false, package)
}

/// Puts another session id into a frame that begins with a code and one: what goes to many sessions is made once.
pub fn address(frame: &mut [u8], session: SessionId) {
    if let Some(place) = frame.get_mut(2..38) {
        place.copy_from_slice(&session.text());
    }
}

fn status(session: SessionId, environment: EnvironmentId, online: bool, package: Option<&Package>) -> Vec<u8> {
    let mut frame = Vec::with_capacity(224);
    frame.extend_from_slice(b"11");
    frame.extend_from_slice(&session.text());
    frame.extend_from_slice(b"{\"type\":\"11\",\"environmentId\":\"");
    frame.extend_from_slice(&environment.text());
    frame.extend_from_slice(b"\",\"isOnline\":");
    frame.extend_from_slice(truth(online));
    frame.extend_from_slice(if online { b",\"message\":\"SDK online\"" } else { b",\"message\":\"SDK offline\"" });
    if let Some(package) = package {
        frame.extend_from_slice(b",\"packageName\":");
        string(&mut frame, package.name.as_str());
        frame.extend_from_slice(b",\"packageVersion\":");
        string(&mut frame, &package.version);
    }
    frame.push(b'}');
    frame
}

/// A `12`: which of these environments have an SDK connected. The only server frame without a session id.
#[must_use]
pub fn active_connections(connections: impl Iterator<Item = (EnvironmentId, bool)>) -> Vec<u8> {
    let mut frame = b"12{\"type\":\"12\",\"connections\":{".to_vec();
    for (place, (environment, online)) in connections.enumerate() {
        frame.extend_from_slice(if place == 0 { b"\"" } else { b",\"" });
        frame.extend_from_slice(&environment.text());
        frame.extend_from_slice(b"\":");
        frame.extend_from_slice(truth(online));
    }
    frame.extend_from_slice(b"}}");
    frame
}

/// A `14`: the environment's configuration was stored anew.
#[must_use]
pub fn environment_initialized(session: SessionId, environment: EnvironmentId) -> Vec<u8> {
    let mut frame = Vec::with_capacity(106);
    frame.extend_from_slice(b"14");
    frame.extend_from_slice(&session.text());
    frame.extend_from_slice(b"{\"type\":\"14\",\"environmentId\":\"");
    frame.extend_from_slice(&environment.text());
    frame.extend_from_slice(b"\"}");
    frame
}

/// An `au` of severity `info`, which the web client shows as a toast. `message` is shown to the end user.
#[must_use]
pub fn app_error_info(session: SessionId, execution: ExecutionId, message: &str) -> Vec<u8> {
    let mut frame = execution_head(b"au", session, execution, 64 + message.len());
    frame.extend_from_slice(b"{\"type\":\"au\",\"errorMessage\":");
    string(&mut frame, message);
    frame.extend_from_slice(b",\"severity\":\"info\"}");
    frame
}

/// An `ay`: the answer to "does this run still exist?"; with `false` the web client starts it anew (5.4).
#[must_use]
pub fn execution_exists(session: SessionId, execution: ExecutionId, exists: bool) -> Vec<u8> {
    let mut frame = execution_head(b"ay", session, execution, 28);
    frame.extend_from_slice(b"{\"type\":\"ay\",\"exists\":");
    frame.extend_from_slice(truth(exists));
    frame.push(b'}');
    frame
}

/// An `ak` to an SDK on behalf of a page that is gone for good, so that the SDK frees the run (A9).
#[must_use]
pub fn browser_session_ended(environment: EnvironmentId, session: SessionId, execution: ExecutionId) -> Vec<u8> {
    let mut frame = Vec::with_capacity(191);
    frame.extend_from_slice(b"ak");
    frame.extend_from_slice(&environment.text());
    frame.extend_from_slice(&execution.text());
    frame.extend_from_slice(b"{\"type\":\"ak\",\"sessionId\":\"");
    frame.extend_from_slice(&session.text());
    frame.extend_from_slice(b"\",\"executionId\":\"");
    frame.extend_from_slice(&execution.text());
    frame.extend_from_slice(b"\"}");
    frame
}

fn execution_head(code: &[u8; 2], session: SessionId, execution: ExecutionId, body: usize) -> Vec<u8> {
    let mut frame = Vec::with_capacity(super::header::EXECUTION_BODY + body);
    frame.extend_from_slice(code);
    frame.extend_from_slice(&session.text());
    frame.extend_from_slice(&execution.text());
    frame
}

fn truth(value: bool) -> &'static [u8] {
    if value { b"true" } else { b"false" }
}

/// Appends `text` as a JSON string; only what JSON demands is escaped.
fn string(frame: &mut Vec<u8>, text: &str) {
    frame.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => frame.extend_from_slice(&[b'\\', byte]),
            b'\n' => frame.extend_from_slice(b"\\n"),
            0..0x20 => {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                frame.extend_from_slice(b"\\u00");
                frame.push(DIGITS[usize::from(byte >> 4)]);
                frame.push(DIGITS[usize::from(byte & 0x0f)]);
            }
            _ => frame.push(byte),
        }
    }
    frame.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn no_connections() {
        assert_eq!(active_connections(std::iter::empty()), b"12{\"type\":\"12\",\"connections\":{}}");
        let ids = [1, 2].map(EnvironmentId::from_u128);
        let frame = active_connections(ids.into_iter().zip([true, false]));
        let body: serde_json::Value = serde_json::from_slice(&frame[2..]).unwrap();
        assert_eq!(body["connections"][ids[0].to_string()], true);
        assert_eq!(body["connections"][ids[1].to_string()], false);
    }

    #[test]
    fn a_frame_that_is_addressed_anew_is_the_one_that_is_made_for_that_session() {
        let (one, two, environment) = (SessionId::from_u128(1), SessionId::from_u128(2), EnvironmentId::from_u128(3));
        let make = |session| [sdk_offline(session, environment, None), environment_initialized(session, environment)];
        for (mut frame, expected) in make(one).into_iter().zip(make(two)) {
            address(&mut frame, two);
            assert_eq!(frame, expected);
        }
    }

    proptest! {
        #[test]
        fn any_message_survives_as_json(message: String) {
            let frame = app_error_info(SessionId::from_u128(1), ExecutionId::from_u128(2), &message);
            let body: serde_json::Value = serde_json::from_slice(&frame[74..]).unwrap();
            prop_assert_eq!(body["errorMessage"].as_str(), Some(message.as_str()));
            prop_assert_eq!(body["severity"].as_str(), Some("info"));
        }
    }
}
