//! Sign-in with Google.

use url::Url;

use super::address::address;
use super::reader::Reader;
use crate::secret::Secret;

/// Sign-in with Google.
#[derive(Clone, Debug)]
pub struct Google {
    /// `GOOGLE_OAUTH_CLIENT_ID`.
    pub client_id: String,
    /// `GOOGLE_OAUTH_CLIENT_SECRET`: for sign-in without a token in the browser; today's web client does without it
    /// (`http-api.md` 7).
    pub client_secret: Option<Secret>,
    /// `GOOGLE_OAUTH_AUTH_URL`: where browsers are sent.
    pub auth_url: Url,
    /// `GOOGLE_OAUTH_TOKEN_URL`: codes against tokens.
    pub token_url: Url,
    /// `GOOGLE_OAUTH_TOKENINFO_URL`: for whom and by whom a token was asked for.
    pub tokeninfo_url: Url,
    /// `GOOGLE_OAUTH_USERINFO_URL`: names.
    pub userinfo_url: Url,
}

impl Google {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let client_id = reader.text("GOOGLE_OAUTH_CLIENT_ID");
        let client_secret = reader.text("GOOGLE_OAUTH_CLIENT_SECRET").map(Secret::new);
        let mut address = |name, default| address(reader, name, default);
        let auth_url = address("GOOGLE_OAUTH_AUTH_URL", "https://accounts.google.com/o/oauth2/v2/auth");
        let token_url = address("GOOGLE_OAUTH_TOKEN_URL", "https://oauth2.googleapis.com/token");
        let tokeninfo_url = address("GOOGLE_OAUTH_TOKENINFO_URL", "https://www.googleapis.com/oauth2/v1/tokeninfo");
        let userinfo_url = address("GOOGLE_OAUTH_USERINFO_URL", "https://www.googleapis.com/oauth2/v1/userinfo");
        Some(Self {
            client_id: client_id?,
            client_secret,
            auth_url: auth_url?,
            token_url: token_url?,
            tokeninfo_url: tokeninfo_url?,
            userinfo_url: userinfo_url?,
        })
    }
}
