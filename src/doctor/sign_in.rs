//! Whether people can sign in: what is to be registered where, and whether the providers answer.

use serde_json::Value;
use url::Url;

use super::{Finding, Subject, not_looked_at};
use crate::config::{Google, Mode, Oidc};
use crate::http::{Client, OutboundRequest};

const AREA: &str = "sign-in";

pub(super) async fn look(subject: &Subject) -> Vec<Finding> {
    if let Some(name) = subject.faults.iter().map(|fault| fault.name).find(|name| is_ours(name)) {
        return not_looked_at(AREA, name);
    }
    let (google, oidc) = (&subject.config.google, &subject.config.oidc);
    if google.is_none() && oidc.is_none() {
        let next = "set GOOGLE_OAUTH_CLIENT_ID or OIDC_ISSUER_URL (docs/OPERATIONS.md, Sign-in)";
        return vec![Finding::warning(AREA, "no provider is set up: nobody can sign in", next)];
    }
    let client = match Client::new() {
        Ok(client) => client,
        Err(error) => return vec![Finding::failure(AREA, error.to_string(), "install the package ca-certificates")],
    };
    let (google, oidc) = tokio::join!(
        async {
            match google {
                Some(google) => by_google(subject, google, &client).await,
                None => Vec::new(),
            }
        },
        async {
            match oidc {
                Some(oidc) => by_oidc(subject, oidc, &client).await,
                None => Vec::new(),
            }
        },
    );
    google.into_iter().chain(oidc).collect()
}

fn is_ours(name: &str) -> bool {
    name.starts_with("GOOGLE_") || name.starts_with("OIDC_")
}

async fn by_google(subject: &Subject, google: &Google, client: &Client) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !google.client_id.ends_with(".apps.googleusercontent.com") {
        let next = "copy the client ID of the OAuth client once more; it ends in .apps.googleusercontent.com";
        findings.push(Finding::warning(AREA, "GOOGLE_OAUTH_CLIENT_ID does not look like one of Google's", next));
    }
    findings.push(to_register(subject, "Google Cloud console", "/auth/google-oauth/redirect"));
    if google.client_secret.is_none() {
        let what = "GOOGLE_OAUTH_CLIENT_SECRET is not set: only the old web client can sign people in with Google";
        findings.push(Finding::warning(AREA, what, "set it, and a token never gets into a browser"));
    }
    // They have two hosts, usually.
    let mut urls = vec![&google.token_url, &google.tokeninfo_url, &google.userinfo_url];
    urls.dedup_by_key(|url| url.origin());
    let [first, second, third] = [urls.first(), urls.get(1), urls.get(2)].map(|url| async move {
        let url = url?;
        let why = ask(client, url).await.err();
        Some(unreachable(url, why).unwrap_or_else(|| Finding::ok(AREA, format!("{} answers", origin(url)))))
    });
    let (first, second, third) = tokio::join!(first, second, third);
    findings.extend([first, second, third].into_iter().flatten());
    findings
}

async fn by_oidc(subject: &Subject, oidc: &Oidc, client: &Client) -> Vec<Finding> {
    let mut findings = vec![to_register(subject, &oidc.issuer, "/auth/oidc/redirect")];
    let address = format!("{}/.well-known/openid-configuration", oidc.issuer.trim_end_matches('/'));
    let Ok(url) = Url::parse(&address) else { return findings };
    let (status, body) = match ask(client, &url).await {
        Ok(answer) => answer,
        Err(why) => {
            findings.extend(unreachable(&url, Some(why)));
            return findings;
        }
    };
    let document: Value = serde_json::from_slice(&body).unwrap_or_default();
    let next = "OIDC_ISSUER_URL must be the issuer exactly as the provider writes it";
    if status != 200 || !document.is_object() {
        findings.push(Finding::failure(AREA, format!("{address} answers {status} and no description"), next));
        return findings;
    }
    if document["issuer"].as_str() != Some(oidc.issuer.as_str()) {
        findings.push(Finding::failure(AREA, "the provider gives itself another name than OIDC_ISSUER_URL", next));
    }
    let algorithms = document["id_token_signing_alg_values_supported"].as_array();
    let knows = |name: &str| algorithms.is_none_or(|all| all.iter().any(|known| known == name));
    if !knows("RS256") && !knows("ES256") {
        let next = "let it sign with one of them";
        findings.push(Finding::failure(AREA, "the provider signs neither with RS256 nor with ES256", next));
    }
    if findings.len() == 1 {
        findings.push(Finding::ok(AREA, format!("{} describes itself, and fits", oidc.issuer)));
    }
    findings
}

/// The redirect address, for the operator to compare.
fn to_register(subject: &Subject, at: &str, path: &str) -> Finding {
    let server = &subject.config.server;
    if server.public_origins.is_empty() {
        let scheme = if server.mode == Mode::Production { "https" } else { "http" };
        return Finding::ok(AREA, format!("redirect address to register ({at}): {scheme}://<your host>{path}"));
    }
    let addresses: Vec<String> = server.public_origins.iter().map(|origin| format!("{origin}{path}")).collect();
    Finding::ok(AREA, format!("redirect address to register ({at}): {}", addresses.join(" ")))
}

/// Any answer shows that the provider can be reached.
async fn ask(client: &Client, url: &Url) -> Result<(u16, Vec<u8>), String> {
    let request = OutboundRequest::get(url.as_str()).body(Vec::new()).map_err(|error| error.to_string())?;
    let answer = client.send(request).await.map_err(|error| error.to_string())?;
    Ok((answer.status().as_u16(), answer.into_body()))
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

fn unreachable(url: &Url, why: Option<String>) -> Option<Finding> {
    let what = format!("{} cannot be asked: {}", origin(url), why?);
    let next = "the server must get out to it by https: look at the firewall, the name service and ca-certificates";
    Some(Finding::failure(AREA, what, next))
}
