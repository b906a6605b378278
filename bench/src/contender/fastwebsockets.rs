//! A relay as it is usually written: a task for each half of each socket, a channel between them, a frame is written when it
//! comes. It finds the receiver by the ids in the header as our server does, but asks nobody for permission.

use std::collections::HashMap;
use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use fastwebsockets::{FragmentCollectorRead, Frame, OpCode, Role, WebSocket, WebSocketError};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::{Runs, Started, start_own};
use crate::world::World;

pub(super) fn start(world: &World, tls: bool) -> Started {
    let files = world.authority().files().map(|file| file.display().to_string());
    let arguments = if tls { vec!["fastwebsockets", &files[0], &files[1]] } else { vec!["fastwebsockets"] };
    let (address, process) = start_own(world, &arguments)?;
    Ok((address, None, Runs::Other(process)))
}

/// Messages that may wait for one socket.
const QUEUE: usize = 1024;

type Id = [u8; 36];

/// Where messages go: by environment to an SDK, by session to a browser.
#[derive(Default)]
struct Peers(Mutex<HashMap<Id, mpsc::Sender<Vec<u8>>>>);

impl Peers {
    fn add(&self, id: Id) -> mpsc::Receiver<Vec<u8>> {
        let (sender, receiver) = mpsc::channel(QUEUE);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id, sender);
        receiver
    }

    fn find(&self, id: &[u8]) -> Option<mpsc::Sender<Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    fn remove(&self, id: &Id) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}

/// Serves until it is killed; over TLS when it is given a certificate chain and a key.
///
/// # Errors
/// When it cannot listen.
pub fn run(tls: Option<[PathBuf; 2]>) -> Result<()> {
    // What `#[tokio::main]` makes: a worker for each core that may be used, which is one here.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let acceptor = tls.map(acceptor).transpose()?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("listening on {}", listener.local_addr()?);
        let peers = Arc::new(Peers::default());
        loop {
            let (tcp, _) = listener.accept().await?;
            tcp.set_nodelay(true)?;
            let (peers, acceptor) = (Arc::clone(&peers), acceptor.clone());
            tokio::spawn(async move {
                let ended = match acceptor {
                    None => serve(tcp, &peers).await,
                    Some(acceptor) => match acceptor.accept(tcp).await {
                        Ok(stream) => serve(stream, &peers).await,
                        Err(error) => Err(error.into()),
                    },
                };
                // A peer that goes is nothing special.
                if let Err(error) = ended {
                    eprintln!("{error:#}");
                }
            });
        }
    })
}

fn acceptor([chain, key]: [PathBuf; 2]) -> Result<tokio_rustls::TlsAcceptor> {
    let chain = CertificateDer::pem_file_iter(chain)?.collect::<Result<_, _>>()?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from_pem_file(key)?)?;
    Ok(Arc::new(config).into())
}

async fn serve<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(mut stream: S, peers: &Peers) -> Result<()> {
    let (own, environment) = upgrade(&mut stream).await?;
    let mut outgoing = peers.add(own);
    let socket = WebSocket::after_handshake(stream, Role::Server);
    let (read, mut write) = socket.split(tokio::io::split);
    let mut read = FragmentCollectorRead::new(read);
    let writer = tokio::spawn(async move {
        while let Some(message) = outgoing.recv().await {
            write.write_frame(Frame::binary(message.into())).await?;
            write.flush().await?;
        }
        Ok::<_, WebSocketError>(())
    });
    let ended = relay(&mut read, environment, peers).await;
    peers.remove(&own);
    writer.abort();
    ended
}

/// Passes on what a socket says, each message by its header.
async fn relay<S: AsyncRead + Unpin>(
    read: &mut FragmentCollectorRead<S>,
    environment: Option<Id>,
    peers: &Peers,
) -> Result<()> {
    loop {
        // There is no answer to a ping here: nobody in the bench pings this relay.
        let frame = read.read_frame(&mut |_| ready()).await?;
        match frame.opcode {
            OpCode::Binary => {
                let message = Vec::from(frame.payload);
                let to = message.get(2..38).context("a short message")?;
                if environment.is_some_and(|own| own != *to) {
                    bail!("a message for another environment");
                }
                if let Some(peer) = peers.find(to) {
                    peer.send(message).await?;
                }
            }
            OpCode::Close => return Ok(()),
            _ => {}
        }
    }
}

fn ready() -> impl Future<Output = Result<(), WebSocketError>> {
    std::future::ready(Ok(()))
}

/// Reads the request and answers it. Gives the id under which others reach this socket and, for a browser, the only
/// environment that it may send to. An SDK says its environment in a header of the bench's own.
async fn upgrade<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) -> Result<(Id, Option<Id>)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() > 16 << 10 {
            bail!("the head is too large");
        }
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8(head)?;
    let id = |text: &str| text.as_bytes().first_chunk::<36>().copied();
    let after = |what: &str| head.split_once(what).and_then(|(_, rest)| id(rest));
    let ids = match (after("sessionId="), after("environmentId="), after("x-bench-environment: ")) {
        (Some(session), Some(environment), _) => (session, Some(environment)),
        (_, _, Some(environment)) => (environment, None),
        _ => bail!("neither a browser nor an SDK"),
    };
    let key = head.split_once("Sec-WebSocket-Key: ").and_then(|(_, rest)| rest.split("\r\n").next());
    let key = format!("{}258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key.context("no key")?);
    let digest = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes());
    let accept = base64::engine::general_purpose::STANDARD.encode(digest);
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.flush().await?;
    Ok(ids)
}
