//! Routes 39 and 40: the plan and its seats. There is no payment behind it (http-api 8.10).

use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::call::{Answer, Call};
use super::initialize::company_of;
use super::refusal::told;
use super::shape;
use crate::http::{StatusCode, header, json as json_reply};
use crate::store::{CompanyRow, SeatsUsed};

/// Seats of a plan without limits.
const UNLIMITED: i64 = 1_000_000_000_000;
/// The longest address that is sent back, in bytes.
const LONGEST_URL: usize = 2048;

/// What a company may use.
struct Allowance {
    standard: i64,
    external: i64,
}

fn is_free(company: &CompanyRow) -> bool {
    company.flags.get("FRIENDS_AND_FAMILY_FREE") == Some(&Value::Bool(true))
}

fn is_unlimited(company: &CompanyRow) -> bool {
    company.plan == "pro" || is_free(company)
}

fn allowance(company: &CompanyRow) -> Allowance {
    match is_unlimited(company) {
        true => Allowance { standard: UNLIMITED, external: UNLIMITED },
        false => Allowance { standard: 1, external: 0 },
    }
}

/// Whether one more share with a person fits into the plan. Only plan `hobby` has limits.
pub(super) fn has_external_seat(company: &CompanyRow, used: SeatsUsed) -> bool {
    company.plan != "hobby" || used.external < allowance(company).external
}

/// Route 39.
pub(super) async fn details(call: Call) -> Answer {
    let user = call.user()?;
    let company = company_of(&call, user).await?;
    let used = call.api.store.seats_used(company.id).await?;
    let allowance = allowance(&company);
    let body = json!({
        "company": shape::company(&company, user),
        "standardSeats": allowance.standard,
        "externalSeats": allowance.external,
        "standardSeatsUsed": used.standard,
        "externalSeatsUsed": used.external,
        "FREE_UNLIMITED_USAGE": is_free(&company),
        "allowInvitingStandardUsers": is_unlimited(&company),
        "allowInvitingExternalUsers": is_unlimited(&company),
    });
    Ok(json_reply(StatusCode::OK, &body))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    standard_seats: i64,
    external_seats: i64,
    cancel_url: String,
    success_url: String,
}

/// Route 40. There is nothing to pay: the plan changes, and the browser goes where it wanted to go afterwards.
pub(super) async fn checkout(mut call: Call) -> Answer {
    let order = call.read::<Order>().ok_or_else(|| {
        told("standardSeats, externalSeats, cancelUrl and successUrl are needed; seats are whole numbers.")
    })?;
    if !(1..=UNLIMITED).contains(&order.standard_seats) || !(0..=UNLIMITED).contains(&order.external_seats) {
        return Err(told("It takes at least one standard seat, and the number of external seats cannot be negative."));
    }
    // The browser follows this address, so it must not lead elsewhere (D-36).
    for url in [&order.success_url, &order.cancel_url] {
        if !is_ours(&call, url) {
            return Err(told("successUrl and cancelUrl must be addresses of this site."));
        }
    }
    let user = call.user()?;
    if !call.api.store.upgrade_plan(user.company_id).await? {
        let company = company_of(&call, user).await?;
        if company.plan != "pro" {
            return Err(told("This plan cannot be changed here."));
        }
    }
    Ok(json_reply(StatusCode::OK, &json!({"checkoutUrl": order.success_url})))
}

/// An absolute http(s) address whose origin passes the Origin rule.
fn is_ours(call: &Call, text: &str) -> bool {
    text.len() <= LONGEST_URL
        && Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
        && call.api.origins.allows(Some(text.as_bytes()), call.header(&header::HOST))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;

    fn company(plan: &str, free: Value) -> CompanyRow {
        CompanyRow {
            id: Uuid::nil(),
            name: "Acme".into(),
            plan: plan.into(),
            billing_id: String::new(),
            flags: json!({"FRIENDS_AND_FAMILY_FREE": free}),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn only_hobby_without_the_free_flag_has_limits() {
        let used = SeatsUsed { standard: 1, external: 0 };
        for (plan, free, seats, room) in [
            ("hobby", json!(false), (1, 0), false),
            ("hobby", json!("true"), (1, 0), false),
            ("hobby", json!(true), (UNLIMITED, UNLIMITED), true),
            ("pro", json!(null), (UNLIMITED, UNLIMITED), true),
            ("enterprise", json!(false), (1, 0), true),
        ] {
            let company = company(plan, free);
            let allowance = allowance(&company);
            assert_eq!((allowance.standard, allowance.external), seats, "{plan}");
            assert_eq!(has_external_seat(&company, used), room, "{plan}");
        }
    }
}
