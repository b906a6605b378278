//! The thirteen codes of frames from browsers to SDKs (section 4.2).

use std::fmt;

/// What a browser's frame asks of the SDK.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BrowserCode {
    /// `aa`: run an app.
    StartExecution,
    /// `ab`: a click.
    OnClickHook,
    /// `ac`: a submitted form.
    OnSubmitFormHook,
    /// `ad`: an uploaded file; the only one whose body is not JSON.
    FileTransfer,
    /// `ae`: does this run still exist?
    CheckExecutionExists,
    /// `af`: the enter key in an input.
    OnEnterHook,
    /// `ag`: a choice in a select.
    OnSelectHook,
    /// `ah`: files picked or removed.
    OnFileChangeHook,
    /// `ai`: a table row's action.
    OnTableRowActionHook,
    /// `aj`: the answer to a confirm dialog.
    OnConfirmResponseHook,
    /// `ak`: the page goes away.
    BrowserSessionEnded,
    /// `al`: a modal was closed.
    OnCloseModal,
    /// `am`: another page, order or filter of a table.
    OnTablePageChangeHook,
}

impl BrowserCode {
    /// All codes, in the order of their second letters.
    pub const ALL: [Self; 13] = [
        Self::StartExecution,
        Self::OnClickHook,
        Self::OnSubmitFormHook,
        Self::FileTransfer,
        Self::CheckExecutionExists,
        Self::OnEnterHook,
        Self::OnSelectHook,
        Self::OnFileChangeHook,
        Self::OnTableRowActionHook,
        Self::OnConfirmResponseHook,
        Self::BrowserSessionEnded,
        Self::OnCloseModal,
        Self::OnTablePageChangeHook,
    ];

    /// Reads the first two bytes of a frame.
    #[inline]
    #[must_use]
    pub fn parse(code: [u8; 2]) -> Option<Self> {
        let [b'a', letter] = code else { return None };
        Self::ALL.get(usize::from(letter.wrapping_sub(b'a'))).copied()
    }

    /// The two bytes that stand in the frame and in the body's `type`.
    #[must_use]
    pub const fn as_bytes(self) -> [u8; 2] {
        // The variants are declared in the order of their letters; the test below holds them to it.
        [b'a', b'a' + self as u8]
    }
}

impl fmt::Display for BrowserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second] = self.as_bytes().map(char::from);
        write!(f, "{first}{second}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_of_bytes_is_one_code_or_none() {
        let mut found = Vec::new();
        for first in 0..=255 {
            for second in 0..=255 {
                if let Some(code) = BrowserCode::parse([first, second]) {
                    assert_eq!(code.as_bytes(), [first, second]);
                    found.push(code);
                }
            }
        }
        assert_eq!(found, BrowserCode::ALL);
        assert_eq!(BrowserCode::FileTransfer.to_string(), "ad");
        assert_eq!(BrowserCode::BrowserSessionEnded.to_string(), "ak");
        assert_eq!(BrowserCode::OnTablePageChangeHook.to_string(), "am");
    }
}
