//! The header of the PROXY protocol, version 2, by which a proxy that passes bytes on tells whose they are. Pure; the binary
//! form only, and strict: who may send it is told what is wrong by a closed connection.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

/// What each header begins with; no HTTP request and no TLS record does.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";

/// Bytes before the addresses: signature, version and command, family, length.
pub(super) const HEAD: usize = 16;

/// What a proxy sends that speaks for itself, as for a health check: version 2, LOCAL, no addresses.
pub const LOCAL: [u8; HEAD] = *b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";

/// The most that may follow. Addresses take at most 216 bytes; the rest is for what we skip, certificates of clients at the
/// largest.
const MOST: usize = 4096;

/// What a header says of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyHeader {
    /// The proxy speaks for itself (a health check), or does not know.
    Own,
    /// The connection came from here.
    From(SocketAddr),
}

/// Why a header is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyHeaderFault {
    /// Something else.
    #[error("it does not begin as PROXY protocol version 2 does")]
    Signature,
    /// Another version, or a command that there is not.
    #[error("its version and command are {0:#04x}")]
    Command(u8),
    /// A family that is not TCP over IPv4 or IPv6.
    #[error("its address family and protocol are {0:#04x}")]
    Family(u8),
    /// Longer than 4 KiB.
    #[error("it is longer than 4096 bytes")]
    TooLong,
    /// Too short for its addresses, or what follows them does not add up.
    #[error("its length does not fit what is in it")]
    Length,
}

/// From the first 16 bytes: how many follow.
pub(super) fn rest(head: &[u8; HEAD]) -> Result<usize, ProxyHeaderFault> {
    if head[..12] != SIGNATURE {
        return Err(ProxyHeaderFault::Signature);
    }
    if !matches!(head[12], 0x20 | 0x21) {
        return Err(ProxyHeaderFault::Command(head[12]));
    }
    let length = usize::from(u16::from_be_bytes([head[14], head[15]]));
    if length > MOST { Err(ProxyHeaderFault::TooLong) } else { Ok(length) }
}

impl ProxyHeader {
    /// Reads a whole header: 16 bytes, and as many as these announce.
    ///
    /// # Errors
    /// [`ProxyHeaderFault`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ProxyHeaderFault> {
        let (head, body) = bytes.split_first_chunk::<HEAD>().ok_or(ProxyHeaderFault::Signature)?;
        if rest(head)? != body.len() {
            return Err(ProxyHeaderFault::Length);
        }
        if head[12] == 0x20 {
            // LOCAL: whatever follows is to be skipped.
            return Ok(Self::Own);
        }
        let (source, more) = match head[13] {
            // UNSPEC, and unix sockets: the proxy knows no address.
            0x00 => return Ok(Self::Own),
            0x31 | 0x32 => {
                let more = body.get(216..).ok_or(ProxyHeaderFault::Length)?;
                (None, more)
            }
            0x11 => {
                let (addresses, more) = body.split_first_chunk::<12>().ok_or(ProxyHeaderFault::Length)?;
                let [a, b, c, d, _, _, _, _, high, low, _, _] = *addresses;
                (Some((Ipv4Addr::new(a, b, c, d).into(), [high, low])), more)
            }
            0x21 => {
                let (source, more) = body.split_first_chunk::<16>().ok_or(ProxyHeaderFault::Length)?;
                let (rest, more) = more.split_first_chunk::<20>().ok_or(ProxyHeaderFault::Length)?;
                (Some((Ipv6Addr::from(*source).to_canonical(), [rest[16], rest[17]])), more)
            }
            other => return Err(ProxyHeaderFault::Family(other)),
        };
        check_additions(more)?;
        Ok(match source {
            Some((ip, port)) => Self::From(SocketAddr::new(ip, u16::from_be_bytes(port))),
            None => Self::Own,
        })
    }
}

