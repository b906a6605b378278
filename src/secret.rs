//! Text that must never be seen in a log.

use std::fmt;

use zeroize::Zeroize as _;

/// A password, a key or a token. `Debug` shows nothing of it, and its memory is overwritten when it is dropped.
///
/// Equality is not constant-time: it is for settings. What a peer presents is compared by its hash.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Box<str>);

impl Secret {
    /// Hides `text`. Copies of it that the caller still has stay as they are.
    #[must_use]
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is any text at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn debug_shows_neither_text_nor_length() {
        let (short, long) = (Secret::new("a"), Secret::new("open sesame"));
        assert_eq!(format!("{short:?}"), format!("{long:?}"));
        assert!(!format!("{long:#?}").contains("sesame"));
        assert_eq!(long.expose(), "open sesame");
    }
}
