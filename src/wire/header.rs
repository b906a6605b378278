//! The fixed-width head of a message (section 4.1): two code bytes, then 36-byte ids.

use super::code::BrowserCode;
use super::id::{EnvironmentId, ExecutionId, FileId, SessionId};

/// Where the body of a message with an execution id in its header begins (all of B→K but `ad`; K→B; `50`).
pub const EXECUTION_BODY: usize = 74;

/// Where the file bytes of an upload (`ad`) begin.
pub const UPLOAD_BODY: usize = 110;

/// Where the JSON of INITIALIZE (`ab` from an SDK) begins.
pub const INITIALIZE_BODY: usize = 2;

/// The head of a message from a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrowserHeader {
    /// What is asked.
    pub code: BrowserCode,
    /// Bytes 2..38.
    pub environment: EnvironmentId,
    /// Bytes 38..74.
    pub execution: ExecutionId,
    /// Bytes 74..110 of an upload (`ad`), else `None`.
    pub file: Option<FileId>,
}

/// The head of a message from an SDK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SdkHeader {
    /// `ab`: the environment's apps. The body begins at [`INITIALIZE_BODY`].
    Initialize,
    /// `50`: an audit log entry. The body begins at [`EXECUTION_BODY`].
    AuditLog {
        /// Bytes 2..38.
        session: SessionId,
        /// Bytes 38..74.
        execution: ExecutionId,
    },
    /// `au` to `bl`: to be forwarded verbatim. The body begins at [`EXECUTION_BODY`].
    ToBrowser {
        /// Bytes 2..38.
        session: SessionId,
        /// Bytes 38..74.
        execution: ExecutionId,
    },
}

/// Why a message's head is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum HeaderError {
    /// Shorter than its header.
    #[error("the message is shorter than its header")]
    Short,
    /// No code of this direction.
    #[error("the message's code is unknown")]
    UnknownCode,
    /// A code that only the server may send (`11` to `14`), from an SDK.
    #[error("the message's code is the server's own")]
    ServerOnly,
    /// An id is not canonical UUID text.
    #[error("an id in the header is malformed")]
    BadId,
    /// The layout of SDKs before 0.26, without an execution id in the header.
    #[error("the message has the old layout, without an execution id in its header")]
    OldLayout,
}

/// The two ids of the last head that a connection brought: most heads repeat them, and comparing texts is many times quicker
/// than reading them.
#[derive(Clone, Debug)]
pub struct LastIds {
    text: [u8; EXECUTION_BODY - INITIALIZE_BODY],
    ids: Option<(u128, ExecutionId)>,
}

impl Default for LastIds {
    fn default() -> Self {
        Self { text: [0; EXECUTION_BODY - INITIALIZE_BODY], ids: None }
    }
}

impl LastIds {
    /// As [`browser_header`].
    ///
    /// # Errors
    /// The same.
    #[inline]
    pub fn browser_header(&mut self, message: &[u8]) -> Result<BrowserHeader, HeaderError> {
        let head = message.first_chunk::<EXECUTION_BODY>().ok_or(HeaderError::Short)?;
        let code = BrowserCode::parse([head[0], head[1]]).ok_or(HeaderError::UnknownCode)?;
        let (environment, execution) = self.read(head)?;
        let environment = EnvironmentId::from_u128(environment);
        let file = if code == BrowserCode::FileTransfer {
            let text = message.get(EXECUTION_BODY..UPLOAD_BODY).ok_or(HeaderError::Short)?;
            Some(FileId::parse(text).ok_or(HeaderError::BadId)?)
        } else {
            None
        };
        Ok(BrowserHeader { code, environment, execution, file })
    }

    /// As [`sdk_header`].
    ///
    /// # Errors
    /// The same.
    #[inline]
    pub fn sdk_header(&mut self, message: &[u8]) -> Result<SdkHeader, HeaderError> {
        let code = *message.first_chunk::<2>().ok_or(HeaderError::Short)?;
        let audit = match code {
            [b'a', b'u'..=b'z'] | [b'b', b'a'..=b'l'] => false,
            [b'5', b'0'] => true,
            [b'a', b'b'] => return Ok(SdkHeader::Initialize),
            [b'a', b'a' | b'c'..=b't'] => return Err(HeaderError::OldLayout),
            [b'1', b'1'..=b'4'] => return Err(HeaderError::ServerOnly),
            _ => return Err(HeaderError::UnknownCode),
        };
        let head = message.first_chunk::<EXECUTION_BODY>().ok_or(HeaderError::Short)?;
        let (session, execution) = self.read(head)?;
        let session = SessionId::from_u128(session);
        Ok(if audit { SdkHeader::AuditLog { session, execution } } else { SdkHeader::ToBrowser { session, execution } })
    }

