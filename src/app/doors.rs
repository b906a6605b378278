//! Where is listened, for what, and what a connection passes there.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::encryption::Encryption;
use crate::api::{self, Api, PlainHttp};
use crate::config::{Config, ProxyProtocol};
use crate::http::{self, Closing};
use crate::metrics::Metrics;
use crate::net::{Crowd, Entrance, EntranceParts, Headerless, Listener, Networks, Successor};
use crate::tasks::Tasks;

/// What is spoken at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speaks {
    /// Everything, in the clear: somebody else ends TLS, if anybody does.
    Http,
    /// Everything, over TLS.
    Https,
    /// Answers to challenges, and the way to https.
    Redirect,
}

/// An address to listen at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) address: SocketAddr,
    pub(super) speaks: Speaks,
    /// Left out where this machine has no such address: `localhost` may mean ::1, but not every machine has it.
    pub(super) optional: bool,
}

/// Where the settings want to be listened. `listen` takes the place of the addresses for everything.
pub(super) fn places(config: &Config, listen: Option<SocketAddr>) -> Vec<Place> {
    let place = |address, speaks| Place { address, speaks, optional: false };
    if !config.tls.is_on() {
        if let Some(address) = listen {
            return vec![place(address, Speaks::Http)];
        }
        let all = config.server.addresses().into_iter().enumerate();
        return all.map(|(n, address)| Place { optional: n > 0, ..place(address, Speaks::Http) }).collect();
    }
    let https = listen.map_or_else(|| config.tls.https.clone(), |address| vec![address]);
    let https = https.into_iter().map(|address| place(address, Speaks::Https));
    https.chain(config.tls.http.iter().map(|address| place(*address, Speaks::Redirect))).collect()
}

/// The port by which people come, when something between them and us changes it and the settings say so.
fn public_port(config: &Config) -> Option<u16> {
    let mut origins = config.server.public_origins.iter().filter_map(|origin| url::Url::parse(origin).ok());
    origins.find(|origin| origin.scheme() == "https")?.port_or_known_default()
}

/// What connections pass, and who answers them, at each kind of door.
pub(super) struct Inside {
    api: Arc<Api>,
    redirect: Option<Arc<PlainHttp>>,
    plain: Entrance,
    encrypted: Option<Entrance>,
}

impl Inside {
    /// `crowd` counts the connections of each address, `headerless` those of proxies that are closed; `https` is the port of https, for redirects.
    pub(super) fn new(
        config: &Config,
        api: Arc<Api>,
        encryption: Option<&Encryption>,
        metrics: &Metrics,
        (crowd, headerless): (&Crowd, &Headerless),
        https: Option<u16>,
    ) -> Self {
        let entrance = |tls| {
            Entrance::new(EntranceParts {
                tls,
                proxy_header: config.server.proxy_protocol == ProxyProtocol::V2,
                proxies: Networks::new(config.server.trusted_proxies.clone()),
                headerless: headerless.clone(),
                crowd: crowd.clone(),
                handshakes: config.server.max_connections / 2,
                count: metrics.handshakes.clone(),
                for_plain_http: api::ANSWER_TO_PLAIN_HTTP,
            })
        };
        let redirect = encryption.zip(https).map(|(encryption, port)| {
            let port = public_port(config).unwrap_or(port);
            PlainHttp::new(encryption.certificates.challenges().clone(), port, metrics.requests.clone())
        });
        let encrypted = encryption.map(|encryption| entrance(Some(encryption.server.clone())));
        Self { api, redirect, plain: entrance(None), encrypted }
    }

    /// Serves what comes to a listener until `closing` begins; `tell` is told who has the port then.
    pub(super) fn serve(
        &self,
        listener: Listener,
        speaks: Speaks,
        tasks: &Tasks,
        closing: &Closing,
        tell: oneshot::Sender<Successor>,
    ) {
        let (own, closing) = (tasks.clone(), closing.clone());
        let (plain, api) = (self.plain.clone(), Arc::clone(&self.api));
        match (speaks, &self.encrypted, &self.redirect) {
            (Speaks::Https, Some(encrypted), _) => {
                tasks.spawn("https", http::serve(listener, encrypted.clone(), api, own, closing, tell));
            }
            (Speaks::Redirect, _, Some(redirect)) => {
                let redirect = Arc::clone(redirect);
                tasks.spawn("http.redirect", http::serve(listener, plain, redirect, own, closing, tell));
            }
            (Speaks::Http, _, _) => tasks.spawn("http", http::serve(listener, plain, api, own, closing, tell)),
            // Such listeners are only made where there is TLS.
            (Speaks::Https | Speaks::Redirect, _, _) => {}
        }
    }
}
