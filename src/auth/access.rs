//! Who may open an app (http-api 5). Pure: the rows come in, the decision goes out.

use std::collections::{HashMap, HashSet, VecDeque};

use uuid::Uuid;

use super::Role;
use crate::store::{EnvironmentRow, INHERIT_PREFIX, ShareRow, UserRow};

/// The share that lets everybody in, and the e-mail of the visitor who logged in through it.
pub const EVERYBODY: &str = "ALL";
/// How many apps a chain of inherited shares may touch.
const MOST_ROUTES: usize = 1000;

/// Who wants to open an app, by the user row or, for people from outside, by the session's e-mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visitor {
    /// Lower case; `None` for public visitors.
    email: Option<String>,
    member: Option<Member>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Member {
    company: Uuid,
    /// Opens only what is shared with them: a guest, or a role that we do not know.
    guest: bool,
    development_environment: Option<Uuid>,
}

/// The decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// May open it.
    Allowed,
    /// No share lets the visitor in (code 401).
    Refused,
    /// The shares lead through too many apps to follow (code 401, told apart by app login only).
    TooManyShares,
}

impl Visitor {
    /// A user of some company. The row is the truth about company and role, whatever the session says (D-37).
    #[must_use]
    pub fn internal(user: &UserRow) -> Self {
        let guest = matches!(Role::parse(&user.permission), None | Some(Role::Guest));
        Self {
            email: known(&user.email),
            member: Some(Member {
                company: user.company_id,
                guest,
                development_environment: user.development_environment_id,
            }),
        }
    }

    /// A person from outside, by the session's e-mail; `ALL` is a public visitor.
    #[must_use]
    pub fn external(email: &str) -> Self {
        Self { email: known(email), member: None }
    }

    /// Whether this is a user who opens only what is shared with them and what is their own (D-09).
    #[must_use]
    pub fn is_guest(&self) -> bool {
        self.member.as_ref().is_some_and(|member| member.guest)
    }

    /// Whether the visitor may open every app of this environment: the company's people may, but guests only in their
    /// own development environment (D-09).
    #[must_use]
    pub fn is_at_home_in(&self, environment: &EnvironmentRow) -> bool {
        self.member.as_ref().is_some_and(|member| {
            member.company == environment.company_id
                && (!member.guest || member.development_environment == Some(environment.id))
        })
    }

    /// Whether a share's text, which neither lets everybody in nor points to another app, names this visitor (D-03).
    fn is_named_by(&self, share: &str) -> bool {
        let (Some(email), share) = (&self.email, share.trim().to_ascii_lowercase()) else { return false };
        match share.find('@') {
            Some(1..) => *email == share,
            at_start => {
                let domain = if at_start.is_some() { &share[1..] } else { share.as_str() };
                let theirs = email.rsplit_once('@').map(|(_, domain)| domain);
                domain.contains('.') && !domain.contains('@') && theirs == Some(domain)
            }
        }
    }
}

fn known(email: &str) -> Option<String> {
    (email != EVERYBODY).then(|| email.to_ascii_lowercase())
}

/// Whether the visitor may open the app `route` of `environment`; `shares` are all shares of that environment. That the
/// app exists is not looked at.
#[must_use]
pub fn decide(environment: &EnvironmentRow, shares: &[ShareRow], visitor: &Visitor, route: &str) -> Access {
    if visitor.is_at_home_in(environment) {
        return Access::Allowed;
    }
    let mut by_route: HashMap<&str, Vec<&str>> = HashMap::new();
    for share in shares {
        // A share that another company planted says nothing (D-01).
        if share.environment_id == environment.id && share.company_id == environment.company_id {
            by_route.entry(&share.app_route).or_default().push(&share.email);
        }
    }
    let mut seen = HashSet::from([route]);
    let mut queue = VecDeque::from([route]);
    while let Some(route) = queue.pop_front() {
        for share in by_route.get(route).into_iter().flatten() {
            if *share == EVERYBODY {
                return Access::Allowed;
            }
            if let Some(parent) = share.strip_prefix(INHERIT_PREFIX) {
                if seen.insert(parent) {
                    if seen.len() > MOST_ROUTES {
                        return Access::TooManyShares;
                    }
                    queue.push_back(parent);
                }
            } else if visitor.is_named_by(share) {
                return Access::Allowed;
            }
        }
    }
    Access::Refused
}

/// Whether the visitor may open at least one of the environment's apps.
#[must_use]
pub fn may_open_any(environment: &EnvironmentRow, shares: &[ShareRow], visitor: &Visitor) -> bool {
    let routes = environment.apps.as_array().into_iter().flatten().filter_map(|app| app.get("route")?.as_str());
    visitor.is_at_home_in(environment)
        || routes.into_iter().any(|route| decide(environment, shares, visitor, route) == Access::Allowed)
}

#[cfg(test)]
mod tests;
