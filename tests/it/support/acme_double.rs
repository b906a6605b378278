//! A certificate authority that misbehaves when it is told to. It speaks ACME as RFC 8555 has it, over TLS: signatures and
//! nonces are checked. What it does not do is to look whether a name is proved.

use super::authority::{Authority, Pair};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rcgen::{PublicKeyData, SignatureAlgorithm};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use x509_cert::der::Decode;
use x509_cert::request::CertReq;

/// What it does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misbehaviour {
    /// Nothing.
    None,
    /// New orders get 429 with a `Retry-After` of two hours.
    Limited,
    /// Everything gets 503 and a page for people.
    Broken,
    /// New orders are taken and never answered.
    Slow,
    /// Every order becomes invalid.
    Invalid,
    /// No nonce is good enough.
    Nonces,
}

/// The authority. Stops when dropped.
pub struct AcmeDouble {
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

struct State {
    base: String,
    authority: Authority,
    inner: Mutex<Inner>,
}

struct Inner {
    misbehaviour: Misbehaviour,
    nonces: HashSet<String>,
    /// Public keys by account.
    accounts: HashMap<String, Vec<u8>>,
    /// Where to write to, of all accounts.
    contacts: Vec<String>,
    orders: Vec<Order>,
    requests: BTreeMap<String, usize>,
    last: usize,
}

struct Order {
    name: String,
    status: &'static str,
    chain: Option<String>,
}

struct Answer {
    status: u16,
    location: Option<String>,
    retry_after: Option<u32>,
    kind: &'static str,
    body: String,
}

impl AcmeDouble {
    /// `pair`: what its listener shows.
    pub async fn start(pair: &Pair) -> AcmeDouble {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().unwrap();
        let chain = vec![CertificateDer::from_pem_slice(pair.chain.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap();
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(builder.with_no_client_auth().with_single_cert(chain, key).unwrap()));
        let inner = Inner {
            misbehaviour: Misbehaviour::None,
            nonces: HashSet::new(),
            accounts: HashMap::new(),
            contacts: Vec::new(),
            orders: Vec::new(),
            requests: BTreeMap::new(),
            last: 0,
        };
        let base = format!("https://{address}");
        let state = Arc::new(State { base, authority: Authority::new(), inner: Mutex::new(inner) });
        let serving = Arc::clone(&state);
        let accepting = tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let (acceptor, state) = (acceptor.clone(), Arc::clone(&serving));
                tokio::spawn(async move {
                    let Ok(mut tls) = acceptor.accept(tcp).await else { return };
                    let Some((head, body)) = read(&mut tls).await else { return };
                    let answer = state.answer(&head, &body);
                    let Some(answer) = answer else { std::future::pending().await };
                    let _ = tls.write_all(state.written(answer).as_bytes()).await;
                    let _ = tls.shutdown().await;
                });
            }
        });
        AcmeDouble { state, accepting }
    }

    /// From now on.
    pub fn misbehave(&self, how: Misbehaviour) {
        self.state.inner.lock().unwrap().misbehaviour = how;
    }

    pub fn directory(&self) -> String {
        format!("{}/dir", self.state.base)
    }

    /// Requests for a resource so far: the first part of the path.
    pub fn requests(&self, resource: &str) -> usize {
        self.state.inner.lock().unwrap().requests.get(resource).copied().unwrap_or(0)
    }

    /// Where the accounts want letters to go, as they wrote it.
    pub fn contacts(&self) -> Vec<String> {
        self.state.inner.lock().unwrap().contacts.clone()
    }

    /// The client that believes what it signs.
    pub fn believer(&self) -> Arc<tokio_rustls::rustls::ClientConfig> {
        self.state.authority.client()
    }
}

impl Drop for AcmeDouble {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// One request: head and body.
async fn read(stream: &mut (impl AsyncReadExt + Unpin)) -> Option<(String, Vec<u8>)> {
    let mut all = Vec::new();
    loop {
        if let Some(end) = all.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8(all[..end].to_vec()).ok()?;
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            });
            if all.len() >= end + 4 + length.unwrap_or(0) {
                return Some((head, all[end + 4..].to_vec()));
            }
        }
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer).await.ok()? {
            0 => return None,
            count => all.extend_from_slice(&buffer[..count]),
        }
    }
}

