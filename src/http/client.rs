//! The one way out: requests to the providers that people sign in with, and to a certificate authority. One connection a
//! request, because they are few.
//!
//! - HTTPS with the root certificates of the system, or given ones; plain HTTP to this machine alone.
//! - 5 s (unless said otherwise) for everything from the name look-up to the last byte; 64 KiB of answer; no redirect is followed.
//! - An address that was asked for is in no error and in no log: its query may hold a token.

mod connect;
mod probe;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, CONNECTION, HOST, HeaderValue, USER_AGENT};
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use connect::{Target, connect};
pub use probe::{Preface, probe};

/// For the whole of a request.
const DEADLINE: Duration = Duration::from_secs(5);
/// The largest answer that is read.
const LARGEST_ANSWER: usize = 64 * 1024;
/// The largest head of an answer.
const LARGEST_HEAD: usize = 16 * 1024;
/// Requests on their way at once; more wait, within their deadline.
const AT_ONCE: usize = 64;

/// An HTTPS client. Clones share one limit.
#[derive(Clone)]
pub struct Client {
    tls: TlsConnector,
    places: Arc<Semaphore>,
    deadline: Duration,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The address is not one of HTTPS, nor one of this machine.
    #[error("the address is neither https nor on this machine")]
    Address,
    /// No name, no route, nobody there.
    #[error("the server cannot be reached")]
    Connect,
    /// No agreement on TLS, or a certificate that is not to be trusted.
    #[error("no TLS connection, or its certificate is not trusted")]
    Tls,
    /// The connection broke, or what came is not HTTP.
    #[error("the connection broke or did not speak HTTP")]
    Broken,
    /// More than 64 KiB.
    #[error("the answer is larger than 64 KiB")]
    TooLarge,
    /// The time is over.
    #[error("no whole answer in time")]
    Timeout,
}

/// TLS cannot be set up at all.
#[derive(Debug, thiserror::Error)]
#[error("TLS cannot be set up: {0}")]
pub struct NoTls(#[from] rustls::Error);

impl Client {
    /// Loads the root certificates of the system (or of the file that `SSL_CERT_FILE` names). Reads from disk.
    ///
    /// # Errors
    /// [`NoTls`]. A system without root certificates is only warned of.
    pub fn new() -> Result<Self, NoTls> {
        Ok(Self { tls: connect::tls()?, places: Arc::new(Semaphore::new(AT_ONCE)), deadline: DEADLINE })
    }

    /// As [`Client::new`] with another deadline, and with the root certificates of a private authority (PEM) in place of
    /// the system's where they are given.
    ///
    /// # Errors
    /// [`NoTls`], also when there is no certificate in `roots`.
    pub fn patient(deadline: Duration, roots: Option<&[u8]>) -> Result<Self, NoTls> {
        let tls = match roots {
            Some(pem) => connect::tls_for(pem)?,
            None => connect::tls()?,
        };
        Ok(Self { tls, places: Arc::new(Semaphore::new(AT_ONCE)), deadline })
    }

    /// Sends a request to an absolute address and reads the whole answer, whatever its status. Dropping the future ends
    /// the connection.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, ClientError> {
        timeout(self.deadline, self.exchange(request)).await.unwrap_or(Err(ClientError::Timeout))
    }

    async fn exchange(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, ClientError> {
        // The semaphore is never closed.
        let _place = self.places.acquire().await.map_err(|_| ClientError::Broken)?;
        let target = Target::of(request.uri())?;
        let request = prepare(request, &target)?;
        let tcp = connect(&target).await?;
        match &target.tls_name {
            None => converse(tcp, request).await,
            Some(name) => {
                let tls = self.tls.connect(name.clone(), tcp).await.map_err(|error| {
                    tracing::debug!(%error, "no TLS with a server that was asked");
                    ClientError::Tls
                })?;
                converse(tls, request).await
            }
        }
    }
}

/// From an absolute address to a path and a `Host`, as HTTP/1.1 wants it.
fn prepare(request: Request<Vec<u8>>, target: &Target) -> Result<Request<Full<Bytes>>, ClientError> {
    let (mut head, body) = request.into_parts();
    head.uri = head.uri.path_and_query().map_or_else(|| Uri::from_static("/"), |path| Uri::from(path.clone()));
    let host = HeaderValue::try_from(target.host_header.as_str()).map_err(|_| ClientError::Address)?;
    head.headers.insert(HOST, host);
    head.headers.insert(CONNECTION, HeaderValue::from_static("close"));
    head.headers.insert(USER_AGENT, HeaderValue::from_static("compose-relay"));
    head.headers.entry(ACCEPT).or_insert(HeaderValue::from_static("application/json"));
    Ok(Request::from_parts(head, Full::new(Bytes::from(body))))
}

async fn converse<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Response<Vec<u8>>, ClientError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let handshake = http1::Builder::new().max_buf_size(LARGEST_HEAD).handshake(TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.map_err(|_| ClientError::Broken)?;
    let answer = async {
        let (head, body) = sender.send_request(request).await.map_err(|_| ClientError::Broken)?.into_parts();
        Ok(Response::from_parts(head, collect(body).await?))
    };
    // The connection is driven here and not by a task of its own, so that it ends with the request. Its end is not ours:
    // what it has read is still to be taken.
    let driving = async {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "the connection to a server that was asked broke");
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        answer = answer => answer,
        () = driving => Err(ClientError::Broken),
    }
}

async fn collect(mut body: Incoming) -> Result<Vec<u8>, ClientError> {
    if body.size_hint().lower() > LARGEST_ANSWER as u64 {
        return Err(ClientError::TooLarge);
    }
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| ClientError::Broken)?.into_data() else { continue };
        if whole.len() + data.len() > LARGEST_ANSWER {
            return Err(ClientError::TooLarge);
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole)
}

#[cfg(test)]
mod tests;
