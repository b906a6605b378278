//! Routes 28 to 30: pages, distinct messages, grouped counts.

use super::company::{Company, ROLES, assert_keys, assert_time, ok, post, refused};
use super::report::{data, insert_report, share_with};
use crate::support::{Login, Response, World, play};
use serde_json::{Value, json};
use uuid::Uuid;

const PAGE: &str = "/api/v1/audit-log/get-page";
const DISTINCT: &str = "/api/v1/audit-log/get-distinct-messages";
const COUNTS: &str = "/api/v1/audit-log/get-custom-log-events";
const ALL: [&str; 3] = [PAGE, DISTINCT, COUNTS];

/// An entry; `at` is an SQL expression.
struct Entry<'a> {
    who: Option<&'a Login>,
    message: &'a str,
    route: &'a str,
    severity: &'a str,
    kind: &'a str,
    environment_type: &'a str,
    at: &'a str,
}

impl Default for Entry<'_> {
    fn default() -> Self {
        Entry {
            who: None,
            message: "clicked",
            route: "hello",
            severity: "info",
            kind: "user",
            environment_type: "production",
            at: "now() - interval '1 hour'",
        }
    }
}

async fn write(world: &World, company: &Company, entry: Entry<'_>) {
    let statement = format!(
        r#"INSERT INTO log ("companyId", "environmentId", "userId", "userEmail", "appRoute", message, severity, type,
                            "environmentType", data, "createdAt")
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '{{"k": [1, null]}}', {})"#,
        entry.at
    );
    let (user, email) = (entry.who.and_then(|who| who.user), entry.who.map(|who| who.email.as_str()));
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 9] = [
        &company.id,
        &company.environment.id,
        &user,
        &email,
        &entry.route,
        &entry.message,
        &entry.severity,
        &entry.kind,
        &entry.environment_type,
    ];
    world.seed.run(&statement, &values).await;
}

fn question(changes: Value) -> Value {
    let rule = json!({"event": "clicked", "type": "user", "operator": "EQUALS"});
    let mut body = json!({
        "timeFrame": "LAST_7_DAYS", "dateRange": {"start": null, "end": null},
        "includeDevelopmentLogs": false, "includeProductionLogs": true, "apps": [],
        "trackedEventModel": {"logicOperator": "AND", "events": [rule]},
        "selectedUserEmails": [], "includeAnonymousUsers": true,
    });
    for (key, value) in changes.as_object().expect("an object") {
        body[key] = value.clone();
    }
    body
}

fn messages(answer: &Response) -> Vec<String> {
    let body = ok(answer);
    let logs = body["logs"].as_array().expect("logs").iter();
    logs.map(|row| row["message"].as_str().unwrap().to_owned()).collect()
}

#[track_caller]
fn refused_as(answer: &Response, status: u16, kind: &str) {
    refused(answer, status);
    assert_eq!(answer.json()["type"], kind, "{answer:?}");
}

#[test]
fn the_gate_asks_for_login_plan_and_role_in_this_order() {
    play(async |world| {
        let company = Company::new(world).await;
        let hobby = world.seed.company("hobby").await;
        let odd = world.seed.company("enterprise").await;
        let outside = world.seed.visitor("v@x.test").await;
        for path in ALL {
            refused_as(&post(world, &outside, path, json!({})).await, 401, "unknown-error");
            for role in ["owner", "member"] {
                let login = world.seed.member(hobby, role).await;
                refused_as(&post(world, &login, path, json!({})).await, 400, "invalid-plan");
            }
            let body = || question(json!({}));
            ok(&post(world, &world.seed.member(odd, "owner").await, path, body()).await);
            for role in ROLES {
                let answer = post(world, company.of(role), path, body()).await;
                match role {
                    "owner" | "admin" => drop(ok(&answer)),
                    _ => refused_as(&answer, 403, "invalid-user-permission"),
                }
            }
            let strange = world.seed.member(company.id, "superuser").await;
            refused_as(&post(world, &strange, path, body()).await, 403, "invalid-user-permission");
        }
    });
}

