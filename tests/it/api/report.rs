//! Routes 31 to 38: reports and their shares.

use super::company::{Company, ROLES, ask, assert_keys, assert_time, delete, get, ok, post, refused};
use crate::support::{Login, World, play};
use serde_json::{Value, json};
use uuid::Uuid;

const REPORT: &str = "/api/v1/report";
const KEYS: [&str; 9] =
    ["id", "companyId", "createdByUserId", "updatedByUserId", "createdAt", "updatedAt", "title", "description", "data"];

/// `ReportData` with everything fixed.
pub fn data() -> Value {
    json!({
        "trackedEventModel": {"logicOperator": "AND", "events": [{"event": "clicked", "type": "user", "operator": "EQUALS"}]},
        "includeProductionLogs": true, "includeDevelopmentLogs": false,
        "timeFrame": "LAST_7_DAYS", "dateRange": {"start": null, "end": null},
        "selectedApps": [], "selectedUserEmails": [], "includeAnonymousUsers": true,
        "includeProductionLogsIsEditable": false, "includeDevelopmentLogsIsEditable": false,
        "timeFrameIsEditable": false, "selectedAppsIsEditable": false, "selectedUserEmailsIsEditable": false,
    })
}

pub async fn insert_report(world: &World, company: Uuid, author: &Login, data: &Value) -> Uuid {
    let id = Uuid::new_v4();
    let statement = r#"INSERT INTO report (id, "companyId", "createdByUserId", "updatedByUserId", title, data)
                       VALUES ($1, $2, $3, $3, 'Weekly', $4)"#;
    world.seed.run(statement, &[&id, &company, &author.user, &data]).await;
    id
}

pub async fn share_with(
    world: &World,
    company: Uuid,
    report: Uuid,
    author: &Login,
    user: &Login,
    permission: Value,
) -> Uuid {
    let id = Uuid::new_v4();
    let statement = r#"INSERT INTO "reportUser" (id, "companyId", "reportId", "createdByUserId", "userId", permission)
                       VALUES ($1, $2, $3, $4, $5, $6)"#;
    world.seed.run(statement, &[&id, &company, &report, &author.user, &user.user, &permission]).await;
    id
}

fn body() -> Value {
    json!({"title": "Weekly", "description": null, "data": data()})
}

fn path(report: impl std::fmt::Display) -> String {
    format!("{REPORT}/{report}")
}

fn share_path(report: impl std::fmt::Display, login: &Login) -> String {
    format!("{REPORT}/{report}/share/{}", login.user.unwrap())
}

#[test]
fn a_report_from_its_making_to_its_end() {
    play(async |world| {
        let company = Company::new(world).await;
        let (owner, admin) = (company.owner(), company.of("admin"));
        let mut written = body();
        written["title"] = json!("  Weekly  ");
        written["data"]["unknown"] = json!(1);
        let made = ok(&post(world, owner, REPORT, written).await);
        assert_keys(&made, &["reportId"]);
        let id = made["reportId"].as_str().unwrap();
        let shown = ok(&get(world, owner, &path(id)).await);
        assert_keys(&shown, &["report"]);
        let report = &shown["report"];
        assert_keys(report, &KEYS);
        assert_time(&report["createdAt"]);
        assert_time(&report["updatedAt"]);
        assert_eq!((&report["title"], &report["description"]), (&json!("Weekly"), &Value::Null));
        assert_eq!(report["data"], data(), "the unknown key is gone");
        assert_eq!(report["companyId"], json!(company.id.to_string()));
        let changed = json!({"title": "Monthly", "description": "x", "data": data()});
        let changed = ok(&ask(world, admin, "PUT", &path(id), Some(changed)).await);
        let changed = &changed["report"];
        assert_keys(changed, &KEYS);
        assert_eq!((&changed["title"], &changed["description"]), (&json!("Monthly"), &json!("x")));
        assert_eq!(changed["createdByUserId"], json!(owner.user.unwrap().to_string()));
        assert_eq!(changed["updatedByUserId"], json!(admin.user.unwrap().to_string()));
        assert_eq!(changed["createdAt"], report["createdAt"]);
        assert!(changed["updatedAt"].as_str() >= report["updatedAt"].as_str());
        let list = ok(&get(world, admin, REPORT).await);
        assert_eq!(list, json!({"reports": [changed]}));
        // The body of DELETE may be missing.
        assert_eq!(ok(&ask(world, owner, "DELETE", &path(id), None).await), json!({"success": true}));
        refused(&get(world, owner, &path(id)).await, 404);
        refused(&delete(world, owner, &path(id)).await, 404);
        assert_eq!(ok(&get(world, owner, REPORT).await), json!({"reports": []}));
    });
}

