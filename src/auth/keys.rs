//! API keys (http-api 6). A key is looked up by its keyed hash; of development keys a recoverable copy is stored too.

use std::fmt;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};

use super::hex;
use super::login::NoRandomness;
use super::seal::Sealer;
use crate::secret::Secret;
use crate::store::EnvironmentType;

/// Bytes of randomness in a key.
const KEY_BYTES: usize = 64;
/// Bytes of an AES-GCM tag. (The old server would take shorter ones.)
const TAG_BYTES: usize = 16;

/// A key as its holder presents it. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(Box<str>);

/// What is stored of a key: 64 lower-case hex characters. Worth nothing to an attacker, but no text for logs.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKeyHash(Box<str>);

impl ApiKey {
    /// Takes a presented text for a key. Whether it is one is for the look-up to say: the prefix is not checked.
    #[must_use]
    pub fn presented(text: &str) -> Self {
        Self(text.into())
    }

    /// The key itself, for showing it to its owner.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl ApiKeyHash {
    /// The text as it stands in column `apiKey`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

impl fmt::Debug for ApiKeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKeyHash(…)")
    }
}

/// The two secrets of the server, ready for use.
pub struct Keys {
    hash: hmac::Key,
    seals: hmac::Key,
    copy: LessSafeKey,
    random: SystemRandom,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(…)")
    }
}

/// Why the secrets cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// `PROD_API_KEY_SECRET` is empty.
    #[error(
        "PROD_API_KEY_SECRET is empty; set it to 128 random hex characters, for example from: openssl rand -hex 64"
    )]
    EmptyHashSecret,
    /// `DEV_API_KEY_SECRET` is not 32 bytes in hex.
    #[error("DEV_API_KEY_SECRET must be exactly 64 hex characters (32 bytes), for example from: openssl rand -hex 32")]
    CopySecret,
}

/// A stored copy cannot be turned back into its key: another secret, or a damaged text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stored copy of the API key cannot be decrypted with DEV_API_KEY_SECRET")]
pub struct OpenError;

