//! A double of the providers that people sign in with: Google's four addresses and an OpenID Connect provider, over TLS on
//! a real socket. It runs on a thread of its own, so that it is there before the server and outlives its scene.

use super::tls::self_signed;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as BASE64URL};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use url::Url;
use uuid::Uuid;

/// What the server under test is registered as, at both.
pub const CLIENT_ID: &str = "test-client";
pub const CLIENT_SECRET: &str = "test client:secret/%";

/// The double. It runs until the test process ends.
pub struct Provider {
    pub port: u16,
    certificate: PathBuf,
    state: Arc<Mutex<State>>,
    _folder: tempfile::TempDir,
}

/// How an answer is given.
#[derive(Clone, Copy, PartialEq)]
pub enum Manner {
    Well,
    Status(u16),
    Never,
    Huge,
    Text(&'static str),
}

struct Token {
    info: Value,
    user: Value,
    manner: Manner,
}

struct Grant {
    challenge: String,
    redirect: String,
    nonce: Option<String>,
    email: String,
    claims: Value,
}

struct State {
    port: u16,
    tokens: HashMap<String, Token>,
    grants: HashMap<String, Grant>,
    targets: Vec<String>,
    key: EcdsaKeyPair,
    key_id: String,
    /// Replaces members of the discovery document.
    discovery: Value,
    /// How the token end point answers.
    token_manner: Manner,
    /// Makes something else of an ID token.
    id_token: Option<fn(&str) -> String>,
}

impl Provider {
    pub fn start() -> Provider {
        let (certificate, config) = self_signed();
        let folder = tempfile::tempdir().expect("a folder for the certificate");
        let file = folder.path().join("certificate.pem");
        std::fs::write(&file, certificate).unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (key, key_id) = new_key();
        let state = Arc::new(Mutex::new(State {
            port,
            tokens: HashMap::new(),
            grants: HashMap::new(),
            targets: Vec::new(),
            key,
            key_id,
            discovery: json!({}),
            token_manner: Manner::Well,
            id_token: None,
        }));
        let shared = state.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let listener = TcpListener::from_std(listener).unwrap();
                let acceptor = TlsAcceptor::from(config);
                while let Ok((tcp, _)) = listener.accept().await {
                    let (acceptor, state) = (acceptor.clone(), shared.clone());
                    tokio::spawn(async move {
                        if let Ok(tls) = acceptor.accept(tcp).await {
                            serve(tls, &state).await;
                        }
                    });
                }
            });
        });
        Provider { port, certificate: file, state, _folder: folder }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub fn issuer(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// The server's settings for this double as Google.
    pub fn google(&self) -> Vec<(String, String)> {
        let at = |path: &str| format!("{}{path}", self.issuer());
        [
            ("GOOGLE_OAUTH_CLIENT_ID", CLIENT_ID.to_owned()),
            ("GOOGLE_OAUTH_CLIENT_SECRET", CLIENT_SECRET.to_owned()),
            ("GOOGLE_OAUTH_AUTH_URL", at("/o/oauth2/v2/auth")),
            ("GOOGLE_OAUTH_TOKEN_URL", at("/token")),
            ("GOOGLE_OAUTH_TOKENINFO_URL", at("/oauth2/v1/tokeninfo")),
            ("GOOGLE_OAUTH_USERINFO_URL", at("/oauth2/v1/userinfo")),
            ("SSL_CERT_FILE", self.certificate.display().to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// The server's settings for this double as an OpenID Connect provider.
    pub fn oidc(&self) -> Vec<(String, String)> {
        [
            ("OIDC_ISSUER_URL", self.issuer()),
            ("OIDC_CLIENT_ID", CLIENT_ID.to_owned()),
            ("OIDC_CLIENT_SECRET", CLIENT_SECRET.to_owned()),
            ("SSL_CERT_FILE", self.certificate.display().to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// An access token of Google's for this address.
    pub fn token(&self, email: &str) -> String {
        self.token_with(email, json!({}), Manner::Well)
    }

    /// The same with other members in the token info answer (`null` takes one away), given in this manner.
    pub fn token_with(&self, email: &str, change: Value, manner: Manner) -> String {
        let token = format!("ya29.{}&=+%", Uuid::new_v4());
        let mut info = json!({
            "issued_to": CLIENT_ID, "audience": CLIENT_ID, "user_id": "1", "scope": "openid", "expires_in": 3000,
            "email": email, "verified_email": true, "access_type": "online",
        });
        merge(&mut info, &change);
        let user = json!({"id": "1", "email": email, "given_name": "Ann", "family_name": "Lee"});
        self.state().tokens.insert(token.clone(), Token { info, user, manner });
        token
    }

    /// What a person does at the provider: signs in as `email` and is sent back with a code. `location` is where the
    /// server has sent the browser; `claims` changes what the ID token or the token info will say.
    pub fn sign_in(&self, location: &str, email: &str, claims: Value) -> String {
        let url = Url::parse(location).expect("an address of the provider");
        let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!(url.origin().ascii_serialization(), self.issuer());
        assert_eq!(query["response_type"], "code");
        assert_eq!(query["client_id"], CLIENT_ID);
        assert_eq!(query["code_challenge_method"], "S256");
        assert!(query["state"].len() >= 32 && query["code_challenge"].len() == 43, "{query:?}");
        let code = format!("code/{}", Uuid::new_v4());
        let grant = Grant {
            challenge: query["code_challenge"].clone(),
            redirect: query["redirect_uri"].clone(),
            nonce: query.get("nonce").cloned(),
            email: email.to_owned(),
            claims,
        };
        let back = Url::parse_with_params(&grant.redirect, [("code", &code), ("state", &query["state"])]).unwrap();
        self.state().grants.insert(code, grant);
        format!("{}?{}", back.path(), back.query().unwrap())
    }

    /// The paths with queries that were asked for since the last call.
    pub fn take_targets(&self) -> Vec<String> {
        std::mem::take(&mut self.state().targets)
    }

    pub fn set_discovery(&self, change: Value) {
        self.state().discovery = change;
    }

    pub fn set_token_manner(&self, manner: Manner) {
        self.state().token_manner = manner;
    }

    pub fn set_id_token(&self, twist: Option<fn(&str) -> String>) {
        self.state().id_token = twist;
    }

    /// Signs with another key from now on, under another id.
    pub fn rotate_key(&self) {
        let mut state = self.state();
        (state.key, state.key_id) = new_key();
    }
}

fn new_key() -> (EcdsaKeyPair, String) {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
    (key, Uuid::new_v4().to_string())
}

/// `null` takes a member away.
fn merge(into: &mut Value, change: &Value) {
    for (key, value) in change.as_object().expect("an object") {
        if value.is_null() {
            into.as_object_mut().unwrap().remove(key);
        } else {
            into[key] = value.clone();
        }
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, state: &Mutex<State>) {
    let mut input = Vec::new();
    let (head, body) = loop {
        if stream.read_buf(&mut input).await.unwrap_or(0) == 0 {
            return;
        }
        let Some(end) = input.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8(input[..end].to_vec()).expect("an ASCII head");
        let length = header(&head, "content-length").map_or(0, |length| length.parse::<usize>().unwrap());
        if let Some(body) = input.get(end + 4..end + 4 + length) {
            break (head, String::from_utf8(body.to_vec()).unwrap());
        }
    };
    let (status, body) = match state.lock().unwrap().answer(&head, &body) {
        (_, Manner::Never) => (0, String::new()),
        (_, Manner::Huge) => (200, format!("{{\"x\":\"{}\"}}", "x".repeat(100_000))),
        (_, Manner::Text(text)) => (200, text.to_owned()),
        (_, Manner::Status(status)) => (status, "{}".to_owned()),
        ((status, body), Manner::Well) => (status, body.to_string()),
    };
    if status == 0 {
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    // A redirect that must not be followed.
    let location = if status == 302 { "Location: /oauth2/v1/followed\r\n" } else { "" };
    let answer = format!(
        "HTTP/1.1 {status} X\r\n{location}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut pairs = head.lines().filter_map(|line| line.split_once(": "));
    pairs.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

impl State {
    fn answer(&mut self, head: &str, body: &str) -> ((u16, Value), Manner) {
        let target = head.split(' ').nth(1).expect("a request line").to_owned();
        self.targets.push(target.clone());
        let url = Url::parse(&format!("https://localhost:{}{target}", self.port)).unwrap();
        let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
        let bearer = header(head, "authorization").and_then(|value| value.strip_prefix("Bearer "));
        let token = query.get("access_token").map(String::as_str).or(bearer).and_then(|token| self.tokens.get(token));
        let refused = (400, json!({"error": "invalid_token"}));
        match url.path() {
            "/oauth2/v1/tokeninfo" => token.map_or((refused, Manner::Well), |t| ((200, t.info.clone()), t.manner)),
            "/oauth2/v1/userinfo" => token.map_or((refused, Manner::Well), |t| ((200, t.user.clone()), t.manner)),
            "/.well-known/openid-configuration" => ((200, self.configuration()), Manner::Well),
            "/jwks" => ((200, self.keys()), Manner::Well),
            "/token" => (self.exchange(head, body), self.token_manner),
            other => panic!("nobody should ask for {other}"),
        }
    }

    fn configuration(&self) -> Value {
        let at = |path: &str| format!("https://localhost:{}{path}", self.port);
        let mut document = json!({
            "issuer": format!("https://localhost:{}", self.port),
            "authorization_endpoint": at("/authorize"),
            "token_endpoint": at("/token"),
            "jwks_uri": at("/jwks"),
            "userinfo_endpoint": at("/oauth2/v1/userinfo"),
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["ES256"],
        });
        merge(&mut document, &self.discovery);
        document
    }

    fn keys(&self) -> Value {
        let point = self.key.public_key().as_ref();
        json!({"keys": [
            {"kty": "oct", "kid": "other", "k": "AAAA"},
            {
                "kty": "EC", "crv": "P-256", "use": "sig", "kid": self.key_id,
                "x": BASE64URL.encode(&point[1..33]), "y": BASE64URL.encode(&point[33..]),
            },
        ]})
    }

    /// The token end point, as strict as a good provider: each code once, the verifier, the client, the address.
    fn exchange(&mut self, head: &str, body: &str) -> (u16, Value) {
        let form: HashMap<String, String> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let basic = STANDARD.encode(format!("{}:{}", encoded(CLIENT_ID), encoded(CLIENT_SECRET)));
        let authorized = header(head, "authorization") == Some(&format!("Basic {basic}"));
        let Some(grant) = form.get("code").and_then(|code| self.grants.remove(code)) else {
            return (400, json!({"error": "invalid_grant"}));
        };
        let verifier = form.get("code_verifier").map(String::as_str).unwrap_or_default();
        let digest = ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes());
        let proven = BASE64URL.encode(digest) == grant.challenge && form.get("redirect_uri") == Some(&grant.redirect);
        if !authorized || !proven || form.get("grant_type").map(String::as_str) != Some("authorization_code") {
            return (401, json!({"error": "invalid_client"}));
        }
        let token = format!("ya29.{}", Uuid::new_v4());
        let mut info = json!({
            "issued_to": CLIENT_ID, "audience": CLIENT_ID, "expires_in": 3000, "email": grant.email,
            "verified_email": true,
        });
        let mut answer = json!({"access_token": token, "token_type": "Bearer", "expires_in": 3599});
        if let Some(nonce) = &grant.nonce {
            let mut id_token = self.id_token(&grant, nonce);
            if let Some(twist) = self.id_token {
                id_token = twist(&id_token);
            }
            answer["id_token"] = json!(id_token);
        } else {
            merge(&mut info, &grant.claims);
        }
        let user = json!({
            "id": "1", "sub": "subject", "email": grant.email, "email_verified": true, "given_name": "Ann",
            "family_name": "Lee",
        });
        self.tokens.insert(token, Token { info, user, manner: Manner::Well });
        (200, answer)
    }

    fn id_token(&self, grant: &Grant, nonce: &str) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let mut claims = json!({
            "iss": format!("https://localhost:{}", self.port), "sub": "subject", "aud": CLIENT_ID, "iat": now,
            "exp": now + 300, "nonce": nonce, "email": grant.email, "email_verified": true,
            "given_name": "Ann", "family_name": "Lee",
        });
        merge(&mut claims, &grant.claims);
        let header = json!({"alg": "ES256", "typ": "JWT", "kid": self.key_id});
        let signed = format!("{}.{}", BASE64URL.encode(header.to_string()), BASE64URL.encode(claims.to_string()));
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", BASE64URL.encode(signature))
    }
}
