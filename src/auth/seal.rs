//! What a browser keeps for us and may neither read nor change: sealed with AES-256-GCM.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};

use super::login::NoRandomness;

/// Seals and opens texts of one purpose.
pub struct Sealer(LessSafeKey);

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(…)")
    }
}

impl Sealer {
    /// `None` when the key has not 32 bytes.
    pub(super) fn new(key: &[u8]) -> Option<Self> {
        UnboundKey::new(&AES_256_GCM, key).ok().map(|key| Self(LessSafeKey::new(key)))
    }

    /// Seals a text; the result has letters, digits, `-` and `_` only.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn seal(&self, text: &[u8]) -> Result<String, NoRandomness> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| NoRandomness)?;
        let mut sealed = text.to_vec();
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed)
            .map_err(|_| NoRandomness)?;
        Ok(URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    /// Opens what [`Sealer::seal`] has made for the same purpose; `None` for everything else.
    #[must_use]
    pub fn open(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        let mut bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, rest) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        self.0.open_in_place(nonce, Aad::empty(), rest).ok().map(|text| text.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use crate::auth::Keys;
    use crate::secret::Secret;

    #[test]
    fn seals_are_for_one_purpose_and_cannot_be_changed() {
        let both = |prod, dev: &str| Keys::new(&Secret::new(prod), &Secret::new(dev.repeat(32))).unwrap();
        let keys = |prod| both(prod, "00");
        let sealer = keys("one").sealer("flow").unwrap();
        let sealed = sealer.seal(b"text").unwrap();
        assert_ne!(sealed, sealer.seal(b"text").unwrap());
        assert_eq!(keys("one").sealer("flow").unwrap().open(sealed.as_bytes()).unwrap(), b"text");
        assert!(keys("one").sealer("other").unwrap().open(sealed.as_bytes()).is_none());
        for other in [keys("two"), both("one", "01")] {
            assert!(other.sealer("flow").unwrap().open(sealed.as_bytes()).is_none());
        }
        for place in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            assert!(sealer.open(&changed).is_none(), "byte {place}");
        }
        for broken in ["", "AAAA", "!", &sealed[..20]] {
            assert!(sealer.open(broken.as_bytes()).is_none(), "{broken}");
        }
    }
}
