//! The header that a proxy writes before the bytes of a client.
#![no_main]

use compose_relay::net::{LOCAL, ProxyHeader};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let read = ProxyHeader::parse(input);
    if read.is_ok() {
        assert!(input.starts_with(&LOCAL[..12]));
        assert_eq!(usize::from(u16::from_be_bytes([input[14], input[15]])), input.len() - LOCAL.len());
        // One header, no more and no less.
        assert!(ProxyHeader::parse(&[input, &[0]].concat()).is_err());
        assert!(ProxyHeader::parse(&input[..input.len() - 1]).is_err());
    }
    // The signature is seldom hit by chance.
    let _ = ProxyHeader::parse(&[&LOCAL[..12], input].concat());
    if let Ok(length) = u16::try_from(input.len()) {
        let length = length.to_be_bytes();
        for (command, family) in [(0x21, 0x11), (0x21, 0x21), (0x21, 0x31), (0x20, 0x00)] {
            let head = [command, family, length[0], length[1]];
            let _ = ProxyHeader::parse(&[&LOCAL[..12], &head, input].concat());
        }
    }
});
