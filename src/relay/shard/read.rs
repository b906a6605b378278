//! Reading: from the socket through the decoder to what the message means.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::{Shard, through};
use crate::relay::codec::{Decoder, Event, Limits as DecoderLimits, ProtocolError};
use crate::relay::connection::{Hold, OFFENCES, Role};
use crate::relay::counters::Count;
use crate::relay::payload::Payload;
use crate::tls::{Emptied, End};
use crate::wire::close;

/// Bytes that one socket may bring in one turn, so that a flood from one tenant does not starve the others.
const BUDGET: usize = 256 << 10;
/// Shortest wait of a sender over its rate. Each wait costs a timer and a wake-up, so they must not be one per frame; what
/// the wait was too long is saved up for the next frames.
const PAUSE: Duration = Duration::from_millis(10);

impl Shard {
    /// Reads one ready socket until it has no more, waits for something, or has used its budget.
    pub(super) fn read(&mut self, index: usize) {
        let mut scratch = std::mem::take(&mut self.scratch);
        self.read_into(index, &mut scratch);
        self.scratch = scratch;
    }

    fn read_into(&mut self, index: usize, scratch: &mut [u8]) {
        let generation = self.connections[index].generation;
        let mut budget = BUDGET;
        loop {
            let Some(connection) = self.connection((index, generation)) else { return };
            if connection.hold.is_some() {
                return;
            }
            if connection.is_closing() {
                return self.discard(index, scratch);
            }
            if self.waits_for_sdk(index) {
                return;
            }
            let connection = &mut self.connections[index];
            let big = connection.inbound.is_empty()
                && connection.stream.reads_directly()
                && connection.decoder.direct().is_some();
            // The room that was made for more counts before anything is read into it.
            if big && self.account(index).is_none() {
                return;
            }
            let read = if big { self.read_big(index) } else { self.read_small(index, scratch) };
            let Some(read) = read else { return };
            budget = budget.saturating_sub(read);
            if budget == 0 {
                if self.connection((index, generation)).is_some() {
                    self.list(index);
                }
                return;
            }
        }
    }

    /// A closing connection is read to its end, so that unread bytes do not make the kernel throw our close frame away.
    fn discard(&mut self, index: usize, scratch: &mut [u8]) {
        let connection = &mut self.connections[index];
        match connection.stream.receive(scratch, &mut self.tls) {
            Ok(received) if received.end.is_none() => match received.socket {
                Emptied::Yes => connection.readable = false,
                Emptied::Probably | Emptied::No => self.list(index),
            },
            _ => self.remove(index),
        }
    }

    /// Reads on into the memory of a message that is being assembled. None: nothing more for now.
    fn read_big(&mut self, index: usize) -> Option<usize> {
        let connection = &mut self.connections[index];
        let room = connection.decoder.direct()?;
        let received = match connection.stream.receive(room, &mut self.tls) {
            Ok(received) => received,
            Err(error) => {
                self.leave(index, "read", &error);
                return None;
            }
        };
        if let Some(end) = received.end {
            self.leave(index, "read", &ended(end));
            return None;
        }
        let read = received.bytes;
        if read == 0 {
            connection.readable = received.socket != Emptied::Yes;
            return connection.readable.then_some(1);
        }
        connection.last_alive = self.now;
        let event = connection.decoder.direct_filled(read);
        self.heard(index);
        self.account(index)?;
        match event {
            Ok(Some(event)) => self.event(index, event)?,
            Ok(None) => {}
            Err(error) => {
                self.protocol_error(index, error);
                return None;
            }
        }
        Some(read)
    }

    /// Reads and decodes through the scratch buffer. None: nothing more for now.
    fn read_small(&mut self, index: usize, scratch: &mut [u8]) -> Option<usize> {
        let connection = &mut self.connections[index];
        let kept = connection.inbound.len();
        scratch[..kept].copy_from_slice(&connection.inbound);
        self.rests.give(std::mem::take(&mut connection.inbound));
        let mut read = 0;
        let mut drained = !connection.readable;
        if connection.readable && connection.stream.has_room(scratch.len() - kept) {
            let received = match connection.stream.receive(&mut scratch[kept..], &mut self.tls) {
                Ok(received) => received,
                Err(error) => {
                    self.leave(index, "read", &error);
                    return None;
                }
            };
            read = received.bytes;
            // Part of a record, or an answer of TLS itself, is a sign of life without bytes for us.
            if read > 0 || received.socket == Emptied::Probably {
                connection.last_alive = self.now;
            }
            drained = match received.socket {
                _ if received.end.is_some() => false,
                Emptied::Yes => true,
                // The next event tells when there is more. Unless the end was announced: no further event tells of it.
                Emptied::Probably => !connection.ended,
                Emptied::No => false,
            };
            connection.readable = !drained;
            if connection.stream.unsent() > 0 {
                self.touch(index);
            }
            // An end that came together with bytes is seen again after them: a close frame among them is answered first.
            if let (Some(end), 0) = (received.end, read) {
                // What came before the end still counts: a last message.
                self.decode(index, &mut scratch[..kept]);
                if self.connections.contains(index) {
                    self.leave(index, "read", &ended(end));
                }
                return None;
            }
            if read > 0 {
                self.heard(index);
            }
        }
        let filled = kept + read;
        if !self.decode(index, &mut scratch[..filled]) {
            return None;
        }
        (!drained).then_some(read.max(1))
    }

