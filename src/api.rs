//! What the server says over HTTP: one table of routes, one file per resource, the two socket endpoints, the demo page.
//!
//! Every request goes the same way ([`dispatch`]): route, body, Origin rule, login, handler. This is the only room that
//! makes an answer out of an error; a client sees only texts that were written for clients.

mod app_start;
mod audit_log;
mod authentication;
mod billing;
mod browser_socket;
mod call;
mod code_flow;
mod coded;
mod demo;
mod dispatch;
mod environments;
mod escape;
mod google_sign_in;
mod health;
mod initialize;
mod input;
mod invite;
mod limits;
mod log_error;
mod log_event;
mod log_looks;
mod new_user;
mod not_built;
mod plain_http;
mod proof;
mod refusal;
mod report;
mod report_data;
mod routes;
mod sdk_socket;
mod shape;
mod shares;
mod sign_in_page;
mod sign_up;
mod sockets;
#[cfg(test)]
mod tests;
mod time_frame;
mod users;
mod view;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tokio::sync::watch;

pub use demo::DemoSignIn;
pub use limits::RateLimits;
pub use plain_http::{ANSWER_TO_PLAIN_HTTP, PlainHttp};
pub use sign_up::Registration;

use crate::auth::{Keys, OriginRule, PublicOrigin};
use crate::control::{AuditQueue, Handover, Lookups, Revocations};
use crate::dashboard::Dashboard;
use crate::http::{HeaderValue, Reply, Request, Router, TrustedProxies, header};
use crate::metrics::Requests;
use crate::relay::Hub;
use crate::sign_in::{Google, Oidc};
use crate::store::Store;
use crate::tasks::Tasks;

/// What `NODE_ENV` means to this room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Exactly `production`: cookies are `Secure`.
    Production,
    /// Exactly `development`: any well-formed origin passes.
    Development,
    /// Anything else: cookies for plain HTTP, strict origins.
    Other,
}

/// The providers that people sign in with.
#[derive(Default)]
pub struct SignIn {
    /// Google, when it is set up.
    pub google: Option<Google>,
    /// An OpenID Connect provider, when one is set up.
    pub oidc: Option<Oidc>,
    missing_google_told: AtomicBool,
    used: code_flow::UsedStates,
}

impl SignIn {
    /// Joins the parts. No I/O.
    #[must_use]
    pub fn new(google: Option<Google>, oidc: Option<Oidc>) -> Self {
        Self { google, oidc, ..Self::default() }
    }
}

/// What is at the addresses of the web client.
#[derive(Debug)]
pub enum Site {
    /// A web client.
    Client(Dashboard),
    /// A page that says that this binary was built without one.
    NotBuilt,
    /// Nothing: every unknown address is refused.
    Nothing,
}

/// What the API is built from.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// The relay.
    pub hub: Hub,
    /// Hashes API keys.
    pub keys: Arc<Keys>,
    /// Where audit entries of the server itself go.
    pub audit: AuditQueue,
    /// Where it is said that an authorisation was taken away.
    pub revocations: Revocations,
    /// Takes over what the process before this one has kept.
    pub handover: Handover,
    /// Asks whom an upgrade may let in.
    pub lookups: Lookups,
    /// What `NODE_ENV` says.
    pub mode: Mode,
    /// Whether this process itself speaks TLS: then every request comes by https.
    pub encrypted: bool,
    /// How long browsers shall remember to come by https only; `None`: they are not told.
    pub hsts: Option<Duration>,
    /// Origins that are accepted besides the request's own host.
    pub public_origins: Vec<PublicOrigin>,
    /// The demo's sign-in link; `None` outside `compose-relay demo`.
    pub demo: Option<DemoSignIn>,
    /// The providers that people sign in with.
    pub sign_in: SignIn,
    /// Who may found an organization.
    pub registration: Registration,
    /// Whether load balancers shall send requests here: true while serving, and afterwards while another process serves at the
    /// same address.
    pub healthy: watch::Receiver<bool>,
    /// Runs the hand-over of upgraded sockets.
    pub tasks: Tasks,
    /// How often somebody may ask.
    pub limits: RateLimits,
    /// What is at the addresses of the web client.
    pub site: Site,
    /// Whose word counts for where a request comes from.
    pub proxies: TrustedProxies,
    /// Where answers are counted.
    pub requests: Requests,
}

/// The API: an [`crate::http::Handler`].
pub struct Api {
    store: Store,
    hub: Hub,
    keys: Arc<Keys>,
    audit: AuditQueue,
    revocations: Revocations,
    handover: Handover,
    lookups: Lookups,
    mode: Mode,
    encrypted: bool,
    hsts: Option<HeaderValue>,
    origins: OriginRule,
    demo: Option<DemoSignIn>,
    sign_in: SignIn,
    registration: Registration,
    healthy: watch::Receiver<bool>,
    tasks: Tasks,
    router: Router<&'static routes::Rule>,
    patience: sockets::Patience,
    limits: limits::Limits,
    looks: log_looks::Looks,
    site: Site,
    proxies: TrustedProxies,
    requests: Requests,
}

impl Api {
    /// Joins the parts. No I/O.
    #[must_use]
    pub fn new(parts: Parts) -> Arc<Self> {
        Arc::new(Self {
            origins: OriginRule::new(parts.mode == Mode::Development, parts.public_origins),
            store: parts.store,
            hub: parts.hub,
            keys: parts.keys,
            audit: parts.audit,
            revocations: parts.revocations,
            handover: parts.handover,
            lookups: parts.lookups,
            mode: parts.mode,
            encrypted: parts.encrypted,
            hsts: parts.hsts.and_then(hsts),
            demo: parts.demo,
            sign_in: parts.sign_in,
            registration: parts.registration,
            healthy: parts.healthy,
            tasks: parts.tasks,
            router: Router::new(routes::ROUTES.iter().map(|rule| (rule.method.clone(), rule.path, rule))),
            patience: sockets::Patience::default(),
            limits: limits::Limits::new(parts.limits),
            looks: log_looks::Looks::default(),
            site: parts.site,
            proxies: parts.proxies,
            requests: parts.requests,
        })
    }

    /// What is at an address that no route has, or whose route leaves it to the web client.
    fn page(&self, request: &Request) -> Reply {
        // A socket at a wrong address must learn that it is wrong.
        let wanted = request.headers.get(header::UPGRADE).map(HeaderValue::as_bytes);
        if wanted.is_some_and(|protocol| protocol.eq_ignore_ascii_case(b"websocket")) {
            return refusal::unknown_route();
        }
        let page = match &self.site {
            Site::Client(client) => {
                request.path().ok().and_then(|path| client.answer(&request.method, &path, &request.headers))
            }
            Site::NotBuilt => not_built::page(request),
            Site::Nothing => None,
        };
        page.unwrap_or_else(refusal::unknown_route)
    }

    fn has_web_client(&self) -> bool {
        matches!(self.site, Site::Client(_))
    }

    fn secure_cookies(&self) -> bool {
        self.encrypted || self.mode == Mode::Production
    }

    /// What every answer has, whoever made it.
    fn dress(&self, reply: &mut Reply) {
        if let Some(hsts) = &self.hsts {
            reply.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, hsts.clone());
        }
    }
}

/// RFC 6797 section 6.1. Other hosts of the domain are not our matter.
fn hsts(age: Duration) -> Option<HeaderValue> {
    HeaderValue::try_from(format!("max-age={}", age.as_secs())).ok()
}
