//! The SDK packages and which of their versions are served (sections 2.4 and 2.9).

/// Longest version text taken. It is repeated to every subscribed browser, so it must not be a peer's choice.
const VERSION_LIMIT: usize = 128;

/// The oldest version served: from 0.26.0 on every SDK writes the execution id into the header.
const MINIMUM: [u64; 3] = [0, 26, 0];

/// Which SDK a customer's process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PackageName {
    /// `compose-python`
    Python,
    /// `compose-node`
    Node,
}

impl PackageName {
    /// Reads the value of `x-compose-package-name`, exactly as both SDKs write it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "compose-python" => Some(Self::Python),
            "compose-node" => Some(Self::Node),
            _ => None,
        }
    }

    /// The name as it stands in headers and status frames.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Python => "compose-python",
            Self::Node => "compose-node",
        }
    }

    /// The largest message this SDK takes, in bytes with the frame header's ids; one more and it closes with 1009 (2.9).
    #[must_use]
    pub const fn max_message(self) -> usize {
        match self {
            Self::Python => 10_485_760,
            Self::Node => 104_857_600,
        }
    }
}

/// The SDK of a connection, as its upgrade headers named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Which SDK.
    pub name: PackageName,
    /// The version text as sent; passes [`version_is_accepted`].
    pub version: Box<str>,
}

/// Whether an SDK of this version is served: 0.26.0 or later (2.4, check 3).
///
/// Every dot-separated part must begin with a number, which alone counts; the first three parts are compared from the
/// left and a missing part counts as equal, so `0.26` and `1` pass and `0.27.x` does not. Texts of more than 128 bytes
/// are refused.
#[must_use]
pub fn version_is_accepted(version: &str) -> bool {
    if version.len() > VERSION_LIMIT {
        return false;
    }
    let mut order = std::cmp::Ordering::Equal;
    for (place, part) in version.split('.').enumerate() {
        let Some(number) = leading_number(part) else { return false };
        if let Some(minimum) = MINIMUM.get(place) {
            order = order.then(number.cmp(minimum));
        }
    }
    order.is_ge()
}

/// The number that `part` begins with; huge ones stop at `u64::MAX`.
fn leading_number(part: &str) -> Option<u64> {
    part.bytes()
        .take_while(u8::is_ascii_digit)
        .map(|digit| u64::from(digit - b'0'))
        .fold(None, |number, digit| Some(number.unwrap_or(0u64).saturating_mul(10).saturating_add(digit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for version in [
            "0.26.0",
            "0.26",
            "0.26.10",
            "0.27.8",
            "0.27.8-beta.1",
            "1",
            "1.0",
            "0.100.0",
            "0.26.0.4",
            "99999999999999999999.0",
        ] {
            assert!(version_is_accepted(version), "{version}");
        }
        for version in [
            "", ".", "0.25.9", "0.25", "0.0.0", "0.27.x", "0..1", "v1.0.0", "0.26.", "-1.0.0", "+1", " 1", "1.0.0.x",
            "١.0",
        ] {
            assert!(!version_is_accepted(version), "{version}");
        }
        assert!(!version_is_accepted(&"1".repeat(129)));
    }

    #[test]
    fn names() {
        for name in [PackageName::Python, PackageName::Node] {
            assert_eq!(PackageName::parse(name.as_str()), Some(name));
        }
        assert_eq!(PackageName::parse("Compose-Python"), None);
        assert_eq!(PackageName::parse(""), None);
    }
}
