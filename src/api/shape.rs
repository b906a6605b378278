//! Rows as clients see them (http-api 2).

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::auth::{Feature, permission};
use crate::store::{CompanyRow, EnvironmentRow, PendingInvite, ShareRow, UserRow};

/// ISO 8601 with exactly three fraction digits, cut and not rounded, and `Z`.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// What must be an object, whatever is stored.
fn object(value: &Value) -> Value {
    if value.is_object() { value.clone() } else { json!({}) }
}

/// `User`, with `isExternal: false`.
pub(super) fn internal_user(row: &UserRow) -> Value {
    let mut shown = user(row);
    shown["isExternal"] = false.into();
    shown
}

/// `User`.
pub(super) fn user(user: &UserRow) -> Value {
    json!({
        "id": user.id.to_string(),
        "companyId": user.company_id.to_string(),
        "firstName": user.first_name,
        "lastName": user.last_name,
        "email": user.email,
        "createdAt": time(user.created_at),
        "updatedAt": time(user.updated_at),
        "developmentEnvironmentId": user.development_environment_id.map(|id| id.to_string()),
        "permission": user.permission,
        "metadata": object(&user.metadata),
    })
}

/// `Company`, as `viewer` may see it (D-10).
pub(super) fn company(company: &CompanyRow, viewer: &UserRow) -> Value {
    let billing_id = if permission::may(viewer, Feature::ViewBilling) { company.billing_id.as_str() } else { "" };
    json!({
        "id": company.id.to_string(),
        "name": company.name,
        "createdAt": time(company.created_at),
        "updatedAt": time(company.updated_at),
        "plan": company.plan,
        "billingId": billing_id,
        "flags": object(&company.flags),
    })
}

/// `Environment`, without anything of its key.
pub(super) fn environment(row: &EnvironmentRow) -> Map<String, Value> {
    let apps = if row.apps.is_array() { row.apps.clone() } else { json!([]) };
    Map::from_iter([
        ("id".to_owned(), row.id.to_string().into()),
        ("companyId".to_owned(), row.company_id.to_string().into()),
        ("name".to_owned(), row.name.as_str().into()),
        ("type".to_owned(), row.kind.as_str().into()),
        ("apps".to_owned(), apps),
        ("theme".to_owned(), row.theme.clone().unwrap_or_default()),
        ("createdAt".to_owned(), time(row.created_at).into()),
        ("updatedAt".to_owned(), time(row.updated_at).into()),
        ("data".to_owned(), object(&row.data)),
    ])
}

/// `ExternalAppUser`.
pub(super) fn share(share: &ShareRow) -> Value {
    json!({
        "id": share.id.to_string(),
        "companyId": share.company_id.to_string(),
        "environmentId": share.environment_id.to_string(),
        "email": share.email,
        "appRoute": share.app_route,
        "createdByUserId": share.created_by_user_id.map(|id| id.to_string()),
        "createdBySdk": share.created_by_sdk,
        "createdAt": time(share.created_at),
        "updatedAt": time(share.updated_at),
    })
}

/// `EmailCode`.
pub(super) fn invite(invite: &PendingInvite) -> Value {
    json!({
        "id": invite.id.to_string(),
        "companyId": invite.company_id.to_string(),
        "email": invite.email,
        "createdAt": time(invite.created_at),
        "expiresAt": time(invite.expires_at),
        "metadata": object(&invite.metadata),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits_that_are_cut() {
        for (given, shown) in [
            ("2026-11-23T06:05:28.761999Z", "2026-11-23T06:05:28.761Z"),
            ("2026-11-23T06:05:28.999999Z", "2026-11-23T06:05:28.999Z"),
            ("2026-01-02T08:34:05Z", "2026-01-02T08:34:05.000Z"),
            ("2026-01-02T08:34:05.12+05:30", "2026-01-02T03:04:05.120Z"),
        ] {
            assert_eq!(time(given.parse().unwrap()), shown);
        }
    }
}
