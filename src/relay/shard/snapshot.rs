//! Who holds an authorisation now (A8), told in parts: the loop must not stand still for all of them, nor all be copied at once.

use crate::relay::connection::Role;
use crate::relay::message::Reached;
use crate::relay::peer::{Attached, Place};
use crate::relay::shard::Shard;

/// Slab places that one part looks at.
const PART: usize = 512;

impl Shard {
    /// One part, and where the next one begins; `None`: that was the last. Who is attached in between may be missing.
    pub(super) fn snapshot(&self, from: Reached) -> (Vec<Attached>, Option<Reached>) {
        match from {
            Reached::Connections(first) => {
                let places = first..(first + PART).min(self.connections.capacity());
                let next = places.end;
                let part = places.filter_map(|index| self.attached_sdk(index)).collect();
                let more = next < self.connections.capacity();
                (part, Some(if more { Reached::Connections(next) } else { Reached::Sessions(0) }))
            }
            Reached::Sessions(first) => {
                let places = first..(first + PART).min(self.tables.sessions.capacity());
                let next = places.end;
                let part = places.filter_map(|index| self.attached_browser(index)).collect();
                (part, (next < self.tables.sessions.capacity()).then_some(Reached::Sessions(next)))
            }
        }
    }

    fn attached_sdk(&self, index: usize) -> Option<Attached> {
        let connection = self.connections.get(index)?;
        let Role::Sdk(sdk) = &connection.role else { return None };
        Some(Attached::Sdk {
            at: Place { shard: self.parts.number, index, generation: connection.generation, session: false },
            environment: sdk.id,
            key_hash: sdk.key_hash.clone(),
        })
    }

    fn attached_browser(&self, index: usize) -> Option<Attached> {
        let session = self.tables.sessions.get(index)?;
        let app = session.app.as_ref().map(|app| {
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
        });
        Some(Attached::Browser {
            at: Place { shard: self.parts.number, index, generation: session.generation, session: true },
            identity: session.claim.identity().clone(),
            app,
            hears: self.tables.audiences.environments(session.hears),
        })
    }
}
