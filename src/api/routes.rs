//! THE table of routes: what exists, who may ask, what body it takes, who answers. Numbers in the comments are those of
//! http-api 8.1. A new route is one line here and one function in the file of its resource.

use super::call::Run;
use super::{
    app_start, audit_log, authentication, billing, browser_socket, code_flow, demo, environments, google_sign_in,
    health, initialize, invite, log_error, log_event, new_user, report, sdk_socket, shares, sign_in_page, sign_up,
    users,
};
use crate::auth::Feature;
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
    /// People of a company whose role has the feature.
    May(Feature),
    /// The same, asked by the handler with [`super::call::Call::allowed`], because it must first know what the request is
    /// about.
    MayOn(Feature),
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
    ($($method:ident $path:literal $access:ident $(($feature:ident))? $body:ident $($handler:ident)::+;)*) => {
        &[$(Rule {
            method: Method::$method,
            path: $path,
            access: Access::$access $((Feature::$feature))?,
            body: Body::$body,
            run: |call| Box::pin($($handler)::+(call)),
        }),*]
    };
}

pub(super) static ROUTES: &[Rule] = routes! {
    POST   "/api/v1/auth/oauth/login"                           Open                                      Json          google_sign_in::start;          // 1
    POST   "/api/v1/auth/google-oauth/redirect"                 Open                                      Json          google_sign_in::callback;       // 2
    GET    "/api/v1/auth/check"                                 Session                                   Unread        authentication::check;          // 3
    GET    "/api/v1/auth/logout"                                Session                                   Unread        authentication::logout;         // 4
    POST   "/api/v1/auth/complete-sign-up"                      Open                                      Json          sign_up::company;               // 5
    POST   "/api/v1/auth/complete-sign-up-to-org"               Open                                      Json          sign_up::join;                  // 6
    GET    "/api/v1/invite-code/:id"                            Open                                      Unread        invite::show;                   // 7
    POST   "/api/v1/auth/login-to-app"                          Open                                      Json          authentication::login_to_app;   // 8
    POST   "/api/v1/log-error"                                  Session                                   Json          log_error::store;               // 9
    GET    "/health-check"                                      Open                                      Unread        health::check;                  // 10
    GET    "/api/v1/initialize"                                 Internal                                  Unread        initialize::initialize;         // 11
    GET    "/api/v1/settings"                                   Internal                                  Unread        initialize::settings;           // 12
    POST   "/api/v1/invite-code"                                May(AddUser)                              Json          invite::create;                 // 13, by role
    DELETE "/api/v1/invite-code/:id"                            May(RemovePendingInvite)                  JsonOrNothing invite::delete;                 // 14
    GET    "/api/v1/environment"                                Internal                                  Unread        environments::list;             // 15
    POST   "/api/v1/environment"                                Internal                                  Json          environments::create;           // 16, by type
    GET    "/api/v1/environment/:environmentId/details"         Internal                                  Unread        environments::details;          // 17
    DELETE "/api/v1/environment/:environmentId"                 MayOn(DeleteProductionEnvironment)        JsonOrNothing environments::delete;           // 18
    POST   "/api/v1/environment/:environmentId/refresh-api-key" MayOn(RefreshProductionEnvironmentApiKey) JsonOrNothing environments::refresh_key;      // 19
    PUT    "/api/v1/user/:userId/permission"                    Internal                                  Json          users::change_role;             // 20, by both roles
    DELETE "/api/v1/user/:userId"                               Internal                                  JsonOrNothing users::delete;                  // 21, by the user's role
    GET    "/api/v1/user/dev-environment"                       Internal                                  Unread        users::development_environment; // 22
    POST   "/api/v1/user/update-metadata"                       Internal                                  Json          users::update_metadata;         // 23
    POST   "/api/v1/external-app-user"                          MayOn(ShareAppExternalEmail)              Json          shares::create;                 // 24
    POST   "/api/v1/external-app-user-for-app"                  May(ViewExternalUsers)                    Json          shares::of_app;                 // 25
    DELETE "/api/v1/external-app-user/:id"                      May(UnshareAppExternalEmail)              JsonOrNothing shares::delete;                 // 26
    POST   "/api/v1/initialize-environment-and-authorize-app"   Session                                   Json          app_start::start;               // 27
    POST   "/api/v1/audit-log/get-page"                         MayOn(ViewAuditLogs)                      Json          audit_log::page;                // 28
    POST   "/api/v1/audit-log/get-custom-log-events"            MayOn(ViewAuditLogs)                      Json          audit_log::grouped_counts;      // 29
    POST   "/api/v1/audit-log/get-distinct-messages"            MayOn(ViewAuditLogs)                      JsonOrNothing audit_log::distinct_messages;   // 30
    POST   "/api/v1/report"                                     May(CreateReport)                         Json          report::create;                 // 31
    GET    "/api/v1/report"                                     MayOn(ViewListOfReports)                  Unread        report::list;                   // 32
    GET    "/api/v1/report/:reportId"                           MayOn(ViewReport)                         Unread        report::show;                   // 33
    PUT    "/api/v1/report/:reportId"                           May(UpdateReport)                         Json          report::update;                 // 34
    DELETE "/api/v1/report/:reportId"                           May(DeleteReport)                         JsonOrNothing report::delete;                 // 35
    POST   "/api/v1/report/:reportId/share/:userId"             May(ShareReportWithUser)                  JsonOrNothing report::share;                  // 36
    DELETE "/api/v1/report/:reportId/share/:userId"             May(UnshareReportWithUser)                JsonOrNothing report::unshare;                // 37
    GET    "/api/v1/report/:reportId/share"                     May(ViewReportSharedWith)                 Unread        report::shares;                 // 38
    GET    "/api/v1/billing/details"                            Internal                                  Unread        billing::details;               // 39
    POST   "/api/v1/billing/checkout-session"                   May(ChangeBilling)                        Json          billing::checkout;              // 40
    POST   "/api/v1/log"                                        Internal                                  Json          log_event::discard;             // 41

    GET    "/api/v1/sdk/ws"                                     Socket                                    Unread        sdk_socket::open;
    GET    "/api/v1/browser/ws"                                 Socket                                    Unread        browser_socket::open;

    GET    "/api/v1/auth/providers"                             Open                                      Unread        code_flow::providers;
    GET    "/api/v1/auth/new-user"                              Open                                      Unread        new_user::show;
    GET    "/auth/login"                                        Open                                      Unread        sign_in_page::show;
    GET    "/auth/google-oauth/start"                           Open                                      Unread        code_flow::google_start;
    GET    "/auth/google-oauth/redirect"                        Open                                      Unread        code_flow::google_redirect;
    GET    "/auth/oidc/start"                                   Open                                      Unread        code_flow::oidc_start;
    GET    "/auth/oidc/redirect"                                Open                                      Unread        code_flow::oidc_redirect;

    GET    "/"                                                  Open                                      Unread        demo::root;
    GET    "/demo"                                              Open                                      Unread        demo::page;
    GET    "/demo/sign-in"                                      Open                                      Unread        demo::sign_in;
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
