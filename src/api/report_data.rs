//! `ReportData` (http-api 2.2): what a report asks the audit log. Strict where it is written, lenient where it is read, for
//! the old server stored anything.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use uuid::Uuid;

use super::time_frame::{DateRange, TimeFrame};

/// Most apps, events and addresses in one question.
const MOST: usize = 1_000;
/// Most bytes of a stored question as compact JSON.
const LARGEST: usize = 64 * 1024;

/// The thirteen keys; others are dropped.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct ReportData {
    #[serde(deserialize_with = "object")]
    tracked_event_model: EventGroup,
    include_production_logs: bool,
    include_development_logs: bool,
    time_frame: TimeFrame,
    #[serde(deserialize_with = "object")]
    date_range: DateRange,
    #[serde(deserialize_with = "objects")]
    selected_apps: Vec<App>,
    selected_user_emails: Vec<String>,
    include_anonymous_users: bool,
    include_production_logs_is_editable: bool,
    include_development_logs_is_editable: bool,
    time_frame_is_editable: bool,
    selected_apps_is_editable: bool,
    selected_user_emails_is_editable: bool,
}

/// One `AND` group of rules, which means "any of these events".
#[derive(Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EventGroup {
    logic_operator: And,
    #[serde(deserialize_with = "objects")]
    pub events: Vec<EventRule>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct EventRule {
    pub event: String,
    #[serde(rename = "type")]
    pub kind: LogType,
    operator: Equals,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
enum And {
    #[serde(rename = "AND")]
    And,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
enum Equals {
    #[serde(rename = "EQUALS")]
    Equals,
}

/// Who wrote an entry: an app, or the server itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum LogType {
    User,
    System,
}

impl LogType {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::System => "system",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct App {
    pub route: String,
    #[serde(deserialize_with = "canonical", serialize_with = "as_text")]
    pub environment_id: Uuid,
}

/// An object and nothing else: by itself serde takes an array for a struct.
pub(super) fn object<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<T, D::Error> {
    let value = Value::deserialize(from)?;
    if !value.is_object() {
        return Err(D::Error::custom("an object was expected"));
    }
    T::deserialize(value).map_err(D::Error::custom)
}

/// A list of objects and nothing else.
pub(super) fn objects<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Vec<T>, D::Error> {
    let values: Vec<Value> = Vec::deserialize(from)?;
    values.into_iter().map(|value| object(value).map_err(D::Error::custom)).collect()
}

fn canonical<'de, D: Deserializer<'de>>(from: D) -> Result<Uuid, D::Error> {
    let text = String::deserialize(from)?;
    super::call::uuid(&text).ok_or_else(|| D::Error::custom("environmentId must be a UUID"))
}

fn as_text<S: Serializer>(id: &Uuid, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(id)
}

/// Checks the `data` of a report that is to be stored, and gives it as it is stored.
///
/// # Errors
/// A sentence for the person who wrote it.
pub(super) fn clean(data: &Value) -> Result<Value, String> {
    if data.is_null() {
        return Err("The report has no data.".into());
    }
    let data = object::<_, ReportData>(data).map_err(|error| format!("The report is not valid: {error}."))?;
    few_enough(&data.selected_apps, &data.tracked_event_model.events, &data.selected_user_emails)?;
    match (data.time_frame, data.date_range.window()) {
        (TimeFrame::Custom, None) => return Err("A custom time frame needs a start and an end.".into()),
        (TimeFrame::Custom, Some((start, end))) if start > end => {
            return Err("The time frame ends before it begins.".into());
        }
        (TimeFrame::Custom, Some(_)) => {}
        _ if data.date_range.start.is_some() || data.date_range.end.is_some() => {
            return Err("Only a custom time frame has a start and an end.".into());
        }
        _ => {}
    }
    let stored = serde_json::to_value(data).map_err(|error| format!("The report is not valid: {error}."))?;
    if stored.to_string().len() > LARGEST {
        return Err("The report is larger than 64 KiB.".into());
    }
    Ok(stored)
}

/// # Errors
/// A sentence for the person who asked.
pub(super) fn few_enough(apps: &[App], events: &[EventRule], emails: &[String]) -> Result<(), String> {
    for (what, count) in [("apps", apps.len()), ("events", events.len()), ("people", emails.len())] {
        if count > MOST {
            return Err(format!("At most {MOST} {what} can be selected."));
        }
    }
    Ok(())
}

/// What somebody asks through a report that was shared with them.
pub(super) struct Question<'a> {
    pub time_frame: TimeFrame,
    pub date_range: &'a DateRange,
    pub production: bool,
    pub development: bool,
    pub apps: &'a [App],
    pub events: &'a EventGroup,
    pub emails: &'a [String],
    pub anonymous: bool,
}

impl Question<'_> {
    /// Whether the stored report allows this question: what its author did not leave open must be as the author set it. A
    /// report that breaks the rules allows nothing that it does not clearly say.
    pub fn fits(&self, report: &Value) -> bool {
        let open = |key: &str| report.get(key) == Some(&Value::Bool(true));
        let same = |key: &str, value: bool| report.get(key) == Some(&Value::Bool(value));
        (open("timeFrameIsEditable") || self.has_time_of(report))
            && (open("includeProductionLogsIsEditable") || same("includeProductionLogs", self.production))
            && (open("includeDevelopmentLogsIsEditable") || same("includeDevelopmentLogs", self.development))
            && (open("selectedAppsIsEditable") || self.has_apps_of(report))
            && (open("selectedUserEmailsIsEditable")
                || (same("includeAnonymousUsers", self.anonymous) && self.has_emails_of(report)))
            && read::<EventGroup>(report, "trackedEventModel").is_some_and(|events| events == *self.events)
    }

    fn has_time_of(&self, report: &Value) -> bool {
        read::<TimeFrame>(report, "timeFrame") == Some(self.time_frame)
            && (self.time_frame != TimeFrame::Custom
                || read::<DateRange>(report, "dateRange").is_some_and(|range| range == *self.date_range))
    }

    fn has_apps_of(&self, report: &Value) -> bool {
        read::<Vec<App>>(report, "selectedApps")
            .is_some_and(|apps| apps.len() == self.apps.len() && self.apps.iter().all(|app| apps.contains(app)))
    }

    fn has_emails_of(&self, report: &Value) -> bool {
        read::<Vec<String>>(report, "selectedUserEmails").is_some_and(|emails| emails == self.emails)
    }
}

