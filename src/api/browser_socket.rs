//! `/api/v1/browser/ws`: the upgrade of a page (relay-protocol 3.3; authenticated before anything is told, D-13).

use std::sync::Arc;

use jiff::Timestamp;
use tokio::time::Instant;
use uuid::Uuid;

use super::Api;
use super::app_start::identity;
use super::call::{Answer, Call};
use super::sockets::{DatabaseAway, UpgradeRefusal, no_handshake, patiently, relay_socket};
use crate::auth::access::{self, Access};
use crate::auth::gate::{GateError, Login};
use crate::auth::{LoginId, presented};
use crate::control::{Lookups, Scope};
use crate::http::{Handshake, Request};
use crate::relay::{ClaimError, Page, SessionClaim};
use crate::store::StoreError;
use crate::wire::{EnvironmentId, ExecutionId, SessionId};

/// The longest route that an SDK can define (relay-protocol 1).
const LONGEST_ROUTE: usize = 250;

pub(super) async fn open(mut call: Call) -> Answer {
    let handshake = match Handshake::of(&mut call.request) {
        Ok(handshake) => handshake,
        Err(fault) => return Ok(no_handshake(fault, "brwsr1")),
    };
    let so_far = call.api.revocations.so_far();
    match admit(&call).await {
        Ok((claim, page)) => {
            let (hub, revocations) = (call.api.hub.clone(), call.api.revocations.clone());
            let scope = Scope::login(&claim.identity().login);
            Ok(handshake.accept(&call.api.tasks, move |raw| {
                let attached = hub.attach_browser(claim, relay_socket(raw), page);
                revocations.attached_since(so_far, scope);
                attached
            }))
        }
        Err(refusal) => {
            tracing::debug!(browser.code = refusal.code, browser.reason = %refusal.reason, "a page was refused");
            Ok(refusal.reply())
        }
    }
}

fn refused(reason: &str) -> UpgradeRefusal {
    UpgradeRefusal::new("brwsr1", reason)
}

async fn admit(call: &Call) -> Result<(SessionClaim, Page), UpgradeRefusal> {
    let database = Instant::now() + call.api.patience.database;
    let away = |DatabaseAway| UpgradeRefusal::temporary("brwsr4", "The server cannot reach its database right now.");
    let api = &call.api;

    let session = call.request.query("sessionId").and_then(|id| SessionId::parse(id.as_bytes()));
    let session = session.ok_or_else(|| UpgradeRefusal::new("brwsr2", "sessionId must be a UUID."))?;
    if !call.origin_is_ours() {
        return Err(refused("The page belongs to another site."));
    }
    let ids = presented(call.request.cookies());
    // No renewal: this answer carries no cookie (D-21).
    let login = patiently(database, || log_in(&api.lookups, &ids)).await.map_err(away)?;
    let login = login.ok_or_else(|| refused("Nobody is logged in."))?;

    let page = match Wanted::read(&call.request)? {
        Wanted::App { environment, route, resumes } => {
            let allowed =
                patiently(database, || may_open(&api.lookups, &login, environment, &route)).await.map_err(away)?;
            if !allowed {
                return Err(refused("This app is not open to you, or does not exist."));
            }
            if resumes {
                api.handover.take_over(environment).await;
            }
            Page::App { environment, route: route.into() }
        }
        // D-33
        Wanted::Home if login.user.is_none() => return Err(refused("The home page is for people of an organization.")),
        Wanted::Home => {
            let mut company = patiently(database, || home(api, &login)).await.map_err(away)?;
            let own = login.user.as_ref().and_then(|user| user.development_environment_id);
            let own = own.map(|id| EnvironmentId::from_u128(id.as_u128()));
            let own = own.and_then(|own| company.extract_if(.., |id| *id == own).next());
            Page::Home { company, own }
        }
    };
    let claim = api.hub.claim_session(session, &Arc::new(identity(&login))).map_err(|error| match error {
        ClaimError::OwnedByAnother => UpgradeRefusal::new("brwsr3", "This sessionId is in use."),
        ClaimError::TooMany => UpgradeRefusal::temporary("brwsr4", "Too many pages are open."),
    })?;
    Ok((claim, page))
}

async fn log_in(lookups: &Lookups, ids: &[LoginId]) -> Result<Option<Login>, StoreError> {
    match lookups.login(ids, Timestamp::now()).await {
        Ok(login) => Ok(Some(login)),
        Err(GateError::NoCookie | GateError::Unknown) => Ok(None),
        Err(GateError::Store(error)) => Err(error),
    }
}

