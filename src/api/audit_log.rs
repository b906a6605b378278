//! Routes 28 to 30: the audit log in pages, its distinct messages, and grouped counts for reports.

use std::time::Instant;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{self, Answer, Call};
use super::refusal::Refusal;
use super::report_data::{App, EventGroup, LogType, Question, few_enough, object, objects};
use super::shape;
use super::time_frame::{self, DateRange, TimeFrame};
use crate::auth::permission::{Feature, may};
use crate::http::{StatusCode, json as json_reply};
use crate::store::{LogCount, LogFilter, LogGroups, LogPage, LogRow, StoreError, UserRow};

/// Rows of a page when the request does not say, and the most.
const PAGE: u32 = 50;
const LARGEST_PAGE: u32 = 200;
/// Rows before the page. Who wants more chooses a time.
const LARGEST_OFFSET: u32 = 100_000;
/// Distinct messages in one answer.
const MESSAGES: i64 = 5_000;
/// Bytes of a text to search for; no message, route or address is longer.
const LONGEST: usize = 4_096;
const SEVERITIES: [&str; 6] = ["trace", "debug", "info", "warn", "error", "fatal"];

/// These routes name the kind of a failure (http-api 1.5).
fn refused(status: StatusCode, kind: &str, text: &str) -> Refusal {
    Refusal::Told { status, body: json!({"message": text, "type": kind}) }
}

fn wrong(text: &str) -> Refusal {
    refused(StatusCode::BAD_REQUEST, "unknown-error", text)
}

fn forbidden(text: &str) -> Refusal {
    refused(StatusCode::FORBIDDEN, "invalid-user-permission", text)
}

fn too_much(error: StoreError) -> Refusal {
    match error {
        StoreError::Timeout => refused(
            StatusCode::SERVICE_UNAVAILABLE,
            "unknown-error",
            "This takes too long. Please choose a shorter time, or fewer conditions.",
        ),
        error => error.into(),
    }
}

/// The plan comes before the role.
async fn with_a_plan(call: &Call) -> Result<&UserRow, Refusal> {
    let user = call.user()?;
    let company = call.api.store.company(user.company_id).await?;
    let company = company.ok_or_else(|| wrong("Your organization is gone."))?;
    if company.plan == "hobby" {
        let text = "The audit log is part of the pro plan. An owner can change the plan in the settings.";
        return Err(refused(StatusCode::BAD_REQUEST, "invalid-plan", text));
    }
    Ok(user)
}

async fn auditor(call: &Call) -> Result<&UserRow, Refusal> {
    let user = with_a_plan(call).await?;
    if !may(user, Feature::ViewAuditLogs) {
        return Err(forbidden("Your role does not allow you to see the audit log."));
    }
    Ok(user)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageWanted {
    limit: Option<u32>,
    offset: Option<u32>,
    app_route: Option<String>,
    user_email: Option<String>,
    severity: Option<Vec<String>>,
    #[serde(rename = "type")]
    kind: Option<String>,
    datetime_start: Option<String>,
    datetime_end: Option<String>,
    message: Option<String>,
}

impl PageWanted {
    /// Empty texts and lists mean "no filter", as nulls do.
    fn filter(self) -> Result<LogFilter, Refusal> {
        let text = |text: Option<String>| match text.filter(|text| !text.is_empty()) {
            Some(text) if text.len() > LONGEST => Err(wrong("A text to search for is too long.")),
            text => Ok(text),
        };
        let at = |text: Option<String>| match text.filter(|text| !text.is_empty()) {
            Some(text) => time_frame::time(&text).map(Some).ok_or_else(|| wrong("A time is not valid.")),
            None => Ok(None),
        };
        let severities = self.severity.filter(|list| !list.is_empty());
        if severities.iter().flatten().any(|severity| !SEVERITIES.contains(&severity.as_str())) {
            return Err(wrong("A severity is not known."));
        }
        let kind = self.kind.filter(|kind| !kind.is_empty());
        if kind.as_deref().is_some_and(|kind| kind != "user" && kind != "system") {
            return Err(wrong("The type must be user or system."));
        }
        Ok(LogFilter {
            app_route: text(self.app_route)?,
            user_email: text(self.user_email)?,
            severities,
            kind,
            start: at(self.datetime_start)?,
            end: at(self.datetime_end)?,
            message: text(self.message)?,
        })
    }
}

/// Route 28.
pub(super) async fn page(mut call: Call) -> Answer {
    let company = auditor(&call).await?.company_id;
    let wanted: PageWanted = call.read().ok_or_else(|| wrong("The filters are not valid."))?;
    let (limit, offset) = (wanted.limit.unwrap_or(PAGE), wanted.offset.unwrap_or(0));
    if !(1..=LARGEST_PAGE).contains(&limit) || offset > LARGEST_OFFSET {
        return Err(wrong("A page has 1 to 200 entries and begins at 0 to 100000."));
    }
    let filter = wanted.filter()?;
    let look = call.api.looks.of(&call.login()?.session.id, company, &filter);
    let up_to = if offset == 0 { None } else { call.api.looks.recall(look, Instant::now()) };
    let page = call.api.store.log_page(company, &filter, limit.into(), offset.into(), up_to);
    let LogPage { rows, newest } = page.await.map_err(too_much)?;
    if offset == 0 {
        call.api.looks.remember(look, newest, Instant::now());
    }
    // Only a page that is not full shows where the log ends.
    let total = u32::try_from(rows.len()).ok().filter(|count| *count < limit).map(|count| offset + count);
    let logs: Vec<Value> = rows.iter().map(shown).collect();
    Ok(json_reply(StatusCode::OK, &json!({"logs": logs, "totalRecords": total})))
}

fn shown(row: &LogRow) -> Value {
    json!({
        "createdAt": shape::time(row.created_at),
        "environmentId": row.environment_id.map(|id| id.to_string()),
        "userId": row.user_id.map(|id| id.to_string()),
        "userEmail": row.user_email,
        "appRoute": row.app_route,
        "message": row.message,
        "data": row.data,
        "severity": row.severity,
        "type": row.kind,
        "environmentType": row.environment_type,
    })
}

/// Route 30.
pub(super) async fn distinct_messages(call: Call) -> Answer {
    let company = auditor(&call).await?.company_id;
    let pairs = call.api.store.distinct_log_messages(company, MESSAGES).await.map_err(too_much)?;
    let pairs: Vec<Value> = pairs.iter().map(|(message, kind)| json!({"message": message, "type": kind})).collect();
    Ok(json_reply(StatusCode::OK, &json!({"distinctLogMessages": pairs})))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CountsWanted {
    time_frame: TimeFrame,
    #[serde(deserialize_with = "object")]
    date_range: DateRange,
    include_development_logs: bool,
    include_production_logs: bool,
    #[serde(deserialize_with = "objects")]
    apps: Vec<App>,
    #[serde(deserialize_with = "object")]
    tracked_event_model: EventGroup,
    selected_user_emails: Vec<String>,
    include_anonymous_users: bool,
}

impl CountsWanted {
    fn question(&self) -> Question<'_> {
        Question {
            time_frame: self.time_frame,
            date_range: &self.date_range,
            production: self.include_production_logs,
            development: self.include_development_logs,
            apps: &self.apps,
            events: &self.tracked_event_model,
            emails: &self.selected_user_emails,
            anonymous: self.include_anonymous_users,
        }
    }

    fn environment_types(&self) -> Vec<&'static str> {
        let chosen = [("development", self.include_development_logs), ("production", self.include_production_logs)];
        chosen.into_iter().filter_map(|(kind, wanted)| wanted.then_some(kind)).collect()
    }
}

