//! What the control side asks of a shard.

use std::sync::atomic::Ordering;

use super::Shard;
use super::attach::NOBODY;
use crate::relay::counters::Count;
use crate::relay::message::Command;
use crate::relay::peer::Place;
use crate::wire::{EnvironmentId, close, server};

/// Commands in one turn at least. A new socket costs some 20 µs here, so these hold up a frame for half a millisecond.
const COMMANDS: usize = 24;
/// After a long turn as many more as fit into this part of its time, so that answers which somebody waits for are in time.
const PART: u32 = 4;

impl Shard {
    /// Takes some of what the control side asks. When thousands of sockets come at once, frames pass between them.
    pub(super) fn take_commands(&mut self) {
        // Before the first look, so that who sends one behind it wakes us again.
        self.parts.told.swap(false, Ordering::AcqRel);
        // Also when one of them ends in a panic.
        self.commanded = true;
        let share = self.busy / PART;
        let mut taken = 0;
        while taken < COMMANDS || self.now.elapsed() < share {
            taken += 1;
            let Ok(command) = self.parts.commands.try_recv() else {
                self.commanded = false;
                return;
            };
            self.obey(command);
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::ReserveSdk { environment, reply } => self.reserve_sdk(environment, reply),
            Command::CancelReservation { environment, reservation } => {
                self.cancel_reservation(environment, reservation)
            }
            Command::AttachSdk { reservation, socket, peer } => self.attach_sdk(reservation, socket, *peer),
            Command::AttachBrowser { claim, socket, page } => self.attach_browser(claim, socket, page),
            Command::Verdict { ticket, verdict } => {
                if self.connection((ticket.place.index, ticket.place.generation)).is_some() {
                    self.verdict(ticket.place.index, ticket.serial, verdict);
                }
            }
            Command::Initialized { environment } => self.initialized(environment),
            Command::Reply { to, message } => self.reply(to, &message),
            Command::Status { environment, package, online } => self.status(environment, package, online),
            Command::Snapshot { from, reply } => {
                // Whoever asked may have stopped waiting.
                let _ = reply.send(self.snapshot(from));
            }
            Command::Measure { reply } => {
                let _ = reply.send(self.measure());
            }
            Command::Revoke { at } => self.revoke(at),
            Command::Drain { linger, reply } => self.drain(linger, reply),
            Command::Restore { claim, kept } => self.restore(claim, kept),
            Command::Turn { reply } => {
                // Whoever asked may have stopped waiting.
                let _ = reply.send(());
            }
        }
    }

    /// `14` to the app pages of the environment and to the home pages that hear of it (relay-protocol 6.1, effect 5).
    fn initialized(&mut self, id: EnvironmentId) {
        let app_pages = self.tables.environment_of.get(&id).map(|index| &self.tables.environments[*index].sessions);
        let home_pages = self.tables.audiences.of(id);
        let sessions: Vec<usize> = app_pages.into_iter().flatten().copied().chain(home_pages).collect();
        self.send_to_all(&sessions, server::environment_initialized(NOBODY, id));
    }

    /// A8: what it authorised ends, and the socket with it.
    fn revoke(&mut self, at: Place) {
        if !at.session {
            if self.connection((at.index, at.generation)).is_some() {
                self.ends(at.index, Count::CloseRevoked);
                self.close(at.index, close::REVOKED, "access revoked");
            }
            return;
        }
        let Some(session) = self.tables.sessions.get_mut(at.index) else { return };
        if session.generation != at.generation {
            return;
        }
        let connection = self.tables.sessions[at.index].connection.take();
        if let Some((index, _)) = connection {
            self.ends(index, Count::CloseRevoked);
            self.deregister(index);
        }
        self.end_session(at.index, true);
        if let Some((index, _)) = connection {
            self.begin_close(index, close::REVOKED, "access revoked", true);
        }
    }
}