fn said(status: u16, body: &Value) -> Answer {
    Answer { status, location: None, retry_after: None, kind: "application/json", body: body.to_string() }
}

fn problem(status: u16, kind: &str, detail: &str) -> Answer {
    let body = json!({"type": format!("urn:ietf:params:acme:error:{kind}"), "detail": detail, "status": status});
    Answer { kind: "application/problem+json", ..said(status, &body) }
}

impl State {
    /// `None`: never.
    fn answer(&self, head: &str, body: &[u8]) -> Option<Answer> {
        let mut words = head.lines().next()?.split(' ');
        let (method, path) = (words.next()?, words.next()?);
        let mut parts = path.trim_start_matches('/').split('/');
        let (resource, number) = (parts.next()?, parts.next().and_then(|n| n.parse::<usize>().ok()));
        let mut inner = self.inner.lock().unwrap();
        *inner.requests.entry(resource.to_owned()).or_default() += 1;
        if inner.misbehaviour == Misbehaviour::Broken {
            let page = "<html>We are sorry</html>".to_owned();
            return Some(Answer { status: 503, location: None, retry_after: None, kind: "text/html", body: page });
        }
        if method != "POST" {
            return Some(match resource {
                "dir" => said(
                    200,
                    &json!({
                        "newNonce": format!("{}/nonce", self.base),
                        "newAccount": format!("{}/account", self.base),
                        "newOrder": format!("{}/order", self.base),
                        "revokeCert": format!("{}/revoke", self.base),
                        "keyChange": format!("{}/key", self.base),
                    }),
                ),
                "nonce" => said(200, &Value::Null),
                _ => problem(405, "malformed", "POST as GET, please"),
            });
        }
        let (account, payload) = match inner.verified(body, &format!("{}{path}", self.base)) {
            Ok(verified) => verified,
            Err(answer) => return Some(answer),
        };
        Some(match (resource, number) {
            ("account", _) => {
                let contacts = payload["contact"].as_array().into_iter().flatten();
                inner.contacts.extend(contacts.map(|contact| contact.as_str().unwrap().to_owned()));
                Answer { location: Some(account), ..said(201, &json!({"status": "valid", "orders": self.base})) }
            }
            ("order", None) => match inner.misbehaviour {
                Misbehaviour::Limited => Answer {
                    retry_after: Some(7200),
                    ..problem(429, "rateLimited", "too many certificates already issued for \"test\"")
                },
                Misbehaviour::Slow => return None,
                _ => {
                    let name = payload["identifiers"][0]["value"].as_str().unwrap().to_owned();
                    inner.orders.push(Order { name, status: "pending", chain: None });
                    let number = inner.orders.len() - 1;
                    let location = Some(format!("{}/order/{number}", self.base));
                    Answer { location, ..said(201, &self.order(&inner, number)) }
                }
            },
            ("order", Some(number)) => said(200, &self.order(&inner, number)),
            ("authz", Some(number)) => said(200, &self.authorization(&inner, number)),
            ("challenge", Some(number)) => {
                let invalid = inner.misbehaviour == Misbehaviour::Invalid;
                inner.orders[number].status = if invalid { "invalid" } else { "ready" };
                said(200, &json!({"type": "http-01", "status": "processing", "url": "", "token": "t"}))
            }
            ("finalize", Some(number)) => {
                let csr = BASE64_URL_SAFE_NO_PAD.decode(payload["csr"].as_str().unwrap()).unwrap();
                let chain = self.authority.sign(&RequestedKey::of(&csr), &inner.orders[number].name);
                (inner.orders[number].chain, inner.orders[number].status) = (Some(chain), "valid");
                said(200, &self.order(&inner, number))
            }
            ("cert", Some(number)) => {
                let chain = inner.orders[number].chain.clone().unwrap();
                Answer { kind: "application/pem-certificate-chain", body: chain, ..said(200, &Value::Null) }
            }
            _ => problem(404, "malformed", "no such resource"),
        })
    }

    fn order(&self, inner: &Inner, number: usize) -> Value {
        let order = &inner.orders[number];
        let mut json = json!({
            "status": order.status,
            "identifiers": [{"type": "dns", "value": order.name}],
            "authorizations": [format!("{}/authz/{number}", self.base)],
            "finalize": format!("{}/finalize/{number}", self.base),
        });
        if order.chain.is_some() {
            json["certificate"] = format!("{}/cert/{number}", self.base).into();
        }
        json
    }

