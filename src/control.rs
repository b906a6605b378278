//! What the hot loop cannot decide: may this user start this app, store this configuration, store this audit entry; and,
//! again and again, may those who are connected still be. And what one process leaves to the next.

mod audit;
mod configuration;
mod deploy;
mod handover;
mod lookup;
mod purge;
mod recheck;
mod revocation;
mod start;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};

pub use audit::{AuditQueue, QueueFull};
pub use deploy::superseded;
pub use handover::{Handover, keep};
pub use lookup::{Lookups, Shared};
pub use purge::{Purged, once as purge_once, run as purge};
pub use revocation::{Revocations, Scope};

use self::lookup::Recent;
use crate::relay::{Hub, Request};
use crate::store::{Settings, Store};
use crate::tasks::Tasks;
use crate::wire::EnvironmentId;

/// Requests that wait for the control task; beyond it the shards say "busy".
pub const REQUESTS: usize = 4_096;
/// Access questions that are asked of the database at a time; a storm of reconnects must not take the whole pool.
const QUESTIONS: usize = 64;

/// What the control tasks work with.
#[derive(Clone, Debug)]
pub struct Control {
    store: Store,
    hub: Hub,
    tasks: Tasks,
    audit: AuditQueue,
    revocations: Revocations,
    lookups: Lookups,
    questions: Arc<Semaphore>,
    /// Environments whose configuration is being stored, with the newest one that came meanwhile (D-39).
    configuring: Arc<Mutex<HashMap<EnvironmentId, Option<configuration::Received>>>>,
}

impl Control {
    /// Starts the tasks: one that takes requests, one that writes the audit log, and two that see to it that who lost an
    /// authorisation is closed: at once when it is said, at the latest after `recheck`. `database` is for a connection that
    /// hears what other processes say.
    #[must_use]
    pub fn start(
        store: &Store,
        database: Settings,
        hub: &Hub,
        tasks: &Tasks,
        requests: mpsc::Receiver<Request>,
        recheck: Duration,
    ) -> Self {
        let recent = Recent::default();
        let (revocations, said) = Revocations::new(store, tasks, &recent);
        let control = Self {
            store: store.clone(),
            hub: hub.clone(),
            tasks: tasks.clone(),
            audit: audit::start(store, tasks),
            revocations: revocations.clone(),
            lookups: Lookups::new(store, tasks, &recent),
            questions: Arc::new(Semaphore::new(QUESTIONS)),
            configuring: Arc::default(),
        };
        tasks.spawn("control", control.clone().take_requests(requests));
        tasks.spawn("recheck", recheck::run(store.clone(), hub.clone(), tasks.clone(), said, recheck, recent.clone()));
        tasks.spawn("revocations", revocations.hear(database));
        control
    }

    /// Where it is said that an authorisation was taken away.
    #[must_use]
    pub fn revocations(&self) -> &Revocations {
        &self.revocations
    }

    /// Who asks whom an upgrade may let in.
    #[must_use]
    pub fn lookups(&self) -> &Lookups {
        &self.lookups
    }

    /// Where audit entries of the server itself go.
    #[must_use]
    pub fn audit(&self) -> &AuditQueue {
        &self.audit
    }

    /// Ends when the last shard has ended, so that nothing that they handed over is left lying.
    async fn take_requests(self, mut requests: mpsc::Receiver<Request>) {
        let auditor = audit::Auditor::start(&self.store, &self.hub, &self.audit, &self.tasks);
        while let Some(request) = requests.recv().await {
            match request {
                Request::Start { ticket, identity, environment, route } => {
                    // One at a time for each browser, so their number is bounded by that of the sockets.
                    let control = self.clone();
                    self.tasks.spawn("start", async move {
                        let Ok(_permit) = control.questions.acquire().await else { return };
                        let verdict = start::verdict(&control.store, &identity, environment, &route).await;
                        control.hub.verdict(ticket, verdict);
                    });
                }
                Request::Initialize { environment, package, body } => {
                    self.configure(environment, configuration::Received { package, body });
                }
                Request::AuditLog(entry) => auditor.take(entry),
            }
        }
    }

    /// Stores configurations of one environment one after the other; only the newest that waits is stored.
    fn configure(&self, environment: EnvironmentId, received: configuration::Received) {
        let mut configuring = self.configuring.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(waiting) = configuring.get_mut(&environment) {
            *waiting = Some(received);
            return;
        }
        configuring.insert(environment, None);
        drop(configuring);
        let control = self.clone();
        self.tasks.spawn("configure", async move {
            let mut next = Some(received);
            while let Some(received) = next {
                tokio::select! {
                    () = configuration::store(&control.store, &control.hub, environment, received) => {}
                    () = control.tasks.stopped() => return,
                }
                let mut configuring = control.configuring.lock().unwrap_or_else(PoisonError::into_inner);
                next = configuring.get_mut(&environment).and_then(Option::take);
                if next.is_none() {
                    configuring.remove(&environment);
                }
            }
        });
    }
}
