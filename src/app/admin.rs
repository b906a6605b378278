//! The listener of the operator's tools. It must never keep the server itself from starting or from ending.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::admin::Admin;
use crate::http::{self, Closing};
use crate::net::{Admission, BindError, BindFault, Entrance, Listener};
use crate::tasks::Tasks;

/// Connections at once: a few scrapers and probes.
const CONNECTIONS: usize = 32;
/// Between two tries while the port is taken.
const RETRY: Duration = Duration::from_secs(1);

/// Listens on `address` until `shutdown`. A port that is taken is tried again and again: at a hand-over the process before
/// this one has it, and what uses it otherwise is not worth the service.
///
/// # Errors
/// [`BindError`] when the address cannot be had for another reason: then the setting is wrong.
pub(super) fn start(
    address: Option<SocketAddr>,
    admin: Admin,
    tasks: &Tasks,
    shutdown: &Closing,
) -> Result<(), BindError> {
    let Some(address) = address else { return Ok(()) };
    let first = match bind(address) {
        Ok(listener) => Some(listener),
        Err(error) if error.fault == BindFault::Taken => {
            tracing::warn!("LISTEN_ADMIN: another program uses {address}; metrics will be there once it is free");
            None
        }
        Err(error) => return Err(error),
    };
    let (own, shutdown) = (tasks.clone(), shutdown.clone());
    tasks.spawn("admin", async move {
        let mut listener = first;
        while listener.is_none() {
            tokio::select! {
                () = tokio::time::sleep(RETRY) => {}
                () = shutdown.begins() => return,
            }
            listener = bind(address).ok();
        }
        let Some(listener) = listener else { return };
        tracing::info!("metrics on http://{}/metrics", listener.address());
        http::serve(listener, Entrance::open(), Arc::new(admin), own, shutdown, oneshot::channel().0).await;
    });
    Ok(())
}

fn bind(address: SocketAddr) -> Result<Listener, BindError> {
    Listener::bind(address, Admission::new(CONNECTIONS))
}