#[test]
fn a_page_has_the_shape_of_the_specification_and_the_rows_of_the_own_company_alone() {
    play(async |world| {
        let (ours, theirs) = (Company::new(world).await, Company::new(world).await);
        write(world, &theirs, Entry { message: "foreign", ..Entry::default() }).await;
        write(world, &ours, Entry { who: Some(ours.of("member")), ..Entry::default() }).await;
        write(world, &ours, Entry { environment_type: "unspecified", message: "old", ..Entry::default() }).await;
        let body = ok(&post(world, ours.owner(), PAGE, json!({})).await);
        assert_keys(&body, &["logs", "totalRecords"]);
        assert_eq!(body["totalRecords"], 2);
        assert_eq!(body["logs"][0]["environmentType"], "unspecified");
        let row = &body["logs"][1];
        assert_keys(
            row,
            &[
                "createdAt",
                "environmentId",
                "userId",
                "userEmail",
                "appRoute",
                "message",
                "data",
                "severity",
                "type",
                "environmentType",
            ],
        );
        assert_time(&row["createdAt"]);
        assert_eq!(row["userEmail"], json!(ours.of("member").email));
        assert_eq!(row["userId"], json!(ours.of("member").user.unwrap().to_string()));
        assert_eq!(
            (&row["environmentId"], &row["data"]),
            (&json!(ours.environment.id.to_string()), &json!({"k": [1, null]}))
        );
        assert_eq!(body["logs"][0]["userEmail"], Value::Null);
        let distinct = ok(&post(world, ours.owner(), DISTINCT, json!({})).await);
        let pairs = json!([{"message": "clicked", "type": "user"}, {"message": "old", "type": "user"}]);
        assert_eq!(distinct, json!({"distinctLogMessages": pairs}));
        let counts = ok(&post(world, ours.owner(), COUNTS, question(json!({}))).await);
        assert_eq!(
            counts,
            json!({"groupedLogs": [{
                "userEmail": ours.of("member").email, "environmentId": ours.environment.id.to_string(),
                "appRoute": "hello", "message": "clicked", "count": 1,
            }]})
        );
    });
}

#[test]
fn http_d37_the_company_comes_from_the_user_row() {
    play(async |world| {
        let (ours, theirs) = (Company::new(world).await, Company::new(world).await);
        write(world, &theirs, Entry { message: "foreign", ..Entry::default() }).await;
        let planted = r#"UPDATE session SET "companyId" = $1 WHERE id = $2"#;
        world.seed.run(planted, &[&theirs.id, &ours.owner().session]).await;
        assert!(messages(&post(world, ours.owner(), PAGE, json!({})).await).is_empty());
        let report = insert_report(world, theirs.id, theirs.owner(), &data()).await;
        let answer = super::company::get(world, ours.owner(), &format!("/api/v1/report/{report}")).await;
        refused(&answer, 404);
    });
}

