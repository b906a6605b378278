//! A browser's message: its header, and its body against it. What passes is what every JSON parser reads alike.
#![no_main]

use compose_relay::wire::body::{self, BodyError};
use compose_relay::wire::header::EXECUTION_BODY;
use compose_relay::wire::{BrowserCode, SessionId, browser_header};
use libfuzzer_sys::fuzz_target;

const SESSION: &[u8] = b"22222222-2222-4222-8222-222222222222";

fuzz_target!(|message: &[u8]| {
    let session = SessionId::parse(SESSION).unwrap();
    let _ = body::mentions_file(message, |_| true);
    let Ok(header) = browser_header(message) else { return };
    assert_eq!(header.code.as_bytes(), message[..2]);
    assert!(header.environment.text().eq_ignore_ascii_case(&message[2..38]));
    assert!(header.execution.text().eq_ignore_ascii_case(&message[38..74]));
    assert_eq!(header.file.is_some(), header.code == BrowserCode::FileTransfer);
    let text = &message[EXECUTION_BODY..];
    match body::check(header.code, header.execution, session, text) {
        Ok(checked) if header.code != BrowserCode::FileTransfer => {
            let text = std::str::from_utf8(text).unwrap();
            // Every opened brace is closed again, outside of strings.
            assert!(text.trim_matches([' ', '\n', '\r', '\t']).starts_with('{'));
            assert!(text.trim_matches([' ', '\n', '\r', '\t']).ends_with('}'));
            assert_eq!(checked.app_route.is_some(), header.code == BrowserCode::StartExecution);
            assert!(checked.app_route.is_none_or(|route| (1..=250).contains(&route.len())));
            // White space changes nothing, a byte behind the end does.
            let code = header.code;
            assert_eq!(body::check(code, header.execution, session, format!(" {text}\n").as_bytes()), Ok(checked));
            let more = format!("{text}x");
            assert_eq!(body::check(code, header.execution, session, more.as_bytes()), Err(BodyError::Trailing));
        }
        Ok(checked) => assert_eq!(checked.app_route, None),
        Err(BodyError::Utf8) => assert!(std::str::from_utf8(text).is_err()),
        Err(_) => {}
    }
});