async fn may_open(lookups: &Lookups, login: &Login, id: EnvironmentId, route: &str) -> Result<bool, StoreError> {
    let Some(shared) = lookups.shared(Uuid::from_u128(id.as_u128())).await? else { return Ok(false) };
    let (environment, shares) = &*shared;
    Ok(access::decide(environment, shares, &login.visitor(), route) == Access::Allowed)
}

/// The environments whose status a home page hears of: the company's, without other people's development ones; for
/// guests only those in which they may open something (D-09).
async fn home(api: &Api, login: &Login) -> Result<Vec<EnvironmentId>, StoreError> {
    let Some(user) = &login.user else { return Ok(Vec::new()) };
    let visitor = login.visitor();
    if !visitor.is_guest() {
        let ids = api.lookups.home(user.company_id, user.id).await?;
        return Ok(ids.into_iter().map(|id| EnvironmentId::from_u128(id.as_u128())).collect());
    }
    let store = &api.store;
    let mut rows = store.environments_for_home(user.company_id, user.id).await?;
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let shares = store.shares_of_environments(&ids).await?;
    rows.retain(|row| access::may_open_any(row, &shares, &visitor));
    Ok(rows.iter().map(|row| EnvironmentId::from_u128(row.id.as_u128())).collect())
}

/// What the query asks for.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    /// `resumes`: the page says that it runs something.
    App {
        environment: EnvironmentId,
        route: String,
        resumes: bool,
    },
    Home,
}

impl Wanted {
    fn read(request: &Request) -> Result<Self, UpgradeRefusal> {
        Self::of(request.query("environmentId"), request.query("appRoute"), request.query("executionId"))
    }

    fn of(
        environment: Option<String>,
        route: Option<String>,
        execution: Option<String>,
    ) -> Result<Self, UpgradeRefusal> {
        let (environment, route) = match (environment, route) {
            (Some(environment), Some(route)) => (environment, route),
            (None, None) => return Ok(Self::Home),
            _ => return Err(refused("environmentId and appRoute belong together.")),
        };
        // D-15d, D-37: ids are read before the database is asked.
        let environment =
            EnvironmentId::parse(environment.as_bytes()).ok_or_else(|| refused("environmentId must be a UUID."))?;
        if route.len() > LONGEST_ROUTE || route.contains('\0') {
            return Err(refused("appRoute is not the route of an app."));
        }
        // Nothing else comes of it (A4): whether an execution is this page's is known from its own START alone, be it that of
        // the process before this one.
        let resumes = execution.is_some();
        if execution.is_some_and(|id| ExecutionId::parse(id.as_bytes()).is_none()) {
            return Err(refused("executionId must be a UUID."));
        }
        Ok(Self::App { environment, route, resumes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "ABCDEF01-2345-4678-9abc-def012345678";

    fn wanted(environment: &str, route: &str, execution: &str) -> Result<Wanted, &'static str> {
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Wanted::of(given(environment), given(route), given(execution)).map_err(|refusal| refusal.code)
    }

    #[test]
    fn environment_and_route_come_together_or_not_at_all() {
        assert_eq!(wanted("", "", ""), Ok(Wanted::Home));
        assert_eq!(wanted("", "", ID), Ok(Wanted::Home));
        assert_eq!(wanted(ID, "", ""), Err("brwsr1"));
        assert_eq!(wanted("", "hello", ""), Err("brwsr1"));
        assert!(matches!(wanted(ID, "hello", ""), Ok(Wanted::App { .. })));
        assert!(matches!(wanted(ID, "hello", ID), Ok(Wanted::App { .. })));
    }

    #[test]
    fn d15d_d37_ids_are_canonical_uuids() {
        for id in ["abc", "{abcdef01-2345-4678-9abc-def012345678}", "abcdef012345467889abcdef01234567"] {
            assert_eq!(wanted(id, "hello", ""), Err("brwsr1"), "{id}");
            assert_eq!(wanted(ID, "hello", id), Err("brwsr1"), "{id}");
        }
        assert_eq!(wanted(ID, &"x".repeat(251), ""), Err("brwsr1"));
        assert_eq!(wanted(ID, "a\0b", ""), Err("brwsr1"));
    }
}
