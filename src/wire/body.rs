//! The JSON bodies of browser frames (section 4.2), checked before an SDK sees them: rule A5 and defect D-16.
//!
//! SDKs act on the body, not on the header, and a malformed body can end a customer's process. So a body passes only if
//! every JSON parser must read it alike, its type and ids are those of the header that was authorised, and no name in it
//! is one that JavaScript objects inherit. One pass; nothing is built or allocated.

mod name;
mod scan;

use self::scan::{Scanner, Text, Value};
use super::code::BrowserCode;
use super::id::{ExecutionId, FileId, SessionId};

/// Objects and arrays may be nested this deep, the body itself included.
pub const DEPTH: usize = 128;

/// Keys that the body's own object may have. No frame has more than twelve.
const KEYS: usize = 32;

/// What a body said that the header does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked<'a> {
    /// The route of a START_EXECUTION (`aa`), which matches `[a-z0-9-]{1,250}` without a hyphen at either end; else `None`.
    pub app_route: Option<&'a str>,
}

/// Why a body is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum BodyError {
    /// Not UTF-8.
    #[error("the body is not UTF-8")]
    Utf8,
    /// Not JSON by RFC 8259, or with half a surrogate pair, or with a number of more than 512 characters, at which Python's
    /// parser gives up.
    #[error("the body is not strict JSON")]
    Syntax,
    /// Nested deeper than [`DEPTH`].
    #[error("the body is nested too deep")]
    Depth,
    /// JSON, but not an object.
    #[error("the body is not an object")]
    NotAnObject,
    /// Something follows the object.
    #[error("the body has trailing bytes")]
    Trailing,
    /// More than 32 keys in the body's own object.
    #[error("the body has too many keys")]
    TooManyKeys,
    /// A key occurs twice in the body's own object, so that parsers may disagree (D-7).
    #[error("the body has a duplicate key")]
    DuplicateKey,
    /// A key of the body's own object is written with an escape.
    #[error("the body has a key with an escape")]
    EscapedKey,
    /// `type` is not the header's code (D-1).
    #[error("the body's type differs from the header's")]
    Type,
    /// `executionId` is not the header's.
    #[error("the body's execution id differs from the header's")]
    Execution,
    /// `sessionId` is not the sender's (D-6).
    #[error("the body's session id is not the sender's")]
    Session,
    /// This key is missing.
    #[error("the body lacks the key {0}")]
    Missing(&'static str),
    /// The value of this key has the wrong type.
    #[error("the body's key {0} has a value of the wrong type")]
    Shape(&'static str),
    /// `appRoute` is no app route.
    #[error("the body's app route is malformed")]
    Route,
    /// A key, or an id that SDKs use as a key, is one that every JavaScript object has (D-16).
    #[error("the body has a reserved name")]
    Name,
}

/// The keys of section 4.2.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    Type,
    ExecutionId,
    SessionId,
    AppRoute,
    Params,
    RenderId,
    ComponentId,
    FormComponentId,
    FormData,
    Value,
    ActionIdx,
    Response,
    Offset,
    PageSize,
    SearchQuery,
    SortBy,
    FilterBy,
    ViewBy,
}

impl Key {
    const ALL: [(Self, &'static str); 18] = [
        (Self::Type, "type"),
        (Self::ExecutionId, "executionId"),
        (Self::SessionId, "sessionId"),
        (Self::AppRoute, "appRoute"),
        (Self::Params, "params"),
        (Self::RenderId, "renderId"),
        (Self::ComponentId, "componentId"),
        (Self::FormComponentId, "formComponentId"),
        (Self::FormData, "formData"),
        (Self::Value, "value"),
        (Self::ActionIdx, "actionIdx"),
        (Self::Response, "response"),
        (Self::Offset, "offset"),
        (Self::PageSize, "pageSize"),
        (Self::SearchQuery, "searchQuery"),
        (Self::SortBy, "sortBy"),
        (Self::FilterBy, "filterBy"),
        (Self::ViewBy, "viewBy"),
    ];

    fn parse(text: &[u8]) -> Option<(Self, &'static str)> {
        Self::ALL.into_iter().find(|(_, name)| name.as_bytes() == text)
    }

    const fn bit(self) -> u32 {
        1 << self as u32
    }

    /// The keys that a frame of this code must have.
    fn required(code: BrowserCode) -> &'static [Self] {
        match code {
            BrowserCode::StartExecution => &[Self::SessionId, Self::AppRoute, Self::Params],
            BrowserCode::OnClickHook => &[Self::ComponentId, Self::RenderId],
            BrowserCode::OnSubmitFormHook => &[Self::FormComponentId, Self::RenderId, Self::FormData],
            BrowserCode::FileTransfer => &[],
            BrowserCode::CheckExecutionExists | BrowserCode::BrowserSessionEnded => &[Self::SessionId],
            BrowserCode::OnEnterHook | BrowserCode::OnSelectHook | BrowserCode::OnFileChangeHook => {
                &[Self::ComponentId, Self::RenderId, Self::Value]
            }
            BrowserCode::OnTableRowActionHook => &[Self::ComponentId, Self::RenderId, Self::ActionIdx, Self::Value],
            BrowserCode::OnConfirmResponseHook => &[Self::ComponentId, Self::Response],
            BrowserCode::OnCloseModal => &[Self::RenderId],
            BrowserCode::OnTablePageChangeHook => &[
                Self::ComponentId,
                Self::RenderId,
                Self::Offset,
                Self::PageSize,
                Self::SearchQuery,
                Self::SortBy,
                Self::FilterBy,
            ],
        }
    }

