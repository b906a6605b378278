//! Plain values that come in at attach time: who is on a socket, and how much it may hold.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::audience::Heard;
use crate::tls::Session;
use crate::wire::{EnvironmentId, ExecutionId, Package, SessionId};

/// An upgraded socket and the bytes that were read behind the upgrade request.
pub struct Socket {
    /// The connected socket; the shard makes it non-blocking.
    pub tcp: std::net::TcpStream,
    /// The TLS session on it; `None`: plain bytes.
    pub session: Option<Box<Session>>,
    /// Bytes of the first frames that came with the request, in the clear.
    pub leftover: Vec<u8>,
    /// Dropped with the socket: its place under the connection cap.
    pub place: Box<dyn Send>,
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").field("tcp", &self.tcp).field("leftover", &self.leftover.len()).finish_non_exhaustive()
    }
}

/// Who opened a browser socket, as the login session and the user row said at the upgrade.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// Id of the login session; a secret, so `Debug` does not show it.
    pub login: Box<str>,
    /// The internal user; none for external people and public visitors.
    pub user: Option<Uuid>,
    /// The internal user's company.
    pub company: Option<Uuid>,
    /// The e-mail; none for public visitors (whose session says `ALL`).
    pub email: Option<Box<str>>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("user", &self.user).field("company", &self.company).finish_non_exhaustive()
    }
}

/// Whose a browser session id is (relay-protocol 5.5, A1).
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Owner {
    /// An internal user, on any login.
    User(Uuid),
    /// A known person from outside, on any login.
    Email(Box<str>),
    /// A public visitor: all of them share one e-mail, so the login tells them apart.
    Login(Box<str>),
}

impl Owner {
    /// The owner that this identity stands for.
    #[must_use]
    pub fn of(identity: &Identity) -> Self {
        match (identity.user, &identity.email) {
            (Some(user), _) => Self::User(user),
            (None, Some(email)) => Self::Email(email.to_ascii_lowercase().into()),
            (None, None) => Self::Login(identity.login.clone()),
        }
    }
}

/// What is known of an SDK connection from its upgrade.
#[derive(Clone, Debug)]
pub struct SdkPeer {
    /// The environment that its API key names.
    pub environment: EnvironmentId,
    /// The company that owns the environment.
    pub company: Uuid,
    /// Name and version from the upgrade headers.
    pub package: Package,
    /// Hash of the API key, to notice a refreshed key (D-10).
    pub key_hash: Box<str>,
    /// Whether the environment is of type `development`.
    pub development: bool,
}

/// Which page a browser socket serves (relay-protocol 3.4).
#[derive(Clone, Debug)]
pub enum Page {
    /// An app page: one environment.
    App {
        /// The environment of the page.
        environment: EnvironmentId,
        /// The route that the upgrade was authorised for.
        route: Box<str>,
    },
    /// A home page: hears of the status of these environments.
    Home {
        /// What the user may see of the company. Pages that name the same ones in the same order share one list.
        company: Vec<EnvironmentId>,
        /// The user's own development environment.
        own: Option<EnvironmentId>,
    },
}

/// Bounds of the relay. Bytes unless another unit is named.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Number of shards, each an own thread.
    pub shards: usize,
    /// How long a browser session outlives its socket.
    pub session_grace: Duration,
    /// Frames per second that one browser may send on; more waits in its socket.
    pub browser_frames_per_second: u32,
    /// Bytes per second that one browser may send on; more waits in its socket.
    pub browser_bytes_per_second: u32,
    /// Largest message from an SDK, and from a browser to a Node SDK.
    pub max_message: usize,
    /// Partly received messages of all connections of all shards together.
    pub max_inbound: usize,
    /// What waits for browsers that read slowly or are away, of all connections of all shards together.
    pub max_outbound: usize,
    /// A browser whose queue holds more than this beside its largest message when a further frame comes is closed.
    pub browser_outbox: usize,
    /// Browsers that send to an SDK whose queue holds more than this are not read.
    pub sdk_outbox: usize,
    /// Frames kept for one absent browser.
    pub replay: usize,
    /// Uploads that one execution may send before a hook is sent (D-20).
    pub upload_budget: usize,
}

impl Default for Limits {
    /// The arithmetic: a browser queue takes one message of any size, and behind it 8 MiB, a render of the largest tables
    /// seen; an SDK queue of 1 MiB is 10 ms of a 1 Gbit/s line, enough to keep it busy.
    fn default() -> Self {
        Self {
            shards: 1,
            session_grace: Duration::from_secs(45),
            browser_frames_per_second: 2_000,
            browser_bytes_per_second: 64 << 20,
            max_message: 104_857_600,
            max_inbound: 1 << 30,
            max_outbound: 1 << 30,
            browser_outbox: 8 << 20,
            sdk_outbox: 1 << 20,
            replay: 2 << 20,
            upload_budget: 256 << 20,
        }
    }
}

/// An SDK's registration, or a browser's, as the control side sees it when it checks again who may stay (A8).
#[derive(Clone, Debug)]
pub enum Attached {
    /// An SDK connection.
    Sdk {
        /// Names the connection in a later close.
        at: Place,
        /// Its environment.
        environment: EnvironmentId,
        /// The hash of the key that it came with.
        key_hash: Box<str>,
    },
    /// A browser session, connected or within its grace.
    Browser {
        /// Names the session in a later close.
        at: Place,
        /// Who opened it.
        identity: Arc<Identity>,
        /// The environment and the routes in use; none for a home page.
        app: Option<(EnvironmentId, Vec<Box<str>>)>,
        /// The environments that a home page hears of; empty for an app page.
        hears: Heard,
    },
}

/// A connection or session of one shard; stays valid as a name after its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The shard's number.
    pub(super) shard: usize,
    /// Slab index.
    pub(super) index: usize,
    /// Tells a later user of the same index apart (D-31).
    pub(super) generation: u64,
    /// Whether the index is one of sessions (else of connections).
    pub(super) session: bool,
}

/// Where to answer the question whether a START_EXECUTION may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    pub(super) place: Place,
    pub(super) serial: u64,
}

/// Where a reply frame for a session goes.
#[derive(Clone, Copy, Debug)]
pub struct ReplyTo {
    /// The shard that owns the environment.
    pub(super) shard: usize,
    /// The browser session.
    pub session: SessionId,
    /// The execution that the frame is about.
    pub execution: ExecutionId,
}
