//! Google's access tokens (http-api 7): for whom they were made, and for whose address.

use serde_json::{Map, Value};
use url::Url;

use super::code::Registration;
use super::{Departure, Luggage, Person, Refused};
use crate::auth::Email;
use crate::http::{Client, OutboundRequest, StatusCode};
use crate::secret::Secret;

/// What we ask for, in the order of the old server.
const SCOPE: &str = "https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/userinfo.profile \
                     openid";

/// Sign-in with Google as the operator has set it up.
#[derive(Clone, Debug)]
pub struct GoogleSettings {
    /// The OAuth client.
    pub client_id: String,
    /// Its secret; without one there is only the flow of today's web client.
    pub client_secret: Option<Secret>,
    /// Where browsers are sent.
    pub auth_url: Url,
    /// Codes against tokens.
    pub token_url: Url,
    /// Whose a token is.
    pub tokeninfo_url: Url,
    /// Names.
    pub userinfo_url: Url,
}

/// Google, or what stands in for it in a test.
#[derive(Clone)]
pub struct Google {
    settings: GoogleSettings,
    client: Client,
}

impl Google {
    /// No I/O.
    #[must_use]
    pub fn new(settings: GoogleSettings, client: Client) -> Self {
        Self { settings, client }
    }

    /// Where a page of today's web client sends its browser: the token comes back in the fragment of `redirect`. The page
    /// adds its own `state`.
    #[must_use]
    pub fn token_flow_url(&self, redirect: &str) -> String {
        let mut url = self.settings.auth_url.clone();
        url.query_pairs_mut()
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("response_type", "token")
            .append_pair("scope", SCOPE)
            .append_pair("redirect_uri", redirect);
        url.into()
    }

    /// The address that a token speaks for. One request, at most 5 s.
    ///
    /// # Errors
    /// [`Refused`] for tokens that are bad, expired or made for another application, and when Google cannot be asked.
    pub async fn email(&self, token: &[u8]) -> Result<Email, Refused> {
        let token = readable(token)?;
        judge(&self.ask(&self.settings.tokeninfo_url, token).await?, &self.settings.client_id)
    }

    /// The names behind a token whose address is known. One request, at most 5 s.
    ///
    /// # Errors
    /// As [`Google::email`], and when the answer is about somebody else.
    pub async fn person(&self, token: &[u8], email: Email) -> Result<Person, Refused> {
        let answer = self.ask(&self.settings.userinfo_url, readable(token)?).await?;
        let text = |key: &str| answer.get(key).and_then(Value::as_str);
        if answer.get("email").is_some_and(|other| other.as_str() != Some(email.as_str())) {
            return Err(Refused::Answer("it is about another address"));
        }
        let name = |key| text(key).filter(|name| !name.is_empty()).map(str::to_owned);
        Ok(Person { first_name: name("given_name"), last_name: name("family_name"), email })
    }

    /// Whether browsers can be sent to Google and come back with a code: that takes the client's secret.
    #[must_use]
    pub fn has_secret(&self) -> bool {
        self.settings.client_secret.is_some()
    }

    pub(super) fn depart(&self, redirect: &str, choose: bool) -> Result<Departure, Refused> {
        let scopes: Vec<&str> = SCOPE.split(' ').collect();
        self.registration().depart(redirect, &scopes, false, choose)
    }

    /// The token never leaves this server, but it is held against the same rules: Google says for whom it was made.
    pub(super) async fn arrive(&self, code: &str, luggage: &Luggage) -> Result<Person, Refused> {
        let tokens = self.registration().exchange(&self.client, code, luggage).await?;
        let token = tokens.access.expose().as_bytes();
        self.person(token, self.email(token).await?).await
    }

    fn registration(&self) -> Registration<'_> {
        Registration {
            client_id: &self.settings.client_id,
            client_secret: self.settings.client_secret.as_ref(),
            auth_url: &self.settings.auth_url,
            token_url: &self.settings.token_url,
            secret_in_body: false,
        }
    }

    async fn ask(&self, address: &Url, token: &str) -> Result<Map<String, Value>, Refused> {
        let mut address = address.clone();
        address.query_pairs_mut().append_pair("access_token", token);
        let request = OutboundRequest::get(address.as_str()).body(Vec::new()).map_err(|_| Refused::Form)?;
        let answer = self.client.send(request).await?;
        if answer.status() != StatusCode::OK {
            return Err(Refused::Rejected);
        }
        match serde_json::from_slice(answer.body()) {
            Ok(Value::Object(answer)) if answer.contains_key("error") => Err(Refused::Rejected),
            Ok(Value::Object(answer)) => Ok(answer),
            _ => Err(Refused::Answer("it is no JSON object")),
        }
    }
}

