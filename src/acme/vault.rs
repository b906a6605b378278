//! Keys never lie about in the clear: neither in the database nor in a file.

use std::sync::Arc;

use crate::auth::Sealer;
use crate::secret::Secret;

/// Seals and opens keys with the server's secrets. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Vault(Arc<Sealer>);

impl Vault {
    pub fn new(sealer: Sealer) -> Self {
        Self(Arc::new(sealer))
    }

    /// `None` when the system gives no random bytes.
    pub fn seal(&self, text: &Secret) -> Option<String> {
        self.0.seal(text.expose().as_bytes()).ok()
    }

    /// `None` when it was sealed with other secrets, or is damaged.
    pub fn open(&self, sealed: &str) -> Option<Secret> {
        String::from_utf8(self.0.open(sealed.as_bytes())?).ok().map(Secret::new)
    }
}
