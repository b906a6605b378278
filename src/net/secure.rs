//! A TLS connection as a stream of the control runtime. The session goes on elsewhere when HTTP is done with it.

use std::cell::RefCell;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::tls::{Emptied, End, RECORD, Scratch, Session};

thread_local! {
    /// Shared by all connections that a thread of the runtime serves: ciphertext, and the plaintext of one record.
    static SCRATCH: RefCell<(Scratch, Vec<u8>)> = RefCell::default();
}

/// A socket and the TLS session on it.
#[derive(Debug)]
pub struct TlsStream {
    tcp: TcpStream,
    session: Box<Session>,
    /// Decrypted and not read yet: from `at` on. At most one record.
    ready: Vec<u8>,
    at: usize,
    end: Option<End>,
}

impl TlsStream {
    /// A session that is about to begin; [`TlsStream::handshake`] comes next.
    pub(super) fn new(tcp: TcpStream, session: Session) -> Self {
        Self { tcp, session: Box::new(session), ready: Vec::new(), at: 0, end: None }
    }

    /// Completes the handshake. Has no deadline of its own. Cancel-safe.
    ///
    /// # Errors
    /// Those of the socket; `UnexpectedEof` when the client leaves; `InvalidData` with a [`tls fault`](Session::receive) when it
    /// breaks the protocol, or has nothing in common with us: then the alert that tells it is on its way.
    pub(super) async fn handshake(&mut self) -> io::Result<()> {
        std::future::poll_fn(|cx| self.poll_handshake(cx)).await
    }

    fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            // A request has come with the end of the handshake: tickets go with its answer.
            if !self.session.is_handshaking() && !self.ready.is_empty() && self.session.hold() {
                return Poll::Ready(Ok(()));
            }
            if !self.flush(cx)? {
                return Poll::Pending;
            }
            if !self.session.is_handshaking() {
                return Poll::Ready(Ok(()));
            }
            let emptied = match self.receive(cx) {
                Ok(emptied) => emptied,
                Err(error) => {
                    // The alert fits into the socket's buffer, or the client does not read: no reason to wait.
                    let _ = self.flush(cx);
                    return Poll::Ready(Err(error));
                }
            };
            if self.session.is_handshaking() && self.end.is_some() {
                return Poll::Ready(Err(ErrorKind::UnexpectedEof.into()));
            }
            if emptied == Emptied::Yes && self.session.is_handshaking() && !self.session.wants_write() {
                return Poll::Pending;
            }
        }
    }

    /// What was agreed on, and the session itself.
    pub(super) fn session(&self) -> &Session {
        &self.session
    }

    /// Socket, session, and what was decrypted and not read.
    pub(super) fn into_parts(mut self) -> (TcpStream, Box<Session>, Vec<u8>) {
        self.ready.drain(..self.at);
        (self.tcp, self.session, self.ready)
    }

    /// Reads from the socket once, into `ready`.
    fn receive(&mut self, cx: &mut Context<'_>) -> io::Result<Emptied> {
        SCRATCH.with_borrow_mut(|(scratch, plain)| {
            plain.resize(RECORD, 0);
            let received = self.session.receive(&mut Bridge { tcp: &mut self.tcp, cx }, plain, scratch)?;
            self.ready.extend_from_slice(&plain[..received.bytes]);
            self.end = received.end;
            Ok(received.socket)
        })
    }

    /// False: the socket takes no more for now, and the task will be woken.
    fn flush(&mut self, cx: &mut Context<'_>) -> io::Result<bool> {
        self.session.flush(&mut Bridge { tcp: &mut self.tcp, cx })
    }
}

impl AsyncRead for TlsStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            let ready = &this.ready[this.at..];
            if !ready.is_empty() {
                let count = ready.len().min(buffer.remaining());
                buffer.put_slice(&ready[..count]);
                this.at += count;
                if this.at == this.ready.len() {
                    (this.ready, this.at) = (Vec::new(), 0);
                }
                return Poll::Ready(Ok(()));
            }
            // HTTP has its own ways to see that something is missing at the end.
            if this.end.is_some() {
                return Poll::Ready(Ok(()));
            }
            let emptied = this.receive(cx);
            // What the session owes the client goes out even when nothing is written; tickets that are held have time.
            if this.session.wants_write() && !this.session.is_held() {
                this.flush(cx)?;
            }
            if emptied? == Emptied::Yes && this.ready.is_empty() {
                return Poll::Pending;
            }
        }
    }
}

impl AsyncWrite for TlsStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let sent = SCRATCH
            .with_borrow_mut(|(scratch, _)| this.session.send(&mut Bridge { tcp: &mut this.tcp, cx }, slices, scratch));
        pending_if_blocked(sent)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.session.is_held() {
            return Poll::Ready(Ok(()));
        }
        if this.flush(cx)? { Pin::new(&mut this.tcp).poll_flush(cx) } else { Poll::Pending }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        SCRATCH.with_borrow_mut(|(scratch, _)| this.session.finish(&mut Bridge { tcp: &mut this.tcp, cx }, scratch))?;
        if this.session.wants_write() {
            return Poll::Pending;
        }
        Pin::new(&mut this.tcp).poll_shutdown(cx)
    }
}

fn pending_if_blocked<T>(outcome: io::Result<T>) -> Poll<io::Result<T>> {
    match outcome {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Poll::Pending,
        outcome => Poll::Ready(outcome),
    }
}

/// The socket as the session wants it: what is pending would block, and wakes the task later.
struct Bridge<'a, 'b> {
    tcp: &'a mut TcpStream,
    cx: &'a mut Context<'b>,
}

impl Read for Bridge<'_, '_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let mut buffer = ReadBuf::new(bytes);
        match Pin::new(&mut *self.tcp).poll_read(self.cx, &mut buffer) {
            Poll::Ready(Ok(())) => Ok(buffer.filled().len()),
            Poll::Ready(Err(error)) => Err(error),
            Poll::Pending => Err(ErrorKind::WouldBlock.into()),
        }
    }
}

impl Write for Bridge<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match Pin::new(&mut *self.tcp).poll_write(self.cx, bytes) {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => Err(ErrorKind::WouldBlock.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