fn read<T: DeserializeOwned>(report: &Value, key: &str) -> Option<T> {
    T::deserialize(report.get(key)?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn data() -> Value {
        json!({
            "trackedEventModel": {"logicOperator": "AND", "events": [{"event": "a", "type": "user", "operator": "EQUALS"}]},
            "includeProductionLogs": true, "includeDevelopmentLogs": false,
            "timeFrame": "LAST_7_DAYS", "dateRange": {"start": null, "end": null},
            "selectedApps": [{"route": "r", "environmentId": "11111111-1111-4111-8111-111111111111"}],
            "selectedUserEmails": ["a@x.test"], "includeAnonymousUsers": true,
            "includeProductionLogsIsEditable": false, "includeDevelopmentLogsIsEditable": false,
            "timeFrameIsEditable": false, "selectedAppsIsEditable": false, "selectedUserEmailsIsEditable": false,
        })
    }

    fn with(key: &str, value: Value) -> Value {
        let mut changed = data();
        changed[key] = value;
        changed
    }

    #[test]
    fn good_data_is_kept_and_unknown_keys_are_dropped() {
        assert_eq!(clean(&data()).unwrap(), data());
        assert_eq!(clean(&with("x", json!(1))).unwrap(), data());
        let range = json!({"start": "2024-05-10T12:00:00.000Z", "end": "2024-05-20T12:00:00.000Z"});
        let mut custom = with("timeFrame", json!("CUSTOM"));
        assert!(clean(&custom).is_err());
        custom["dateRange"] = range.clone();
        assert_eq!(clean(&custom).unwrap()["dateRange"], range);
        assert!(clean(&with("dateRange", range)).is_err(), "dates without a custom frame");
    }

    #[test]
    fn every_key_is_needed_and_has_its_type() {
        let good = data();
        for key in good.as_object().unwrap().keys() {
            let mut missing = data();
            missing.as_object_mut().unwrap().remove(key);
            assert!(clean(&missing).is_err(), "without {key}");
            for wrong in [json!(null), json!(5), json!("constructor"), json!([1]), json!({"a": 1})] {
                assert!(clean(&with(key, wrong.clone())).is_err(), "{key}: {wrong}");
            }
        }
        let group = |events: Value| json!({"logicOperator": "AND", "events": events});
        let rule = json!({"event": "a", "type": "user", "operator": "EQUALS"});
        for wrong in [
            json!({"logicOperator": "OR", "events": [rule]}),
            rule.clone(),
            group(json!([group(json!([rule]))])),
            group(json!([{"event": "a", "type": "other", "operator": "EQUALS"}])),
            group(json!([{"event": "a", "type": "user", "operator": "IS"}])),
            group(json!([{"event": 5, "type": "user", "operator": "EQUALS"}])),
            group(json!(vec![rule.clone(); 1001])),
        ] {
            assert!(clean(&with("trackedEventModel", wrong)).is_err());
        }
        assert!(clean(&with("selectedUserEmails", json!(vec!["x".repeat(100); 700]))).is_err(), "over 64 KiB");
        for app in [json!({"route": "r", "environmentId": "x"}), json!(["r", "11111111-1111-4111-8111-111111111111"])] {
            assert!(clean(&with("selectedApps", json!([app]))).is_err(), "{app}");
        }
    }

    #[test]
    fn questions_must_fit_what_the_author_fixed() {
        let report = data();
        let events: EventGroup = read(&report, "trackedEventModel").unwrap();
        let apps: Vec<App> = read(&report, "selectedApps").unwrap();
        let emails = ["a@x.test".to_owned()];
        let none = DateRange { start: None, end: None };
        let question = || Question {
            time_frame: TimeFrame::Last7Days,
            date_range: &none,
            production: true,
            development: false,
            apps: &apps,
            events: &events,
            emails: &emails,
            anonymous: true,
        };
        assert!(question().fits(&report));
        assert!(!Question { time_frame: TimeFrame::LastWeek, ..question() }.fits(&report));
        assert!(
            Question { time_frame: TimeFrame::LastWeek, ..question() }.fits(&with("timeFrameIsEditable", json!(true)))
        );
        assert!(!Question { development: true, ..question() }.fits(&report));
        assert!(!Question { production: false, ..question() }.fits(&report));
        assert!(!Question { apps: &[], ..question() }.fits(&report), "fewer apps would mean all apps");
        assert!(!Question { emails: &[], ..question() }.fits(&report));
        assert!(!Question { anonymous: false, ..question() }.fits(&report));
        let other = EventGroup { logic_operator: And::And, events: vec![] };
        let open = with("selectedAppsIsEditable", json!(true));
        assert!(!Question { events: &other, ..question() }.fits(&open), "the events are fixed in every case");
        for broken in [json!(null), json!([]), json!({"timeFrameIsEditable": "yes"})] {
            assert!(!question().fits(&broken));
        }
    }
}
