//! The key set and the types of every answer, as the HTTP specification writes them (2.2 and 8), against what the server
//! says for a company with something in every table.

mod notation;

use super::company::Company;
use super::report::{data, insert_report, share_with};
use super::sign_in::{TOKEN, play_with_google};
use crate::support::{Login, Provider, Request, Response, World};
use notation::compare;
use serde_json::json;
use uuid::Uuid;

/// Number of the route in 8.1, who asks, for what, with which body; the shape of the answer. Played in this order: what
/// takes something away is at the end. `$word` stands for something of the seeded company.
#[rustfmt::skip]
const SUCCESSES: [(u8, &str, &str, &str, &str); 46] = [
    (1, "nobody", "POST /api/v1/auth/oauth/login", r#"{"provider": "google", "redirect": "https://$host/auth/google-oauth/redirect"}"#,
        "{ url: string }"),
    (2, "google $ownerEmail", "POST /api/v1/auth/google-oauth/redirect", r#"{"newAccount": false, "environmentId": null, "appRoute": null}"#,
        "{ type: 'existing-user' }"),
    (2, "google fresh@x.test", "POST /api/v1/auth/google-oauth/redirect", r#"{"newAccount": true, "environmentId": null, "appRoute": null}"#,
        "{ type: 'new-user', email: string, firstName: string | null, lastName: string | null }"),
    (3, "member", "GET /api/v1/auth/check", "", "null"),
    (5, "google fresh@x.test", "POST /api/v1/auth/complete-sign-up", r#"{"firstName": "Ann", "lastName": "Lee", "email": "fresh@x.test", "orgName": "Acme", "accountType": "developer"}"#,
        "{ success: true }"),
    (6, "google joins@x.test", "POST /api/v1/auth/complete-sign-up-to-org", r#"{"firstName": "Ann", "lastName": "Lee", "inviteCode": "$joins"}"#,
        "{ isFirstDeveloperInOrganization: boolean }"),
    (7, "nobody", "GET /api/v1/invite-code/$invite", "",
        "{ id: uuid, email: string, createdAt: time, expiresAt: time, metadata: { purpose: 'JOIN_COMPANY', accountType: AccountType }, company: { name: string } }"),
    (8, "nobody", "POST /api/v1/auth/login-to-app", r#"{"appRoute": "second", "environmentId": "$environment"}"#,
        "{ success: true, requiresLogin: false }"),
    (8, "nobody", "POST /api/v1/auth/login-to-app", r#"{"appRoute": "private", "environmentId": "$environment"}"#,
        "{ success: false, requiresLogin: true }"),
    (9, "owner", "POST /api/v1/log-error", r#"{"type": "ONBOARDING_ISSUE_REPORT", "issueDescription": null, "step": "one", "framework": "none"}"#,
        "{ success: true }"),
    (10, "nobody", "GET /health-check", "", "text"),
    (11, "owner", "GET /api/v1/initialize", "",
        "{ environments: [Environment + { externalAppUsers: ExternalAppUsers, key: string | null, isOnline: false }], company: Company, user: User + { isExternal: false } }"),
    (12, "owner", "GET /api/v1/settings", "", "{ users: [User], pendingInvites: [EmailCode], company: Company }"),
    (12, "guest", "GET /api/v1/settings", "", "{ users: [], pendingInvites: [], company: Company }"),
    (13, "admin", "POST /api/v1/invite-code", r#"{"email": "new@x.test", "accountType": "developer", "permission": "member"}"#,
        "EmailCode"),
    (15, "admin", "GET /api/v1/environment", "", "{ environments: [Environment] }"),
    (16, "admin", "POST /api/v1/environment", r#"{"name": "New", "type": "production"}"#, "Environment + { key: string }"),
    (16, "admin", "POST /api/v1/environment", r#"{"name": "Mine", "type": "development"}"#, "Environment + { key: string }"),
    (17, "owner", "GET /api/v1/environment/$environment/details", "",
        "{ environment: Environment + { externalAppUsers: [ExternalAppUser] } }"),
    (20, "owner", "PUT /api/v1/user/$member/permission", r#"{"newPermission": "app-manager"}"#, "{ updatedUser: User }"),
    (22, "owner", "GET /api/v1/user/dev-environment", "", "{ environments: [Environment + { decryptableKey: string }] }"),
    (22, "member", "GET /api/v1/user/dev-environment", "", "{ environments: [] }"),
    (23, "owner", "POST /api/v1/user/update-metadata", r#"{"metadata": {"show-onboarding": false}}"#, "{ user: User }"),
    (24, "owner", "POST /api/v1/external-app-user", r#"{"email": "v@x.test", "environmentId": "$environment", "appRoute": "hello"}"#, "{}"),
    (25, "owner", "POST /api/v1/external-app-user-for-app", r#"{"environmentId": "$environment", "appRoute": "hello"}"#, "[ExternalAppUser]"),
    (27, "owner", "POST /api/v1/initialize-environment-and-authorize-app", r#"{"environmentId": "$environment", "appRoute": "hello", "sessionId": "$unknown"}"#,
        "{ environment: { name: string, type: EnvType, theme: Theme, apps: [App], sdkPackageName?: string, sdkPackageVersion?: string, navs: [Nav] }, app: App, user: User + { isExternal: false }, companyName: string }"),
    (27, "visitor", "POST /api/v1/initialize-environment-and-authorize-app", r#"{"environmentId": "$environment", "appRoute": "hello", "sessionId": "$session"}"#,
        "{ environment: { name: string, type: EnvType, theme: Theme, apps: [App], sdkPackageName: string, sdkPackageVersion: string, navs: [Nav] }, app: App, user: { isExternal: true }, companyName: string }"),
    (28, "owner", "POST /api/v1/audit-log/get-page", r#"{"limit": 2, "offset": 0, "appRoute": null, "userEmail": null, "severity": null, "type": "user", "datetimeStart": null, "datetimeEnd": null, "message": null}"#,
        "{ logs: [LogRow], totalRecords: null }"),
    (28, "owner", "POST /api/v1/audit-log/get-page", r#"{"limit": 200, "offset": 0, "appRoute": null, "userEmail": null, "severity": null, "type": null, "datetimeStart": null, "datetimeEnd": null, "message": null}"#,
        "{ logs: [LogRow], totalRecords: number }"),
    (29, "owner", "POST /api/v1/audit-log/get-custom-log-events", r#"{"timeFrame": "LAST_7_DAYS", "dateRange": {"start": null, "end": null}, "includeDevelopmentLogs": true, "includeProductionLogs": true, "apps": [], "trackedEventModel": {"logicOperator": "AND", "events": [{"event": "clicked", "type": "user", "operator": "EQUALS"}]}, "selectedUserEmails": [], "includeAnonymousUsers": true}"#,
        "{ groupedLogs: [{ userEmail: string | null, environmentId: uuid | null, appRoute: string, message: string, count: number }] }"),
    (30, "owner", "POST /api/v1/audit-log/get-distinct-messages", "{}", "{ distinctLogMessages: [{ message: string, type: LogType }] }"),
    (31, "owner", "POST /api/v1/report", r#"{"title": "Weekly", "description": "x", "data": $data}"#, "{ reportId: uuid }"),
    (32, "guest", "GET /api/v1/report", "", "{ reports: [Report] }"),
    (33, "owner", "GET /api/v1/report/$report", "", "{ report: Report }"),
    (34, "owner", "PUT /api/v1/report/$report", r#"{"title": "Weekly", "description": null, "data": $data}"#, "{ report: Report }"),
    (36, "owner", "POST /api/v1/report/$report/share/$member", "{}", "{ success: true }"),
    (38, "owner", "GET /api/v1/report/$report/share", "", "{ reportUsers: [ReportUser] }"),
    (39, "owner", "GET /api/v1/billing/details", "",
        "{ company: Company, standardSeats: number, externalSeats: number, standardSeatsUsed: number, externalSeatsUsed: number, FREE_UNLIMITED_USAGE: boolean, allowInvitingStandardUsers: boolean, allowInvitingExternalUsers: boolean }"),
    (40, "owner", "POST /api/v1/billing/checkout-session", r#"{"standardSeats": 1, "externalSeats": 0, "cancelUrl": "http://$host/home", "successUrl": "http://$host/home"}"#,
        "{ checkoutUrl: string }"),
    (41, "owner", "POST /api/v1/log", r#"{"event": "DASHBOARD_PAGE_VIEW", "data": {}}"#, "{ success: true }"),
    (14, "owner", "DELETE /api/v1/invite-code/$invite", "{}", "{}"),
    (19, "owner", "POST /api/v1/environment/$environment/refresh-api-key", "{}", "{ environment: Environment + { key: string } }"),
    (26, "owner", "DELETE /api/v1/external-app-user/$share", "{}", "{}"),
    (37, "owner", "DELETE /api/v1/report/$report/share/$member", "{}", "{ success: true }"),
    (35, "owner", "DELETE /api/v1/report/$report", "{}", "{ success: true }"),
    (21, "owner", "DELETE /api/v1/user/$member", "{}", "{}"),
];

/// The two that end what the others need.
#[rustfmt::skip]
const LAST: [(u8, &str, &str, &str, &str); 2] = [
    (18, "owner", "DELETE /api/v1/environment/$environment", "{}", "{ success: true }"),
    (4, "owner", "GET /api/v1/auth/logout", "", "null"),
];

/// What a handler says when it refuses.
const MESSAGE: &str = "{ message: string }";
/// Sign-in and sign-up.
const CODED: &str = "{ message: string, internalCode: '0a' | '0b' | '0c' | '0d' | '0f' }";
/// Company sign-up gives the code under both names.
const CODED_TWICE: &str = "{ message: string, internalCode: '0b', code: '0b' }";
/// The audit log.
const TYPED: &str = "{ message: string, type: 'invalid-plan' | 'invalid-user-permission' | 'unknown-error' }";
/// App login.
const INVALID: &str = "{ isValid: false, code: number, message: string }";
/// Before any handler (1.3).
const FRAMEWORK: &str = "{ statusCode: number, error: string, message: string, code?: string }";

/// The same for a failure of each route, with its status. Nothing is changed by them.
#[rustfmt::skip]
const FAILURES: [(u8, &str, &str, &str, u16, &str); 44] = [
    (1, "nobody", "POST /api/v1/auth/oauth/login", r#"{"provider": "other", "redirect": "x"}"#, 400, MESSAGE),
    (2, "google fresh@x.test", "POST /api/v1/auth/google-oauth/redirect", r#"{"newAccount": false, "environmentId": null, "appRoute": null}"#, 400, CODED),
    (3, "nobody", "GET /api/v1/auth/check", "", 401, MESSAGE),
    (4, "nobody", "GET /api/v1/auth/logout", "", 401, MESSAGE),
    (5, "nobody", "POST /api/v1/auth/complete-sign-up", "{}", 400, CODED_TWICE),
    (6, "google fresh@x.test", "POST /api/v1/auth/complete-sign-up-to-org", r#"{"firstName": "Ann", "lastName": "Lee", "inviteCode": "$unknown"}"#, 400, CODED),
    (7, "nobody", "GET /api/v1/invite-code/$unknown", "", 404, MESSAGE),
    (8, "nobody", "POST /api/v1/auth/login-to-app", r#"{"appRoute": "second", "environmentId": "$unknown"}"#, 400, INVALID),
    (9, "nobody", "POST /api/v1/log-error", "{}", 401, MESSAGE),
    (10, "nobody", "POST /health-check", "{}", 404, FRAMEWORK),
    (11, "visitor", "GET /api/v1/initialize", "", 401, MESSAGE),
    (12, "visitor", "GET /api/v1/settings", "", 401, MESSAGE),
    (13, "member", "POST /api/v1/invite-code", r#"{"email": "new@x.test", "accountType": "developer", "permission": "member"}"#, 403, MESSAGE),
    (14, "owner", "DELETE /api/v1/invite-code/$unknown", "{}", 400, MESSAGE),
    (15, "visitor", "GET /api/v1/environment", "", 401, MESSAGE),
    (16, "guest", "POST /api/v1/environment", r#"{"name": "New", "type": "production"}"#, 403, MESSAGE),
    (17, "owner", "GET /api/v1/environment/$unknown/details", "", 400, MESSAGE),
    (18, "guest", "DELETE /api/v1/environment/$environment", "{}", 403, MESSAGE),
    (19, "owner", "POST /api/v1/environment/$unknown/refresh-api-key", "{}", 400, MESSAGE),
    (20, "owner", "PUT /api/v1/user/$member/permission", r#"{"newPermission": "member"}"#, 400, MESSAGE),
    (21, "guest", "DELETE /api/v1/user/$member", "{}", 403, MESSAGE),
    (22, "visitor", "GET /api/v1/user/dev-environment", "", 401, MESSAGE),
    (23, "owner", "POST /api/v1/user/update-metadata", r#"{"metadata": 5}"#, 400, MESSAGE),
    (24, "guest", "POST /api/v1/external-app-user", r#"{"email": "v@x.test", "environmentId": "$environment", "appRoute": "hello"}"#, 403, MESSAGE),
    (25, "guest", "POST /api/v1/external-app-user-for-app", r#"{"environmentId": "$environment", "appRoute": "hello"}"#, 403, MESSAGE),
    (26, "owner", "DELETE /api/v1/external-app-user/$unknown", "{}", 400, MESSAGE),
    (27, "visitor", "POST /api/v1/initialize-environment-and-authorize-app", r#"{"environmentId": "$environment", "appRoute": "private", "sessionId": "$unknown"}"#, 401, MESSAGE),
    (28, "member", "POST /api/v1/audit-log/get-page", r#"{"limit": 2, "offset": 0}"#, 403, TYPED),
    (28, "owner", "POST /api/v1/audit-log/get-page", r#"{"limit": -2}"#, 400, TYPED),
    (29, "member", "POST /api/v1/audit-log/get-custom-log-events", "{}", 403, TYPED),
    (30, "member", "POST /api/v1/audit-log/get-distinct-messages", "{}", 403, TYPED),
    (31, "owner", "POST /api/v1/report", "{}", 400, MESSAGE),
    (31, "owner", "POST /api/v1/report", "{", 400, FRAMEWORK),
    (32, "member", "GET /api/v1/report", "", 400, MESSAGE),
    (33, "owner", "GET /api/v1/report/$unknown", "", 404, MESSAGE),
    (34, "owner", "PUT /api/v1/report/$unknown", r#"{"title": "Weekly", "description": null, "data": $data}"#, 404, MESSAGE),
    (35, "owner", "DELETE /api/v1/report/$unknown", "{}", 404, MESSAGE),
    (36, "owner", "POST /api/v1/report/$unknown/share/$member", "{}", 404, MESSAGE),
    (37, "owner", "DELETE /api/v1/report/$report/share/$member", "{}", 400, MESSAGE),
    (38, "member", "GET /api/v1/report/$report/share", "", 403, MESSAGE),
    (39, "visitor", "GET /api/v1/billing/details", "", 401, MESSAGE),
    (40, "admin", "POST /api/v1/billing/checkout-session", r#"{"standardSeats": 1, "externalSeats": 0, "cancelUrl": "x", "successUrl": "x"}"#, 403, MESSAGE),
    (41, "owner", "POST /api/v1/log", "{}", 400, MESSAGE),
    (0, "owner", "GET /api/v1/nothing", "", 404, FRAMEWORK),
];

/// A company with something in every table, and what the words of the tables stand for.
struct Seeded {
    company: Company,
    visitor: Login,
    words: Vec<(&'static str, String)>,
}

impl Seeded {
    async fn new(world: &World) -> Self {
        let company = Company::new(world).await;
        let (owner, environment) = (company.owner(), &company.environment);
        company.development_with_vector(world, owner).await;
        let apps = json!([
            {"name": "Hello", "description": "x", "route": "hello", "hidden": false, "parentAppRoute": "second", "navId": "n"},
            {"name": "Second", "description": null, "route": "second"},
            {"name": "Private", "description": null, "route": "private", "hidden": true},
        ]);
        let data_of_sdk = json!({"packageName": "compose-python", "packageVersion": "0.27.9", "navs": [
            {"id": "n", "items": [{"label": "Hello", "route": "hello"}], "logoUrl": "/x.svg", "orientation": "vertical"},
        ]});
        let theme = json!({"textColor": "#000", "backgroundColor": "#fff", "primaryColor": "#123456"});
        let set = "UPDATE environment SET apps = $1, data = $2, theme = $3 WHERE id = $4";
        world.seed.run(set, &[&apps, &data_of_sdk, &theme, &environment.id]).await;
        let metadata =
            json!({"show-onboarding": true, "has-never-opened-app": true, "show-success-callout-on-app-open": false});
        world.seed.run(r#"UPDATE "user" SET metadata = $1 WHERE id = $2"#, &[&metadata, &owner.user]).await;
        for (email, route) in [("v2@x.test", "hello"), ("visitor@x.test", "hello"), ("ALL", "second")] {
            world.seed.share(environment, route, email).await;
        }
        let by = r#"UPDATE "externalAppUser" SET "createdByUserId" = $1 WHERE email = 'v2@x.test' RETURNING id"#;
        let share: Uuid = world.seed.sql.query_one(by, &[&owner.user]).await.unwrap().get(0);
        let offer = json!({"purpose": "JOIN_COMPANY", "accountType": "developer", "permission": "member"});
        let (invite, joins) = (Uuid::new_v4(), Uuid::new_v4());
        for (id, email) in [(invite, "invited@x.test"), (joins, "joins@x.test")] {
            let statement = r#"INSERT INTO "emailCode" (id, "companyId", email, "expiresAt", metadata)
                               VALUES ($1, $2, $3, now() + interval '1 day', $4)"#;
            world.seed.run(statement, &[&id, &company.id, &email, &offer]).await;
        }
        let mut full = data();
        full["selectedApps"] = json!([{"route": "hello", "environmentId": environment.id.to_string()}]);
        full["selectedUserEmails"] = json!([owner.email]);
        let report = insert_report(world, company.id, owner, &full).await;
        share_with(world, company.id, report, owner, company.of("guest"), json!({"canView": true})).await;
        for (user, email, payload) in
            [(owner.user, Some(owner.email.as_str()), Some(json!({"k": 1}))), (None, None, None)]
        {
            let statement = r#"INSERT INTO log ("companyId", "environmentId", "userId", "userEmail", "appRoute", message,
                                                severity, type, "environmentType", data)
                               VALUES ($1, $2, $3, $4, 'hello', 'clicked', 'info', 'user', 'production', $5)"#;
            world.seed.run(statement, &[&company.id, &environment.id, &user, &email, &payload]).await;
        }
        let words = vec![
            ("$host", world.address().to_string()),
            ("$ownerEmail", owner.email.clone()),
            ("$environment", environment.id.to_string()),
            ("$unknown", Uuid::new_v4().to_string()),
            ("$session", Uuid::new_v4().to_string()),
            ("$joins", joins.to_string()),
            ("$invite", invite.to_string()),
            ("$member", company.of("member").user.unwrap().to_string()),
            ("$share", share.to_string()),
            ("$report", report.to_string()),
            ("$data", full.to_string()),
        ];
        let visitor = world.seed.visitor("visitor@x.test").await;
        Seeded { company, visitor, words }
    }

    fn put(&self, text: &str) -> String {
        self.words.iter().fold(text.to_owned(), |text, (word, value)| text.replace(word, value))
    }

    async fn ask(&self, world: &World, provider: &Provider, who: &str, line: &str, body: &str) -> Response {
        let line = self.put(line);
        let (method, path) = line.split_once(' ').unwrap();
        let mut request = Request::new(method, path);
        if !body.is_empty() {
            request = request.header("Content-Type", "application/json").body(self.put(body));
        }
        request = match who.split_once(' ') {
            Some((_, email)) => request.header(TOKEN, &provider.token(&self.put(email))),
            None if who == "nobody" => request,
            None if who == "visitor" => request.login(&self.visitor.session),
            None => request.login(&self.company.of(who).session),
        };
        request.send(world.address()).await
    }
}

#[test]
fn every_answer_has_the_keys_and_types_of_the_specification() {
    play_with_google(&[], async |world, provider| {
        let seeded = Seeded::new(world).await;
        let mut wrong = Vec::new();
        for (number, who, line, body, status, shape) in FAILURES {
            let answer = seeded.ask(world, provider, who, line, body).await;
            let result =
                if answer.status == status { compare(shape, &answer.json()) } else { Err("status".to_owned()) };
            note(&mut wrong, number, line, &answer, result);
        }
        for (number, who, line, body, shape) in SUCCESSES.into_iter().chain(LAST) {
            let answer = seeded.ask(world, provider, who, line, body).await;
            let result = match (answer.status, shape) {
                (200, "text") if answer.text() == "success" => Ok(()),
                (200, _) => compare(shape, &answer.json()),
                _ => Err("status".to_owned()),
            };
            note(&mut wrong, number, line, &answer, result);
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

fn note(wrong: &mut Vec<String>, number: u8, line: &str, answer: &Response, result: Result<(), String>) {
    let check = || {
        result?;
        let kind = answer.header("content-type");
        let wanted = if number == 10 && answer.status == 200 { "text/plain" } else { "application/json" };
        if kind != Some(&format!("{wanted}; charset=utf-8")) { Err(format!("content type {kind:?}")) } else { Ok(()) }
    };
    if let Err(reason) = check() {
        wrong.push(format!("{number} {line}: {reason}, in {} {}", answer.status, answer.text()));
    }
}

#[test]
fn the_tables_have_every_route() {
    let all: Vec<u8> = (1..=41).collect();
    let of = |mut numbers: Vec<u8>| {
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    };
    assert_eq!(of(SUCCESSES.iter().chain(&LAST).map(|row| row.0).collect()), all);
    assert_eq!(of(FAILURES.iter().map(|row| row.0).filter(|number| *number > 0).collect()), all);
}
