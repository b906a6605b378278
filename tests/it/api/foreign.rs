//! Check list 10: the owner of one company, with ids of another, gets the answer for ids that do not exist; on every route
//! that takes an id, one id after the other.

use super::company::{Company, ask};
use super::report::{data, insert_report, share_with};
use crate::support::{World, play, play_with};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Ids are `{word}`, in the path or the body.
#[rustfmt::skip]
const ROUTES: [(&str, &str, &str); 18] = [
    ("DELETE", "/api/v1/invite-code/{invite}", "{}"),
    ("GET",    "/api/v1/environment/{environment}/details", ""),
    ("DELETE", "/api/v1/environment/{environment}", "{}"),
    ("POST",   "/api/v1/environment/{environment}/refresh-api-key", "{}"),
    ("PUT",    "/api/v1/user/{user}/permission", r#"{"newPermission": "admin"}"#),
    ("DELETE", "/api/v1/user/{user}", "{}"),
    ("POST",   "/api/v1/external-app-user", r#"{"email": "v@x.test", "environmentId": "{environment}", "appRoute": "hello"}"#),
    ("POST",   "/api/v1/external-app-user-for-app", r#"{"environmentId": "{environment}", "appRoute": "hello"}"#),
    ("DELETE", "/api/v1/external-app-user/{share}", "{}"),
    ("POST",   "/api/v1/audit-log/get-custom-log-events", r#"{"timeFrame": "LAST_7_DAYS", "dateRange": {"start": null, "end": null}, "includeDevelopmentLogs": true, "includeProductionLogs": true, "apps": [{"route": "hello", "environmentId": "{environment}"}], "trackedEventModel": {"logicOperator": "AND", "events": [{"event": "clicked", "type": "user", "operator": "EQUALS"}]}, "selectedUserEmails": [], "includeAnonymousUsers": true, "reportId": "{report}"}"#),
    ("GET",    "/api/v1/report/{report}", ""),
    ("PUT",    "/api/v1/report/{report}", r#"{"title": "Stolen", "description": null, "data": DATA}"#),
    ("DELETE", "/api/v1/report/{report}", "{}"),
    ("POST",   "/api/v1/report/{report}/share/{user}", "{}"),
    ("DELETE", "/api/v1/report/{report}/share/{user}", "{}"),
    ("GET",    "/api/v1/report/{report}/share", ""),
    // Whoever knows the id is invited, and an environment's id is in the link of each of its apps: these answer people of
    // all companies, by design. Looked at below.
    ("GET",    "/api/v1/invite-code/{invite}", ""),
    ("POST",   "/api/v1/initialize-environment-and-authorize-app", r#"{"environmentId": "{environment}", "appRoute": "hello", "sessionId": "SESSION"}"#),
];

const WORDS: [&str; 5] = ["environment", "user", "share", "invite", "report"];

/// An id for each of [`WORDS`].
#[derive(Clone)]
struct Ids([String; 5]);

impl Ids {
    /// Something of each kind in the company.
    async fn of(world: &World, company: &Company) -> Self {
        let environment = company.environment.id;
        world.seed.share(&company.environment, "hello", "s@x.test").await;
        let statement = r#"SELECT id FROM "externalAppUser" WHERE "environmentId" = $1 LIMIT 1"#;
        let share: Uuid = world.seed.sql.query_one(statement, &[&environment]).await.unwrap().get(0);
        let invite = Uuid::new_v4();
        let statement = r#"INSERT INTO "emailCode" (id, "companyId", email, "expiresAt", metadata)
                           VALUES ($1, $2, 'i@x.test', now() + interval '1 day', '{"purpose": "JOIN_COMPANY"}')"#;
        world.seed.run(statement, &[&invite, &company.id]).await;
        let report = insert_report(world, company.id, company.owner(), &data()).await;
        let member = company.of("member");
        share_with(world, company.id, report, company.owner(), member, json!({"canView": true})).await;
        let log = r#"INSERT INTO log ("companyId", "environmentId", "appRoute", message, severity, type, "environmentType")
                     VALUES ($1, $2, 'hello', 'clicked', 'info', 'user', 'production')"#;
        world.seed.run(log, &[&company.id, &environment]).await;
        Ids([environment, member.user.unwrap(), share, invite, report].map(|id| id.to_string()))
    }

    fn with(&self, word: &str, id: &str) -> Self {
        let mut ids = self.clone();
        ids.0[WORDS.iter().position(|known| *known == word).unwrap()] = id.to_owned();
        ids
    }

    fn get(&self, word: &str) -> &str {
        &self.0[WORDS.iter().position(|known| *known == word).unwrap()]
    }

    fn put(&self, text: &str) -> String {
        WORDS.iter().zip(&self.0).fold(text.to_owned(), |text, (word, id)| text.replace(&format!("{{{word}}}"), id))
    }

    async fn ask(&self, world: &World, company: &Company, route: (&str, &str, &str)) -> (u16, Value, String) {
        let body =
            self.put(route.2).replace("DATA", &data().to_string()).replace("SESSION", &Uuid::new_v4().to_string());
        let body = (!body.is_empty()).then(|| serde_json::from_str(&body).unwrap());
        let answer = ask(world, company.owner(), route.0, &self.put(route.1), body).await;
        (answer.status, answer.json(), answer.text())
    }
}

/// All rows of the company, but for its logins.
async fn everything(world: &World, company: Uuid) -> Vec<String> {
    let mut rows = Vec::new();
    for table in ["environment", "\"user\"", "\"externalAppUser\"", "\"emailCode\"", "report", "\"reportUser\"", "log"]
    {
        let statement = format!(r#"SELECT to_jsonb(t)::text FROM {table} t WHERE "companyId" = $1 ORDER BY 1"#);
        rows.extend(world.seed.sql.query(&statement, &[&company]).await.unwrap().iter().map(|row| row.get(0)));
    }
    rows
}

#[test]
fn ids_of_another_company_are_as_unknown_as_any() {
    play(async |world| {
        let (ours, theirs) = (Company::new(world).await, Company::new(world).await);
        let (own, foreign) = (Ids::of(world, &ours).await, Ids::of(world, &theirs).await);
        let before = everything(world, theirs.id).await;
        let mut tried = 0;
        for route in ROUTES {
            let words = WORDS.iter().filter(|word| format!("{}{}", route.1, route.2).contains(&format!("{{{word}}}")));
            for word in words {
                let stranger = own.with(word, foreign.get(word)).ask(world, &ours, route).await;
                let (status, _, text) = &stranger;
                if route.1.contains("invite-code/") && route.0 == "GET" {
                    assert_eq!(*status, 200);
                    continue;
                }
                if route.1.ends_with("authorize-app") {
                    assert_eq!(*status, 401, "not shared, so not open: {text}");
                    assert!(!text.contains(&theirs.id.to_string()) && !text.contains("HELLO"), "{text}");
                    continue;
                }
                let unknown = own.with(word, &Uuid::new_v4().to_string()).ask(world, &ours, route).await;
                assert_eq!((stranger.0, &stranger.1), (unknown.0, &unknown.1), "{word} of {} {}", route.0, route.1);
                tried += 1;
            }
        }
        assert_eq!(tried, 19, "ids on their own");
        assert_eq!(everything(world, theirs.id).await, before, "nothing of theirs was touched");
    });
}

/// Else the walk above could be refused for another reason.
#[test]
fn with_the_own_ids_each_of_these_requests_works() {
    play_with(&[("REQUESTS_PER_MINUTE_PER_ADDRESS", "0")], async |world| {
        for route in ROUTES {
            let company = Company::new(world).await;
            let ids = Ids::of(world, &company).await;
            let reader = r#"DELETE FROM "reportUser" WHERE "companyId" = $1"#;
            if route.0 == "POST" {
                world.seed.run(reader, &[&company.id]).await;
            }
            let (status, _, text) = ids.ask(world, &company, route).await;
            assert_eq!(status, 200, "{} {}: {text}", route.0, route.1);
        }
    });
}

/// What the table of the server has and this walk does not must not happen.
#[test]
fn the_walk_knows_every_route_with_an_id_in_its_path() {
    let known: BTreeSet<_> = ROUTES.iter().map(|(method, path, _)| ((*method).to_owned(), shape(path))).collect();
    let mut found = 0;
    for line in include_str!("../../../src/api/routes.rs").lines() {
        let mut parts = line.split_whitespace();
        let (Some(method), Some(path)) = (parts.next(), parts.next()) else { continue };
        let Some(path) = path.strip_prefix('"').and_then(|path| path.strip_suffix('"')) else { continue };
        if path.contains(':') {
            found += 1;
            assert!(known.contains(&(method.to_owned(), shape(path))), "{method} {path} is not walked");
        }
    }
    assert!(found >= 14, "the table of routes was not read: {found}");
}

/// A path with `*` for each id.
fn shape(path: &str) -> String {
    let is_id = |part: &str| part.starts_with([':', '{']);
    path.split('/').map(|part| if is_id(part) { "*" } else { part }).collect::<Vec<_>>().join("/")
}