impl Keys {
    /// Takes `PROD_API_KEY_SECRET`, whose bytes are the MAC key **as written**, and `DEV_API_KEY_SECRET`, whose hex
    /// digits are the AES key.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn new(prod_api_key_secret: &Secret, dev_api_key_secret: &Secret) -> Result<Self, KeysError> {
        let prod = prod_api_key_secret.expose();
        if prod.is_empty() {
            return Err(KeysError::EmptyHashSecret);
        }
        let copy = hex::decode(dev_api_key_secret.expose()).ok_or(KeysError::CopySecret)?;
        let seals = hmac::Key::new(hmac::HMAC_SHA256, &copy);
        // It takes 32 bytes and nothing else.
        let copy = UnboundKey::new(&AES_256_GCM, &copy).map_err(|_| KeysError::CopySecret)?;
        Ok(Self {
            hash: hmac::Key::new(hmac::HMAC_SHA256, prod.as_bytes()),
            seals,
            copy: LessSafeKey::new(copy),
            random: SystemRandom::new(),
        })
    }

    /// What a key is looked up by, for both kinds of environment.
    #[must_use]
    pub fn hash(&self, key: &ApiKey) -> ApiKeyHash {
        ApiKeyHash(hex::encode(hmac::sign(&self.hash, key.0.as_bytes()).as_ref()).into())
    }

    /// Seals what a browser keeps for us, under a key of its own for each purpose. All processes with the same secrets read
    /// each other's seals.
    ///
    /// # Errors
    /// None that can happen: a MAC of SHA-256 has the 32 bytes that AES-256 asks for.
    pub fn sealer(&self, purpose: &'static str) -> Result<Sealer, KeysError> {
        // Both secrets go in: an old installation may have a short first one, and a seal can be tried against guesses of
        // it. No API key begins with NUL, so no hash of one is ever part of this.
        let first = hmac::sign(&self.hash, b"\0seal");
        let key = hmac::sign(&self.seals, &[first.as_ref(), purpose.as_bytes()].concat());
        Sealer::new(key.as_ref()).ok_or(KeysError::CopySecret)
    }

    /// A new key.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn generate(&self, kind: EnvironmentType) -> Result<ApiKey, NoRandomness> {
        let mut bytes = [0; KEY_BYTES];
        self.random.fill(&mut bytes).map_err(|_| NoRandomness)?;
        let prefix = match kind {
            EnvironmentType::Development => "ck_dev_",
            EnvironmentType::Production => "ck_prod_",
        };
        Ok(ApiKey(format!("{prefix}{}", hex::encode(&bytes)).into()))
    }

    /// The recoverable copy of a development key, for column `decryptableKey`.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn seal(&self, key: &ApiKey) -> Result<String, NoRandomness> {
        let mut iv = [0; NONCE_LEN];
        self.random.fill(&mut iv).map_err(|_| NoRandomness)?;
        self.seal_with(iv, key).map_err(|_| NoRandomness)
    }

    fn seal_with(&self, iv: [u8; NONCE_LEN], key: &ApiKey) -> Result<String, ring::error::Unspecified> {
        let mut text = key.0.as_bytes().to_vec();
        let tag = self.copy.seal_in_place_separate_tag(Nonce::assume_unique_for_key(iv), Aad::empty(), &mut text)?;
        Ok(format!("{}:{}:{}", hex::encode(&iv), hex::encode(&text), hex::encode(tag.as_ref())))
    }

    /// The key of a stored copy.
    ///
    /// # Errors
    /// [`OpenError`] unless it is exactly three parts, a 12-byte IV and a 16-byte tag, and was sealed with our secret.
    pub fn open(&self, copy: &str) -> Result<ApiKey, OpenError> {
        let mut parts = copy.split(':').map(hex::decode);
        let (Some(Some(iv)), Some(Some(mut text)), Some(Some(tag)), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(OpenError);
        };
        let iv: [u8; NONCE_LEN] = iv.try_into().map_err(|_| OpenError)?;
        if tag.len() != TAG_BYTES {
            return Err(OpenError);
        }
        text.extend_from_slice(&tag);
        let nonce = Nonce::assume_unique_for_key(iv);
        let text = self.copy.open_in_place(nonce, Aad::empty(), &mut text).map_err(|_| OpenError)?;
        std::str::from_utf8(text).map(ApiKey::presented).map_err(|_| OpenError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROD: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    const DEV: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    const DEV_KEY: &str = "ck_dev_fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";
    const DEV_COPY: &str = "a0a1a2a3a4a5a6a7a8a9aaab:8573234920bd5dd90701e4b16643f8e946996d23a086720af96a45e41e924d36e44373cc9d13635b3af867aa6843bbce712e727b50e12a18243a683cc549bd878289b15c0294d48691869c7aeef7f48dfb3e9f97f7f0a91c8b115df8d0a375a3b9b11f98319fbffdfbbf6532e4b1d51f1265559dec04ab5a4aabbdc6d56cca7af324844ce173b0:7e93785945d872ec731c6aaf1fb3af35";

    fn keys() -> Keys {
        Keys::new(&Secret::new(PROD), &Secret::new(DEV)).unwrap()
    }

    #[test]
    fn vector_1_a_production_key_and_its_hash() {
        let key = ApiKey::presented(&format!("ck_prod_{}", "0123456789abcdef".repeat(8)));
        assert_eq!(keys().hash(&key).as_str(), "384545a8ea27bd1056f6ee8c05b73503a9e5fb94979a0b894ddbba4183e4d51e");
    }

    #[test]
    fn vector_2_a_development_key_its_hash_and_its_copy() {
        let keys = keys();
        let key = ApiKey::presented(DEV_KEY);
        assert_eq!(keys.hash(&key).as_str(), "d0c72f2906bd1d49a2bb405144a1a8749abd0888aa56c715d6b9f466bfa0a3c0");
        let iv = std::array::from_fn(|i| 0xa0 + u8::try_from(i).unwrap());
        assert_eq!(keys.seal_with(iv, &key).unwrap(), DEV_COPY);
        assert_eq!(keys.open(DEV_COPY).unwrap(), key);
    }

    #[test]
    fn generated_keys_have_their_form_and_come_back_from_their_copies() {
        let keys = keys();
        let production = keys.generate(EnvironmentType::Production).unwrap();
        assert!(production.expose().starts_with("ck_prod_") && production.expose().len() == 136);
        let development = keys.generate(EnvironmentType::Development).unwrap();
        assert!(development.expose().starts_with("ck_dev_") && development.expose().len() == 135);
        let copy = keys.seal(&development).unwrap();
        assert_ne!(copy, keys.seal(&development).unwrap(), "each copy has its own IV");
        assert_eq!(keys.open(&copy).unwrap(), development);
    }

    #[test]
    fn damaged_copies_are_refused() {
        let keys = keys();
        let (rest, tag) = DEV_COPY.rsplit_once(':').unwrap();
        let other = Keys::new(&Secret::new(PROD), &Secret::new("11".repeat(32))).unwrap();
        assert_eq!(other.open(DEV_COPY), Err(OpenError));
        for damaged in [
            String::new(),
            rest.to_owned(),
            format!("{rest}:{}", &tag[..8]),
            format!("{DEV_COPY}:00"),
            format!("00{DEV_COPY}"),
            DEV_COPY.replacen("85", "86", 1),
            DEV_COPY.replacen("85", "zz", 1),
        ] {
            assert_eq!(keys.open(&damaged), Err(OpenError), "{damaged}");
        }
    }

    #[test]
    fn unusable_secrets_are_named() {
        let new = |prod: &str, dev: &str| Keys::new(&Secret::new(prod), &Secret::new(dev)).unwrap_err();
        assert_eq!(new("", DEV), KeysError::EmptyHashSecret);
        for dev in ["", "00", &DEV[2..], &"zz".repeat(32)] {
            assert_eq!(new(PROD, dev), KeysError::CopySecret, "{dev}");
        }
    }

    #[test]
    fn debug_shows_no_key() {
        let keys = keys();
        let key = ApiKey::presented(DEV_KEY);
        assert_eq!(format!("{keys:?} {key:?} {:?}", keys.hash(&key)), "Keys(…) ApiKey(…) ApiKeyHash(…)");
    }
}
