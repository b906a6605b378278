//! The ports of the server: had before anything else, opened when everything is ready, left to a successor at the end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::api::Api;
use crate::config::{Handover, Server};
use crate::http::{self, Closing};
use crate::net::{Admission, BindError, BindFault, Bound, Inherited, Successor};
use crate::tasks::Tasks;

/// How long it may take to see who has a port.
const LEAVE: Duration = Duration::from_secs(2);

/// Binds what the service manager passed, else `listen`, else what the settings say.
pub(super) fn bind(
    server: &Server,
    listen: Option<SocketAddr>,
    mut inherited: Inherited,
    admission: &Admission,
) -> Result<Vec<Bound>, BindError> {
    let mut bound = Vec::new();
    for socket in inherited.take("http", true) {
        bound.push(Bound::inherited(socket, admission.clone())?);
    }
    for unused in inherited.left_over() {
        tracing::warn!("of the sockets that the service manager passed, {unused}");
    }
    if !bound.is_empty() {
        return Ok(bound);
    }
    let share = server.handover != Handover::Off;
    let (addresses, chosen) = match listen {
        Some(address) => (vec![address], true),
        None => (server.addresses(), false),
    };
    for address in addresses {
        match Bound::new(address, share, admission.clone()) {
            Ok(port) => bound.push(port),
            Err(error) if chosen || bound.is_empty() || error.fault == BindFault::Taken => return Err(error),
            // `localhost` may mean ::1, but not every machine has it.
            Err(error) => tracing::debug!(%error, "second address left out"),
        }
    }
    for port in bound.iter().filter(|port| port.is_beside()) {
        tracing::info!(
            net.address = %port.address(),
            "another server has this port: it keeps all connections until it stops"
        );
    }
    Ok(bound)
}

/// Ports that are served.
pub(super) struct Ports {
    closing: Closing,
    told: Vec<oneshot::Receiver<Successor>>,
}

impl Ports {
    /// Lets the world in.
    pub(super) fn serve(bound: Vec<Bound>, api: &Arc<Api>, tasks: &Tasks) -> Result<Self, BindError> {
        let closing = Closing::new();
        let mut told = Vec::new();
        for port in bound {
            let (tell, successor) = oneshot::channel();
            told.push(successor);
            tasks.spawn("http", http::serve(port.listen()?, Arc::clone(api), tasks.clone(), closing.clone(), tell));
        }
        Ok(Self { closing, told })
    }

    /// Stops accepting. True: every port is served by somebody else from now on, or will be.
    pub(super) async fn leave(&mut self) -> bool {
        self.closing.begin();
        let mut lives_on = true;
        for successor in self.told.drain(..) {
            let successor = tokio::time::timeout(LEAVE, successor).await;
            tracing::debug!(?successor, "a port was left");
            lives_on &= matches!(successor, Ok(Ok(Successor::Server | Successor::Heir)));
        }
        lives_on
    }

    /// Closes connections that are kept open and not used.
    pub(super) fn close_idle(&self) {
        self.closing.close_idle();
    }
}