/// Tokens are opaque; only their length and letters can be judged before Google is bothered.
fn readable(token: &[u8]) -> Result<&str, Refused> {
    let fits = (20..=4096).contains(&token.len()) && token.iter().all(u8::is_ascii_graphic);
    std::str::from_utf8(token).ok().filter(|_| fits).ok_or(Refused::Form)
}

/// All that a token info answer must say (D-02).
fn judge(answer: &Map<String, Value>, client_id: &str) -> Result<Email, Refused> {
    let ours = |key: &str| answer.get(key).map(|value| value.as_str() == Some(client_id));
    if ours("audience") != Some(true) || ours("issued_to") == Some(false) {
        return Err(Refused::Audience);
    }
    if !answer.get("expires_in").is_none_or(|seconds| number(seconds).is_some_and(|seconds| seconds > 0.0)) {
        return Err(Refused::Expired);
    }
    if !answer.get("verified_email").is_some_and(is_true) {
        return Err(Refused::Email);
    }
    answer.get("email").and_then(Value::as_str).and_then(Email::parse).ok_or(Refused::Email)
}

/// Booleans and numbers may be given as strings.
pub(super) fn is_true(value: &Value) -> bool {
    *value == Value::Bool(true) || value.as_str() == Some("true")
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn judged(change: Value) -> Result<Email, Refused> {
        let mut answer = json!({
            "issued_to": "us", "audience": "us", "user_id": "1", "scope": "openid", "expires_in": 3000,
            "email": "Ann@x.test", "verified_email": true, "access_type": "online",
        });
        for (key, value) in change.as_object().unwrap() {
            if value.is_null() {
                answer.as_object_mut().unwrap().remove(key);
            } else {
                answer[key] = value.clone();
            }
        }
        judge(answer.as_object().unwrap(), "us")
    }

    #[test]
    fn d02_all_that_a_token_must_say() {
        for good in [
            json!({}),
            json!({"issued_to": null}),
            json!({"expires_in": null}),
            json!({"expires_in": "1", "verified_email": "true"}),
        ] {
            assert_eq!(judged(good.clone()).unwrap().as_str(), "Ann@x.test", "{good}");
        }
        for (bad, why) in [
            (json!({"audience": "them"}), Refused::Audience),
            (json!({"audience": null}), Refused::Audience),
            (json!({"audience": ["us"]}), Refused::Audience),
            (json!({"audience": "us "}), Refused::Audience),
            (json!({"issued_to": "them"}), Refused::Audience),
            (json!({"expires_in": 0}), Refused::Expired),
            (json!({"expires_in": "-1"}), Refused::Expired),
            (json!({"expires_in": "soon"}), Refused::Expired),
            (json!({"expires_in": {}}), Refused::Expired),
            (json!({"verified_email": false}), Refused::Email),
            (json!({"verified_email": "false"}), Refused::Email),
            (json!({"verified_email": 1}), Refused::Email),
            (json!({"verified_email": null}), Refused::Email),
            (json!({"email": null}), Refused::Email),
            (json!({"email": ""}), Refused::Email),
            (json!({"email": "ALL"}), Refused::Email),
            (json!({"email": "a@b@c"}), Refused::Email),
            (json!({"email": "a @b"}), Refused::Email),
            (json!({"email": ["a@b"]}), Refused::Email),
        ] {
            assert_eq!(judged(bad.clone()), Err(why), "{bad}");
        }
    }

    #[test]
    fn tokens_have_20_to_4096_visible_letters() {
        for good in ["x".repeat(20), "~!&?=%#+/".repeat(3), "x".repeat(4096)] {
            assert!(readable(good.as_bytes()).is_ok());
        }
        for bad in ["", &"x".repeat(19), &"x".repeat(4097), &format!("{} ", "x".repeat(30)), &"ü".repeat(30)] {
            assert_eq!(readable(bad.as_bytes()), Err(Refused::Form));
        }
    }
}
