//! What a user sees of the company's environments (http-api 8.4 and 8.6; D-06, D-08, D-09, D-10).

use serde_json::{Map, Value};

use super::shape;
use crate::auth::access::{self, Access, Visitor};
use crate::auth::{Feature, permission};
use crate::store::{EnvironmentRow, EnvironmentType, ShareRow, UserRow};

/// A user who looks.
pub(super) struct Viewer<'a> {
    user: &'a UserRow,
    visitor: Visitor,
}

/// What the list shows of the apps in other people's development environments.
const APP_KEYS: [&str; 4] = ["name", "route", "description", "hidden"];

impl<'a> Viewer<'a> {
    pub fn new(user: &'a UserRow) -> Self {
        Self { user, visitor: Visitor::internal(user) }
    }

    /// Whether this is the user's own development environment.
    pub fn owns(&self, environment: &EnvironmentRow) -> bool {
        environment.company_id == self.user.company_id
            && environment.kind == EnvironmentType::Development
            && self.user.development_environment_id == Some(environment.id)
    }

    /// Whether the user may open every app of this environment.
    pub fn is_at_home_in(&self, environment: &EnvironmentRow) -> bool {
        self.visitor.is_at_home_in(environment)
    }

    /// Whether nothing of this environment may be told to anybody but its own user.
    pub fn is_somebody_elses(&self, environment: &EnvironmentRow) -> bool {
        environment.kind == EnvironmentType::Development && !self.owns(environment)
    }

    /// `Environment` with the apps that the user may know of: all of them, but for guests only those that they may open.
    /// `None`: a guest who may open none.
    pub fn environment(&self, environment: &EnvironmentRow, shares: &[ShareRow]) -> Option<Map<String, Value>> {
        let mut shown = shape::environment(environment);
        if self.visitor.is_at_home_in(environment) {
            return Some(shown);
        }
        let Some(Value::Array(apps)) = shown.get_mut("apps") else { return None };
        apps.retain(|app| {
            let route = app.get("route").and_then(Value::as_str);
            route.is_some_and(|route| access::decide(environment, shares, &self.visitor, route) == Access::Allowed)
        });
        if apps.is_empty() { None } else { Some(shown) }
    }

    /// The same with `externalAppUsers`, which only some roles may see.
    pub fn environment_with_shares(
        &self,
        environment: &EnvironmentRow,
        shares: &[ShareRow],
    ) -> Option<Map<String, Value>> {
        let mut shown = self.environment(environment, shares)?;
        let visible = if permission::may(self.user, Feature::ViewExternalUsers) { shares } else { &[] };
        let of_environment = visible.iter().filter(|share| share.environment_id == environment.id);
        shown.insert("externalAppUsers".to_owned(), of_environment.map(shape::share).collect());
        Some(shown)
    }

    /// Somebody else's development environment, as far as it takes to give the entries of the audit log their names.
    pub fn label(environment: &EnvironmentRow) -> Map<String, Value> {
        let mut shown = shape::environment(environment);
        let apps = environment.apps.as_array().into_iter().flatten().map(|app| {
            let known = APP_KEYS.iter().filter_map(|key| Some(((*key).to_owned(), app.get(*key)?.clone())));
            Value::Object(known.collect())
        });
        shown.insert("apps".to_owned(), apps.collect());
        shown.insert("theme".to_owned(), Value::Null);
        shown.insert("data".to_owned(), Value::Object(Map::new()));
        shown
    }
}
