//! What the operator's tools ask, on a listener of its own (`LISTEN_ADMIN`): `/metrics` for Prometheus, `/health` for
//! people and probes. Nobody logs in there, so nothing of any organization is told, and the listener is this machine's
//! alone unless it is set otherwise.

mod health;
mod readings;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use jiff::Timestamp;

use crate::acme::Acme;
use crate::http::{Exchange, Fault, Handler, Label, Method, Reply, Request, StatusCode, reply};
use crate::lifecycle::PhaseWatch;
use crate::metrics::{self, Metrics};
use crate::net::{Admission, Crowd, Headerless};
use crate::relay::Hub;
use crate::store::Store;
use crate::tls::Certificates;

/// What the answers are made from.
#[derive(Debug)]
pub struct Admin {
    /// What was counted.
    pub metrics: Metrics,
    /// The relay.
    pub hub: Hub,
    /// The database.
    pub store: Store,
    /// The door of the public listeners.
    pub admission: Admission,
    /// The limit of each address there.
    pub crowd: Crowd,
    /// Proxies that do not send the header of the PROXY protocol.
    pub headerless: Headerless,
    /// The certificates, when this process speaks TLS.
    pub certificates: Option<Certificates>,
    /// How the names stand whose certificates are ordered.
    pub acme: Option<Acme>,
    /// Where the process is in its life.
    pub phase: PhaseWatch,
    /// `BUILD_VERSION`.
    pub build: String,
    /// When the process began.
    pub began: Timestamp,
}

impl Handler for Admin {
    fn answer(self: Arc<Self>, request: Request) -> Pin<Box<dyn Future<Output = Reply> + Send>> {
        Box::pin(async move {
            let asked = matches!(request.method, Method::GET | Method::HEAD).then(|| request.raw_path().to_owned());
            let (route, answer) = match asked.as_deref() {
                Some("/metrics") => {
                    let text = self.metrics.text(readings::read(&self).await);
                    ("/metrics", reply(StatusCode::OK, metrics::MEDIA_TYPE, text))
                }
                Some("/health") => ("/health", health::answer(&self).await),
                _ => ("(none)", plain(StatusCode::NOT_FOUND, "There is /metrics and /health.\n")),
            };
            let mut answer = answer;
            answer.extensions_mut().insert(Label { route, quiet: true });
            answer
        })
    }

    fn fault(&self, fault: Fault, _: &str) -> Reply {
        plain(fault.status(), &format!("{fault}\n"))
    }

    fn answered(&self, exchange: &Exchange) {
        self.metrics.requests.add(exchange.method, exchange.route, exchange.status, exchange.took);
    }
}

fn plain(status: StatusCode, text: &str) -> Reply {
    reply(status, "text/plain; charset=utf-8", text.to_owned())
}
