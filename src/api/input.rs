//! Texts that clients send, judged the same way everywhere.

use crate::auth::access::EVERYBODY;
use crate::store::INHERIT_PREFIX;

/// The longest e-mail address, in bytes.
const LONGEST_EMAIL: usize = 320;
/// The longest route of an app over HTTP, in characters.
const LONGEST_ROUTE: usize = 200;

/// A name that people gave: trimmed, 1 to `longest` characters, no control characters.
pub(super) fn label(text: &str, longest: usize) -> Option<&str> {
    let text = text.trim();
    let fits = (1..=longest).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    fits.then_some(text)
}

/// An app's route as a client may name it. The app need not exist.
pub(super) fn route(text: &str) -> Option<&str> {
    let fits = (1..=LONGEST_ROUTE).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    fits.then_some(text)
}

/// Whether this is an e-mail address (http-api 8.8): no white space, exactly one `@` with something before it, and after
/// it a dot with something on both sides.
pub(super) fn is_email(text: &str) -> bool {
    let Some((name, domain)) = text.split_once('@') else { return false };
    let blank = |c: char| c.is_whitespace() || c.is_control();
    !name.is_empty()
        && !domain.contains('@')
        && domain.char_indices().any(|(at, c)| c == '.' && at > 0 && at + 1 < domain.len())
        && !text.chars().any(blank)
        && text.len() <= LONGEST_EMAIL
}

/// Whom an app is shared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// Everybody, without a login.
    Everybody,
    /// One person; lower case.
    Person(String),
    /// Everybody with an address in this domain; lower case.
    Domain(String),
    /// Whoever may open another app.
    Inherited(String),
}

impl Audience {
    /// Reads the `email` of a share. `None`: it is none of the four.
    pub fn parse(text: &str) -> Option<Self> {
        if text == EVERYBODY {
            return Some(Self::Everybody);
        }
        if let Some(parent) = text.strip_prefix(INHERIT_PREFIX) {
            return route(parent).map(|_| Self::Inherited(text.to_owned()));
        }
        let text = text.trim().to_lowercase();
        if is_email(&text) {
            return Some(Self::Person(text));
        }
        let in_a_domain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        let labels = || text.split('.');
        let is_domain = text.chars().all(in_a_domain)
            && text.len() <= 253
            && labels().count() > 1
            && labels().all(|label| !label.is_empty());
        is_domain.then_some(Self::Domain(text))
    }

    /// As it is stored.
    pub fn text(&self) -> &str {
        match self {
            Self::Everybody => EVERYBODY,
            Self::Person(text) | Self::Domain(text) | Self::Inherited(text) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_bounded() {
        assert_eq!(label("  Prod two ", 100), Some("Prod two"));
        assert_eq!(label(&"ü".repeat(100), 100).map(str::len), Some(200));
        for text in ["", "   ", "a\nb", "a\u{7}", &"x".repeat(101)] {
            assert_eq!(label(text, 100), None, "{text:?}");
        }
    }

    #[test]
    fn addresses_are_told_from_other_texts() {
        for good in ["a@x.test", "a.b+c@sub.x.test", "A@X.TEST"] {
            assert!(is_email(good), "{good}");
        }
        let long = format!("{}@x.test", "a".repeat(LONGEST_EMAIL));
        for bad in ["", "a", "a@x", "@x.test", "a@.test", "a@x.", "a b@x.test", "a@x@y.test", "a@\u{7f}x.test", &long] {
            assert!(!is_email(bad), "{bad}");
        }
    }

    #[test]
    fn d03_a_share_is_one_of_four_things() {
        assert_eq!(Audience::parse("ALL"), Some(Audience::Everybody));
        assert_eq!(Audience::parse(" Bob@X.Test "), Some(Audience::Person("bob@x.test".into())));
        assert_eq!(Audience::parse("X.test"), Some(Audience::Domain("x.test".into())));
        let inherited = format!("{INHERIT_PREFIX}parent");
        assert_eq!(Audience::parse(&inherited), Some(Audience::Inherited(inherited.clone())));
        for bad in ["", " ", "all", "L", "test", "@x.test", ".test", "x..test", "x.test.", "a@", "{}", INHERIT_PREFIX] {
            assert_eq!(Audience::parse(bad), None, "{bad:?}");
        }
    }
}
