//! What the relay counts. Each shard writes its own set (one writer, so a plain load and store suffices); readers add up.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counts {
    ($($(#[doc = $doc:literal])* $name:ident = $label:literal,)*) => {
        /// One counted event.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Count { $($(#[doc = $doc])* $name,)* }

        impl Count {
            /// All of them, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name in logs and metrics.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $(Self::$name => $label,)* }
            }
        }
    };
}

counts! {
    /// Messages handed to an SDK's queue.
    MessagesToSdk = "messages_to_sdk",
    /// Their bytes.
    BytesToSdk = "bytes_to_sdk",
    /// Messages handed to a browser's queue.
    MessagesToBrowser = "messages_to_browser",
    /// Their bytes.
    BytesToBrowser = "bytes_to_browser",
    /// Sockets of SDKs that were taken into the loop.
    SdkOpened = "sdk_opened",
    /// Sockets of SDKs that are gone.
    SdkGone = "sdk_gone",
    /// Sockets of app pages that were taken into the loop.
    AppOpened = "app_opened",
    /// Sockets of app pages that are gone.
    AppGone = "app_gone",
    /// Sockets of home pages that were taken into the loop.
    HomeOpened = "home_opened",
    /// Sockets of home pages that are gone.
    HomeGone = "home_gone",
    /// Executions bound.
    ExecutionBound = "execution_bound",
    /// Executions ended.
    ExecutionEnded = "execution_ended",
    /// Dropped: header too short, unknown code or bad id.
    DropHeader = "drop_header",
    /// Dropped: the body breaks a rule of A5.
    DropBody = "drop_body",
    /// Dropped: another environment than the socket's, or a home page.
    DropEnvironment = "drop_environment",
    /// Dropped: a browser named an execution that is not its own.
    DropExecution = "drop_execution",
    /// Dropped: START_EXECUTION refused.
    DropStart = "drop_start",
    /// Dropped: the SDK is not connected.
    DropSdkAbsent = "drop_sdk_absent",
    /// Dropped: larger than the SDK accepts.
    DropOversize = "drop_oversize",
    /// Dropped: the hook names an upload that was dropped.
    DropLostFile = "drop_lost_file",
    /// Dropped: over the execution's upload budget.
    DropUploadBudget = "drop_upload_budget",
    /// Dropped: an SDK sent a frame for an execution that is not its own, or is over.
    DropSdkExecution = "drop_sdk_execution",
    /// Dropped: the replay buffer of an absent browser was full; the page will start afresh.
    DropReplay = "drop_replay",
    /// Dropped: audit entry without a binding, or the control side was busy.
    DropAuditLog = "drop_audit_log",
    /// Replaced: an INITIALIZE that a newer one overtook.
    DropInitialize = "drop_initialize",
    /// Frames kept for an absent browser and sent when it came back.
    Replayed = "replayed",
    /// Executions taken over from the process before this one.
    Restored = "restored",
    /// Times a browser waited for an SDK's queue.
    HeldForSdk = "held_for_sdk",
    /// Times a browser waited for its rate.
    HeldForRate = "held_for_rate",
    /// Closed: the peer sent a close frame.
    ClosePeer = "close_peer",
    /// Closed: the connection broke, or ended without a close frame.
    CloseLost = "close_lost",
    /// Closed: this server ends.
    CloseUpdate = "close_update",
    /// Closed: an SDK that was told that it may come, and came too late.
    CloseLate = "close_late",
    /// Closed: a mistake of ours.
    ClosePanic = "close_panic",
    /// Closed: WebSocket protocol error or text.
    CloseProtocol = "close_protocol",
    /// Closed: nothing heard for too long.
    CloseDead = "close_dead",
    /// Closed: the browser did not read what was sent.
    CloseSlow = "close_slow",
    /// Closed: too many frames that break the rules.
    CloseOffences = "close_offences",
    /// Closed: partly received messages over the bound.
    CloseInbound = "close_inbound",
    /// Closed: a newer connection took the place.
    CloseReplaced = "close_replaced",
    /// A mistake of ours that cost one connection.
    Panic = "panic",
    /// Closed: the authorisation is gone.
    CloseRevoked = "close_revoked",
    /// Blocks of memory that the shard's thread has asked for.
    Allocation = "allocation",
}

/// One shard's set.
#[derive(Debug)]
pub struct Counters(Box<[AtomicU64]>);

impl Default for Counters {
    fn default() -> Self {
        Self(Count::ALL.iter().map(|_| AtomicU64::new(0)).collect())
    }
}

impl Counters {
    /// Adds `n`; to be called by the owning shard only.
    pub(super) fn add(&self, count: Count, n: usize) {
        let cell = &self.0[count as usize];
        cell.store(cell.load(Ordering::Relaxed).wrapping_add(n as u64), Ordering::Relaxed);
    }

    /// In place of what was counted; to be called by the owning shard only.
    pub(super) fn set(&self, count: Count, value: u64) {
        self.0[count as usize].store(value, Ordering::Relaxed);
    }

    /// The value now.
    #[must_use]
    pub fn get(&self, count: Count) -> u64 {
        self.0[count as usize].load(Ordering::Relaxed)
    }
}
