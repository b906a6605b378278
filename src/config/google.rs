//! Sign-in with Google.

use super::reader::Reader;
use crate::secret::Secret;

/// Sign-in with Google.
#[derive(Clone, Debug)]
pub struct Google {
    /// `GOOGLE_OAUTH_CLIENT_ID`.
    pub client_id: String,
    /// `GOOGLE_OAUTH_CLIENT_SECRET`; the sign-in of today's web client does without it (`http-api.md` 7).
    pub client_secret: Option<Secret>,
}

impl Google {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let client_id = reader.text("GOOGLE_OAUTH_CLIENT_ID");
        let client_secret = reader.text("GOOGLE_OAUTH_CLIENT_SECRET").map(Secret::new);
        client_id.map(|client_id| Self { client_id, client_secret })
    }
}