#[test]
fn http_d17_filters_mean_what_they_say_and_pages_do_not_overlap() {
    play(async |world| {
        let company = Company::new(world).await;
        for message in ["100% sure", "100 percent", "a_b", "axb", r"c:\temp", "c:/temp"] {
            write(world, &company, Entry { message, ..Entry::default() }).await;
        }
        for (text, found) in [("100%", 1), ("a_b", 1), (r"\", 1), ("A_B", 1), ("%", 1), ("", 6), ("nothing", 0)] {
            let answer = post(world, company.owner(), PAGE, json!({"message": text})).await;
            assert_eq!(messages(&answer).len(), found, "{text}");
        }
        // All at one moment: only the second key of the order tells them apart.
        let other = Company::new(world).await;
        for number in 0..23 {
            let message = format!("m{number:02}");
            write(world, &other, Entry { message: &message, at: "'2026-01-01T00:00:00Z'", ..Entry::default() }).await;
        }
        let mut seen = Vec::new();
        for offset in [0, 10, 20] {
            let answer = post(world, other.owner(), PAGE, json!({"limit": 10, "offset": offset})).await;
            let total = if offset == 20 { json!(23) } else { Value::Null };
            assert_eq!(ok(&answer)["totalRecords"], total);
            seen.extend(messages(&answer));
        }
        let expected: Vec<String> = (0..23).rev().map(|number| format!("m{number:02}")).collect();
        assert_eq!(seen, expected);
        let full = ok(&post(world, other.owner(), PAGE, json!({"limit": 23})).await);
        assert_eq!(full["totalRecords"], Value::Null, "a page that is exactly full");
        assert_eq!(ok(&post(world, other.owner(), PAGE, json!({"offset": 40})).await)["totalRecords"], 40);
        let at = "2026-01-01T00:00:00.000Z";
        let exact = json!({"datetimeStart": at, "datetimeEnd": at, "limit": 200, "severity": [], "type": "user"});
        assert_eq!(messages(&post(world, other.owner(), PAGE, exact).await).len(), 23, "both ends count");
    });
}

#[test]
fn entries_written_between_two_pages_move_nothing() {
    play(async |world| {
        let (company, other) = (Company::new(world).await, Company::new(world).await);
        let new_ones = async |name: &str| {
            // One is the newest, one lies in the middle, one is the oldest: entries may arrive late.
            for at in ["now()", "now() - interval '105 minutes'", "now() - interval '1 day'"] {
                write(world, &company, Entry { message: name, at, ..Entry::default() }).await;
            }
            write(world, &other, Entry::default()).await;
        };
        for minutes in 100..112 {
            let (message, at) = (format!("m{minutes}"), format!("now() - interval '{minutes} minutes'"));
            write(world, &company, Entry { message: &message, at: &at, ..Entry::default() }).await;
        }
        let page = async |login: &Login, offset: u32, changes: Value| {
            let mut body = json!({"limit": 5, "offset": offset, "message": "", "type": "user"});
            for (key, value) in changes.as_object().expect("an object") {
                body[key] = value.clone();
            }
            messages(&post(world, login, PAGE, body).await)
        };
        let (owner, admin) = (company.owner(), company.of("admin"));
        let mut seen = page(owner, 0, json!({})).await;
        for offset in [5, 10, 15] {
            new_ones("new").await;
            seen.extend(page(owner, offset, json!({})).await);
        }
        let expected: Vec<String> = (100..112).map(|minutes| format!("m{minutes}")).collect();
        assert_eq!(seen, expected);
        // Back to an earlier page, with pages of another size: still the same look.
        assert_eq!(page(owner, 2, json!({"limit": 3})).await, expected[2..5]);
        // Whoever never looked at the first page, and another filter, have no such memory.
        assert_eq!(page(admin, 1, json!({"limit": 1})).await, ["new"]);
        assert_eq!(page(owner, 1, json!({"limit": 1, "severity": ["info"]})).await, ["new"]);
        // A new look sees it all, and only that moves the later pages.
        assert_eq!(page(owner, 0, json!({"limit": 4})).await, ["new", "new", "new", "m100"]);
        let rest = page(owner, 4, json!({"limit": 50})).await;
        assert_eq!((rest.len(), rest.iter().filter(|message| *message == "new").count()), (12 + 9 - 4, 6));
        // What was empty stays empty until one looks again.
        let nothing = json!({"message": "later"});
        assert!(page(owner, 0, nothing.clone()).await.is_empty());
        new_ones("later").await;
        assert!(page(owner, 1, nothing.clone()).await.is_empty());
        assert_eq!(page(owner, 0, nothing).await.len(), 3);
    });
}

#[test]
fn http_d15_bad_filters_are_a_readable_400() {
    play(async |world| {
        let company = Company::new(world).await;
        for body in [
            json!({"limit": 0}),
            json!({"limit": 201}),
            json!({"limit": -1}),
            json!({"limit": 1.5}),
            json!({"limit": "50"}),
            json!({"offset": -1}),
            json!({"offset": 100_001}),
            json!({"offset": 1e300}),
            json!({"severity": "info"}),
            json!({"severity": ["loud"]}),
            json!({"severity": [null]}),
            json!({"type": "other"}),
            json!({"datetimeStart": "yesterday"}),
            json!({"datetimeEnd": "2026-13-01T00:00:00Z"}),
            json!({"datetimeEnd": "-008000-01-01T00:00:00Z"}),
            json!({"datetimeEnd": 5}),
            json!({"message": ["a"]}),
            json!({"message": "a\u{0}"}),
            json!({"appRoute": "x".repeat(5000)}),
            json!(null),
            json!([]),
            json!("x"),
        ] {
            refused_as(&post(world, company.owner(), PAGE, body.clone()).await, 400, "unknown-error");
        }
        for body in [
            json!({"trackedEventModel": null}),
            json!({"trackedEventModel": {"logicOperator": "OR", "events": []}}),
            json!({"trackedEventModel": {"event": "a", "type": "user", "operator": "EQUALS"}}),
            json!({"timeFrame": "LAST_CENTURY"}),
            json!({"timeFrame": "constructor"}),
            json!({"dateRange": null}),
            json!({"dateRange": "x"}),
            json!({"timeFrame": "CUSTOM"}),
            json!({"timeFrame": "CUSTOM", "dateRange": {"start": "x", "end": "y"}}),
            json!({"timeFrame": "CUSTOM", "dateRange": {"start": "2026-01-01T00:00:00Z", "end": null}}),
            json!({"apps": [{"route": "a", "environmentId": "b"}]}),
            json!({"apps": [5]}),
            json!({"apps": vec![json!({"route": "a", "environmentId": Uuid::nil().to_string()}); 1001]}),
            json!({"selectedUserEmails": "a@x.test"}),
            json!({"selectedUserEmails": vec!["a"; 1001]}),
            json!({"selectedUserEmails": ["a\u{0}"]}),
            json!({"includeAnonymousUsers": "yes"}),
            json!({"includeProductionLogs": 1}),
        ] {
            refused_as(&post(world, company.owner(), COUNTS, question(body.clone())).await, 400, "unknown-error");
        }
        refused_as(&post(world, company.owner(), COUNTS, json!({})).await, 400, "unknown-error");
    });
}

#[test]
fn counts_are_grouped_and_filtered() {
    play(async |world| {
        let company = Company::new(world).await;
        let (owner, member) = (company.owner(), company.of("member"));
        for (who, route) in [(Some(owner), "hello"), (Some(owner), "hello"), (Some(member), "hello"), (None, "second")]
        {
            write(world, &company, Entry { who, route, ..Entry::default() }).await;
        }
        write(world, &company, Entry { kind: "system", ..Entry::default() }).await;
        write(world, &company, Entry { environment_type: "development", route: "dev", ..Entry::default() }).await;
        write(world, &company, Entry { at: "now() - interval '8 days'", route: "past", ..Entry::default() }).await;
        let count = async |changes: Value| {
            let body = ok(&post(world, owner, COUNTS, question(changes)).await);
            let rows = body["groupedLogs"].as_array().unwrap().clone();
            let mut counts: Vec<_> = rows
                .iter()
                .map(|row| {
                    let email = row["userEmail"].as_str().unwrap_or("-").split('-').next().unwrap_or_default();
                    format!("{email} {} {}", row["appRoute"].as_str().unwrap(), row["count"])
                })
                .collect();
            counts.sort();
            counts
        };
        let here = company.environment.id.to_string();
        assert_eq!(count(json!({})).await, [" second 1", "member hello 1", "owner hello 2"]);
        assert_eq!(count(json!({"includeAnonymousUsers": false})).await, ["member hello 1", "owner hello 2"]);
        assert_eq!(count(json!({"selectedUserEmails": [member.email]})).await, [" second 1", "member hello 1"]);
        let apps = json!([{"route": "hello", "environmentId": here}]);
        assert_eq!(count(json!({"apps": apps})).await, ["member hello 1", "owner hello 2"]);
        let apps = json!([{"route": "hello", "environmentId": Uuid::nil().to_string()}]);
        assert!(count(json!({"apps": apps})).await.is_empty());
        assert_eq!(count(json!({"includeDevelopmentLogs": true, "includeProductionLogs": false})).await, [" dev 1"]);
        assert_eq!(count(json!({"timeFrame": "LAST_30_DAYS"})).await.len(), 4);
    });
}

#[test]
fn http_d16_without_an_event_or_an_environment_the_answer_is_empty_at_once() {
    play(async |world| {
        let company = Company::new(world).await;
        write(world, &company, Entry::default()).await;
        for changes in [
            json!({"includeProductionLogs": false}),
            json!({"trackedEventModel": {"logicOperator": "AND", "events": []}}),
            // The window of a custom frame is looked at only when there is something to count.
            json!({"includeProductionLogs": false, "timeFrame": "CUSTOM"}),
        ] {
            let answer = post(world, company.owner(), COUNTS, question(changes)).await;
            assert_eq!(ok(&answer), json!({"groupedLogs": []}));
        }
    });
}

#[test]
fn http_d18_time_frames_are_eight_words() {
    play(async |world| {
        let company = Company::new(world).await;
        for frame in [
            "LAST_24_HOURS",
            "LAST_7_DAYS",
            "LAST_30_DAYS",
            "LAST_WEEK",
            "TWO_WEEKS_AGO",
            "LAST_MONTH",
            "TWO_MONTHS_AGO",
        ] {
            ok(&post(world, company.owner(), COUNTS, question(json!({"timeFrame": frame}))).await);
        }
        for frame in ["constructor", "toString", "__proto__", "", "last_week"] {
            refused(&post(world, company.owner(), COUNTS, question(json!({"timeFrame": frame}))).await, 400);
        }
        let range = json!({"start": "2024-05-10T12:00:00.000Z", "end": "2024-05-20T12:00:00.000Z"});
        for at in ["2024-05-10T12:00:00Z", "2024-05-20T12:00:00Z", "2024-05-20T12:00:00.001Z"] {
            let at = format!("'{at}'");
            write(world, &company, Entry { at: &at, ..Entry::default() }).await;
        }
        let body = question(json!({"timeFrame": "CUSTOM", "dateRange": range}));
        assert_eq!(ok(&post(world, company.owner(), COUNTS, body).await)["groupedLogs"][0]["count"], 2);
    });
}

#[test]
fn a_shared_report_opens_exactly_its_own_question() {
    play(async |world| {
        let company = Company::new(world).await;
        let member = company.of("member");
        write(world, &company, Entry::default()).await;
        let report = insert_report(world, company.id, company.owner(), &data()).await;
        let with = |changes: Value| {
            let mut body = question(changes);
            body["reportId"] = json!(report.to_string());
            body
        };
        refused_as(&post(world, member, COUNTS, question(json!({}))).await, 403, "invalid-user-permission");
        refused_as(&post(world, member, COUNTS, with(json!({}))).await, 403, "invalid-user-permission");
        let mut foreign = with(json!({}));
        for (id, status) in [(json!(Uuid::new_v4().to_string()), 404), (json!("x"), 400), (json!(5), 400)] {
            foreign["reportId"] = id;
            refused_as(&post(world, member, COUNTS, foreign.clone()).await, status, "unknown-error");
        }
        let theirs = Company::new(world).await;
        let report_of_others = insert_report(world, theirs.id, theirs.owner(), &data()).await;
        foreign["reportId"] = json!(report_of_others.to_string());
        refused_as(&post(world, member, COUNTS, foreign).await, 404, "unknown-error");

        let share = share_with(world, company.id, report, company.owner(), member, json!({"canView": false})).await;
        refused_as(&post(world, member, COUNTS, with(json!({}))).await, 403, "invalid-user-permission");
        world.seed.run(r#"UPDATE "reportUser" SET permission = '{"canView": true}' WHERE id = $1"#, &[&share]).await;
        assert_eq!(ok(&post(world, member, COUNTS, with(json!({}))).await)["groupedLogs"][0]["count"], 1);
        let other = json!({"event": "other", "type": "user", "operator": "EQUALS"});
        for changes in [
            json!({"timeFrame": "LAST_30_DAYS"}),
            json!({"includeDevelopmentLogs": true}),
            json!({"includeProductionLogs": false}),
            json!({"apps": [{"route": "hello", "environmentId": company.environment.id.to_string()}]}),
            json!({"selectedUserEmails": ["a@x.test"]}),
            json!({"includeAnonymousUsers": false}),
            json!({"trackedEventModel": {"logicOperator": "AND", "events": [other]}}),
        ] {
            refused_as(&post(world, member, COUNTS, with(changes)).await, 400, "unknown-error");
        }
        let open = r#"UPDATE report SET data = data || '{"timeFrameIsEditable": true}' WHERE id = $1"#;
        world.seed.run(open, &[&report]).await;
        ok(&post(world, member, COUNTS, with(json!({"timeFrame": "LAST_30_DAYS"}))).await);
    });
}
