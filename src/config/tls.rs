//! TLS in this process: where the certificate comes from, and where is listened then.

use std::net::{Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::acme::Acme;
use super::reader::Reader;
use super::values;

/// The default of `LISTEN_HTTPS`, and that of `LISTEN_HTTP` with port 80.
const EVERYWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V6(Ipv6Addr::UNSPECIFIED), 443);

/// A certificate chain and its key, both PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    /// `TLS_CERT_FILE`: the server's own certificate first, then the intermediate ones.
    pub chain: PathBuf,
    /// `TLS_KEY_FILE`.
    pub key: PathBuf,
}

/// TLS in this process.
#[derive(Clone, Debug)]
pub struct Tls {
    /// `TLS_CERT_FILE` and `TLS_KEY_FILE`.
    pub files: Option<CertificateFiles>,
    /// `DOMAIN` and what belongs to it: certificates by ACME. Never beside `files`.
    pub acme: Option<Acme>,
    /// `LISTEN_HTTPS`; empty when there is no source of certificates.
    pub https: Vec<SocketAddr>,
    /// `LISTEN_HTTP`: answers challenges and sends everything else to https. Empty when it is `off`, or when there is no
    /// source of certificates.
    pub http: Vec<SocketAddr>,
    /// `HSTS_SECONDS`; 0: browsers are told nothing.
    pub hsts: Duration,
    /// Of the addresses, those that are set and without effect.
    unused: Vec<&'static str>,
}

impl Tls {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let files = files(reader);
        let acme = Acme::read(reader);
        if files.is_some() && acme.is_some() {
            let wrong = "is set, and TLS_CERT_FILE is, too: a certificate comes either from files or from a certificate \
                         authority; leave one of them empty";
            reader.fault("DOMAIN", wrong.to_owned(), "");
        }
        let defaults = [EVERYWHERE, SocketAddr::new(EVERYWHERE.ip(), 80)].map(|address| vec![address]);
        let [mut https, mut http] = defaults.clone();
        for (name, addresses) in [("LISTEN_HTTPS", &mut https), ("LISTEN_HTTP", &mut http)] {
            if let Some(list) = reader.text(name) {
                *addresses = self::addresses(reader, name, &list);
            }
        }
        let mut unused = Vec::new();
        if files.is_none() && acme.is_none() {
            let set = [("LISTEN_HTTPS", &mut https), ("LISTEN_HTTP", &mut http)].into_iter().zip(defaults);
            for ((name, addresses), default) in set {
                unused.extend((*addresses != default).then_some(name));
                addresses.clear();
            }
        }
        let hsts = reader.seconds("HSTS_SECONDS", 0..=63_072_000, 15_552_000);
        Self { files, acme, https, http, hsts, unused }
    }

    pub(super) fn advice(&self) -> Vec<String> {
        let line = |name| {
            format!(
                "{name} has no effect without a certificate (TLS_CERT_FILE and TLS_KEY_FILE, or DOMAIN); plain http is on PORT"
            )
        };
        let mut advice: Vec<String> = self.unused.iter().map(line).collect();
        advice.extend(self.acme.iter().flat_map(Acme::advice));
        advice
    }

    /// Whether this process speaks TLS itself; else it serves plain HTTP on `PORT`.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.files.is_some() || self.acme.is_some()
    }
}

fn files(reader: &mut Reader<'_>) -> Option<CertificateFiles> {
    const CHAIN: &str = "TLS_CERT_FILE";
    const KEY: &str = "TLS_KEY_FILE";
    const CHAIN_EXAMPLE: &str = "/etc/letsencrypt/live/tools.example.com/fullchain.pem";
    const KEY_EXAMPLE: &str = "/etc/letsencrypt/live/tools.example.com/privkey.pem";
    let (chain, key) = (reader.text(CHAIN), reader.text(KEY));
    let missing = |name, other, example: &str, reader: &mut Reader<'_>| {
        reader.fault(name, format!("is not set, and {other} is; they belong together"), example);
    };
    match (chain, key) {
        (Some(chain), Some(key)) => Some(CertificateFiles { chain: chain.into(), key: key.into() }),
        (None, None) => None,
        (None, Some(_)) => {
            missing(CHAIN, KEY, CHAIN_EXAMPLE, reader);
            None
        }
        (Some(_), None) => {
            missing(KEY, CHAIN, KEY_EXAMPLE, reader);
            None
        }
    }
}

/// `off` (http alone), or addresses with ports, separated by commas.
fn addresses(reader: &mut Reader<'_>, name: &'static str, list: &str) -> Vec<SocketAddr> {
    if name == "LISTEN_HTTP" && list == "off" {
        return Vec::new();
    }
    let mut addresses = Vec::new();
    for part in list.split(',').map(str::trim) {
        match part.parse() {
            Ok(address) => addresses.push(address),
            Err(_) => {
                let wrong = format!("holds {}, which is not an IP address with a port", values::shown(part));
                reader.fault(name, wrong, "[::]:443,192.0.2.1:8443");
            }
        }
    }
    addresses
}
