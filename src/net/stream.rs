//! The one socket type of the control runtime.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::TlsStream;
use crate::tls::Session;

/// An accepted connection.
#[derive(Debug)]
pub enum Stream {
    /// Plain TCP: TLS, if any, is ended by a proxy in front.
    Plain(TcpStream),
    /// TLS that is ended here.
    Tls(Box<TlsStream>),
}

/// A connection taken apart, for a thread that drives it by hand.
#[derive(Debug)]
pub struct Parts {
    /// The socket, non-blocking and free of the runtime's reactor.
    pub tcp: std::net::TcpStream,
    /// The TLS session on it, if there is one.
    pub session: Option<Box<Session>>,
    /// What was received and not read yet, at most [`crate::tls::RECORD`] bytes.
    pub unread: Vec<u8>,
}

impl Stream {
    /// Whether the peer's bytes come encrypted to this process.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        matches!(self, Self::Tls(_))
    }

    /// Takes the connection apart.
    ///
    /// # Errors
    /// When the operating system refuses to take the socket out of the reactor.
    pub fn into_parts(self) -> io::Result<Parts> {
        match self {
            Self::Plain(tcp) => Ok(Parts { tcp: tcp.into_std()?, session: None, unread: Vec::new() }),
            Self::Tls(tls) => {
                let (tcp, session, unread) = tls.into_parts();
                Ok(Parts { tcp: tcp.into_std()?, session: Some(session), unread })
            }
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_read(cx, buffer),
            Self::Tls(tls) => Pin::new(&mut **tls).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Self::Tls(tls) => Pin::new(&mut **tls).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write_vectored(cx, slices),
            Self::Tls(tls) => Pin::new(&mut **tls).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(tcp) => tcp.is_write_vectored(),
            Self::Tls(tls) => tls.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Self::Tls(tls) => Pin::new(&mut **tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Self::Tls(tls) => Pin::new(&mut **tls).poll_shutdown(cx),
        }
    }
}
