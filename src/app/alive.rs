//! What goes on beside serving: the sign of life for the service manager, and the look whether a newer build has come.

use crate::config::{self, Server};
use crate::control;
use crate::lifecycle::service_manager;
use crate::relay::Hub;
use crate::store::Store;
use crate::tasks::Tasks;

/// Tells the service manager that we live, as long as that is so: this task shows that the control side turns, and every
/// shard must show it, too.
pub(super) async fn tell(hub: Hub, tasks: Tasks) {
    let Some(every) = service_manager::watchdog() else { return };
    loop {
        tokio::select! {
            turns = hub.turns(every) => {
                if turns {
                    service_manager::alive();
                } else {
                    tracing::error!("a shard does not turn; the service manager is told nothing until it does");
                }
            }
            () = tasks.stopped() => return,
        }
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            () = tasks.stopped() => return,
        }
    }
}

/// Resolves when a newer build serves, if we are to care.
pub(super) async fn superseded(server: &Server, store: &Store) {
    if server.handover == config::Handover::Deploy {
        control::superseded(store, &server.build_version).await;
    } else {
        std::future::pending().await
    }
}
