//! A question to a server on this machine: is it there, and is it well?

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::{Request, Response};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::connect::Target;
use super::{ClientError, converse, prepare};
use crate::net::LOCAL;
use crate::tls::{Lenient, provider};

/// What comes before HTTP at a port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Preface {
    /// The header of the PROXY protocol, where we count as a proxy. It says that we speak for ourselves.
    pub proxy_header: bool,
    /// TLS.
    pub encrypted: bool,
}

/// GET `path` from `address`. `name` is the host to ask for; encrypted it is asked for in the TLS handshake as well,
/// and whatever certificate comes is good: who listens there is known by the address, and no secret is sent.
///
/// # Errors
/// [`ClientError`]; [`ClientError::Connect`] when nobody listens.
pub async fn probe(
    address: SocketAddr,
    name: &str,
    preface: Preface,
    path: &str,
    deadline: Duration,
) -> Result<Response<Vec<u8>>, ClientError> {
    let scheme = if preface.encrypted { "https" } else { "http" };
    let uri = format!("{scheme}://{name}{path}");
    let request = Request::builder().uri(uri).body(Vec::new()).map_err(|_| ClientError::Address)?;
    timeout(deadline, ask(address, preface, request)).await.unwrap_or(Err(ClientError::Timeout))
}

async fn ask(
    address: SocketAddr,
    preface: Preface,
    request: Request<Vec<u8>>,
) -> Result<Response<Vec<u8>>, ClientError> {
    let target = Target::of(request.uri())?;
    let request = prepare(request, &target)?;
    let mut tcp = TcpStream::connect(address).await.map_err(|_| ClientError::Connect)?;
    if preface.proxy_header {
        tcp.write_all(&LOCAL).await.map_err(|_| ClientError::Broken)?;
    }
    match target.tls_name.filter(|_| preface.encrypted) {
        None => converse(tcp, request).await,
        Some(name) => {
            let tls = connector()?.connect(ServerName::to_owned(&name), tcp).await.map_err(|_| ClientError::Tls)?;
            converse(tls, request).await
        }
    }
}

fn connector() -> Result<TlsConnector, ClientError> {
    let provider = provider();
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|_| ClientError::Tls)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Lenient::any(provider)))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}