    fn authorization(&self, inner: &Inner, number: usize) -> Value {
        let order = &inner.orders[number];
        let status = match order.status {
            "pending" | "invalid" => order.status,
            _ => "valid",
        };
        let challenge = |kind: &str| {
            let mut json = json!({
                "type": kind, "status": status, "token": format!("token-{number}"),
                "url": format!("{}/challenge/{number}", self.base),
            });
            if status == "invalid" {
                json["error"] = json!({
                    "type": "urn:ietf:params:acme:error:dns", "detail": "no address in DNS\u{1b}[2J", "status": 400,
                });
            }
            json
        };
        json!({
            "status": status,
            "identifier": {"type": "dns", "value": order.name},
            "challenges": [challenge("http-01"), challenge("tls-alpn-01")],
        })
    }

    /// With a fresh nonce.
    fn written(&self, answer: Answer) -> String {
        let mut inner = self.inner.lock().unwrap();
        inner.last += 1;
        let nonce = format!("nonce-{}", inner.last);
        inner.nonces.insert(nonce.clone());
        let Answer { status, location, retry_after, kind, body } = answer;
        let location = location.map(|location| format!("Location: {location}\r\n")).unwrap_or_default();
        let retry_after = retry_after.map(|wait| format!("Retry-After: {wait}\r\n")).unwrap_or_default();
        format!(
            "HTTP/1.1 {status} Answer\r\nReplay-Nonce: {nonce}\r\nContent-Type: {kind}\r\nConnection: close\r\n{location}{retry_after}\r\n{body}"
        )
    }
}

impl Inner {
    /// Account and payload of a signed request (RFC 8555 section 6.2), whose nonce is used up by it.
    fn verified(&mut self, body: &[u8], url: &str) -> Result<(String, Value), Answer> {
        let malformed = |what: &str| problem(400, "malformed", what);
        let decode = |text: &Value| BASE64_URL_SAFE_NO_PAD.decode(text.as_str().unwrap_or("!")).ok();
        let jws: Value = serde_json::from_slice(body).map_err(|_| malformed("no JSON"))?;
        let protected = decode(&jws["protected"]).ok_or_else(|| malformed("no header"))?;
        let protected: Value = serde_json::from_slice(&protected).map_err(|_| malformed("no header"))?;
        if protected["url"] != url || protected["alg"] != "ES256" {
            return Err(malformed("another address or algorithm"));
        }
        let (account, key) = match protected["kid"].as_str() {
            Some(account) => {
                let known = self.accounts.get(account).cloned();
                let unknown = || problem(400, "accountDoesNotExist", "no such account");
                (account.to_owned(), known.ok_or_else(unknown)?)
            }
            None => {
                let [x, y] = ["x", "y"].map(|name| decode(&protected["jwk"][name]).unwrap_or_default());
                (String::new(), [&[4][..], &x, &y].concat())
            }
        };
        let signed = format!("{}.{}", jws["protected"].as_str().unwrap(), jws["payload"].as_str().unwrap_or_default());
        let signature = decode(&jws["signature"]).unwrap_or_default();
        let verified = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &key).verify(signed.as_bytes(), &signature);
        verified.map_err(|_| malformed("a wrong signature"))?;
        let fresh = self.nonces.remove(protected["nonce"].as_str().unwrap_or_default());
        if !fresh || self.misbehaviour == Misbehaviour::Nonces {
            return Err(problem(400, "badNonce", "not this one"));
        }
        let account = if account.is_empty() {
            let account = format!("account-{}", self.accounts.len());
            self.accounts.insert(account.clone(), key);
            account
        } else {
            account
        };
        let payload = decode(&jws["payload"]).unwrap_or_default();
        Ok((account, serde_json::from_slice(&payload).unwrap_or(Value::Null)))
    }
}

/// The key of a certificate signing request.
pub struct RequestedKey(Vec<u8>);

impl RequestedKey {
    fn of(csr: &[u8]) -> Self {
        let request = CertReq::from_der(csr).expect("a request");
        Self(request.info.public_key.subject_public_key.raw_bytes().to_vec())
    }
}

impl PublicKeyData for RequestedKey {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}
