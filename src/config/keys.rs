//! The secrets behind API keys (`http-api.md` 6).

use super::reader::Reader;
use crate::secret::Secret;

/// What one must type to get a fresh secret of `bytes` bytes.
fn recipe(bytes: usize) -> String {
    format!("$(openssl rand -hex {bytes})")
}

/// The secrets behind API keys.
#[derive(Clone, Debug)]
pub struct Keys {
    /// `PROD_API_KEY_SECRET`: its bytes *as written* are the HMAC key under which all API keys are looked up. Not empty.
    pub prod_api_key_secret: Secret,
    /// `DEV_API_KEY_SECRET`: 64 hex digits, the AES-256 key of the stored copies of development keys.
    pub dev_api_key_secret: Secret,
}

impl Keys {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self { prod_api_key_secret: prod(reader), dev_api_key_secret: dev(reader) }
    }

    pub(super) fn advice(&self) -> Vec<String> {
        // One that is missing is a fault.
        let length = self.prod_api_key_secret.expose().len();
        if length == 0 || length >= 32 {
            return Vec::new();
        }
        vec![
            "PROD_API_KEY_SECRET is shorter than 32 characters: too weak for a new installation (and changing it makes \
             every API key invalid)"
                .to_owned(),
        ]
    }
}

/// Any text will do: an old installation may have a short one, and a change would make all its API keys invalid.
fn prod(reader: &mut Reader<'_>) -> Secret {
    reader.required_secret("PROD_API_KEY_SECRET", "a long random text", &recipe(64))
}

fn dev(reader: &mut Reader<'_>) -> Secret {
    const NAME: &str = "DEV_API_KEY_SECRET";
    let example = recipe(32);
    let secret = reader.required_secret(NAME, "32 random bytes as 64 hex digits", &example);
    let text = secret.expose();
    let fault = if text.is_empty() {
        None // reported by the reader
    } else if let Some(at) = text.chars().position(|c| !c.is_ascii_hexdigit()) {
        Some(format!("has a character that is no hex digit, at position {}", at + 1))
    } else if text.len() != 64 {
        Some(format!("has {} hex digits; it must have exactly 64 (32 random bytes)", text.len()))
    } else {
        None
    };
    if let Some(wrong) = fault {
        reader.fault(NAME, wrong, &example);
    }
    secret
}
