//! Who somebody is and what they may open: API keys, login sessions, the Origin rule, roles, app access. Everything but
//! [`gate`] is pure: rows and texts in, decisions out.

pub mod access;
mod email;
pub mod gate;
pub mod hex;
mod keys;
mod login;
mod origin;
pub mod permission;
mod role;
mod seal;

pub use email::Email;
pub use keys::{ApiKey, ApiKeyHash, Keys, KeysError, OpenError};
pub use login::{LoginId, NoRandomness, clearing_cookie, cookie, presented};
pub use origin::{OriginRule, PublicOrigin, PublicOriginError};
pub use permission::Feature;
pub use role::Role;
pub use seal::Sealer;
