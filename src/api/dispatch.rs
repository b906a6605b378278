//! The way of every request: route, body, Origin rule, login, handler (http-api 1.2 and 3.4, in that order).

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::call::Call;
use super::refusal::{Refusal, unknown_route};
use super::routes::{Access, Body, Rule};
use super::{Api, code_flow, sockets};
use crate::auth::gate::{self, GateError, Login};
use crate::auth::{LoginId, clearing_cookie, cookie, presented};
use crate::http::{
    Fault, Found, Handler, HeaderMap, HeaderValue, Label, MediaType, Method, Reply, Request, StatusCode, header,
};

impl Handler for Api {
    fn answer(self: Arc<Self>, request: Request) -> Pin<Box<dyn Future<Output = Reply> + Send>> {
        Box::pin(async move {
            let target = request.raw_path().to_owned();
            let comes_from_an_sdk = sockets::comes_from_an_sdk(&request);
            let mut reply = route(self, request).await;
            if comes_from_an_sdk || sockets::is_sdk_path(&target) {
                sockets::explain_to_sdk(&mut reply);
            }
            reply
        })
    }

    fn fault(&self, fault: Fault, target: &str) -> Reply {
        let mut reply = Refusal::Fault(fault).reply();
        if sockets::is_sdk_path(target) {
            sockets::explain_to_sdk(&mut reply);
        }
        reply
    }
}

async fn route(api: Arc<Api>, request: Request) -> Reply {
    let Ok(path) = request.path() else { return Refusal::Fault(Fault::BadUrl).reply() };
    let own = Arc::clone(&api);
    let found = own.router.find(&request.method, &path);
    let found = found.filter(|found| !code_flow::is_for_the_page(found.endpoint, &request));
    let Some(Found { endpoint: rule, parameters, .. }) = found else {
        return unknown_route();
    };
    let mut call = Call { api, request, parameters, body: Value::Object(Map::new()), login: None };
    let mut cookies = Cookies::default();
    let outcome = match prepare(rule, &mut call, &mut cookies).await {
        Ok(()) => (rule.run)(call).await,
        Err(refusal) => Err(refusal),
    };
    let mut reply = outcome.unwrap_or_else(Refusal::reply);
    fit_to_the_client(rule, &mut reply);
    cookies.put(reply.headers_mut());
    reply.extensions_mut().insert(Label(rule.path));
    reply
}

/// The web client shows 400 and 500 of this route and takes every other failure for "log in first" (http-api 11).
fn fit_to_the_client(rule: &Rule, reply: &mut Reply) {
    let starts_an_app = rule.path == "/api/v1/initialize-environment-and-authorize-app";
    if starts_an_app && reply.status() == StatusCode::SERVICE_UNAVAILABLE {
        *reply.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    }
}

/// Everything before the handler.
async fn prepare(rule: &Rule, call: &mut Call, cookies: &mut Cookies) -> Result<(), Refusal> {
    read_body(rule, call).await?;
    match rule.access {
        Access::Socket => Ok(()),
        Access::Open => ours_or_no_browser(call),
        Access::Session => {
            call.login = Some(log_in(call, cookies).await?);
            Ok(())
        }
        Access::Internal => {
            let login = log_in(call, cookies).await?;
            if login.user.is_none() {
                let text = "This is for people of the organization. Please log in with your own account.";
                return Err(Refusal::message(StatusCode::UNAUTHORIZED, text));
            }
            call.login = Some(login);
            Ok(())
        }
    }
}

async fn read_body(rule: &Rule, call: &mut Call) -> Result<(), Refusal> {
    let body = match rule.body {
        Body::Unread => return Ok(()),
        Body::Json => call.request.json().await?.ok_or(Fault::EmptyJson)?,
        Body::JsonOrNothing => match call.request.json().await {
            Ok(body) => body.unwrap_or_else(|| Value::Object(Map::new())),
            Err(Fault::EmptyJson) => Value::Object(Map::new()),
            Err(fault) => return Err(fault.into()),
        },
    };
    call.body = body;
    Ok(())
}

fn changes_state(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD)
}

/// For routes without a login: browsers send `Origin` with every state-changing request, and it must be ours; without
/// one the JSON content type shows that no form of another site sent it (http-api 3.5).
fn ours_or_no_browser(call: &Call) -> Result<(), Refusal> {
    if !changes_state(&call.request.method) {
        return Ok(());
    }
    if call.request.headers.contains_key(header::ORIGIN) {
        if call.origin_is_ours() { Ok(()) } else { Err(foreign_origin()) }
    } else if MediaType::of(&call.request.headers) == MediaType::Json {
        Ok(())
    } else {
        Err(Fault::MediaType.into())
    }
}

fn foreign_origin() -> Refusal {
    Refusal::message(StatusCode::FORBIDDEN, "The request came from another site.")
}

/// The session gate.
async fn log_in(call: &Call, cookies: &mut Cookies) -> Result<Login, Refusal> {
    let secure = call.api.secure_cookies();
    if changes_state(&call.request.method) && !call.origin_is_ours() {
        cookies.set(&clearing_cookie(secure));
        return Err(foreign_origin());
    }
    let now = Timestamp::now();
    let login = match gate::open(&call.api.store, &presented(call.request.cookies()), now).await {
        Ok(login) => login,
        Err(GateError::Store(error)) => return Err(error.into()),
        Err(refused @ (GateError::NoCookie | GateError::Unknown)) => {
            cookies.set(&clearing_cookie(secure));
            let text = match refused {
                GateError::NoCookie => "Please log in.",
                _ => "Your login has ended. Please log in again.",
            };
            return Err(Refusal::message(StatusCode::UNAUTHORIZED, text));
        }
    };
    if gate::renew(&call.api.store, &login.session, now).await?
        && let Some(id) = LoginId::parse(login.session.id.as_bytes())
    {
        cookies.set(&cookie(&id, secure));
    }
    Ok(login)
}

/// What the gate adds to the answer, whatever the handler says.
#[derive(Default)]
struct Cookies(Option<HeaderValue>);

impl Cookies {
    fn set(&mut self, text: &str) {
        // The text is ASCII without control characters.
        self.0 = HeaderValue::try_from(text).ok();
    }

    fn put(self, headers: &mut HeaderMap) {
        // A cookie that the handler itself set (log-out) wins.
        if let Some(value) = self.0
            && !headers.contains_key(header::SET_COOKIE)
        {
            headers.insert(header::SET_COOKIE, value);
        }
    }
}
