//! Routes 31 to 38: saved questions to the audit log, and with whom in the company they are shared.

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::call::{Answer, Call};
use super::refusal::Refusal;
use super::report_data;
use super::shape::time;
use crate::auth::permission::{Feature, may};
use crate::http::{StatusCode, json as json_reply};
use crate::store::{ReportRow, ReportShared, ReportText, ReportUserRow, UserRow};

/// Characters of a title, spaces around it not counted.
const TITLE: std::ops::RangeInclusive<usize> = 2..=200;
/// Most characters of a description.
const DESCRIPTION: usize = 5_000;

fn refused(text: &str) -> Refusal {
    Refusal::message(StatusCode::BAD_REQUEST, text)
}

fn unknown() -> Refusal {
    Refusal::message(StatusCode::NOT_FOUND, "There is no such report.")
}

fn id(call: &Call, name: &str) -> Result<Uuid, Refusal> {
    call.id(name).ok_or_else(|| refused("The address holds no valid id."))
}

#[derive(Deserialize)]
struct Written {
    title: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    data: Value,
}

/// The body of routes 31 and 34, checked.
fn written(call: &mut Call) -> Result<ReportText, Refusal> {
    let form = "A report has a title and, when there is one, a description, both of them texts.";
    let Written { title, description, data } = call.read().ok_or_else(|| refused(form))?;
    let title = title.trim().to_owned();
    if !TITLE.contains(&title.chars().count()) {
        return Err(refused("The title must have 2 to 200 characters."));
    }
    if description.as_ref().is_some_and(|text| text.chars().count() > DESCRIPTION) {
        return Err(refused("The description must not have more than 5000 characters."));
    }
    let data = report_data::clean(&data).map_err(|text| refused(&text))?;
    Ok(ReportText { title, description, data })
}

/// Route 31.
pub(super) async fn create(mut call: Call) -> Answer {
    let report = written(&mut call)?;
    let user = call.user()?;
    let id = call.api.store.create_report(user.company_id, user.id, &report).await?;
    Ok(json_reply(StatusCode::OK, &json!({"reportId": id.to_string()})))
}

/// Route 32.
pub(super) async fn list(call: Call) -> Answer {
    let (user, store) = (call.user()?, &call.api.store);
    let reports = if may(user, Feature::ViewListOfReports) {
        store.reports(user.company_id).await?
    } else {
        let shared = store.reports_shared_with(user.company_id, user.id).await?;
        if shared.is_empty() {
            return Err(refused("No report is shared with you yet. An owner or admin can share one."));
        }
        shared
    };
    let reports: Vec<Value> = reports.iter().map(shown).collect();
    Ok(json_reply(StatusCode::OK, &json!({"reports": reports})))
}

/// Route 33. Without the feature a report that does not exist looks like one that is not shared.
pub(super) async fn show(call: Call) -> Answer {
    let id = id(&call, "reportId")?;
    let (user, store) = (call.user()?, &call.api.store);
    if !may(user, Feature::ViewReport) && !store.may_view_report(user.company_id, id, user.id).await? {
        return Err(Refusal::message(StatusCode::FORBIDDEN, "This report is not shared with you."));
    }
    let report = store.report(user.company_id, id).await?.ok_or_else(unknown)?;
    Ok(json_reply(StatusCode::OK, &json!({"report": shown(&report)})))
}

/// Route 34.
pub(super) async fn update(mut call: Call) -> Answer {
    let id = id(&call, "reportId")?;
    let report = written(&mut call)?;
    let user = call.user()?;
    let report = call.api.store.update_report(user.company_id, id, user.id, &report).await?.ok_or_else(unknown)?;
    Ok(json_reply(StatusCode::OK, &json!({"report": shown(&report)})))
}

/// Route 35.
pub(super) async fn delete(call: Call) -> Answer {
    let id = id(&call, "reportId")?;
    if !call.api.store.delete_report(call.user()?.company_id, id).await? {
        return Err(unknown());
    }
    Ok(json_reply(StatusCode::OK, &json!({"success": true})))
}

/// The colleague whom a share is about. Users of other companies are unknown.
async fn colleague(call: &Call) -> Result<UserRow, Refusal> {
    let id = id(call, "userId")?;
    let user = call.user()?;
    let target = call.api.store.user(id).await?.filter(|target| target.company_id == user.company_id);
    let target = target.ok_or_else(|| refused("There is no such user in your organization."))?;
    if target.id == user.id {
        return Err(refused("You cannot share a report with yourself."));
    }
    Ok(target)
}

/// Route 36.
pub(super) async fn share(call: Call) -> Answer {
    let report = id(&call, "reportId")?;
    let target = colleague(&call).await?;
    if may(&target, Feature::ViewReport) {
        return Err(refused("This user sees all reports already."));
    }
    let user = call.user()?;
    match call.api.store.share_report(user.company_id, report, target.id, user.id).await? {
        ReportShared::Done => Ok(json_reply(StatusCode::OK, &json!({"success": true}))),
        ReportShared::Already => Err(refused("The report is shared with this user already.")),
        ReportShared::NoReport => Err(unknown()),
    }
}

/// Route 37.
pub(super) async fn unshare(call: Call) -> Answer {
    let id = id(&call, "reportId")?;
    let target = colleague(&call).await?;
    let (company, store) = (call.user()?.company_id, &call.api.store);
    let report = store.report(company, id).await?.ok_or_else(unknown)?;
    if !store.unshare_report(company, report.id, target.id).await? {
        return Err(refused("The report is not shared with this user."));
    }
    Ok(json_reply(StatusCode::OK, &json!({"success": true})))
}

/// Route 38. A report that the company does not have is shared with nobody.
pub(super) async fn shares(call: Call) -> Answer {
    let id = id(&call, "reportId")?;
    let users = call.api.store.report_users(call.user()?.company_id, id).await?;
    let users: Vec<Value> = users.iter().map(shown_user).collect();
    Ok(json_reply(StatusCode::OK, &json!({"reportUsers": users})))
}

fn shown(report: &ReportRow) -> Value {
    json!({
        "id": report.id.to_string(),
        "companyId": report.company_id.to_string(),
        "createdByUserId": report.created_by_user_id.to_string(),
        "updatedByUserId": report.updated_by_user_id.to_string(),
        "createdAt": time(report.created_at),
        "updatedAt": time(report.updated_at),
        "title": report.title,
        "description": report.description,
        "data": report.data,
    })
}

fn shown_user(share: &ReportUserRow) -> Value {
    json!({
        "id": share.id.to_string(),
        "userId": share.user_id.to_string(),
        "reportId": share.report_id.to_string(),
        "companyId": share.company_id.to_string(),
        "createdByUserId": share.created_by_user_id.to_string(),
        "createdAt": time(share.created_at),
        "permission": {"canView": share.can_view()},
    })
}
