//! The socket under a connection, watched: what phase the connection is in, since when, and whether hyper has begun to
//! answer a broken request by itself. hyper has one timeout for both an idle connection and a slow head, and gives bare
//! answers to requests that it cannot parse; with this wrapper the two times differ and the answers are ours.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::time::Instant;

use crate::net::{Permit, Stream};

/// Idle time that is announced in `Keep-Alive` (http-api 1.1).
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(72);
/// From the first to the last byte of a request head; also how long a fresh connection may stay silent.
const HEAD_DEADLINE: Duration = Duration::from_secs(20);
/// How long a write may make no progress at all.
const STALL_DEADLINE: Duration = Duration::from_secs(30);
/// How much of a request head is kept for answering it when it cannot be parsed: enough for the method and our paths.
const KEPT_HEAD: usize = 256;

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Accepted, nothing has come yet.
    Fresh,
    /// Between two requests.
    Idle,
    /// A request head has begun to arrive.
    Head,
    /// A handler works.
    Handling,
    /// The answer is on its way out.
    Answering,
}

/// Shared by the socket wrapper, the service and the driver of one connection, which all run in one task.
#[derive(Debug)]
pub(super) struct Watch(Mutex<State>);

#[derive(Debug)]
struct State {
    phase: Phase,
    since: Instant,
    head: Vec<u8>,
    stalled_since: Option<Instant>,
    swallowed: bool,
    permit: Option<Permit>,
}

/// What the clock says about a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Look again then.
    WaitUntil(Instant),
    /// Idle for too long: close it.
    Idle,
    /// The head is too slow: answer and close.
    SlowHead,
    /// The peer does not read: close it.
    Stalled,
}

