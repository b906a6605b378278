//! Limits and times of the relay.

use std::num::NonZero;
use std::thread::available_parallelism;
use std::time::Duration;

use super::reader::Reader;

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;
const GIB: usize = 1 << 30;
/// The largest message that a Node SDK takes, and the default of `MAX_MESSAGE_BYTES`.
const LARGEST_MESSAGE: usize = 100 * MIB;
/// Below this a Python SDK's largest message (10 MiB and its header) would not pass.
const SMALLEST_MESSAGE: usize = 11 * MIB;

/// Limits and times of the relay.
#[derive(Clone, Debug)]
pub struct Relay {
    /// `RELAY_SHARDS`: threads that forward frames, at least 1.
    pub shards: usize,
    /// `SESSION_GRACE_SECONDS`: how long a browser session outlives its socket.
    pub session_grace: Duration,
    /// `AUTHORIZATION_RECHECK_SECONDS`: how often open sockets are checked against the database.
    pub authorization_recheck: Duration,
    /// `BROWSER_FRAMES_PER_SECOND`: what one browser may send on; more waits in its socket.
    pub browser_frames_per_second: u32,
    /// `BROWSER_BYTES_PER_SECOND`: what one browser may send on; more waits in its socket.
    pub browser_bytes_per_second: u32,
    /// `MAX_MESSAGE_BYTES`: largest message, header included.
    pub max_message: usize,
    /// `MAX_INBOUND_BYTES`: partly received messages of all connections together; at least `max_message`.
    pub max_inbound: usize,
    /// `MAX_OUTBOUND_BYTES`: what waits for slow and absent browsers of all connections together; at least `max_message`.
    pub max_outbound: usize,
    /// `BROWSER_OUTBOX_BYTES`: a browser that is further behind than this, its largest message left out, is closed and told to
    /// come back.
    pub browser_outbox: usize,
    /// `SDK_OUTBOX_BYTES`: while an SDK is further behind than this, the browsers that send to it are not read.
    pub sdk_outbox: usize,
    /// `REPLAY_BYTES`: frames kept for one browser that lost its socket.
    pub replay: usize,
}

impl Relay {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let cores = available_parallelism().map_or(1, NonZero::get);
        let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let shards = reader.number("RELAY_SHARDS", 1..=1024, cores as u64);
        let session_grace = reader.seconds("SESSION_GRACE_SECONDS", 1..=3600, 45);
        let authorization_recheck = reader.seconds("AUTHORIZATION_RECHECK_SECONDS", 1..=3600, 30);
        let frames = count(reader.number("BROWSER_FRAMES_PER_SECOND", 1..=1_000_000, 2000));
        let bytes = reader.bytes("BROWSER_BYTES_PER_SECOND", 64 * KIB..=2 * GIB, 64 * MIB);
        let max_message = reader.bytes("MAX_MESSAGE_BYTES", SMALLEST_MESSAGE..=LARGEST_MESSAGE, LARGEST_MESSAGE);
        let max_inbound = reader.bytes("MAX_INBOUND_BYTES", SMALLEST_MESSAGE..=1024 * GIB, GIB);
        if max_inbound < max_message {
            let wrong =
                format!("is {max_inbound}, less than MAX_MESSAGE_BYTES ({max_message}): no such message could arrive");
            reader.fault("MAX_INBOUND_BYTES", wrong, &GIB.to_string());
        }
        let max_outbound = reader.bytes("MAX_OUTBOUND_BYTES", SMALLEST_MESSAGE..=1024 * GIB, GIB);
        if max_outbound < max_message {
            let wrong =
                format!("is {max_outbound}, less than MAX_MESSAGE_BYTES ({max_message}): no such message could leave");
            reader.fault("MAX_OUTBOUND_BYTES", wrong, &GIB.to_string());
        }
        Self {
            shards: usize::try_from(shards).unwrap_or(cores),
            session_grace,
            authorization_recheck,
            browser_frames_per_second: frames,
            browser_bytes_per_second: u32::try_from(bytes).unwrap_or(u32::MAX),
            max_message,
            max_inbound,
            max_outbound,
            browser_outbox: reader.bytes("BROWSER_OUTBOX_BYTES", 64 * KIB..=GIB, 8 * MIB),
            sdk_outbox: reader.bytes("SDK_OUTBOX_BYTES", 64 * KIB..=GIB, MIB),
            replay: reader.bytes("REPLAY_BYTES", 0..=GIB, 2 * MIB),
        }
    }
}
