//! A provider of OpenID Connect: discovery, keys, and what it says about somebody.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::sync::Mutex;
use url::Url;

use super::code::{Registration, Tokens};
use super::google::is_true;
use super::id_token::{Expected, Key, verify};
use super::{Departure, Luggage, Person, Refused};
use crate::auth::Email;
use crate::http::{Client, OutboundRequest, StatusCode, header};
use crate::secret::Secret;

/// How long what the provider says about itself is believed. Unknown keys are asked for at once.
const FRESH: Duration = Duration::from_secs(3600);
/// After a provider could not be asked, others need not find that out for themselves.
const PAUSE: Duration = Duration::from_secs(3);

/// An OpenID Connect provider as the operator has set it up.
#[derive(Clone, Debug)]
pub struct OidcSettings {
    /// What the provider calls itself, letter for letter.
    pub issuer: String,
    /// Our client there.
    pub client_id: String,
    /// Its secret, when there is one.
    pub client_secret: Option<Secret>,
}

/// An OpenID Connect provider.
pub struct Oidc {
    settings: OidcSettings,
    client: Client,
    known: Mutex<Known>,
}

/// What was asked for already. One asks, the others wait for the lock and find it here.
#[derive(Default)]
struct Known {
    about: Option<(Instant, Arc<About>)>,
    failed: Option<(Instant, Refused)>,
}

/// The provider about itself.
struct About {
    document: Document,
    keys: Vec<Key>,
}

#[derive(Clone, Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    jwks_uri: Url,
    #[serde(default)]
    userinfo_endpoint: Option<Url>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

impl Oidc {
    /// No I/O: the provider is asked when somebody signs in.
    #[must_use]
    pub fn new(settings: OidcSettings, client: Client) -> Self {
        Self { settings, client, known: Mutex::default() }
    }

    /// What the provider calls itself.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    pub(super) async fn depart(&self, redirect: &str, choose: bool) -> Result<Departure, Refused> {
        let about = self.about(None).await?;
        self.registration(&about.document).depart(redirect, &["openid", "email", "profile"], true, choose)
    }

    pub(super) async fn arrive(&self, code: &str, luggage: &Luggage) -> Result<Person, Refused> {
        let about = self.about(None).await?;
        let Tokens { access, id } = self.registration(&about.document).exchange(&self.client, code, luggage).await?;
        let id = id.ok_or(Refused::Answer("it holds no ID token"))?;
        let nonce = luggage.nonce.as_deref().ok_or(Refused::Nonce)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let expected = Expected { issuer: &self.settings.issuer, client_id: &self.settings.client_id, nonce, now };
        let claims = match verify(id.expose(), &about.keys, &expected) {
            // The provider may have a new key since.
            Err(Refused::Signature) => verify(id.expose(), &self.about(Some(&about)).await?.keys, &expected)?,
            judged => judged?,
        };
        match &about.document.userinfo_endpoint {
            Some(address) if !claims.contains_key("email") => {
                let more = self.user_info(address, &access).await?;
                if more.get("sub") != claims.get("sub") {
                    return Err(Refused::Answer("the user info is about somebody else"));
                }
                person(&more)
            }
            _ => person(&claims),
        }
    }

    fn registration<'a>(&'a self, document: &'a Document) -> Registration<'a> {
        let methods = document.token_endpoint_auth_methods_supported.as_deref();
        let offers = |method: &str| methods.is_some_and(|methods| methods.iter().any(|known| known == method));
        Registration {
            client_id: &self.settings.client_id,
            client_secret: self.settings.client_secret.as_ref(),
            auth_url: &document.authorization_endpoint,
            token_url: &document.token_endpoint,
            secret_in_body: offers("client_secret_post") && !offers("client_secret_basic"),
        }
    }

    /// The provider about itself; newer than `stale`, when that is given.
    async fn about(&self, stale: Option<&Arc<About>>) -> Result<Arc<About>, Refused> {
        let mut known = self.known.lock().await;
        if let Some((at, about)) = &known.about
            && at.elapsed() < FRESH
            && !stale.is_some_and(|stale| Arc::ptr_eq(stale, about))
        {
            return Ok(Arc::clone(about));
        }
        if let Some((at, why)) = known.failed
            && at.elapsed() < PAUSE
        {
            return Err(why);
        }
        match self.ask_about_itself().await {
            Ok(about) => {
                let about = Arc::new(about);
                *known = Known { about: Some((Instant::now(), Arc::clone(&about))), failed: None };
                Ok(about)
            }
            Err(why) => {
                known.failed = Some((Instant::now(), why));
                Err(why)
            }
        }
    }

    async fn ask_about_itself(&self) -> Result<About, Refused> {
        let address = format!("{}/.well-known/openid-configuration", self.settings.issuer.trim_end_matches('/'));
        let document: Document = serde_json::from_value(self.get(&address, None).await?)
            .map_err(|_| Refused::Answer("the discovery document lacks something"))?;
        if document.issuer != self.settings.issuer {
            tracing::warn!(
                set = self.settings.issuer,
                says = document.issuer,
                "OIDC_ISSUER_URL must be exactly what the provider calls itself"
            );
            return Err(Refused::Issuer);
        }
        // Our own requests are held to this by the client; the browser's are not.
        let encrypted = |url: &Url| url.scheme() == "https" || self.settings.issuer.starts_with("http://");
        if !encrypted(&document.authorization_endpoint) {
            return Err(Refused::Answer("its sign-in page is not encrypted"));
        }
        let keys = Key::read_all(&self.get(document.jwks_uri.as_str(), None).await?);
        if keys.is_empty() {
            return Err(Refused::Answer("it has no key for RS256 or ES256"));
        }
        Ok(About { document, keys })
    }

    async fn user_info(&self, address: &Url, access: &Secret) -> Result<Map<String, Value>, Refused> {
        match self.get(address.as_str(), Some(access)).await? {
            Value::Object(answer) => Ok(answer),
            _ => Err(Refused::Answer("the user info is no JSON object")),
        }
    }

    async fn get(&self, address: &str, bearer: Option<&Secret>) -> Result<Value, Refused> {
        let mut request = OutboundRequest::get(address);
        if let Some(token) = bearer {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", token.expose()));
        }
        let answer = self.client.send(request.body(Vec::new()).map_err(|_| Refused::Form)?).await?;
        if answer.status() != StatusCode::OK {
            return Err(Refused::Rejected);
        }
        serde_json::from_slice(answer.body()).map_err(|_| Refused::Answer("it is no JSON"))
    }
}

/// The person behind verified claims. An address that the provider does not vouch for is none: on some of them anybody
/// can write any address into their own account.
fn person(claims: &Map<String, Value>) -> Result<Person, Refused> {
    let text = |key: &str| claims.get(key).and_then(Value::as_str);
    if !claims.get("email_verified").is_some_and(is_true) {
        return Err(Refused::Email);
    }
    let email = text("email").and_then(Email::parse).ok_or(Refused::Email)?;
    let name = |key| text(key).filter(|name| !name.is_empty()).map(str::to_owned);
    Ok(Person { email, first_name: name("given_name"), last_name: name("family_name") })
}