#[test]
fn every_role_and_every_route() {
    play(async |world| {
        let company = Company::new(world).await;
        let outside = world.seed.visitor("v@x.test").await;
        for role in ROLES {
            let login = company.of(role);
            let privileged = matches!(role, "owner" | "admin");
            let (yes, no) = if privileged { (200, 200) } else { (403, 400) };
            let report = insert_report(world, company.id, company.owner(), &data()).await;
            let target = world.seed.member(company.id, "member").await;
            let status = async |method: &str, path: &str, body| ask(world, login, method, path, body).await.status;
            assert_eq!(status("POST", REPORT, Some(body())).await, yes, "{role}");
            assert_eq!(status("GET", REPORT, None).await, no, "{role}");
            assert_eq!(status("GET", &path(report), None).await, yes, "{role}");
            assert_eq!(status("PUT", &path(report), Some(body())).await, yes, "{role}");
            assert_eq!(status("GET", &format!("{}/share", path(report)), None).await, yes, "{role}");
            assert_eq!(status("POST", &share_path(report, &target), Some(json!({}))).await, yes, "{role}");
            assert_eq!(status("DELETE", &share_path(report, &target), Some(json!({}))).await, yes, "{role}");
            assert_eq!(status("DELETE", &path(report), Some(json!({}))).await, yes, "{role}");
            // The role comes before the body and before the question whether there is such a report.
            assert_eq!(status("POST", REPORT, Some(json!({}))).await, if privileged { 400 } else { 403 }, "{role}");
            let unknown = if privileged { 404 } else { 403 };
            assert_eq!(status("GET", &path(Uuid::new_v4()), None).await, unknown, "{role}");
            assert_eq!(status("DELETE", &path(Uuid::new_v4()), None).await, unknown, "{role}");
        }
        for (method, path) in [("GET", REPORT.to_owned()), ("GET", path(Uuid::new_v4())), ("POST", REPORT.to_owned())] {
            let body = (method != "GET").then(body);
            refused(&ask(world, &outside, method, &path, body).await, 401);
        }
    });
}

#[test]
fn sharing_follows_the_order_of_the_specification() {
    play(async |world| {
        let (ours, theirs) = (Company::new(world).await, Company::new(world).await);
        let (owner, member) = (ours.owner(), ours.of("member"));
        let report = insert_report(world, ours.id, owner, &data()).await;
        let shares = format!("{}/share", path(report));
        refused(&get(world, member, &path(report)).await, 403);
        refused(&get(world, member, REPORT).await, 400);
        assert_eq!(ok(&post(world, owner, &share_path(report, member), json!({})).await), json!({"success": true}));
        refused(&post(world, owner, &share_path(report, member), json!({})).await, 400);
        let list = ok(&get(world, owner, &shares).await);
        assert_keys(&list, &["reportUsers"]);
        let share = &list["reportUsers"][0];
        let keys = ["id", "userId", "reportId", "companyId", "createdByUserId", "createdAt", "permission"];
        assert_keys(share, &keys);
        assert_time(&share["createdAt"]);
        assert_eq!(share["permission"], json!({"canView": true}));
        ok(&get(world, member, &path(report)).await);
        assert_eq!(ok(&get(world, member, REPORT).await)["reports"][0]["id"], json!(report.to_string()));

        refused(&post(world, owner, &share_path(report, owner), json!({})).await, 400);
        refused(&post(world, owner, &share_path(report, ours.of("admin")), json!({})).await, 400);
        refused(&post(world, owner, &format!("{shares}/{}", Uuid::new_v4()), json!({})).await, 400);
        refused(&post(world, owner, &format!("{shares}/x"), json!({})).await, 400);
        refused(&post(world, owner, &format!("{shares}/"), json!({})).await, 400);
        refused(&post(world, owner, &share_path("x", member), json!({})).await, 400);
        refused(&post(world, owner, &share_path(Uuid::new_v4(), member), json!({})).await, 404);
        // People and reports of others are as good as unknown.
        let stranger = post(world, owner, &share_path(report, theirs.of("member")), json!({})).await;
        let nobody = post(world, owner, &format!("{shares}/{}", Uuid::new_v4()), json!({})).await;
        assert_eq!((stranger.status, stranger.json()), (nobody.status, nobody.json()));
        refused(&delete(world, owner, &share_path(Uuid::new_v4(), member)).await, 404);
        refused(&delete(world, owner, &share_path(report, owner)).await, 400);
        refused(&delete(world, owner, &share_path(report, theirs.of("member"))).await, 400);
        assert_eq!(ok(&delete(world, owner, &share_path(report, member)).await), json!({"success": true}));
        refused(&delete(world, owner, &share_path(report, member)).await, 400);
        refused(&get(world, member, &path(report)).await, 403);
        assert_eq!(ok(&get(world, owner, &shares).await), json!({"reportUsers": []}));
        assert_eq!(
            ok(&get(world, owner, &format!("{}/share", path(Uuid::new_v4()))).await),
            json!({"reportUsers": []})
        );
    });
}

