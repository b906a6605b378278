//! The way of every request: route, body, Origin rule, login, handler (http-api 1.2 and 3.4, in that order).

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::call::{Call, for_people_of_the_company, must};
use super::refusal::Refusal;
use super::routes::{Access, Body, Rule};
use super::{Api, code_flow, sign_in_page, sockets};
use crate::auth::gate::{self, GateError, Login};
use crate::auth::{LoginId, clearing_cookie, cookie, presented};
use crate::http::{
    Exchange, Fault, Found, Handler, HeaderMap, HeaderValue, Label, MediaType, Method, Reply, Request, RequestedBy,
    StatusCode, header,
};

impl Handler for Api {
    fn answer(self: Arc<Self>, request: Request) -> Pin<Box<dyn Future<Output = Reply> + Send>> {
        Box::pin(async move {
            let target = request.raw_path().to_owned();
            let comes_from_an_sdk = sockets::comes_from_an_sdk(&request);
            let client = self.proxies.client(request.peer.ip(), &request.headers);
            let mut reply = route(Arc::clone(&self), request).await;
            self.dress(&mut reply);
            reply.extensions_mut().insert(RequestedBy(client));
            if comes_from_an_sdk || sockets::is_sdk_path(&target) {
                sockets::explain_to_sdk(&mut reply);
            }
            reply
        })
    }

    fn fault(&self, fault: Fault, target: &str) -> Reply {
        let mut reply = Refusal::Fault(fault).reply();
        self.dress(&mut reply);
        if sockets::is_sdk_path(target) {
            sockets::explain_to_sdk(&mut reply);
        }
        reply
    }

    fn answered(&self, exchange: &Exchange) {
        self.requests.add(exchange.method, exchange.route, exchange.status, exchange.took);
    }
}

async fn route(api: Arc<Api>, request: Request) -> Reply {
    let Ok(path) = request.path() else { return Refusal::Fault(Fault::BadUrl).reply() };
    let own = Arc::clone(&api);
    let found = own.router.find(&request.method, &path);
    let found = found.filter(|Found { endpoint: rule, .. }| {
        !code_flow::is_for_the_page(rule, &request) && !sign_in_page::is_for_the_page(&api, rule)
    });
    let Some(Found { endpoint: rule, parameters, .. }) = found else {
        let mut page = api.page(&request);
        if page.status() != StatusCode::NOT_FOUND {
            page.extensions_mut().insert(Label { route: "(page)", quiet: true });
        }
        return page;
    };
    let mut call = Call { api, request, access: rule.access, parameters, body: Value::Object(Map::new()), login: None };
    let mut cookies = Cookies::default();
    let outcome = match prepare(rule, &mut call, &mut cookies).await {
        Ok(()) => (rule.run)(call).await,
        Err(refusal) => Err(refusal),
    };
    let mut reply = outcome.unwrap_or_else(|refusal| refusal.in_the_words_of(rule.path).reply());
    fit_to_the_client(rule, &mut reply);
    cookies.put(reply.headers_mut());
    reply.extensions_mut().insert(Label { route: rule.path, quiet: rule.path == "/health-check" });
    reply
}

/// The web client shows 400 and 500 of this route and takes every other failure for "log in first" (http-api 11).
fn fit_to_the_client(rule: &Rule, reply: &mut Reply) {
    if rule.path != "/api/v1/initialize-environment-and-authorize-app" {
        return;
    }
    match reply.status() {
        StatusCode::SERVICE_UNAVAILABLE => *reply.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
        StatusCode::TOO_MANY_REQUESTS => *reply.status_mut() = StatusCode::BAD_REQUEST,
        _ => {}
    }
}

/// Everything before the handler.
async fn prepare(rule: &Rule, call: &mut Call, cookies: &mut Cookies) -> Result<(), Refusal> {
    call.api.limits.stranger(rule, call.client())?;
    read_body(rule, call).await?;
    match rule.access {
        Access::Socket => Ok(()),
        Access::Open => ours_or_no_browser(call),
        Access::Session | Access::Internal | Access::May(_) | Access::MayOn(_) => {
            let login = log_in(call, cookies).await?;
            admit(rule.access, &login)?;
            call.login = Some(login);
            Ok(())
        }
    }
}

/// Whether somebody with this login may ask at all. Only what is sure before the handler runs: see [`Access::MayOn`].
fn admit(access: Access, login: &Login) -> Result<(), Refusal> {
    match (access, &login.user) {
        (Access::Open | Access::Socket | Access::Session, _) => Ok(()),
        (Access::Internal | Access::May(_) | Access::MayOn(_), None) => Err(for_people_of_the_company()),
        (Access::Internal | Access::MayOn(_), Some(_)) => Ok(()),
        (Access::May(feature), Some(user)) => must(user, feature),
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
    call.api.limits.session(&login.session.id)?;
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

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::super::routes::ROUTES;
    use super::*;
    use crate::auth::Role;
    use crate::store::UserRow;

    fn login(role: Option<&str>) -> Login {
        let user = role.map(|role| UserRow {
            id: Uuid::nil(),
            company_id: Uuid::nil(),
            first_name: String::new(),
            last_name: String::new(),
            email: "a@x.test".to_owned(),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            development_environment_id: None,
            permission: role.to_owned(),
            metadata: json!({}),
        });
        let id = LoginId::parse("a".repeat(40).as_bytes()).unwrap();
        Login { session: gate::new_session(&id, user.as_ref(), "a@x.test", Timestamp::UNIX_EPOCH), user }
    }

    fn status(access: Access, login: &Login) -> u16 {
        match admit(access, login) {
            Ok(()) => 200,
            Err(refusal) => refusal.reply().status().as_u16(),
        }
    }

    #[test]
    fn every_line_of_the_table_admits_whom_it_names_and_nobody_else() {
        for rule in ROUTES {
            let what = format!("{} {}", rule.method, rule.path);
            let for_all = matches!(rule.access, Access::Open | Access::Socket | Access::Session);
            assert_eq!(status(rule.access, &login(None)), if for_all { 200 } else { 401 }, "{what}");
            for text in ["owner", "admin", "app-manager", "member", "guest", "superuser", ""] {
                let role = Role::parse(text);
                let allowed = match rule.access {
                    Access::May(feature) => role.is_some_and(|role| role.may(feature)),
                    _ => true,
                };
                assert_eq!(status(rule.access, &login(Some(text))), if allowed { 200 } else { 403 }, "{what} {text}");
            }
        }
    }
}
