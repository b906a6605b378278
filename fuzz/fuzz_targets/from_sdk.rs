//! An SDK's message: where its header sends it.
#![no_main]

use compose_relay::wire::header::{EXECUTION_BODY, HeaderError};
use compose_relay::wire::{SdkHeader, sdk_header};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|message: &[u8]| {
    match sdk_header(message) {
        Ok(SdkHeader::Initialize) => assert!(message.starts_with(b"ab")),
        Ok(SdkHeader::AuditLog { session, execution }) => {
            assert!(message.starts_with(b"50"));
            ids(message, &session.text(), &execution.text());
        }
        Ok(SdkHeader::ToBrowser { session, execution }) => {
            assert!(matches!(&message[..2], [b'a', b'u'..=b'z'] | [b'b', b'a'..=b'l']));
            ids(message, &session.text(), &execution.text());
            // The body is nobody's business.
            assert_eq!(sdk_header(&message[..EXECUTION_BODY]), sdk_header(message));
        }
        Err(HeaderError::ServerOnly) => assert!(message.starts_with(b"1")),
        Err(_) => {}
    }
});

fn ids(message: &[u8], session: &[u8], execution: &[u8]) {
    assert!(message[2..38].eq_ignore_ascii_case(session));
    assert!(message[38..EXECUTION_BODY].eq_ignore_ascii_case(execution));
}
