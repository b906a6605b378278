//! What the control side asks of a shard.

use super::Shard;
use crate::relay::connection::Role;
use crate::relay::counters::Count;
use crate::relay::message::Command;
use crate::relay::peer::{Attached, Place};
use crate::wire::{EnvironmentId, close, server};

impl Shard {
    pub(super) fn take_commands(&mut self) {
        while let Ok(command) = self.parts.commands.try_recv() {
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
            Command::Snapshot { reply } => {
                // Whoever asked may have stopped waiting.
                let _ = reply.send(self.snapshot());
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

    /// `14` to the app pages of the environment and to the home pages that watch it (relay-protocol 6.1, effect 5).
    fn initialized(&mut self, id: EnvironmentId) {
        let app_pages = self.tables.environment_of.get(&id).map(|index| &self.tables.environments[*index].sessions);
        let home_pages = self.tables.watchers.get(&id);
        let sessions: Vec<usize> = app_pages.into_iter().chain(home_pages).flatten().copied().collect();
        for session in sessions {
            let session = &self.tables.sessions[session];
            if let Some((browser, _)) = session.connection {
                let frame = server::environment_initialized(session.id, id);
                self.send_made(browser, frame);
            }
        }
    }

    fn snapshot(&self) -> Vec<Attached> {
        let shard = self.parts.number;
        let sdks = self.connections.iter().filter_map(|(index, connection)| match &connection.role {
            Role::Sdk(sdk) => Some(Attached::Sdk {
                at: Place { shard, index, generation: connection.generation, session: false },
                environment: sdk.id,
                key_hash: sdk.key_hash.clone(),
            }),
            _ => None,
        });
        let sessions = self.tables.sessions.iter().map(|(index, session)| Attached::Browser {
            at: Place { shard, index, generation: session.generation, session: true },
            identity: session.claim.identity().clone(),
            app: session.app.as_ref().map(|app| {
                let running =
                    app.executions.iter().filter_map(|id| self.tables.executions.get(id)).map(|x| x.route.clone());
                let mut routes: Vec<_> = running.collect();
                // Before anything runs, the page stands for the route that it was opened for.
                if routes.is_empty() {
                    routes.push(app.route.clone());
                }
                routes.sort_unstable();
                routes.dedup();
                (self.tables.environments[app.environment].id, routes)
            }),
            watches: session.watches.clone(),
        });
        sdks.chain(sessions).collect()
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