    /// Decodes what was read, frame by frame, and keeps the rest. False: the connection is not to be read any more for now.
    fn decode(&mut self, index: usize, bytes: &mut [u8]) -> bool {
        let mut at = 0;
        let goes_on = self.decode_frames(index, bytes, &mut at);
        self.settle(&bytes[..at]);
        if !goes_on {
            return false;
        }
        let connection = &mut self.connections[index];
        if at < bytes.len() {
            connection.inbound = self.rests.take();
            connection.inbound.extend_from_slice(&bytes[at..]);
        }
        connection.hold.is_none()
    }

    /// Decodes what is whole. False: as for [`Shard::decode`].
    fn decode_frames(&mut self, index: usize, bytes: &mut [u8], at: &mut usize) -> bool {
        while *at < bytes.len() {
            let connection = &mut self.connections[index];
            if connection.hold.is_some() {
                break;
            }
            let (decoded, rest) = bytes.split_at_mut(*at);
            match connection.decoder.decode(rest) {
                Ok((used, event)) => {
                    *at += used;
                    let large = match &event {
                        // Text goes nowhere: it closes its sender, and others hear of that.
                        Some(Event::Message { binary: true, frame, .. }) => {
                            self.frame_at = *at - frame.len();
                            frame.len() >= through::THROUGH
                        }
                        _ => false,
                    };
                    if !large && !self.through.is_empty() {
                        self.settle(decoded);
                    }
                    if self.account(index).is_none() {
                        return false;
                    }
                    let Some(event) = event else {
                        if used == 0 {
                            break;
                        }
                        continue;
                    };
                    if self.event(index, event).is_none() {
                        return false;
                    }
                }
                Err(error) => {
                    // Before others hear that the sender is gone.
                    self.settle(decoded);
                    self.protocol_error(index, error);
                    return false;
                }
            }
        }
        true
    }

    /// One decoded event. None: the connection is gone or closing.
    fn event(&mut self, index: usize, event: Event<'_>) -> Option<()> {
        match event {
            Event::Message { binary, frame, payload_at } => {
                self.message(index, binary, Payload::InPlace { frame, payload_at })?;
            }
            Event::Assembled { binary, payload } => self.message(index, binary, Payload::Owned(payload))?,
            Event::Oversize { head, size, .. } => {
                // From an SDK it is an error of the decoder: its two limits are one.
                self.oversize(index, head.as_ref(), size);
                return (!self.connections[index].is_closing()).then_some(());
            }
            Event::Ping(payload) => {
                let connection = &mut self.connections[index];
                connection.outbox.pong(payload);
                self.touch(index);
            }
            Event::Pong(_) => {}
            Event::Close { code, .. } => {
                // RFC 6455 5.5.1: answer with the same code; then both sides are done.
                self.closed_by_peer(index, code);
                return None;
            }
        }
        Some(())
    }

    fn message(&mut self, index: usize, binary: bool, payload: Payload<'_>) -> Option<()> {
        let connection = &mut self.connections[index];
        connection.diary.received.add(payload.bytes().len());
        let generation = connection.generation;
        match &connection.role {
            Role::Closing => return Some(()),
            _ if !binary => {
                // Relay-protocol 2.9: text is never forwarded.
                self.ends(index, Count::CloseProtocol);
                self.close(index, close::UNSUPPORTED, "binary messages only");
                return None;
            }
            Role::Sdk(_) => self.sdk_sent(index, payload),
            Role::Browser(_) => self.browser_sent(index, payload),
        }
        self.connection((index, generation)).filter(|connection| !connection.is_closing()).map(|_| ())
    }

