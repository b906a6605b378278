//! Bodies that nobody would send: of the right shape with wrong parts, and of no shape at all.

use super::company::{Company, ask};
use super::report::{data, insert_report};
use super::sign_in::{TOKEN, play_with_google};
use crate::support::{Request, play_with};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

/// Any JSON, small, with words that mean something to some route.
fn any_json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        any::<String>().prop_map(Value::from),
        prop::sample::select(vec![
            "",
            "ALL",
            "owner",
            "\u{0}",
            "LAST_WEEK",
            "CUSTOM",
            "AND",
            "user",
            "'; --",
            "%",
            "11111111-1111-4111-8111-111111111111",
            "2026-01-01T00:00:00Z",
            "+999999-01-01T00:00:00Z",
        ])
        .prop_map(Value::from),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| serde_json::Number::from_f64(number).map_or(Value::Null, Value::from)),
        text,
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("[a-zA-Z]{1,12}", inner, 0..5)
                .prop_map(|map| Value::from(map.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Puts `part` in the place of one of the values in `body`, at any depth; `at` chooses which.
fn spoil(body: &mut Value, at: usize, part: Value) {
    let mut places = Vec::new();
    collect(body, String::new(), &mut places);
    if let Some(place) = places.get(at % places.len())
        && let Some(found) = body.pointer_mut(place)
    {
        *found = part;
    }
}

fn collect(value: &Value, here: String, places: &mut Vec<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| collect(value, format!("{here}/{key}"), places)),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(at, value)| collect(value, format!("{here}/{at}"), places))
        }
        _ => {}
    }
    places.push(here);
}

#[test]
fn http_d15_no_body_makes_a_500_and_no_answer_speaks_of_the_database() {
    play_with(&[("REQUESTS_PER_MINUTE_PER_LOGIN", "0")], async |world| {
        let company = Company::new(world).await;
        let report = insert_report(world, company.id, company.owner(), &data()).await;
        let question = json!({
            "timeFrame": "LAST_7_DAYS", "dateRange": {"start": null, "end": null}, "includeDevelopmentLogs": true,
            "includeProductionLogs": true, "apps": [{"route": "a", "environmentId": company.environment.id.to_string()}],
            "trackedEventModel": {"logicOperator": "AND", "events": [{"event": "a", "type": "user", "operator": "EQUALS"}]},
            "selectedUserEmails": ["a@x.test"], "includeAnonymousUsers": true, "reportId": report.to_string(),
        });
        let filters = json!({
            "limit": 50, "offset": 0, "appRoute": "a", "userEmail": "b", "severity": ["info"], "type": "user",
            "datetimeStart": "2026-01-01T00:00:00Z", "datetimeEnd": "2026-01-01T00:00:00Z", "message": "c",
        });
        let written = json!({"title": "Weekly", "description": "d", "data": data()});
        let routes = [
            ("POST", "/api/v1/audit-log/get-page".to_owned(), filters),
            ("POST", "/api/v1/audit-log/get-custom-log-events".to_owned(), question.clone()),
            ("POST", "/api/v1/audit-log/get-distinct-messages".to_owned(), json!({})),
            ("POST", "/api/v1/report".to_owned(), written.clone()),
            ("PUT", format!("/api/v1/report/{report}"), written),
            ("POST", format!("/api/v1/report/{report}/share/{report}"), json!({})),
            ("DELETE", format!("/api/v1/report/{report}/share/{report}"), json!({})),
            ("POST", "/api/v1/log-error".to_owned(), json!({"type": "ONBOARDING_ISSUE_REPORT"})),
            ("POST", "/api/v1/log".to_owned(), json!({"event": "e", "data": {}})),
        ];
        let mut runner = TestRunner::deterministic();
        let part = any_json();
        let member = company.of("member");
        for (method, path, good) in routes {
            for round in 0..60_usize {
                let mut body = good.clone();
                spoil(&mut body, round, part.new_tree(&mut runner).unwrap().current());
                let login = if round % 4 == 3 { member } else { company.owner() };
                let answer = ask(world, login, method, &path, Some(body.clone())).await;
                assert!(answer.status < 500, "{method} {path} {body}: {answer:?}");
                assert!(!answer.text().contains("SQLSTATE") && !answer.text().contains("22P0"), "{answer:?}");
                if answer.status != 200 {
                    assert!(!answer.message().is_empty());
                }
            }
        }
    });
}

#[test]
fn http_d15_the_routes_of_sign_in_and_sign_up_take_no_harm_either() {
    let settings = [("REQUESTS_PER_MINUTE_PER_LOGIN", "0"), ("REQUESTS_PER_MINUTE_PER_ADDRESS", "0")];
    play_with_google(&settings, async |world, provider| {
        let company = Company::new(world).await;
        let id = company.environment.id.to_string();
        let token = provider.token("new@x.test");
        let names = json!({"firstName": "A", "lastName": "B", "inviteCode": id});
        let found =
            json!({"firstName": "A", "lastName": "B", "email": "n@x.test", "orgName": "O", "accountType": "developer"});
        let routes = [
            ("/api/v1/auth/oauth/login", json!({"provider": "google", "redirect": "https://x.test"})),
            (
                "/api/v1/auth/google-oauth/redirect",
                json!({"newAccount": false, "environmentId": id, "appRoute": "hello"}),
            ),
            ("/api/v1/auth/complete-sign-up", found),
            ("/api/v1/auth/complete-sign-up-to-org", names),
            ("/api/v1/auth/login-to-app", json!({"environmentId": id, "appRoute": "hello"})),
            ("/api/v1/invite-code", json!({"email": "n@x.test", "accountType": "developer", "permission": "member"})),
        ];
        let mut runner = TestRunner::deterministic();
        let part = any_json();
        for (path, good) in routes {
            for round in 0..40_usize {
                let mut body = good.clone();
                spoil(&mut body, round, part.new_tree(&mut runner).unwrap().current());
                let request = Request::post(path, &body).header(TOKEN, &token).login(&company.owner().session);
                let answer = request.send(world.address()).await;
                assert!(answer.status < 500, "{path} {body}: {answer:?}");
                assert!(!answer.text().contains("SQLSTATE") && !answer.text().contains("22P0"), "{answer:?}");
                if answer.status != 200 {
                    assert!(!answer.message().is_empty());
                }
            }
        }
    });
}
