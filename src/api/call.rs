//! One request on its way to a handler.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Api;
use super::refusal::Refusal;
use crate::auth::gate::Login;
use crate::http::{HeaderName, Parameters, Reply, Request, StatusCode, header};

/// What a handler gets.
pub(super) struct Call {
    pub api: Arc<Api>,
    pub request: Request,
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

    /// The body as a type whose fields are strict. `None` when it does not fit.
    pub fn read<T: DeserializeOwned>(&mut self) -> Option<T> {
        serde_json::from_value(self.body.take()).ok()
    }

    /// A header that must not be repeated.
    pub fn header(&self, name: &HeaderName) -> Option<&[u8]> {
        self.request.only(name)
    }

    /// The Origin rule (http-api 3.5).
    pub fn origin_is_ours(&self) -> bool {
        self.api.origins.allows(self.header(&header::ORIGIN), self.header(&header::HOST))
    }
}
