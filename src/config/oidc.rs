//! Sign-in with an OpenID Connect provider.

use super::address::optional_address;
use super::reader::Reader;
use crate::secret::Secret;

const ISSUER: &str = "OIDC_ISSUER_URL";
const CLIENT_ID: &str = "OIDC_CLIENT_ID";

/// Sign-in with an OpenID Connect provider.
#[derive(Clone, Debug)]
pub struct Oidc {
    /// `OIDC_ISSUER_URL`, as written: it must equal what the provider calls itself.
    pub issuer: String,
    /// `OIDC_CLIENT_ID`.
    pub client_id: String,
    /// `OIDC_CLIENT_SECRET`; some providers give none to clients that use PKCE.
    pub client_secret: Option<Secret>,
}

impl Oidc {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let issuer = optional_address(reader, ISSUER, "https://login.example.com/realms/company");
        let client_id = reader.text(CLIENT_ID);
        let client_secret = reader.text("OIDC_CLIENT_SECRET").map(Secret::new);
        match (issuer, client_id) {
            (Some(issuer), Some(client_id)) => Some(Self { issuer, client_id, client_secret }),
            (None, None) => None,
            (Some(_), None) => {
                reader.fault(CLIENT_ID, format!("is not set, but {ISSUER} is"), "compose");
                None
            }
            (None, Some(_)) => {
                reader.fault(ISSUER, format!("is not set, but {CLIENT_ID} is"), "https://login.example.com");
                None
            }
        }
    }
}