/// Type, length and value again and again. None of them means anything to us, but they must fill their place.
fn check_additions(mut bytes: &[u8]) -> Result<(), ProxyHeaderFault> {
    while !bytes.is_empty() {
        let (head, rest) = bytes.split_first_chunk::<3>().ok_or(ProxyHeaderFault::Length)?;
        let length = usize::from(u16::from_be_bytes([head[1], head[2]]));
        bytes = rest.get(length..).ok_or(ProxyHeaderFault::Length)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn header(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[command, family], &length, body].concat()
    }

    const V4: [u8; 12] = [198, 51, 100, 7, 203, 0, 113, 1, 0x12, 0x34, 1, 187];

    #[test]
    fn addresses_are_read_and_what_follows_is_skipped() {
        let from = |text: &str| Ok(ProxyHeader::From(text.parse().unwrap()));
        assert_eq!(ProxyHeader::parse(&header(0x21, 0x11, &V4)), from("198.51.100.7:4660"));
        let more = [&V4[..], &[4, 0, 3, 1, 2, 3], &[0x30, 0, 0]].concat();
        assert_eq!(ProxyHeader::parse(&header(0x21, 0x11, &more)), from("198.51.100.7:4660"));
        let v6 = [&[0x20, 1, 0xd, 0xb8][..], &[0; 11], &[9], &[7; 16], &[0x12, 0x34, 1, 187]].concat();
        assert_eq!(ProxyHeader::parse(&header(0x21, 0x21, &v6)), from("[2001:db8::9]:4660"));
        let mapped = [&[0; 10][..], &[0xff, 0xff, 198, 51, 100, 7], &[7; 16], &[0x12, 0x34, 1, 187]].concat();
        assert_eq!(ProxyHeader::parse(&header(0x21, 0x21, &mapped)), from("198.51.100.7:4660"));
    }

    #[test]
    fn a_proxy_may_speak_for_itself() {
        for bytes in [
            LOCAL.to_vec(),
            header(0x20, 0, &[]),
            header(0x20, 0x11, &V4),
            header(0x20, 0xff, &[1, 2, 3]),
            header(0x21, 0, &[1, 2, 3]),
            header(0x21, 0x31, &[0; 216]),
        ] {
            assert_eq!(ProxyHeader::parse(&bytes), Ok(ProxyHeader::Own), "{bytes:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let text = b"PROXY TCP4 198.51.100.7 203.0.113.1 4660 443\r\n";
        assert_eq!(ProxyHeader::parse(text), Err(ProxyHeaderFault::Signature));
        assert_eq!(ProxyHeader::parse(&SIGNATURE), Err(ProxyHeaderFault::Signature));
        for command in [0x11, 0x22, 0x2f, 0x31, 0] {
            assert_eq!(ProxyHeader::parse(&header(command, 0x11, &V4)), Err(ProxyHeaderFault::Command(command)));
        }
        for family in [0x12, 0x22, 0x10, 0x41, 0xff] {
            assert_eq!(ProxyHeader::parse(&header(0x21, family, &V4)), Err(ProxyHeaderFault::Family(family)));
        }
        for body in [&V4[..11], &[&V4[..], &[4]].concat(), &[&V4[..], &[4, 0, 2, 1]].concat(), &[]] {
            assert_eq!(ProxyHeader::parse(&header(0x21, 0x11, body)), Err(ProxyHeaderFault::Length), "{body:?}");
        }
        assert_eq!(ProxyHeader::parse(&header(0x21, 0x21, &V4)), Err(ProxyHeaderFault::Length));
        assert_eq!(ProxyHeader::parse(&header(0x21, 0x31, &[0; 215])), Err(ProxyHeaderFault::Length));
        assert_eq!(ProxyHeader::parse(&header(0x21, 0x11, &[0; 4097])), Err(ProxyHeaderFault::TooLong));
        assert_eq!(ProxyHeader::parse(&[header(0x21, 0x11, &V4), vec![0]].concat()), Err(ProxyHeaderFault::Length));
    }

    proptest! {
        #[test]
        fn what_a_proxy_writes_is_read(ip in any::<[u8; 4]>(), port in any::<u16>(), value in proptest::collection::vec(any::<u8>(), 0..300)) {
            let length = u16::try_from(value.len()).unwrap().to_be_bytes();
            let body = [&ip[..], &[1; 4], &port.to_be_bytes(), &[1, 187], &[0xea], &length, &value].concat();
            let expected = SocketAddr::new(Ipv4Addr::from(ip).into(), port);
            prop_assert_eq!(ProxyHeader::parse(&header(0x21, 0x11, &body)), Ok(ProxyHeader::From(expected)));
        }

        #[test]
        fn any_bytes_are_read_or_refused(start in 0..=16_usize, bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let good = header(0x21, 0x11, &V4);
            let _ = ProxyHeader::parse(&[&good[..start], &bytes].concat());
        }

        #[test]
        fn no_part_of_a_header_is_one(cut in 0..28_usize) {
            prop_assert!(ProxyHeader::parse(&header(0x21, 0x11, &V4)[..cut]).is_err());
        }
    }
}
