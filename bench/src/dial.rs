//! Opening WebSockets as browsers and SDKs do, over blocking sockets, with all that a real upgrade has.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use rustls::ClientConfig;

use crate::tls::Session;
use crate::world::seed::{ROUTE, Tenant};

/// Any answer has to come within this.
const PATIENCE: Duration = Duration::from_secs(20);

/// A key and what follows from it (RFC 6455 section 1.3). It is no secret and need not differ.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// The answer to that key.
pub const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// An open WebSocket.
#[derive(Debug)]
pub struct Socket {
    /// Blocks.
    pub tcp: TcpStream,
    /// When it is a TLS connection.
    pub tls: Option<Session>,
    /// Plaintext that came behind the answer to the upgrade.
    pub rest: Vec<u8>,
}

/// Where to, and how.
#[derive(Clone, Debug)]
pub struct Dial {
    /// The address of the server.
    pub to: SocketAddr,
    /// For TLS.
    pub tls: Option<Arc<ClientConfig>>,
}

/// What an app page asks for; its session and login decide what it may see.
#[must_use]
pub fn browser_request(dial: &Dial, tenant: &Tenant, login: &str, session: &str) -> String {
    page_request(dial, login, &format!("sessionId={session}&environmentId={}&appRoute={ROUTE}", tenant.environment))
}

/// What a home page asks for.
#[must_use]
pub fn home_request(dial: &Dial, login: &str, session: &str) -> String {
    page_request(dial, login, &format!("sessionId={session}"))
}

fn page_request(dial: &Dial, login: &str, query: &str) -> String {
    let scheme = if dial.tls.is_some() { "https" } else { "http" };
    let to = dial.to;
    request(
        to,
        &format!("/api/v1/browser/ws?{query}"),
        &format!(
            "Origin: {scheme}://{to}\r\nCookie: auth_session={login}\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) \
             AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36\r\nPragma: no-cache\r\nCache-Control: \
             no-cache\r\nAccept-Encoding: gzip, deflate, br\r\nAccept-Language: en-US,en;q=0.9\r\n\
             Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
        ),
    )
}

/// What the Node SDK asks for. A server other than ours knows no keys: it is told the environment in a header.
#[must_use]
pub fn sdk_request(dial: &Dial, tenant: &Tenant, ours: bool) -> String {
    let key = &tenant.key;
    let told = if ours { String::new() } else { format!("x-bench-environment: {}\r\n", tenant.environment) };
    request(
        dial.to,
        "/api/v1/sdk/ws",
        &format!(
            "x-compose-api-key: {key}\r\nx-compose-package-name: compose-node\r\nx-compose-package-version: 0.27.9\r\n\
             Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n{told}"
        ),
    )
}

fn request(to: SocketAddr, path: &str, headers: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {to}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: \
         13\r\nSec-WebSocket-Key: {KEY}\r\n{headers}\r\n"
    )
}

impl Dial {
    /// Connects, sends the request and reads the answer, which must be a 101. With `behind`, the server is a proxy that
    /// connects to that listener: its end of the connection is opened, too, and comes second.
    ///
    /// # Errors
    /// When somebody refuses or does not answer; the text has the answer's head.
    pub fn open(&self, request: &str, behind: Option<&TcpListener>) -> Result<(Socket, Option<Socket>)> {
        let mut tcp =
            TcpStream::connect_timeout(&self.to, PATIENCE).with_context(|| format!("connecting to {}", self.to))?;
        prepare(&tcp)?;
        let mut tls = match &self.tls {
            None => None,
            Some(config) => Some(Session::connect(config, &mut tcp).context("TLS handshake")?),
        };
        match &mut tls {
            None => tcp.write_all(request.as_bytes())?,
            Some(session) => {
                let mut sealed = Vec::new();
                session.send(request.as_bytes(), &mut sealed)?;
                tcp.write_all(&sealed)?;
            }
        }
        let behind = behind.map(accept).transpose().context("the connection that the proxy makes")?;
        let mut socket = Socket { tcp, tls, rest: Vec::new() };
        let head = socket.head().context("the answer to the upgrade")?;
        ensure!(head.starts_with("HTTP/1.1 101 "), "the upgrade was refused:\n{head}");
        ensure!(head.contains(ACCEPT), "the upgrade was answered wrongly:\n{head}");
        Ok((socket, behind))
    }
}

impl Socket {
    /// Reads up to the empty line; what comes behind it stays in `rest`.
    fn head(&mut self) -> Result<String> {
        let mut buffer = vec![0; 16 << 10];
        loop {
            if let Some(end) = self.rest.windows(4).position(|it| it == b"\r\n\r\n") {
                let rest = self.rest.split_off(end + 4);
                let head = std::mem::replace(&mut self.rest, rest);
                return Ok(String::from_utf8_lossy(&head).into_owned());
            }
            let kept = self.tls.as_ref().map_or(0, Session::kept);
            let read = read(&mut self.tcp, &mut buffer[kept..])?;
            if read == 0 {
                bail!("the connection ended; so far it said: {}", String::from_utf8_lossy(&self.rest));
            }
            match &mut self.tls {
                None => self.rest.extend_from_slice(&buffer[..read]),
                Some(session) => session.receive(&mut buffer[..kept + read], |plain| {
                    self.rest.extend_from_slice(plain);
                    Ok(())
                })?,
            }
        }
    }
}

/// With a deadline on the socket, the system does not go on by itself after a signal.
pub(crate) fn read(tcp: &mut TcpStream, buffer: &mut [u8]) -> std::io::Result<usize> {
    loop {
        match tcp.read(buffer) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

/// The other side of a proxy: an ordinary WebSocket server's first steps.
fn accept(listener: &TcpListener) -> Result<Socket> {
    // Waits in small steps: a listener has no deadline of its own.
    listener.set_nonblocking(true)?;
    let begun = std::time::Instant::now();
    let tcp = loop {
        match listener.accept() {
            Ok((tcp, _)) => break tcp,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                ensure!(begun.elapsed() < PATIENCE, "none came");
                std::thread::sleep(Duration::from_micros(200));
            }
            Err(error) => return Err(error.into()),
        }
    };
    tcp.set_nonblocking(false)?;
    prepare(&tcp)?;
    let mut socket = Socket { tcp, tls: None, rest: Vec::new() };
    let head = socket.head().context("the request that the proxy passes on")?;
    ensure!(head.to_ascii_lowercase().contains("upgrade: websocket"), "the proxy did not pass the upgrade on:\n{head}");
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {ACCEPT}\r\n\r\n"
    );
    socket.tcp.write_all(answer.as_bytes())?;
    Ok(socket)
}

fn prepare(tcp: &TcpStream) -> Result<()> {
    tcp.set_nodelay(true)?;
    tcp.set_read_timeout(Some(PATIENCE))?;
    tcp.set_write_timeout(Some(PATIENCE))?;
    Ok(())
}