impl Watch {
    pub(super) fn new(permit: Permit) -> Self {
        Self(Mutex::new(State {
            phase: Phase::Fresh,
            since: Instant::now(),
            head: Vec::new(),
            stalled_since: None,
            swallowed: false,
            permit: Some(permit),
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is plain data that is consistent between any two statements: a panic elsewhere cannot spoil it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request has been parsed.
    pub(super) fn begin(&self) {
        let mut state = self.state();
        state.enter(Phase::Handling);
        state.head.clear();
    }

    /// The handler has answered.
    pub(super) fn answered(&self) {
        self.state().enter(Phase::Answering);
    }

    /// Whether hyper tried to answer a request that never reached the service.
    pub(super) fn swallowed(&self) -> bool {
        self.state().swallowed
    }

    /// The first bytes of the request that is arriving, as far as they are known.
    pub(super) fn head(&self) -> Vec<u8> {
        self.state().head.clone()
    }

    pub(super) fn verdict(&self, now: Instant) -> Verdict {
        let state = self.state();
        if let Some(since) = state.stalled_since
            && now >= since + STALL_DEADLINE
        {
            return Verdict::Stalled;
        }
        let (limit, verdict) = match state.phase {
            Phase::Idle => (KEEP_ALIVE, Verdict::Idle),
            Phase::Fresh => (HEAD_DEADLINE, Verdict::Idle),
            Phase::Head => (HEAD_DEADLINE, Verdict::SlowHead),
            // Handlers and bodies have deadlines of their own.
            Phase::Handling | Phase::Answering => return Verdict::WaitUntil(now + HEAD_DEADLINE),
        };
        let end = state.since + limit;
        if now >= end {
            return verdict;
        }
        // Not later than the shortest limit, because the phase may change before.
        Verdict::WaitUntil(end.min(now + HEAD_DEADLINE))
    }
}

impl State {
    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.since = Instant::now();
    }
}

/// The socket that hyper serves.
#[derive(Debug)]
pub(super) struct WatchedIo {
    inner: TokioIo<Stream>,
    watch: Arc<Watch>,
}

impl WatchedIo {
    pub(super) fn new(stream: Stream, watch: Arc<Watch>) -> Self {
        Self { inner: TokioIo::new(stream), watch }
    }

    /// The socket and its place under the connection cap.
    pub(super) fn into_stream(self) -> (Stream, Option<Permit>) {
        let permit = self.watch.state().permit.take();
        (self.inner.into_inner(), permit)
    }

    fn inner(self: Pin<&mut Self>) -> Pin<&mut TokioIo<Stream>> {
        Pin::new(&mut self.get_mut().inner)
    }

    /// Whether these bytes are hyper's own answer to a request that it could not parse. Such an answer begins a write,
    /// is an error, has no body, and comes while a head is arriving.
    fn swallows(&self, bytes: &[u8]) -> bool {
        let mut state = self.watch.state();
        let before_the_handler = matches!(state.phase, Phase::Fresh | Phase::Idle | Phase::Head);
        let ours = state.swallowed || (before_the_handler && bytes.starts_with(b"HTTP/1.1 4"));
        state.swallowed = ours;
        ours
    }

    fn note_write<T>(&self, outcome: &Poll<T>) {
        let mut state = self.watch.state();
        match outcome {
            Poll::Ready(_) => state.stalled_since = None,
            Poll::Pending => {
                state.stalled_since.get_or_insert_with(Instant::now);
            }
        }
    }
}

impl Read for WatchedIo {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, mut buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // Read through a buffer of our own view: the cursor does not show what was put into it.
        let mut scratch = [0; 8 * 1024];
        let room = buffer.remaining().min(scratch.len());
        let mut view = tokio::io::ReadBuf::new(scratch.get_mut(..room).unwrap_or_default());
        let outcome = tokio::io::AsyncRead::poll_read(Pin::new(this.inner.inner_mut()), cx, &mut view);
        if matches!(outcome, Poll::Ready(Ok(()))) {
            let bytes = view.filled();
            buffer.put_slice(bytes);
            let mut state = this.watch.state();
            if !bytes.is_empty() && matches!(state.phase, Phase::Fresh | Phase::Idle) {
                state.enter(Phase::Head);
                state.head.clear();
            }
            if state.phase == Phase::Head {
                let room = KEPT_HEAD.saturating_sub(state.head.len()).min(bytes.len());
                state.head.extend_from_slice(bytes.get(..room).unwrap_or_default());
            }
        }
        outcome
    }
}

impl Write for WatchedIo {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.swallows(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.inner).poll_write(cx, bytes);
        this.note_write(&outcome);
        outcome
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = slices.iter().find(|slice| !slice.is_empty()).map_or(&[][..], |slice| slice);
        if self.swallows(first) {
            return Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum()));
        }
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.inner).poll_write_vectored(cx, slices);
        this.note_write(&outcome);
        outcome
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        {
            // hyper flushes once everything is written.
            let mut state = self.watch.state();
            if state.phase == Phase::Answering {
                state.enter(Phase::Idle);
            }
        }
        self.inner().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.watch.swallowed() {
            // Our own answer is still to be written.
            return Poll::Ready(Ok(()));
        }
        self.inner().poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Admission;

    #[test]
    fn each_phase_has_its_own_time() {
        let watch = Watch::new(Admission::new(1).admit().unwrap());
        let second = Duration::from_secs(1);
        let verdict = |phase, after| {
            watch.state().enter(phase);
            let since = watch.state().since;
            watch.verdict(since + after)
        };
        assert!(matches!(verdict(Phase::Fresh, HEAD_DEADLINE - second), Verdict::WaitUntil(_)));
        assert_eq!(verdict(Phase::Fresh, HEAD_DEADLINE), Verdict::Idle, "a silent fresh connection");
        assert_eq!(verdict(Phase::Head, HEAD_DEADLINE), Verdict::SlowHead);
        assert!(matches!(verdict(Phase::Idle, KEEP_ALIVE - second), Verdict::WaitUntil(_)));
        assert_eq!(verdict(Phase::Idle, KEEP_ALIVE), Verdict::Idle);
        assert!(matches!(verdict(Phase::Handling, KEEP_ALIVE * 2), Verdict::WaitUntil(_)), "has its own deadlines");
        watch.state().stalled_since = Some(Instant::now());
        assert_eq!(verdict(Phase::Answering, STALL_DEADLINE + second), Verdict::Stalled);
    }
}
