//! WebSocket close codes: RFC 6455's, and what they do to the clients (section 2.7).
//!
//! A Python SDK that is closed with 1000, 1001 or without a status stops for good, so an SDK gets [`SERVER_UPDATE`] or a
//! code from 4000 on: see [`for_sdk`].

/// Done. Never for an SDK.
pub const NORMAL: u16 = 1000;
/// The peer broke RFC 6455.
pub const PROTOCOL_ERROR: u16 = 1002;
/// A text message: this protocol is binary only (2.9).
pub const UNSUPPORTED: u16 = 1003;
/// A close reason that is not UTF-8.
pub const INVALID_PAYLOAD: u16 = 1007;
/// Repeated frames that the peer had no right to send.
pub const POLICY: u16 = 1008;
/// A message over the hard limit.
pub const TOO_BIG: u16 = 1009;
/// A fault of this server.
pub const INTERNAL: u16 = 1011;

/// The server restarts: every client comes back after exactly 10 s, and the web client says why.
pub const SERVER_UPDATE: u16 = 3782;

/// A newer connection took this one's place.
pub const REPLACED: u16 = 4001;
/// What admitted the peer is gone: its login, share, user, API key or environment.
pub const REVOKED: u16 = 4002;
/// The peer does not read as fast as it is sent to, or sends more than it may; it should come back.
pub const OVERLOADED: u16 = 4003;

/// The code to send to an SDK for `code`: [`SERVER_UPDATE`] and 4000 to 4999 are themselves, 1000 to 1015 become 4100 to
/// 4115, anything else 4199. So no SDK is ever told 1000 or 1001.
#[must_use]
pub const fn for_sdk(code: u16) -> u16 {
    match code {
        SERVER_UPDATE | 4000..=4999 => code,
        1000..=1015 => code + 3100,
        _ => 4199,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_sdk_gets_3782_or_4xxx_only() {
        for code in 0..=u16::MAX {
            let mapped = for_sdk(code);
            assert!(mapped == SERVER_UPDATE || (4000..5000).contains(&mapped), "{code}");
            assert_eq!(for_sdk(mapped), mapped);
        }
        assert_eq!(for_sdk(REPLACED), REPLACED);
        assert_eq!(for_sdk(TOO_BIG), 4109);
        assert_eq!(for_sdk(NORMAL), 4100);
    }
}
