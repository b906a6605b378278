//! Request paths (http-api 1.1).

use percent_encoding::percent_decode_str;

/// Longer parameters never match: the request counts as one for an unknown path.
const LONGEST_PARAMETER: usize = 100;

/// A request path, taken apart at its slashes and percent-decoded. No slash is folded, an encoded slash does not separate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    segments: Vec<String>,
}

/// The path has a `%` that two hexadecimal digits do not follow, or escapes that are not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadEscape;

impl Path {
    /// Takes the path of a request target apart. A target that does not begin with a slash (`*`) has no segments and so
    /// matches nothing.
    ///
    /// # Errors
    /// [`BadEscape`].
    pub fn parse(raw: &str) -> Result<Self, BadEscape> {
        if !escapes_are_whole(raw.as_bytes()) {
            return Err(BadEscape);
        }
        let Some(rest) = raw.strip_prefix('/') else { return Ok(Self { segments: Vec::new() }) };
        let decode = |segment| percent_decode_str(segment).decode_utf8().map(String::from).map_err(|_| BadEscape);
        Ok(Self { segments: rest.split('/').map(decode).collect::<Result<_, _>>()? })
    }

    /// The text between the slashes, decoded.
    #[must_use]
    pub fn segments(&self) -> &[String] {
        &self.segments
    }
}

/// Whether a decoded segment may stand for a parameter.
pub(super) fn fits_a_parameter(segment: &str) -> bool {
    segment.chars().count() <= LONGEST_PARAMETER
}

fn escapes_are_whole(raw: &[u8]) -> bool {
    let mut at = 0;
    while let Some(&byte) = raw.get(at) {
        if byte == b'%' {
            if !raw.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                return false;
            }
            at += 2;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(raw: &str) -> Vec<String> {
        Path::parse(raw).unwrap().segments
    }

    #[test]
    fn escapes_of_letters_are_decoded_and_nothing_is_folded() {
        assert_eq!(segments("/%68ealth-check"), ["health-check"]);
        assert_eq!(segments("/a/"), ["a", ""]);
        assert_eq!(segments("//a"), ["", "a"]);
        assert_eq!(segments("/"), [""]);
        assert_eq!(segments("/a;b=c"), ["a;b=c"]);
        assert_eq!(segments("/gr%C3%BCn"), ["grün"]);
    }

    #[test]
    fn an_encoded_slash_does_not_separate() {
        assert_eq!(segments("/api%2Fv1"), ["api/v1"]);
    }

    #[test]
    fn broken_escapes_are_refused() {
        for raw in ["/%", "/%4", "/%zz", "/a%2", "/%ff", "/%c3"] {
            assert_eq!(Path::parse(raw), Err(BadEscape), "{raw}");
        }
    }

    #[test]
    fn a_target_without_a_slash_has_no_segments() {
        assert!(segments("*").is_empty());
        assert!(segments("").is_empty());
    }
}
