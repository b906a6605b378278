//! Rows as clients see them (http-api 2).

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::store::UserRow;

/// ISO 8601 with exactly three fraction digits, cut and not rounded, and `Z`.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// `User`, with `isExternal: false`.
pub(super) fn internal_user(user: &UserRow) -> Value {
    let metadata = if user.metadata.is_object() { user.metadata.clone() } else { json!({}) };
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
        "metadata": metadata,
        "isExternal": false,
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
