//! THE table of routes: what exists, who may ask, what body it takes, who answers. Numbers in the comments are those of
//! http-api 8.1. A new route is one line here and one function in the file of its resource.

use super::call::Run;
use super::{
    app_start, authentication, browser_socket, code_flow, demo, google_sign_in, health, invite, log_event, new_user,
    sdk_socket, sign_up,
};
use crate::http::Method;

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Anybody. State-changing requests of a browser must still come from our own pages.
    Open,
    /// Anybody who is logged in, also people from outside.
    Session,
    /// People of a company: the login must be that of a user.
    Internal,
    /// The endpoint checks for itself and answers in the form that sockets' clients read.
    Socket,
}

/// What body it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// None: whatever comes is not read.
    Unread,
    /// JSON.
    Json,
    /// JSON; an empty or missing body counts as `{}`.
    JsonOrNothing,
}

/// A line of the table.
#[derive(Debug)]
pub(super) struct Rule {
    pub method: Method,
    pub path: &'static str,
    pub access: Access,
    pub body: Body,
    pub run: Run,
}

macro_rules! routes {
    ($($method:ident $path:literal $access:ident $body:ident $($handler:ident)::+;)*) => {
        &[$(Rule {
            method: Method::$method,
            path: $path,
            access: Access::$access,
            body: Body::$body,
            run: |call| Box::pin($($handler)::+(call)),
        }),*]
    };
}

pub(super) static ROUTES: &[Rule] = routes! {
    POST   "/api/v1/auth/oauth/login"                          Open      Json           google_sign_in::start;          // 1
    POST   "/api/v1/auth/google-oauth/redirect"                Open      Json           google_sign_in::callback;       // 2
    GET    "/api/v1/auth/check"                                Session   Unread         authentication::check;          // 3
    GET    "/api/v1/auth/logout"                               Session   Unread         authentication::logout;         // 4
    POST   "/api/v1/auth/complete-sign-up"                     Open      Json           sign_up::company;               // 5
    POST   "/api/v1/auth/complete-sign-up-to-org"              Open      Json           sign_up::join;                  // 6
    GET    "/api/v1/invite-code/:id"                           Open      Unread         invite::show;                   // 7
    POST   "/api/v1/auth/login-to-app"                         Open      Json           authentication::login_to_app;   // 8
    GET    "/health-check"                                     Open      Unread         health::check;                  // 10
    POST   "/api/v1/invite-code"                               Internal  Json           invite::create;                 // 13
    DELETE "/api/v1/invite-code/:id"                           Internal  JsonOrNothing  invite::delete;                 // 14
    POST   "/api/v1/initialize-environment-and-authorize-app"  Session   Json           app_start::start;               // 27
    POST   "/api/v1/log"                                       Internal  Json           log_event::discard;             // 41

    GET    "/api/v1/sdk/ws"                                    Socket    Unread         sdk_socket::open;
    GET    "/api/v1/browser/ws"                                Socket    Unread         browser_socket::open;

    GET    "/api/v1/auth/providers"                            Open      Unread         code_flow::providers;
    GET    "/api/v1/auth/new-user"                             Open      Unread         new_user::show;
    GET    "/auth/google-oauth/start"                          Open      Unread         code_flow::google_start;
    GET    "/auth/google-oauth/redirect"                       Open      Unread         code_flow::google_redirect;
    GET    "/auth/oidc/start"                                  Open      Unread         code_flow::oidc_start;
    GET    "/auth/oidc/redirect"                               Open      Unread         code_flow::oidc_redirect;

    GET    "/"                                                 Open      Unread         demo::root;
    GET    "/demo"                                             Open      Unread         demo::page;
    GET    "/demo/sign-in"                                     Open      Unread         demo::sign_in;
};

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_line_is_there_twice_and_bodies_fit_their_methods() {
        let mut seen = HashSet::new();
        for rule in ROUTES {
            assert!(seen.insert((rule.method.clone(), rule.path)), "{} {}", rule.method, rule.path);
            assert!(rule.method != Method::GET || rule.body == Body::Unread, "GET {} reads a body", rule.path);
        }
    }
}
