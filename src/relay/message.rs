//! What crosses the wall between the control side and the shards: commands in, requests out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::directory::SessionClaim;
use super::kept::Kept;
use super::peer::{Attached, Identity, Page, Place, ReplyTo, SdkPeer, Socket, Ticket};
use crate::wire::{EnvironmentId, Package};

/// Why a START_EXECUTION goes on or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The user may open this app, and the app exists.
    Allowed,
    /// The user may not, or the app is not in the environment's list.
    Refused,
    /// It could not be found out (database away, overload); the user may try again.
    Unknown,
}

/// A question or a piece of work that the hot loop hands to the control task.
#[derive(Debug)]
pub enum Request {
    /// May this user start this app now (A2)? Answer with [`super::Hub::verdict`].
    Start {
        /// Where the answer goes.
        ticket: Ticket,
        /// Who asks.
        identity: Arc<Identity>,
        /// In which environment.
        environment: EnvironmentId,
        /// Which app.
        route: Box<str>,
    },
    /// An SDK described its apps (6.1). After storing it, call [`super::Hub::initialized`].
    Initialize {
        /// The environment of the sending SDK.
        environment: EnvironmentId,
        /// From the upgrade headers.
        package: Arc<Package>,
        /// The JSON text.
        body: Bytes,
    },
    /// An SDK wrote an audit-log entry (6.2). A refusal goes back with [`super::Hub::reply`].
    AuditLog(AuditLog),
}

/// One WRITE_AUDIT_LOG with what the execution binding knows (D-3).
#[derive(Debug)]
pub struct AuditLog {
    /// Where a refusal is shown.
    pub reply_to: ReplyTo,
    /// The environment of the sending SDK.
    pub environment: EnvironmentId,
    /// Its company.
    pub company: Uuid,
    /// Whether it is a development environment.
    pub development: bool,
    /// Who runs the app.
    pub identity: Arc<Identity>,
    /// The route that the execution was started with.
    pub route: Box<str>,
    /// The JSON text.
    pub body: Bytes,
}

/// Why an SDK may not take its environment's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReserveError {
    /// A living SDK connection holds it.
    #[error("this environment already has a live SDK connection")]
    Occupied,
    /// The relay is shutting down, or did not answer in time.
    #[error("the server is shutting down")]
    Stopping,
}

/// What a shard holds at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// When it said so.
    pub at: Instant,
    /// Bytes in the queues of SDKs.
    pub waiting_for_sdks: usize,
    /// Bytes in the queues of browsers, and kept for the return of those that are away.
    pub waiting_for_browsers: usize,
    /// Browser sessions, with those within their grace.
    pub sessions: usize,
    /// Executions of apps.
    pub executions: usize,
}

/// How far a look at everything attached to a shard has come: a slab index, of the connections first.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reached {
    Connections(usize),
    Sessions(usize),
}

pub(super) enum Command {
    ReserveSdk {
        environment: EnvironmentId,
        reply: oneshot::Sender<Result<u64, ReserveError>>,
    },
    CancelReservation {
        environment: EnvironmentId,
        reservation: u64,
    },
    AttachSdk {
        reservation: u64,
        socket: Socket,
        peer: Box<SdkPeer>,
    },
    AttachBrowser {
        claim: SessionClaim,
        socket: Socket,
        page: Page,
    },
    Verdict {
        ticket: Ticket,
        verdict: Verdict,
    },
    Initialized {
        environment: EnvironmentId,
    },
    Reply {
        to: ReplyTo,
        message: Box<str>,
    },
    /// An SDK came (`Some`) or went on another shard.
    Status {
        environment: EnvironmentId,
        package: Arc<Package>,
        online: bool,
    },
    Snapshot {
        from: Reached,
        reply: oneshot::Sender<(Vec<Attached>, Option<Reached>)>,
    },
    Measure {
        reply: oneshot::Sender<Measured>,
    },
    /// Close for good: the authorisation is gone.
    Revoke {
        at: Place,
    },
    /// Close everything, and give back what the next process needs to go on.
    Drain {
        /// At least this long, sockets that still come are taken and closed in the same way.
        linger: Duration,
        reply: oneshot::Sender<Vec<Kept>>,
    },
    /// A session of the process before this one.
    Restore {
        claim: SessionClaim,
        kept: Kept,
    },
    /// Shows that the shard turns.
    Turn {
        reply: oneshot::Sender<()>,
    },
}