#[test]
fn reports_of_another_company_look_unknown_on_every_route() {
    play(async |world| {
        let (ours, theirs) = (Company::new(world).await, Company::new(world).await);
        let report = insert_report(world, theirs.id, theirs.owner(), &data()).await;
        share_with(world, theirs.id, report, theirs.owner(), theirs.of("member"), json!({"canView": true})).await;
        let member = ours.of("member");
        for (method, path, body) in [
            ("GET", path(report), None),
            ("PUT", path(report), Some(body())),
            ("DELETE", path(report), Some(json!({}))),
            ("POST", share_path(report, member), Some(json!({}))),
            ("DELETE", share_path(report, member), Some(json!({}))),
            ("GET", format!("{}/share", path(report)), None),
        ] {
            let unknown = path.replace(&report.to_string(), &Uuid::new_v4().to_string());
            let foreign = ask(world, ours.owner(), method, &path, body.clone()).await;
            let nothing = ask(world, ours.owner(), method, &unknown, body).await;
            assert_eq!((foreign.status, foreign.json()), (nothing.status, nothing.json()), "{method} {path}");
        }
        assert_eq!(ok(&get(world, ours.owner(), REPORT).await), json!({"reports": []}));
        assert_eq!(ok(&get(world, theirs.owner(), &path(report)).await)["report"]["title"], "Weekly");
    });
}

#[test]
fn http_d33_updates_are_checked_like_new_reports() {
    play(async |world| {
        let company = Company::new(world).await;
        let report = insert_report(world, company.id, company.owner(), &data()).await;
        for (method, path) in [("POST", REPORT.to_owned()), ("PUT", path(report))] {
            for (key, value) in [
                ("title", json!(null)),
                ("title", json!("x")),
                ("title", json!("  x  ")),
                ("title", json!("x".repeat(201))),
                ("description", json!("x".repeat(5001))),
                ("description", json!(5)),
                ("data", json!(null)),
                ("data", json!([])),
                ("data", json!({})),
                ("data", json!("x")),
            ] {
                let mut wrong = body();
                wrong[key] = value.clone();
                refused(&ask(world, company.owner(), method, &path, Some(wrong)).await, 400);
                let mut missing = body();
                missing.as_object_mut().unwrap().remove(key);
                if key != "description" {
                    refused(&ask(world, company.owner(), method, &path, Some(missing)).await, 400);
                }
            }
            for key in data().as_object().unwrap().keys() {
                let mut missing = body();
                missing["data"].as_object_mut().unwrap().remove(key);
                refused(&ask(world, company.owner(), method, &path, Some(missing)).await, 400);
            }
        }
        refused(&ask(world, company.owner(), "PUT", &path(Uuid::new_v4()), Some(body())).await, 404);
        refused(&ask(world, company.owner(), "PUT", &path("x"), Some(body())).await, 400);
        refused(&get(world, company.owner(), &path("")).await, 400);
    });
}

#[test]
fn http_d38_nothing_is_turned_into_text_and_http_d40_no_nul_is_stored() {
    play(async |world| {
        let company = Company::new(world).await;
        for title in [json!(["a", "b"]), json!(12345), json!(true), json!({"a": 1}), json!("we\u{0}ekly")] {
            let wrong = json!({"title": title, "description": null, "data": data()});
            refused(&post(world, company.owner(), REPORT, wrong).await, 400);
        }
        let mut wrong = body();
        wrong["data"]["selectedUserEmails"] = json!(["a\u{0}"]);
        refused(&post(world, company.owner(), REPORT, wrong).await, 400);
        let statement = r#"SELECT count(*) FROM report WHERE "companyId" = $1"#;
        let count: i64 = world.seed.sql.query_one(statement, &[&company.id]).await.unwrap().get(0);
        assert_eq!(count, 0);
    });
}

#[test]
fn http_d30_shared_by_many_at_once_it_is_shared_once() {
    play(async |world| {
        let company = Company::new(world).await;
        let member = company.of("member");
        let report = insert_report(world, company.id, company.owner(), &data()).await;
        let path = share_path(report, member);
        let (owner, admin) = (company.owner(), company.of("admin"));
        let share = |login| post(world, login, &path, json!({}));
        let answers = tokio::join!(share(owner), share(admin), share(owner), share(admin), share(owner), share(admin));
        let mut statuses = [
            answers.0.status,
            answers.1.status,
            answers.2.status,
            answers.3.status,
            answers.4.status,
            answers.5.status,
        ];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 400, 400, 400, 400, 400]);
    });
}

#[test]
fn reports_that_the_old_server_let_through_are_shown_as_they_are() {
    play(async |world| {
        let company = Company::new(world).await;
        for stored in [json!({}), json!([]), json!("text"), json!({"timeFrame": "constructor"})] {
            let report = insert_report(world, company.id, company.owner(), &stored).await;
            assert_eq!(ok(&get(world, company.owner(), &path(report)).await)["report"]["data"], stored);
        }
        assert_eq!(ok(&get(world, company.owner(), REPORT).await)["reports"].as_array().unwrap().len(), 4);
    });
}
