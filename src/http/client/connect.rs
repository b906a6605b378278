//! From an address to a connection.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hyper::Uri;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::ClientError;
use crate::tls::provider;

/// For one of several addresses of a name; a dead one must not use up the time of the others.
const ONE_ADDRESS: Duration = Duration::from_millis(1500);

/// Where a request goes.
pub(super) struct Target {
    host: String,
    port: u16,
    /// `None`: plain HTTP, to this machine.
    pub tls_name: Option<ServerName<'static>>,
    pub host_header: String,
}

impl Target {
    pub fn of(address: &Uri) -> Result<Self, ClientError> {
        let authority = address.authority().ok_or(ClientError::Address)?;
        let host = authority.host();
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host).to_owned();
        let (port, tls_name) = match address.scheme_str() {
            Some("https") => (443, Some(ServerName::try_from(host.clone()).map_err(|_| ClientError::Address)?)),
            Some("http") => (80, None),
            _ => return Err(ClientError::Address),
        };
        let host_header = match authority.port_u16() {
            Some(port) => format!("{}:{port}", authority.host()),
            None => authority.host().to_owned(),
        };
        Ok(Self { host, port: authority.port_u16().unwrap_or(port), tls_name, host_header })
    }
}

pub(super) async fn connect(target: &Target) -> Result<TcpStream, ClientError> {
    let found = lookup_host((target.host.as_str(), target.port)).await.map_err(|error| {
        tracing::debug!(%error, host = target.host, "the name of a server to ask is unknown");
        ClientError::Connect
    })?;
    let addresses = both_families(found.collect());
    if target.tls_name.is_none() && !addresses.iter().all(|address| address.ip().to_canonical().is_loopback()) {
        return Err(ClientError::Address);
    }
    for address in addresses {
        if let Ok(Ok(tcp)) = timeout(ONE_ADDRESS, TcpStream::connect(address)).await {
            return Ok(tcp);
        }
    }
    tracing::debug!(host = target.host, "a server to ask cannot be reached");
    Err(ClientError::Connect)
}

/// IPv4 and IPv6 in turns, for machines on which one of them leads nowhere.
fn both_families(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let (six, four): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| matches!(address.ip(), IpAddr::V6(_)));
    let mut mixed = Vec::with_capacity(six.len() + four.len());
    let (mut six, mut four) = (six.into_iter(), four.into_iter());
    loop {
        let before = mixed.len();
        mixed.extend(four.next());
        mixed.extend(six.next());
        if mixed.len() == before {
            return mixed;
        }
    }
}

pub(super) fn tls() -> Result<TlsConnector, rustls::Error> {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "a root certificate of this system cannot be read");
    }
    let mut roots = RootCertStore::empty();
    let (added, _unreadable) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        tracing::warn!(
            "this system has no root certificates: no sign-in provider and no certificate authority is believed; install the package ca-certificates or set \
             SSL_CERT_FILE"
        );
    }
    connector(roots)
}

/// Believes these root certificates alone.
pub(super) fn tls_for(pem: &[u8]) -> Result<TlsConnector, rustls::Error> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| rustls::Error::General(error.to_string()))?;
        roots.add(certificate)?;
    }
    if roots.is_empty() {
        return Err(rustls::Error::General("there is no certificate in it (-----BEGIN CERTIFICATE-----)".to_owned()));
    }
    connector(roots)
}

pub(super) fn connector(roots: RootCertStore) -> Result<TlsConnector, rustls::Error> {
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets() {
        let of = |address: &'static str| Target::of(&Uri::from_static(address));
        let target = of("https://accounts.example.com/x?y").ok().unwrap();
        assert_eq!((target.host.as_str(), target.port), ("accounts.example.com", 443));
        assert_eq!(target.host_header, "accounts.example.com");
        let target = of("http://[::1]:8080/").ok().unwrap();
        assert_eq!((target.host.as_str(), target.port, target.tls_name.is_none()), ("::1", 8080, true));
        assert_eq!(target.host_header, "[::1]:8080");
        for wrong in ["ftp://a.test/", "/path"] {
            assert_eq!(of(wrong).err(), Some(ClientError::Address), "{wrong}");
        }
    }

    #[test]
    fn families_take_turns() {
        let of = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<SocketAddr>>();
        let mixed = both_families(of(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1"]));
        assert_eq!(mixed, of(&["1.1.1.1:1", "[::1]:1", "[::2]:1", "[::3]:1"]));
        assert!(both_families(Vec::new()).is_empty());
    }
}
