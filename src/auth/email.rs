//! E-mail addresses, as far as we judge them (http-api 7 and 8.8).

/// The longest address, in bytes.
const LONGEST: usize = 320;

/// An address as somebody's provider or keyboard gave it; its spelling is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(Box<str>);

impl Email {
    /// Takes a text with exactly one `@`, something on both sides of it, neither white space nor control characters, and
    /// at most 320 bytes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (before, domain) = text.split_once('@')?;
        let odd = |letter: char| letter.is_whitespace() || letter.is_control();
        let good = !before.is_empty() && !domain.is_empty() && !domain.contains('@');
        (good && text.len() <= LONGEST && !text.contains(odd)).then(|| Self(text.into()))
    }

    /// Whether the domain has a dot with something on both sides: what the web client asks of addresses that people type.
    #[must_use]
    pub fn is_routable(&self) -> bool {
        let domain = self.domain();
        domain.char_indices().any(|(at, letter)| letter == '.' && at > 0 && at + 1 < domain.len())
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands behind the `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, domain)| domain)
    }

    /// Whether another text is this address, in whatever case.
    #[must_use]
    pub fn is(&self, other: &str) -> bool {
        self.0.to_lowercase() == other.to_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_an_address() {
        for good in ["a@b", "Ann.Lee+x@Example.com", "ä@bücher.test", "\"@x.test"] {
            assert_eq!(Email::parse(good).unwrap().as_str(), good);
        }
        let long = format!("{}@x.test", "a".repeat(313));
        assert!(Email::parse(&long).is_some());
        for bad in ["", "ALL", "@x.test", "a@", "a@b@c", "a b@c", "a@b\u{a0}", "a@b\n", "a\0@b", &format!("a{long}")] {
            assert!(Email::parse(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn typed_addresses_have_a_dot_in_their_domain() {
        for (text, routable) in
            [("a@b.c", true), ("a@b..c", true), ("a@b", false), ("a.b@c", false), ("a@.b", false), ("a@b.", false)]
        {
            assert_eq!(Email::parse(text).unwrap().is_routable(), routable, "{text}");
        }
    }

    #[test]
    fn case_does_not_matter() {
        let email = Email::parse("Ann@X.test").unwrap();
        assert!(email.is("ann@x.TEST") && !email.is("bann@x.test"));
        assert_eq!(email.domain(), "X.test");
    }
}
