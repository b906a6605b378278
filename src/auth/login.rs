//! Login session ids and their cookie (http-api 3.1 and 3.3).

use std::fmt;

use ring::rand::{SecureRandom as _, SystemRandom};

/// The name of the cookie.
const NAME: &[u8] = b"auth_session";
/// Characters of an id.
const LENGTH: usize = 40;
/// How many values are tried when a request has several such cookies.
const TRIED: usize = 4;
/// RFC 4648 base32, lower case.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// A login session's id: whoever knows it is logged in. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct LoginId(Box<str>);

/// The operating system has no random bytes to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system has no random bytes to give")]
pub struct NoRandomness;

impl LoginId {
    /// A new id of 200 random bits.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn generate() -> Result<Self, NoRandomness> {
        let mut bytes = [0; LENGTH / 8 * 5];
        SystemRandom::new().fill(&mut bytes).map_err(|_| NoRandomness)?;
        Ok(Self::of(&bytes))
    }

    fn of(bytes: &[u8; LENGTH / 8 * 5]) -> Self {
        let text: String = bytes
            .chunks_exact(5)
            .flat_map(|chunk| {
                let group = chunk.iter().fold(0_u64, |group, &byte| (group << 8) | u64::from(byte));
                (0..8).rev().map(move |place| char::from(ALPHABET[(group >> (place * 5)) as usize & 31]))
            })
            .collect();
        Self(text.into())
    }

    /// Reads a presented text; `None` when it cannot be an id.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        if text.len() != LENGTH || !text.iter().all(|byte| ALPHABET.contains(byte)) {
            return None;
        }
        std::str::from_utf8(text).ok().map(|text| Self(text.into()))
    }

    /// The id itself, for the cookie and the database.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for LoginId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginId(…)")
    }
}

/// The ids that a request presents, in order, at most four. Other cookies, whatever is in them, are passed over (D-19).
pub fn presented<'a>(cookie_headers: impl Iterator<Item = &'a [u8]>) -> Vec<LoginId> {
    let mut found = Vec::new();
    for pair in cookie_headers.flat_map(|header| header.split(|&byte| byte == b';')) {
        let Some(place) = pair.iter().position(|&byte| byte == b'=') else { continue };
        let (name, value) = (pair[..place].trim_ascii(), pair[place + 1..].trim_ascii());
        if name == NAME
            && let Some(id) = LoginId::parse(value)
            && !found.contains(&id)
        {
            found.push(id);
            if found.len() == TRIED {
                break;
            }
        }
    }
    found
}

/// The `Set-Cookie` text that gives a browser its login for 30 days. `secure`: production.
#[must_use]
pub fn cookie(id: &LoginId, secure: bool) -> String {
    format!("auth_session={}; HttpOnly; Max-Age=2592000; Path=/; SameSite=Lax{}", id.expose(), suffix(secure))
}

/// The `Set-Cookie` text that takes it away.
#[must_use]
pub fn clearing_cookie(secure: bool) -> String {
    format!("auth_session=; HttpOnly; Max-Age=0; Path=/; SameSite=Lax{}", suffix(secure))
}

fn suffix(secure: bool) -> &'static str {
    if secure { "; Secure" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn presented_in(headers: &[&str]) -> Vec<String> {
        presented(headers.iter().map(|header| header.as_bytes())).iter().map(|id| id.expose().to_owned()).collect()
    }

    #[test]
    fn the_check_values_of_the_specification() {
        let counting = std::array::from_fn(|i| u8::try_from(i).unwrap());
        assert_eq!(LoginId::of(&counting).expose(), "aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyy");
        assert_eq!(LoginId::of(&[0xff; 25]).expose(), "7".repeat(40));
        let id = LoginId::generate().unwrap();
        assert_eq!(LoginId::parse(id.expose().as_bytes()), Some(id.clone()));
        assert_ne!(id, LoginId::generate().unwrap());
    }

    #[test]
    fn cookies_byte_for_byte() {
        let id = LoginId::parse("a".repeat(40).as_bytes()).unwrap();
        let aaa = "a".repeat(40);
        assert_eq!(
            cookie(&id, true),
            format!("auth_session={aaa}; HttpOnly; Max-Age=2592000; Path=/; SameSite=Lax; Secure")
        );
        assert_eq!(cookie(&id, false), format!("auth_session={aaa}; HttpOnly; Max-Age=2592000; Path=/; SameSite=Lax"));
        assert_eq!(clearing_cookie(true), "auth_session=; HttpOnly; Max-Age=0; Path=/; SameSite=Lax; Secure");
        assert_eq!(clearing_cookie(false), "auth_session=; HttpOnly; Max-Age=0; Path=/; SameSite=Lax");
    }

    #[test]
    fn d19_other_cookies_do_no_harm() {
        let (a, b) = ("a".repeat(40), "b".repeat(40));
        for header in [
            format!("auth_session={a}"),
            format!("x=%zz; auth_session={a}"),
            format!("x=1;auth_session={a}"),
            format!("  auth_session = {a} ; y"),
            format!("auth_session=; auth_session=short; auth_session={a}"),
            format!("xauth_session={b}; =; ;; auth_session={a}; auth_session={a}"),
        ] {
            assert_eq!(presented_in(&[&header]), [a.as_str()], "{header}");
        }
        assert_eq!(presented_in(&[&format!("auth_session={a}"), &format!("auth_session={b}")]), [&*a, &*b]);
        for header in ["", "auth_session", "auth_session=", &format!("auth_session={}", "A".repeat(40))] {
            assert!(presented_in(&[header]).is_empty(), "{header}");
        }
        let many: Vec<_> = "abcdef".chars().map(|c| format!("auth_session={}", c.to_string().repeat(40))).collect();
        assert_eq!(presented_in(&[&many.join("; ")]).len(), 4);
    }

    #[test]
    fn debug_shows_no_id() {
        assert_eq!(format!("{:?}", LoginId::of(&[0; 25])), "LoginId(…)");
    }
}