/// Route 29. Whoever does not see the audit log may still ask what a report asks that is shared with them.
pub(super) async fn grouped_counts(mut call: Call) -> Answer {
    let user = with_a_plan(&call).await?.clone();
    let sees_all = may(&user, Feature::ViewAuditLogs);
    let report = if sees_all { None } else { Some(shared_report(&call, &user).await?) };
    let wanted: CountsWanted = call.read().ok_or_else(|| wrong("The report is not valid."))?;
    let (apps, events) = (&wanted.apps, &wanted.tracked_event_model.events);
    few_enough(apps, events, &wanted.selected_user_emails).map_err(|text| wrong(&text))?;
    if report.is_some_and(|report| !wanted.question().fits(&report)) {
        return Err(wrong("The report that is shared with you does not include this."));
    }
    let environment_types = wanted.environment_types();
    if environment_types.is_empty() || events.is_empty() {
        return Ok(counts(&[]));
    }
    let window = wanted.time_frame.window(Timestamp::now()).or_else(|| wanted.date_range.window());
    let (start, end) = window.ok_or_else(|| wrong("A custom time frame needs a start and an end."))?;
    let groups = LogGroups {
        start,
        end,
        environment_types,
        events: events.iter().map(|rule| (rule.event.clone(), LogType::as_str(rule.kind).to_owned())).collect(),
        apps: wanted.apps.into_iter().map(|app| (app.environment_id, app.route)).collect(),
        emails: wanted.selected_user_emails,
        anonymous: wanted.include_anonymous_users,
    };
    Ok(counts(&call.api.store.grouped_logs(user.company_id, &groups).await.map_err(too_much)?))
}

/// The data of the report that the request names, when it is shared with this user.
async fn shared_report(call: &Call, user: &UserRow) -> Result<Value, Refusal> {
    let store = &call.api.store;
    let id = match call.body.get("reportId") {
        None | Some(Value::Null) => return Err(forbidden("Your role does not allow you to see the audit log.")),
        Some(id) => id.as_str().and_then(call::uuid).ok_or_else(|| wrong("reportId must be a UUID."))?,
    };
    let report = store.report(user.company_id, id).await?;
    let report = report.ok_or_else(|| refused(StatusCode::NOT_FOUND, "unknown-error", "There is no such report."))?;
    if !store.may_view_report(user.company_id, id, user.id).await? {
        return Err(forbidden("This report is not shared with you."));
    }
    Ok(report.data)
}

fn counts(rows: &[LogCount]) -> crate::http::Reply {
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "userEmail": row.user_email,
                "environmentId": row.environment_id.map(|id| id.to_string()),
                "appRoute": row.app_route,
                "message": row.message,
                "count": row.count,
            })
        })
        .collect();
    json_reply(StatusCode::OK, &json!({"groupedLogs": rows}))
}
