//! Route 9: what goes wrong in the browser. Stored for the operator.

use serde_json::{Value, json};
use uuid::Uuid;

use super::call::{Answer, Call};
use super::refusal::Refusal;
use crate::http::{StatusCode, json as json_reply};
use crate::store::holds_nul;

/// Most bytes of a report as compact JSON.
const LARGEST: usize = 16 * 1024;
/// Reports that one login may send.
pub(super) const PER_MINUTE: u32 = 10;
/// What only the server itself reports (`database.md` 3.9).
const OURS: [&str; 8] = [
    "UNCATEGORIZED",
    "FAILED_TO_CREATE_DEVELOPMENT_ENVIRONMENT",
    "PERMISSION_NOT_FOUND_FOR_INVITE_CODE",
    "FAILED_TO_CREATE_USER",
    "AUDIT_LOG_WRITE_ERROR",
    "SUBSCRIPTION_CREATION_FAILURE_FOR_NEW_USER",
    "COMPANY_NOT_FOUND_FOR_USER_SETUP_BILLING_ROUTE",
    "NO_BILLING_ID_FOR_COMPANY",
];

fn refused(text: &str) -> Refusal {
    Refusal::message(StatusCode::BAD_REQUEST, text)
}

/// D-20: only for people who are logged in, of limited size and number, and not in the words of the server.
pub(super) async fn store(mut call: Call) -> Answer {
    let Value::Object(mut report) = call.body.take() else { return Err(refused("A report is an object.")) };
    if report.iter().any(|(key, value)| key.contains('\0') || holds_nul(value)) {
        return Err(refused("The report holds a character that cannot be stored (U+0000)."));
    }
    match report.get("type") {
        None => {}
        Some(Value::String(kind)) if !OURS.contains(&kind.as_str()) => {}
        Some(_) => return Err(refused("This type of report cannot come from a browser.")),
    }
    let login = call.login()?;
    let user = login.user.as_ref();
    // People from outside have had the id 0 here at all times.
    let id = user.map_or_else(Uuid::nil, |user| user.id);
    report.insert(
        "userData".to_owned(),
        json!({
            "id": id.to_string(),
            "companyId": user.map(|user| user.company_id.to_string()),
            "email": user.map_or(&login.session.email, |user| &user.email),
            "isExternal": user.is_none(),
        }),
    );
    let report = Value::Object(report);
    if report.to_string().len() > LARGEST {
        return Err(refused("The report is larger than 16 KiB."));
    }
    call.api.limits.error_report(&login.session.id)?;
    call.api.store.insert_error_log(&report).await?;
    Ok(json_reply(StatusCode::OK, &json!({"success": true})))
}
