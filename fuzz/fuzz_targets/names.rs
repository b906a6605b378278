//! Ids, and the name and version of an SDK's package, as strangers write them.
#![no_main]

use compose_relay::wire::package::version_is_accepted;
use compose_relay::wire::{BrowserCode, ExecutionId, PackageName};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let id = ExecutionId::parse(input);
    let canonical = input.len() == ExecutionId::LEN
        && input.iter().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    assert_eq!(id.is_some(), canonical);
    if let Some(id) = id {
        assert!(id.text().eq_ignore_ascii_case(input));
        assert_eq!(ExecutionId::parse(&id.text()), Some(id));
        assert_eq!(ExecutionId::from_u128(id.as_u128()), id);
    }
    if let Some(code) = input.first_chunk().and_then(|code| BrowserCode::parse(*code)) {
        assert_eq!(code.as_bytes(), input[..2]);
    }
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Some(name) = PackageName::parse(text) {
        assert_eq!(name.as_str(), text);
    }
    if version_is_accepted(text) {
        assert!(text.len() <= 128);
        assert!(text.split('.').all(|part| part.starts_with(|first: char| first.is_ascii_digit())));
        // What is newer is served too.
        assert!(text.len() > 127 || version_is_accepted(&format!("9{text}")));
    }
});
