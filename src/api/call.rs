//! One request on its way to a handler.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use super::Api;
use super::refusal::Refusal;
use super::routes::Access;
use crate::auth::gate::Login;
use crate::auth::{Feature, Role, permission};
use crate::http::{HeaderName, Parameters, Reply, Request, StatusCode, header};
use crate::store::{UserRow, holds_nul};

/// What a handler gets.
pub(super) struct Call {
    pub api: Arc<Api>,
    pub request: Request,
    /// What the table says of the route.
    pub access: Access,
    /// The `:name` segments of the path.
    pub parameters: Parameters,
    /// The JSON body; `{}` where the route takes none.
    pub body: Value,
    /// There for routes with access `Session` and `Internal`.
    pub login: Option<Login>,
}

/// What a handler gives.
pub(super) type Answer = Result<Reply, Refusal>;

/// A handler, as the table names it.
pub(super) type Run = fn(Call) -> Pin<Box<dyn Future<Output = Answer> + Send>>;

impl Call {
    /// The login that the gate found.
    ///
    /// # Errors
    /// 401, when the table does not ask for one.
    pub fn login(&self) -> Result<&Login, Refusal> {
        self.login.as_ref().ok_or_else(|| Refusal::message(StatusCode::UNAUTHORIZED, "Please log in."))
    }

    /// The user behind the login, as the row says now: the only source of company and role (D-37).
    ///
    /// # Errors
    /// 401 for people from outside.
    pub fn user(&self) -> Result<&UserRow, Refusal> {
        self.login()?.user.as_ref().ok_or_else(for_people_of_the_company)
    }

    /// Asks for a feature.
    ///
    /// # Errors
    /// 403 when the user's role does not have it.
    pub fn must(&self, feature: Feature) -> Result<(), Refusal> {
        must(self.user()?, feature)
    }

    /// Asks for the feature that the table names with `MayOn`.
    ///
    /// # Errors
    /// 403 when the user's role does not have it.
    pub fn allowed(&self) -> Result<(), Refusal> {
        match self.access {
            Access::MayOn(feature) => self.must(feature),
            _ => Err(Refusal::Internal("the table of routes names no feature here".to_owned())),
        }
    }

    /// A `:name` segment that is a UUID.
    pub fn id(&self, name: &str) -> Option<Uuid> {
        uuid(self.parameters.get(name))
    }

    /// The body, an object, as a type whose fields are strict. `None` when it does not fit, or holds a NUL character
    /// anywhere (D-40).
    pub fn read<T: DeserializeOwned>(&mut self) -> Option<T> {
        let body = self.body.take();
        // Without this, an array would do for an object.
        if !body.is_object() || holds_nul(&body) {
            return None;
        }
        serde_json::from_value(body).ok()
    }

    /// A header that must not be repeated.
    pub fn header(&self, name: &HeaderName) -> Option<&[u8]> {
        self.request.only(name)
    }

    /// Where the request comes from, as far as proxies may be believed.
    pub fn client(&self) -> IpAddr {
        self.api.proxies.client(self.request.peer.ip(), &self.request.headers)
    }

    /// The Origin rule (http-api 3.5).
    pub fn origin_is_ours(&self) -> bool {
        self.api.origins.allows(self.header(&header::ORIGIN), self.header(&header::HOST))
    }
}

/// 401 for people from outside where only people of a company have business.
pub(super) fn for_people_of_the_company() -> Refusal {
    let text = "This is for people of the organization. Please log in with your own account.";
    Refusal::message(StatusCode::UNAUTHORIZED, text)
}

/// 403 unless the user's role has the feature.
pub(super) fn must(user: &UserRow, feature: Feature) -> Result<(), Refusal> {
    if permission::may(user, feature) {
        return Ok(());
    }
    let text = match feature.weakest() {
        Role::Owner => "Only an owner of the organization may do this.".to_owned(),
        role => format!("Your role does not allow this. It takes the role {} or a stronger one.", role.as_str()),
    };
    Err(Refusal::message(StatusCode::FORBIDDEN, &text))
}

/// A UUID in the hyphenated form, in either case; no other form is one.
pub(super) fn uuid(text: &str) -> Option<Uuid> {
    (text.len() == 36).then(|| Uuid::try_parse(text).ok()).flatten()
}
