//! Certificates from a certificate authority, by ACME.

use std::path::PathBuf;

use url::{Host, Url};

use super::reader::Reader;
use super::values;

const DOMAIN: &str = "DOMAIN";
const DIRECTORY: &str = "ACME_DIRECTORY_URL";
const CHALLENGES: &str = "ACME_CHALLENGES";
/// Let's Encrypt.
const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";
/// Each has a certificate of its own, and a certificate authority counts them.
const MOST_DOMAINS: usize = 50;
/// Of a whole name (RFC 1035), and of the text that a certificate authority is asked under.
const LONGEST_NAME: usize = 253;
const LONGEST_ADDRESS: usize = 500;

/// How a name is proved to be ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcmeChallenge {
    /// `tls-alpn-01` (RFC 8737), over port 443.
    TlsAlpn01,
    /// `http-01` (RFC 8555 section 8.3), over port 80.
    Http01,
}

/// Certificates from a certificate authority, by ACME.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acme {
    /// `DOMAIN`: host names, lower case, as A-labels; at least one, no two alike.
    pub domains: Vec<String>,
    /// `ACME_EMAIL`.
    pub email: Option<String>,
    /// `ACME_DIRECTORY_URL`.
    pub directory: String,
    /// `ACME_CA_FILE`: root certificates (PEM) to believe instead of those of the system.
    pub ca_file: Option<PathBuf>,
    /// `ACME_CHALLENGES`, in the order in which they are tried; at least one.
    pub challenges: Vec<AcmeChallenge>,
    /// `ACME_CACHE_DIR`, or `acme` in `STATE_DIRECTORY`.
    pub cache: Option<PathBuf>,
}

impl Acme {
    /// `None` when `DOMAIN` is not set.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let domains = domains(reader);
        let email = email(reader);
        let directory = directory(reader);
        let ca_file = reader.text("ACME_CA_FILE").map(PathBuf::from);
        let challenges = challenges(reader);
        let state = reader.text("STATE_DIRECTORY");
        // systemd separates several by colons.
        let state =
            state.as_deref().and_then(|list| list.split(':').next()).map(|first| PathBuf::from(first).join("acme"));
        let cache = reader.text("ACME_CACHE_DIR").map(PathBuf::from).or(state);
        domains.map(|domains| Self { domains, email, directory, ca_file, challenges, cache })
    }

    pub(super) fn advice(&self) -> Vec<String> {
        if self.cache.is_some() {
            return Vec::new();
        }
        vec![
            "ACME_CACHE_DIR is not set: when the database has lost the certificates, new ones must be ordered (systemd \
             gives a directory with StateDirectory=)"
                .to_owned(),
        ]
    }
}

fn domains(reader: &mut Reader<'_>) -> Option<Vec<String>> {
    let list = reader.text(DOMAIN)?;
    let mut domains = Vec::new();
    for part in list.split(',').map(str::trim) {
        match domain(part) {
            Ok(domain) if domains.contains(&domain) => {}
            Ok(domain) => domains.push(domain),
            Err(wrong) => {
                let wrong = format!("holds {}, which {wrong}", values::shown(part));
                reader.fault(DOMAIN, wrong, "tools.example.com,tools.example.org");
            }
        }
    }
    if domains.len() > MOST_DOMAINS {
        let wrong = format!("holds {} names; {MOST_DOMAINS} are the most", domains.len());
        reader.fault(DOMAIN, wrong, "tools.example.com");
    }
    Some(domains)
}

/// As browsers write it in the address.
fn domain(text: &str) -> Result<String, &'static str> {
    if text.is_empty() {
        return Err("is empty (is there a comma too many?)");
    }
    if text.starts_with("*.") {
        return Err(
            "is a wildcard: that can be proved by DNS alone (dns-01), which this server cannot do; list the names, \
                    or give a certificate with TLS_CERT_FILE",
        );
    }
    if text.contains("://") || text.contains(['/', ':', '@']) {
        return Err("is more than a host name (no https://, no port, no path)");
    }
    let name = match Host::parse(text.strip_suffix('.').unwrap_or(text)) {
        Ok(Host::Domain(name)) => name,
        Ok(Host::Ipv4(_) | Host::Ipv6(_)) => return Err("is an IP address; a certificate is ordered for a host name"),
        Err(_) => return Err("is not a host name"),
    };
    let is_label = |label: &str| {
        let middle = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        middle && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    if name.len() > LONGEST_NAME || !name.split('.').all(is_label) {
        return Err(
            "is not a host name (labels of letters, digits and hyphens, 63 characters at most, separated by dots)",
        );
    }
    Ok(name)
}

fn email(reader: &mut Reader<'_>) -> Option<String> {
    const NAME: &str = "ACME_EMAIL";
    let email = reader.text(NAME)?;
    let is_plain = |text: &str| {
        !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control() || ",?%".contains(c))
    };
    match email.split_once('@') {
        Some((local, host)) if is_plain(local) && is_plain(host) && !host.contains('@') => Some(email),
        _ => {
            reader.fault(
                NAME,
                format!("is {}, which is not one e-mail address", values::shown(&email)),
                "ops@example.com",
            );
            None
        }
    }
}

fn directory(reader: &mut Reader<'_>) -> String {
    let Some(text) = reader.text(DIRECTORY) else { return LETS_ENCRYPT.to_owned() };
    let wrong = match Url::parse(&text) {
        Ok(url) if url.scheme() == "https" && url.has_host() && text.len() <= LONGEST_ADDRESS => return text,
        Ok(_) => "is not an https:// address of reasonable length",
        Err(_) => "is not an address that begins with https://",
    };
    reader.fault(DIRECTORY, format!("is {}, which {wrong}", values::shown(&text)), LETS_ENCRYPT);
    text
}

fn challenges(reader: &mut Reader<'_>) -> Vec<AcmeChallenge> {
    let Some(list) = reader.text(CHALLENGES) else { return vec![AcmeChallenge::TlsAlpn01, AcmeChallenge::Http01] };
    let mut challenges = Vec::new();
    for part in list.split(',').map(str::trim) {
        let challenge = match part {
            "tls-alpn-01" => AcmeChallenge::TlsAlpn01,
            "http-01" => AcmeChallenge::Http01,
            _ => {
                let wrong = format!("holds {}, which is neither tls-alpn-01 nor http-01", values::shown(part));
                reader.fault(CHALLENGES, wrong, "tls-alpn-01,http-01");
                continue;
            }
        };
        if !challenges.contains(&challenge) {
            challenges.push(challenge);
        }
    }
    challenges
}

#[cfg(test)]
mod tests {
    use super::domain;

    #[test]
    fn names_are_what_a_certificate_can_hold() {
        for (text, expected) in [
            ("Tools.Example.COM", "tools.example.com"),
            ("tools.example.com.", "tools.example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("intern", "intern"),
            ("a-1.test", "a-1.test"),
        ] {
            assert_eq!(domain(text).as_deref(), Ok(expected), "{text}");
        }
        let long = format!("{}.test", "a".repeat(64));
        for wrong in [
            "",
            ".",
            "a..b",
            "-a.test",
            "a-.test",
            "a_b.test",
            "a b",
            "https://a.test",
            "a.test:443",
            "a.test/x",
            "u@a.test",
            &long,
        ] {
            assert!(domain(wrong).is_err(), "{wrong}");
        }
        assert!(domain("*.example.com").unwrap_err().contains("dns-01"));
        for address in ["192.0.2.1", "[::1]"] {
            assert!(domain(address).is_err(), "{address}");
        }
    }
}
