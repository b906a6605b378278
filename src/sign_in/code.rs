//! The authorization-code flow with PKCE, as far as it is the same for all providers (RFC 6749, 7636).

use std::future::Future;
use std::pin::Pin;

use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AsyncHttpClient, AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet,
    EndpointSet, ExtraTokenFields, HttpRequest, HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, Scope, StandardRevocableToken, StandardTokenResponse, TokenResponse as _, TokenUrl,
};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{Departure, Luggage, Refused};
use crate::http::{Client, ClientError};
use crate::secret::Secret;

/// Bytes of randomness in states and nonces.
const RANDOM: u32 = 32;
/// The longest code that is passed on.
const LONGEST_CODE: usize = 4096;

/// What an OpenID Connect provider adds to a token answer.
#[derive(Clone, Deserialize, Serialize)]
struct WithIdToken {
    #[serde(default)]
    id_token: Option<String>,
}

impl std::fmt::Debug for WithIdToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WithIdToken(…)")
    }
}

impl ExtraTokenFields for WithIdToken {}

type Oauth = oauth2::Client<
    BasicErrorResponse,
    StandardTokenResponse<WithIdToken, BasicTokenType>,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// The way on which `oauth2` sends its requests. (A closure would do but for a limit of the compiler with borrows that
/// outlive an await.)
struct Way(Client);

impl<'c> AsyncHttpClient<'c> for Way {
    type Error = ClientError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, ClientError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.0.send(request))
    }
}

/// Our registration at a provider, and its two addresses.
pub(super) struct Registration<'a> {
    pub client_id: &'a str,
    pub client_secret: Option<&'a Secret>,
    pub auth_url: &'a Url,
    pub token_url: &'a Url,
    /// The provider wants the secret in the body and not in a header.
    pub secret_in_body: bool,
}

/// What a code was worth.
pub(super) struct Tokens {
    pub access: Secret,
    pub id: Option<Secret>,
}

impl Registration<'_> {
    fn oauth(&self, redirect: &str) -> Result<Oauth, Refused> {
        let mut oauth = oauth2::Client::new(ClientId::new(self.client_id.to_owned()))
            .set_auth_uri(AuthUrl::from_url(self.auth_url.clone()))
            .set_token_uri(TokenUrl::from_url(self.token_url.clone()))
            .set_redirect_uri(RedirectUrl::new(redirect.to_owned()).map_err(|_| Refused::Form)?)
            .set_auth_type(if self.secret_in_body { AuthType::RequestBody } else { AuthType::BasicAuth });
        if let Some(secret) = self.client_secret {
            oauth = oauth.set_client_secret(ClientSecret::new(secret.expose().to_owned()));
        }
        Ok(oauth)
    }

    pub fn depart(
        &self,
        redirect: &str,
        scopes: &[&str],
        with_nonce: bool,
        choose: bool,
    ) -> Result<Departure, Refused> {
        let oauth = self.oauth(redirect)?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let nonce = with_nonce.then(|| CsrfToken::new_random_len(RANDOM).secret().clone());
        let mut request = oauth
            .authorize_url(|| CsrfToken::new_random_len(RANDOM))
            .add_scopes(scopes.iter().map(|scope| Scope::new((*scope).to_owned())))
            .set_pkce_challenge(challenge);
        if let Some(nonce) = &nonce {
            request = request.add_extra_param("nonce", nonce.clone());
        }
        if choose {
            request = request.add_extra_param("prompt", "select_account");
        }
        let (url, state) = request.url();
        let luggage = Luggage {
            state: state.secret().clone(),
            verifier: verifier.secret().clone(),
            nonce,
            redirect: redirect.to_owned(),
        };
        Ok(Departure { url: url.into(), luggage })
    }

    pub async fn exchange(&self, client: &Client, code: &str, luggage: &Luggage) -> Result<Tokens, Refused> {
        if code.is_empty() || code.len() > LONGEST_CODE {
            return Err(Refused::Form);
        }
        let oauth = self.oauth(&luggage.redirect)?;
        let answer = oauth
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(luggage.verifier.clone()))
            .request_async(&Way(client.clone()))
            .await
            // The errors of the crate hold the answer, which may hold a token.
            .map_err(|error| match error {
                RequestTokenError::Request(error) => Refused::Client(error),
                RequestTokenError::ServerResponse(_) => Refused::Rejected,
                RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
                    Refused::Answer("it is no answer to a code")
                }
            })?;
        Ok(Tokens {
            access: Secret::new(answer.access_token().secret().as_str()),
            id: answer.extra_fields().id_token.as_deref().map(Secret::new),
        })
    }
}
