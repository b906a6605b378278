//! A question to a server on this machine: is it there, and is it well?

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::{Request, Response};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::connect::Target;
use super::{ClientError, converse, prepare};
use crate::tls::AnyCertificate;

/// GET `path` from `address`. `name` is the host to ask for; with `encrypted` it is asked for in the TLS handshake as well,
/// and whatever certificate comes is good: who listens there is known by the address, and no secret is sent.
///
/// # Errors
/// [`ClientError`]; [`ClientError::Connect`] when nobody listens.
pub async fn probe(
    address: SocketAddr,
    name: &str,
    encrypted: bool,
    path: &str,
    deadline: Duration,
) -> Result<Response<Vec<u8>>, ClientError> {
    let scheme = if encrypted { "https" } else { "http" };
    let uri = format!("{scheme}://{name}{path}");
    let request = Request::builder().uri(uri).body(Vec::new()).map_err(|_| ClientError::Address)?;
    timeout(deadline, ask(address, encrypted, request)).await.unwrap_or(Err(ClientError::Timeout))
}

async fn ask(
    address: SocketAddr,
    encrypted: bool,
    request: Request<Vec<u8>>,
) -> Result<Response<Vec<u8>>, ClientError> {
    let target = Target::of(request.uri())?;
    let request = prepare(request, &target)?;
    let tcp = TcpStream::connect(address).await.map_err(|_| ClientError::Connect)?;
    match target.tls_name.filter(|_| encrypted) {
        None => converse(tcp, request).await,
        Some(name) => {
            let tls = connector()?.connect(ServerName::to_owned(&name), tcp).await.map_err(|_| ClientError::Tls)?;
            converse(tls, request).await
        }
    }
}

fn connector() -> Result<TlsConnector, ClientError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|_| ClientError::Tls)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}