    /// Bytes came, or went that had to wait for the peer: a successor that asked for a sign of life has its answer.
    pub(super) fn heard(&mut self, index: usize) {
        if let Role::Sdk(sdk) = &mut self.connections[index].role
            && std::mem::take(&mut sdk.probed)
        {
            let environment = sdk.environment;
            self.probe_answered(environment);
        }
    }

    /// Keeps the sums of partly received bytes; over a bound the connection that grew is closed.
    fn account(&mut self, index: usize) -> Option<()> {
        let connection = &mut self.connections[index];
        let after = connection.decoder.held();
        let before = std::mem::replace(&mut connection.held, after);
        if after == before {
            return Some(());
        }
        let environment = self.environment_of(index);
        let (sum, share) = self.recount(environment, before, after);
        let all = self.parts.limits.max_inbound;
        // One environment gets a quarter at the most, so that one that hoards does not cost the others their uploads.
        let each = (all / 4).max(self.parts.limits.max_message);
        if after > before && (sum > all || share > each) {
            self.ends(index, Count::CloseInbound);
            self.close(index, close::OVERLOADED, "the server is out of memory for large messages");
            return None;
        }
        Some(())
    }

    /// Counts `after` in place of `before`; returns the sum over everything and that of the environment.
    fn recount(&mut self, environment: Option<usize>, before: usize, after: usize) -> (usize, usize) {
        // A sum alone: nothing else is read by it, so no order is needed.
        let all = if after > before {
            self.parts.held.fetch_add(after - before, Ordering::Relaxed) + (after - before)
        } else {
            self.parts.held.fetch_sub(before - after, Ordering::Relaxed) - (before - after)
        };
        let environment = environment.and_then(|index| self.tables.environments.get_mut(index));
        let share = environment.map_or(0, |environment| {
            environment.held = environment.held + after - before;
            environment.held
        });
        (all, share)
    }

    pub(super) fn environment_of(&self, index: usize) -> Option<usize> {
        match &self.connections[index].role {
            Role::Sdk(sdk) => Some(sdk.environment),
            Role::Browser(browser) => self.tables.sessions[browser.session].app.as_ref().map(|app| app.environment),
            Role::Closing => None,
        }
    }

    /// Takes the role of a connection away, and frees what it has received in part.
    pub(super) fn deregister(&mut self, index: usize) -> Role {
        let environment = self.environment_of(index);
        let max = self.parts.limits.max_message;
        self.discharge(index);
        let connection = &mut self.connections[index];
        let held = std::mem::take(&mut connection.held);
        connection.decoder = Decoder::new(DecoderLimits { message: max, hard: max as u64 });
        connection.inbound = Vec::new();
        let role = std::mem::replace(&mut connection.role, Role::Closing);
        self.recount(environment, held, 0);
        if matches!(role, Role::Browser(_))
            && let Some(environment) = environment.and_then(|index| self.tables.environments.get_mut(index))
        {
            environment.pages -= 1;
        }
        role
    }

    fn protocol_error(&mut self, index: usize, error: ProtocolError) {
        self.ends(index, Count::CloseProtocol);
        tracing::debug!(shard = self.parts.number, connection = index, %error, "protocol error");
        self.close(index, error.code(), "protocol error");
    }

    /// Counts a frame that breaks the rules; too many close the connection.
    pub(super) fn offence(&mut self, index: usize, count: Count, why: &dyn std::fmt::Display) {
        self.count(count, 1);
        tracing::debug!(shard = self.parts.number, connection = index, drop = count.label(), %why, "frame dropped");
        let now = self.now;
        if !self.connections[index].offences.take(1, OFFENCES, now) {
            self.ends(index, Count::CloseOffences);
            self.close(index, close::POLICY, "too many invalid frames");
        }
    }

    /// Makes a browser wait until it is within its rate again.
    pub(super) fn rate(&mut self, index: usize, size: usize) {
        let (now, [frames, bytes]) = (self.now, self.browser_rates());
        let connection = &mut self.connections[index];
        let Some(browser) = connection.browser() else { return };
        let within = browser.frames.take(1, frames, now) & browser.bytes.take(size, bytes, now);
        if within || connection.hold.is_some() {
            return;
        }
        let Some(browser) = connection.browser() else { return };
        let until = now + browser.frames.wait(frames).max(browser.bytes.wait(bytes)).max(PAUSE);
        connection.hold = Some(Hold::Rate { until });
        self.count(Count::HeldForRate, 1);
        self.arm(index);
    }
}

/// The words for the end of what a peer sends.
fn ended(end: End) -> &'static str {
    match end {
        End::Closed => "end of stream",
        End::Truncated => "end of stream without TLS's own (close_notify)",
    }
}
