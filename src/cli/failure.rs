//! What went wrong, for a person, and the exit code, for a script.

use std::error::Error;
use std::process::ExitCode;

/// The exit codes; those above 1 are from `sysexits.h`.
pub(super) mod exit {
    /// Anything that has no code of its own.
    pub(in crate::cli) const FAILED: u8 = 1;
    /// The command line or the settings are wrong.
    pub(in crate::cli) const SETTINGS: u8 = 64;
    /// The database or the port is not available.
    pub(in crate::cli) const UNAVAILABLE: u8 = 69;
    /// A fault of ours.
    pub(in crate::cli) const INTERNAL: u8 = 70;
}

/// The end of a command that could not do its work.
#[derive(Debug)]
pub(super) struct Failure {
    code: u8,
    text: String,
}

impl Failure {
    /// A failure that says what to do. The text is shown as it is.
    pub(super) fn new(code: u8, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }

    /// An error with all its causes, each one once.
    pub(super) fn of(code: u8, error: &dyn Error) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let part = error.to_string();
            if !text.contains(&part) {
                text.push_str(": ");
                text.push_str(&part);
            }
            cause = error.source();
        }
        Self { code, text }
    }

    /// The same, with more to say below it.
    pub(super) fn and(mut self, more: &str) -> Self {
        self.text.push('\n');
        self.text.push_str(more);
        self
    }

    /// Tells it on stderr.
    pub(super) fn report(&self) -> ExitCode {
        eprintln!("compose-relay: {}", self.text);
        ExitCode::from(self.code)
    }

    #[cfg(test)]
    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::{Failure, exit};

    #[derive(Debug, thiserror::Error)]
    enum Layered {
        #[error("no luck: {0}")]
        Shown(#[source] std::io::Error),
        #[error("no luck")]
        Hidden(#[source] std::io::Error),
    }

    #[test]
    fn each_cause_is_told_once() {
        for error in [Layered::Shown(std::io::Error::other("rain")), Layered::Hidden(std::io::Error::other("rain"))] {
            assert_eq!(Failure::of(exit::FAILED, &error).text(), "no luck: rain");
        }
    }
}
