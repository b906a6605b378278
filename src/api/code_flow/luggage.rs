//! What belongs to one sign-in, from `start` to `redirect`: sealed in a cookie of its own, so that several windows may sign
//! in side by side.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Which, app_of};
use crate::api::call::Call;
use crate::api::refusal::Refusal;
use crate::http::Request;
use crate::sign_in::Luggage;

/// How long people may take at the provider, in seconds.
const LIFE: i64 = 600;
/// Purpose of the seal.
const PURPOSE: &str = "sign-in with a code";
/// The cookie's name goes on with the first letters of the state.
const NAME: &str = "compose_sign_in_";
const LETTERS: usize = 8;
/// States that are remembered as used; far more than people can use up in ten minutes.
const MOST_USED: usize = 20_000;

/// What somebody wants to come of it.
#[derive(Deserialize, Serialize)]
pub(super) struct Wish {
    /// Path with query and fragment.
    pub target: String,
    pub new_account: bool,
    pub invite_code: Option<String>,
    pub invite_expires_at: Option<String>,
    /// Environment and route of the app that they came for.
    pub app: Option<(String, String)>,
}

/// One sign-in.
#[derive(Deserialize, Serialize)]
pub(super) struct Trip {
    which: Which,
    state: String,
    verifier: String,
    nonce: Option<String>,
    redirect: String,
    wish: Wish,
    until: i64,
}

impl Trip {
    pub fn new(which: Which, luggage: Luggage, wish: Wish) -> Self {
        let Luggage { state, verifier, nonce, redirect } = luggage;
        Self { which, state, verifier, nonce, redirect, wish, until: Timestamp::now().as_second() + LIFE }
    }

    /// The trip that a browser comes back from: the request's state must be that of a cookie which the same browser got
    /// from us, for the same provider, and not too long ago.
    pub fn of(call: &Call, which: Which) -> Option<Self> {
        let state = call.request.query("state")?;
        let sealed = cookie_of(&call.request, &state)?;
        let text = call.api.keys.sealer(PURPOSE).ok()?.open(sealed)?;
        let trip: Self = serde_json::from_slice(&text).ok()?;
        let good = trip.state == state && trip.which == which && trip.until > Timestamp::now().as_second();
        good.then_some(trip)
    }

    pub fn cookie(&self, call: &Call) -> Result<String, Refusal> {
        let internal = |error: &dyn std::error::Error| Refusal::Internal(error.to_string());
        let text = serde_json::to_vec(self).map_err(|error| internal(&error))?;
        let sealer = call.api.keys.sealer(PURPOSE).map_err(|error| internal(&error))?;
        let sealed = sealer.seal(&text).map_err(|error| internal(&error))?;
        Ok(self.set(call, &sealed, LIFE))
    }

    pub fn clearing_cookie(&self, call: &Call) -> String {
        self.set(call, "", 0)
    }

    fn set(&self, call: &Call, value: &str, life: i64) -> String {
        let secure = if call.api.secure_cookies() { "; Secure" } else { "" };
        let name = name(&self.state).unwrap_or_default();
        format!("{name}={value}; HttpOnly; Max-Age={life}; Path=/auth; SameSite=Lax{secure}")
    }

    pub fn which(&self) -> Which {
        self.which
    }

    pub fn state(&self) -> &str {
        &self.state
    }

    pub fn until(&self) -> i64 {
        self.until
    }

    pub fn wish(&self) -> &Wish {
        &self.wish
    }

    pub fn app(&self) -> Option<(Uuid, &str)> {
        app_of(self.wish.app.as_ref())
    }

    pub fn luggage(&self) -> Luggage {
        Luggage {
            state: self.state.clone(),
            verifier: self.verifier.clone(),
            nonce: self.nonce.clone(),
            redirect: self.redirect.clone(),
        }
    }
}

/// Whether the browser has a cookie for the request's state.
pub(super) fn is_on_a_trip(request: &Request) -> bool {
    request.query("state").is_some_and(|state| cookie_of(request, &state).is_some())
}

fn name(state: &str) -> Option<String> {
    state.get(..LETTERS).map(|letters| format!("{NAME}{letters}"))
}

fn cookie_of<'a>(request: &'a Request, state: &str) -> Option<&'a [u8]> {
    let name = name(state)?;
    request.cookies().flat_map(|header| header.split(|&byte| byte == b';')).find_map(|pair| {
        pair.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"=").filter(|value| !value.is_empty())
    })
}

/// The states that were used up here. That a code is good once is the provider's promise; this makes it ours.
#[derive(Debug, Default)]
pub(in crate::api) struct UsedStates(Mutex<HashMap<String, i64>>);

impl UsedStates {
    /// Takes a state out of use until it has ended anyway. `false`: somebody was faster.
    pub fn take(&self, state: &str, until: i64) -> bool {
        self.take_at(state, until, Timestamp::now().as_second())
    }

    fn take_at(&self, state: &str, until: i64, now: i64) -> bool {
        // Plain counts: whatever a panic elsewhere left is as good as any.
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if used.len() >= MOST_USED {
            used.retain(|_, until| *until > now);
        }
        if used.len() >= MOST_USED {
            // Somebody makes sign-ins by the thousand; each of them must still be good at most once.
            return false;
        }
        used.insert(state.to_owned(), until).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_good_once_and_the_table_is_bounded() {
        let used = UsedStates::default();
        assert!(used.take_at("a", 100, 0));
        assert!(!used.take_at("a", 100, 0));
        for number in 0..2 * MOST_USED {
            used.take_at(&number.to_string(), 100, 0);
        }
        assert_eq!(used.0.lock().unwrap().len(), MOST_USED);
        assert!(!used.take_at("b", 200, 99), "full");
        assert!(used.take_at("b", 200, 100), "what has ended makes room");
        assert_eq!(used.0.lock().unwrap().len(), 1);
    }

    #[test]
    fn names_of_cookies_come_from_whole_letters() {
        assert_eq!(name("abcdefghij").as_deref(), Some("compose_sign_in_abcdefgh"));
        assert_eq!(name("short"), None);
        assert_eq!(name("aaaaaaaü"), None);
    }
}
