//! The ports of the server: had before anything else, opened when everything is ready, left to a successor at the end.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::sync::oneshot;

use super::doors::{Inside, Place, Speaks, places};
use crate::config::{Config, Handover};
use crate::http::Closing;
use crate::net::{Admission, BindError, BindFault, Bound, Inherited, Successor};
use crate::tasks::Tasks;

/// How long it may take to see who has a port.
const LEAVE: Duration = Duration::from_secs(2);

/// A port that is ours, and what is spoken there.
pub(super) struct Port {
    pub(super) bound: Bound,
    pub(super) speaks: Speaks,
}

impl Port {
    /// As it is written in the log.
    pub(super) fn shown(&self) -> String {
        let address = self.bound.address();
        match self.speaks {
            Speaks::Http => format!("listening on http://{address}"),
            Speaks::Https => format!("listening on https://{address}"),
            Speaks::Redirect => format!("sending http://{address} on to https"),
        }
    }
}

/// Binds what the service manager passed, else `listen` and what the settings say.
pub(super) fn bind(
    config: &Config,
    listen: Option<SocketAddr>,
    inherited: Inherited,
    admission: &Admission,
) -> Result<Vec<Port>, BindError> {
    let mut ports = passed(config.tls.is_on(), inherited, admission)?;
    if !ports.is_empty() {
        return Ok(ports);
    }
    let share = config.server.handover != Handover::Off;
    for place in places(config, listen) {
        match bind_one(place, share, admission) {
            Ok(bound) => ports.push(Port { bound, speaks: place.speaks }),
            Err(error) if !place.optional || error.fault == BindFault::Taken => return Err(error),
            Err(error) => tracing::debug!(%error, "second address left out"),
        }
    }
    for port in ports.iter().filter(|port| port.bound.is_beside()) {
        tracing::info!(
            net.address = %port.bound.address(),
            "another server has this port: it keeps all connections until it stops"
        );
    }
    Ok(ports)
}

/// The sockets that the service manager passed, by their names: `https` and `http` where this process speaks TLS, else `http`. The
/// one for the public comes first, and without a name a socket is for the public.
fn passed(tls: bool, mut inherited: Inherited, admission: &Admission) -> Result<Vec<Port>, BindError> {
    let named: &[_] = if tls {
        &[("https", true, Speaks::Https), ("http", false, Speaks::Redirect)]
    } else {
        &[("http", true, Speaks::Http)]
    };
    if !inherited.blocking().is_empty() {
        tracing::warn!(
            net.sockets = inherited.blocking().join(" "),
            "the service manager passed sockets that block. Set NonBlocking=yes in the [Service] section of the unit: without it every start makes them block for all processes that hold them, and an older one may stand still until the next connection"
        );
    }
    let mut ports = Vec::new();
    for (name, default, speaks) in named {
        for socket in inherited.take(name, *default) {
            ports.push(Port { bound: Bound::inherited(socket, admission.clone())?, speaks: *speaks });
        }
    }
    for unused in inherited.left_over() {
        tracing::warn!("of the sockets that the service manager passed, {unused}");
    }
    Ok(ports)
}

fn bind_one(place: Place, share: bool, admission: &Admission) -> Result<Bound, BindError> {
    let unknown = |fault| matches!(fault, BindFault::NoSuchAddress | BindFault::Other);
    match Bound::new(place.address, share, admission.clone()) {
        // A machine without IPv6: "every address" is then every IPv4 address.
        Err(error) if place.address.ip() == IpAddr::V6(Ipv6Addr::UNSPECIFIED) && unknown(error.fault) => {
            let address = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), place.address.port());
            Bound::new(address, share, admission.clone())
        }
        bound => bound,
    }
}

/// Ports that are served.
pub(super) struct Ports {
    closing: Closing,
    told: Vec<oneshot::Receiver<Successor>>,
}

impl Ports {
    /// Lets the world in.
    pub(super) fn serve(ports: Vec<Port>, inside: &Inside, tasks: &Tasks) -> Result<Self, BindError> {
        let closing = Closing::new();
        let mut told = Vec::new();
        for Port { bound, speaks } in ports {
            let (tell, successor) = oneshot::channel();
            told.push(successor);
            inside.serve(bound.listen()?, speaks, tasks, &closing, tell);
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