    #[inline]
    fn read(&mut self, head: &[u8; EXECUTION_BODY]) -> Result<(u128, ExecutionId), HeaderError> {
        let text = &head[INITIALIZE_BODY..];
        match self.ids {
            Some(ids) if self.text == *text => Ok(ids),
            _ => self.read_new(text),
        }
    }

    fn read_new(&mut self, text: &[u8]) -> Result<(u128, ExecutionId), HeaderError> {
        let (first, second) = text.split_at(EnvironmentId::LEN);
        // Which of the kinds the first is depends on the direction.
        let first = EnvironmentId::parse(first).ok_or(HeaderError::BadId)?.as_u128();
        let second = parse_execution(second)?;
        self.text.copy_from_slice(text);
        self.ids = Some((first, second));
        Ok((first, second))
    }
}

/// Reads the head of a message from a browser: 74 bytes, 110 for an upload.
///
/// # Errors
/// [`HeaderError`] when the message is too short, its code is none of the thirteen, an id is malformed, or the JSON begins
/// where the execution id should be (the old layout).
pub fn browser_header(message: &[u8]) -> Result<BrowserHeader, HeaderError> {
    LastIds::default().browser_header(message)
}

/// Reads the head of a message from an SDK; only the layouts of SDK 0.26 and later.
///
/// # Errors
/// [`HeaderError`] when the message is too short, its code is not one that an SDK may send, it has an older layout, or an id
/// is malformed.
pub fn sdk_header(message: &[u8]) -> Result<SdkHeader, HeaderError> {
    LastIds::default().sdk_header(message)
}

/// The second id; where the old layout has its JSON.
#[inline]
fn parse_execution(text: &[u8]) -> Result<ExecutionId, HeaderError> {
    ExecutionId::parse(text).ok_or(if text.first() == Some(&b'{') {
        HeaderError::OldLayout
    } else {
        HeaderError::BadId
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "33333333-3333-4333-8333-333333333333";

    fn message(code: &str) -> Vec<u8> {
        format!("{code}{ID}{ID}").into_bytes()
    }

    #[test]
    fn each_direction_has_its_own_codes() {
        for first in b'0'..=b'z' {
            for second in b'0'..=b'z' {
                let mut frame = message("..");
                (frame[0], frame[1]) = (first, second);
                frame.extend_from_slice(ID.as_bytes());
                let code = [first, second];
                assert_eq!(browser_header(&frame).is_ok(), (*b"aa"..=*b"am").contains(&code));
                let to_browser = (*b"au"..=*b"az").contains(&code) || (*b"ba"..=*b"bl").contains(&code);
                assert_eq!(matches!(sdk_header(&frame), Ok(SdkHeader::ToBrowser { .. })), to_browser);
                assert_eq!(matches!(sdk_header(&frame), Ok(SdkHeader::AuditLog { .. })), code == *b"50");
                assert_eq!(matches!(sdk_header(&frame), Ok(SdkHeader::Initialize)), code == *b"ab");
            }
        }
    }

    #[test]
    fn every_shorter_message_is_refused() {
        let upload = [message("ad"), ID.as_bytes().to_vec()].concat();
        for length in 0..UPLOAD_BODY {
            assert_eq!(browser_header(&upload[..length]), Err(HeaderError::Short));
        }
        assert_eq!(browser_header(&upload).unwrap().file, FileId::parse(ID.as_bytes()));
        let render = message("av");
        for length in 0..EXECUTION_BODY {
            assert_eq!(sdk_header(&render[..length]), Err(HeaderError::Short));
        }
        assert!(sdk_header(&render).is_ok());
        assert_eq!(sdk_header(b"ab"), Ok(SdkHeader::Initialize));
    }

    #[test]
    fn a_malformed_id_is_named() {
        for place in [2, 10, 38, 73] {
            let mut frame = message("ab");
            frame[place] = b'!';
            assert_eq!(browser_header(&frame), Err(HeaderError::BadId));
            frame[..2].copy_from_slice(b"av");
            assert_eq!(sdk_header(&frame), Err(HeaderError::BadId));
        }
    }

    #[test]
    fn what_the_last_head_said_changes_nothing() {
        let ids = ["33333333-3333-4333-8333-333333333333", "abcdef01-2345-4678-9abc-def012345678", "broken"];
        let mut last = LastIds::default();
        for (first, second) in ids.iter().flat_map(|first| ids.iter().map(move |second| (first, second))) {
            for again in 0..3 {
                let upper = if again == 2 { second.to_uppercase() } else { (*second).to_owned() };
                let frame = format!("av{first}{upper}{:72}", "").into_bytes();
                assert_eq!(last.sdk_header(&frame), sdk_header(&frame));
                let frame = format!("ab{first}{upper}{:72}", "").into_bytes();
                assert_eq!(last.browser_header(&frame), browser_header(&frame));
            }
        }
    }
}
