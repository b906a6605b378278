//! The life of a socket, told in one line when it is over.

use std::time::{Duration, Instant};

use super::counters::Count;
use crate::wire::EnvironmentId;

/// What is at the other end of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A program with an SDK.
    Sdk,
    /// The page of an app.
    App,
    /// A home page.
    Home,
}

impl Kind {
    /// The name in logs.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Sdk => "sdk",
            Self::App => "app",
            Self::Home => "home",
        }
    }

    pub(super) const fn opened(self) -> Count {
        match self {
            Self::Sdk => Count::SdkOpened,
            Self::App => Count::AppOpened,
            Self::Home => Count::HomeOpened,
        }
    }

    pub(super) const fn gone(self) -> Count {
        match self {
            Self::Sdk => Count::SdkGone,
            Self::App => Count::AppGone,
            Self::Home => Count::HomeGone,
        }
    }
}

/// Messages in one direction, and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// How many.
    pub messages: u64,
    /// Their bytes, WebSocket headers left out.
    pub bytes: u64,
}

impl Traffic {
    pub(super) fn add(&mut self, bytes: usize) {
        self.messages += 1;
        self.bytes += bytes as u64;
    }
}

/// What a connection writes down for its last line.
#[derive(Debug)]
pub(super) struct Diary {
    pub(super) kind: Kind,
    pub(super) environment: Option<EnvironmentId>,
    pub(super) opened: Instant,
    pub(super) received: Traffic,
    pub(super) sent: Traffic,
    /// The first reason counts: what comes behind it follows from it.
    pub(super) reason: Option<Count>,
    pub(super) code: Option<u16>,
}

/// A socket that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// What was at the other end.
    pub kind: Kind,
    /// The environment; none for a home page.
    pub environment: Option<EnvironmentId>,
    /// From the end of the upgrade to the end of the connection.
    pub lasted: Duration,
    /// Messages from the peer.
    pub received: Traffic,
    /// Messages queued for the peer.
    pub sent: Traffic,
    /// Why it ended, from a closed set: the labels of [`Count`] that begin with `close_`, without that.
    pub reason: &'static str,
    /// The code in our close frame, if there was one.
    pub code: Option<u16>,
}

impl Diary {
    pub(super) fn new(kind: Kind, environment: Option<EnvironmentId>, opened: Instant) -> Self {
        let none = Traffic::default();
        Self { kind, environment, opened, received: none, sent: none, reason: None, code: None }
    }

    pub(super) fn life(&self, now: Instant) -> Life {
        let reason = self.reason.unwrap_or(Count::CloseLost).label();
        Life {
            kind: self.kind,
            environment: self.environment,
            lasted: now.saturating_duration_since(self.opened),
            received: self.received,
            sent: self.sent,
            reason: reason.strip_prefix("close_").unwrap_or(reason),
            code: self.code,
        }
    }
}

impl Life {
    /// Writes the line.
    pub fn tell(&self) {
        let environment = self.environment.map(tracing::field::display);
        tracing::info!(
            socket.kind = self.kind.label(),
            socket.environment = environment,
            socket.reason = self.reason,
            socket.code = self.code,
            socket.seconds = self.lasted.as_millis() as f64 / 1000.0,
            socket.received.messages = self.received.messages,
            socket.received.bytes = self.received.bytes,
            socket.sent.messages = self.sent.messages,
            socket.sent.bytes = self.sent.bytes,
            "socket ended"
        );
    }
}