    /// Whether a value of this key has the type of section 4.2. Only `value` means something else from code to code.
    fn takes(self, code: BrowserCode, value: Value<'_>) -> bool {
        match self {
            Self::Type
            | Self::ExecutionId
            | Self::SessionId
            | Self::AppRoute
            | Self::RenderId
            | Self::ComponentId
            | Self::FormComponentId => matches!(value, Value::Text(_)),
            Self::Params | Self::FormData => matches!(value, Value::Object),
            Self::ActionIdx | Self::Offset | Self::PageSize => matches!(value, Value::Number),
            Self::Response => matches!(value, Value::Bool),
            Self::SearchQuery | Self::ViewBy => matches!(value, Value::Text(_) | Value::Null),
            Self::SortBy => matches!(value, Value::Array { objects: true }),
            Self::FilterBy => matches!(value, Value::Object | Value::Null),
            Self::Value => match code {
                BrowserCode::OnFileChangeHook => matches!(value, Value::Array { objects: true }),
                BrowserCode::OnTableRowActionHook => matches!(value, Value::Number | Value::Object),
                _ => true,
            },
        }
    }
}

/// Checks the body of a browser's frame against its header's code and execution and the sender's session.
///
/// It passes if it is UTF-8 and strict JSON; one object with at most white space around it, nested at most [`DEPTH`] deep; without
/// a duplicate key or an escaped one in its own object; with the keys and types of section 4.2 (unknown keys are fine); with
/// `type`, `executionId` and, where it occurs, `sessionId` as expected, ids in either letter case; and without any of the
/// names of D-16 as an object key at any depth, a route or a component's or render's id. An upload (`ad`) has no JSON and
/// passes unseen.
///
/// # Errors
/// The first fault found.
pub fn check(
    code: BrowserCode,
    execution: ExecutionId,
    session: SessionId,
    body: &[u8],
) -> Result<Checked<'_>, BodyError> {
    let mut checked = Checked { app_route: None };
    if code == BrowserCode::FileTransfer {
        return Ok(checked);
    }
    if std::str::from_utf8(body).is_err() {
        return Err(BodyError::Utf8);
    }
    let mut keys = [&[][..]; KEYS];
    let mut count = 0;
    let mut seen = 0;
    let mut scanner = Scanner::new(body);
    scanner.document(|scanner, key| {
        if key.escaped {
            return Err(BodyError::EscapedKey);
        }
        if keys[..count].contains(&key.raw) {
            return Err(BodyError::DuplicateKey);
        }
        *keys.get_mut(count).ok_or(BodyError::TooManyKeys)? = key.raw;
        count += 1;
        let value = scanner.value(2)?;
        let Some((key, name)) = Key::parse(key.raw) else { return Ok(()) };
        if !key.takes(code, value) {
            return Err(BodyError::Shape(name));
        }
        seen |= key.bit();
        let Value::Text(text) = value else { return Ok(()) };
        match key {
            Key::Type if text.raw != code.as_bytes() => Err(BodyError::Type),
            Key::ExecutionId if ExecutionId::parse(text.raw) != Some(execution) => Err(BodyError::Execution),
            Key::SessionId if SessionId::parse(text.raw) != Some(session) => Err(BodyError::Session),
            Key::RenderId | Key::ComponentId | Key::FormComponentId | Key::AppRoute if name::is_reserved(text) => {
                Err(BodyError::Name)
            }
            Key::AppRoute if code == BrowserCode::StartExecution => {
                checked.app_route = Some(route(text).ok_or(BodyError::Route)?);
                Ok(())
            }
            _ => Ok(()),
        }
    })?;
    for key in [Key::Type, Key::ExecutionId].iter().chain(Key::required(code)) {
        if seen & key.bit() == 0 {
            return Err(BodyError::Missing(Key::ALL[*key as usize].1));
        }
    }
    Ok(checked)
}

/// An app route as section 1 has it; one written with escapes is none.
fn route(text: Text<'_>) -> Option<&str> {
    let inner = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    let raw = text.raw;
    let good = matches!(raw.len(), 1..=250) && raw.iter().all(inner) && raw[0] != b'-' && raw[raw.len() - 1] != b'-';
    if good { std::str::from_utf8(raw).ok() } else { None }
}

/// Whether a JSON body names an upload that `is_meant`: its id as a whole string, without escapes, in either letter case. One
/// pass, however many are meant.
#[must_use]
pub fn mentions_file(body: &[u8], mut is_meant: impl FnMut(FileId) -> bool) -> bool {
    body.windows(FileId::LEN + 2).any(|window| {
        // One look tells most places from an id.
        window[9] == b'-'
            && window[0] == b'"'
            && window[FileId::LEN + 1] == b'"'
            && FileId::parse(&window[1..=FileId::LEN]).is_some_and(&mut is_meant)
    })
}

#[cfg(test)]
mod tests;
