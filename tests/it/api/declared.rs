//! All routes of this part at once: who is kept out, what ids and bodies do.

use super::company::{Company, ROLES, ask, refused};
use crate::support::{Numbers, Request, World, play};
use serde_json::{Value, json};
use uuid::Uuid;

/// Method, path with names for ids, and a body that would do.
type Route = (&'static str, &'static str, fn(&World, &Company) -> Option<Value>);

const ROUTES: [Route; 19] = [
    ("GET", "/api/v1/initialize", |_, _| None),
    ("GET", "/api/v1/settings", |_, _| None),
    ("GET", "/api/v1/environment", |_, _| None),
    ("POST", "/api/v1/environment", |_, _| Some(json!({"name": "New", "type": "production"}))),
    ("GET", "/api/v1/environment/{environment}/details", |_, _| None),
    ("DELETE", "/api/v1/environment/{environment}", |_, _| Some(json!({}))),
    ("POST", "/api/v1/environment/{environment}/refresh-api-key", |_, _| Some(json!({}))),
    ("PUT", "/api/v1/user/{user}/permission", |_, _| Some(json!({"newPermission": "admin"}))),
    ("DELETE", "/api/v1/user/{user}", |_, _| Some(json!({}))),
    ("GET", "/api/v1/user/dev-environment", |_, _| None),
    ("POST", "/api/v1/user/update-metadata", |_, _| Some(json!({"metadata": {"show-onboarding": true}}))),
    ("POST", "/api/v1/external-app-user", |_, company| {
        Some(json!({"email": "v@x.test", "environmentId": company.environment.id.to_string(), "appRoute": "hello"}))
    }),
    ("POST", "/api/v1/external-app-user-for-app", |_, company| {
        Some(json!({"environmentId": company.environment.id.to_string(), "appRoute": "hello"}))
    }),
    ("DELETE", "/api/v1/external-app-user/{share}", |_, _| Some(json!({}))),
    ("GET", "/api/v1/billing/details", |_, _| None),
    ("POST", "/api/v1/billing/checkout-session", |world, _| {
        let home = format!("http://{}/home", world.address());
        Some(json!({"standardSeats": 1, "externalSeats": 0, "cancelUrl": home, "successUrl": home}))
    }),
    ("POST", "/api/v1/invite-code", |_, _| {
        Some(json!({"email": "new@x.test", "accountType": "developer", "permission": "member"}))
    }),
    ("DELETE", "/api/v1/invite-code/{invite}", |_, _| Some(json!({}))),
    // Not of this part, and always there: a marker that the walk itself works.
    ("GET", "/api/v1/auth/check", |_, _| None),
];

/// The ids that stand in the paths.
struct Ids {
    environment: String,
    user: String,
    share: String,
    invite: String,
}

impl Ids {
    async fn of(world: &World, company: &Company) -> Self {
        world.seed.share(&company.environment, "hello", "s@x.test").await;
        let statement = r#"SELECT id FROM "externalAppUser" WHERE "environmentId" = $1 LIMIT 1"#;
        let row = world.seed.sql.query_one(statement, &[&company.environment.id]).await.unwrap();
        let invite = Uuid::new_v4();
        let statement = r#"INSERT INTO "emailCode" (id, "companyId", email, "expiresAt", metadata)
                           VALUES ($1, $2, 'i@x.test', now() + interval '1 day', '{"purpose": "JOIN_COMPANY"}')"#;
        world.seed.run(statement, &[&invite, &company.id]).await;
        Self {
            environment: company.environment.id.to_string(),
            user: company.of("member").user.unwrap().to_string(),
            share: row.get::<_, Uuid>(0).to_string(),
            invite: invite.to_string(),
        }
    }

    fn all(id: &str) -> Self {
        Self { environment: id.to_owned(), user: id.to_owned(), share: id.to_owned(), invite: id.to_owned() }
    }

    fn put(&self, path: &str) -> String {
        let path = path.replace("{environment}", &self.environment).replace("{user}", &self.user);
        path.replace("{share}", &self.share).replace("{invite}", &self.invite)
    }
}

const CLEARED: &str = "auth_session=; HttpOnly; Max-Age=0; Path=/; SameSite=Lax; Secure";

#[test]
fn nobody_gets_past_the_gate_without_a_login_of_the_company_and_our_origin() {
    play(async |world| {
        let company = Company::new(world).await;
        let ids = Ids::of(world, &company).await;
        let visitor = world.seed.visitor("s@x.test").await;
        for (method, path, body) in ROUTES {
            let request = |login: Option<&str>| {
                let mut request = Request::new(method, &ids.put(path));
                if let Some(login) = login {
                    request = request.login(login);
                }
                if let Some(body) = body(world, &company) {
                    request = request.header("Content-Type", "application/json").body(body.to_string());
                }
                request
            };
            for unknown in [None, Some("a".repeat(40)), Some("nonsense".to_owned())] {
                let answer = request(unknown.as_deref()).send(world.address()).await;
                refused(&answer, 401);
                assert_eq!(answer.cookies(), [CLEARED], "{method} {path}");
            }
            let answer = request(Some(&visitor.session)).send(world.address()).await;
            if path.ends_with("check") {
                assert_eq!(answer.status, 200);
            } else {
                refused(&answer, 401);
            }
            assert_eq!(answer.cookies(), Vec::<&str>::new(), "a valid login is not cleared");
            if method != "GET" {
                for origin in ["https://evil.test", "null", "x"] {
                    let foreign = request(Some(&company.owner().session)).header("Origin", origin);
                    let answer = foreign.send(world.address()).await;
                    refused(&answer, 403);
                    assert_eq!(answer.cookies(), [CLEARED], "{method} {path}");
                }
            }
        }
        let rows = r#"SELECT (SELECT count(*) FROM environment), (SELECT count(*) FROM "user"),
                             (SELECT count(*) FROM "externalAppUser")"#;
        let row = world.seed.sql.query_one(rows, &[]).await.unwrap();
        assert_eq!((0..3).map(|n| row.get::<_, i64>(n)).collect::<Vec<_>>(), [1, 5, 1], "nothing was done");
    });
}

#[test]
fn ids_of_another_company_look_like_unknown_ones_to_every_role() {
    play(async |world| {
        let (company, other) = (Company::new(world).await, Company::new(world).await);
        let foreign = Ids::of(world, &other).await;
        for (method, path, body) in ROUTES.into_iter().filter(|(_, path, _)| path.contains('{')) {
            for role in ROLES {
                let mut seen = Vec::new();
                for ids in [&foreign, &Ids::all(&Uuid::new_v4().to_string())] {
                    let answer = ask(world, company.of(role), method, &ids.put(path), body(world, &company)).await;
                    assert!([400, 403].contains(&answer.status), "{role} {method} {path}: {answer:?}");
                    seen.push((answer.status, answer.message()));
                }
                assert_eq!(seen[0], seen[1], "{role} {method} {path}");
            }
            for bad in ["x", "", "%00", "%F0%9F%98%80", &Uuid::new_v4().simple().to_string(), "..", "null"] {
                let answer = ask(world, company.owner(), method, &Ids::all(bad).put(path), body(world, &company)).await;
                refused(&answer, 400);
            }
        }
        let mut gone = 0;
        for statement in [
            r#"SELECT FROM environment WHERE "companyId" = $1"#,
            r#"SELECT FROM "user" WHERE "companyId" = $1"#,
            r#"SELECT FROM "externalAppUser" WHERE "companyId" = $1"#,
        ] {
            gone += world.seed.sql.query(statement, &[&other.id]).await.unwrap().len();
        }
        assert_eq!(gone, 1 + 5 + 1, "nothing of the other company was touched");
    });
}

#[test]
fn http_d15_and_d40_no_body_makes_the_server_fail() {
    play(async |world| {
        let company = Company::new(world).await;
        let ids = Ids::of(world, &company).await;
        let mut numbers = Numbers::from_seed(15);
        for (method, path, body) in ROUTES {
            let Some(good) = body(world, &company) else { continue };
            let path = ids.put(path);
            // Routes that read nothing are left out: they would do what they are asked for.
            if good == json!({}) {
                continue;
            }
            for text in ["", "null", "5", "\"x\"", "[]", "{", "{}x", "{\"a\":1e999}", "\u{feff}", "[[[[]]]]"] {
                let request = Request::new(method, &path).login(&company.owner().session);
                let answer = request.header("Content-Type", "application/json").body(text).send(world.address()).await;
                refused(&answer, 400);
            }
            for key in good.as_object().unwrap().keys() {
                let mut without = good.clone();
                without.as_object_mut().unwrap().remove(key);
                refused(&ask(world, company.owner(), method, &path, Some(without)).await, 400);
                for _ in 0..12 {
                    let mut bent = good.clone();
                    bent[key] = odd(&mut numbers, 3);
                    let answer = ask(world, company.owner(), method, &path, Some(bent.clone())).await;
                    assert!(answer.status < 500, "{method} {path} {bent}: {answer:?}");
                    assert!(answer.json().is_object() || answer.json().is_array());
                    if bent.to_string().contains("\\u0000") {
                        refused(&answer, 400);
                    }
                }
            }
        }
    });
}

/// A value that no client sends.
fn odd(numbers: &mut Numbers, depth: usize) -> Value {
    match numbers.below(if depth == 0 { 9 } else { 11 }) {
        0 => json!(null),
        1 => json!(false),
        2 => json!(-1),
        3 => json!(1e300),
        4 => json!(u64::MAX),
        5 => json!("\u{0}"),
        6 => json!("x".repeat(70_000)),
        7 => json!("'; DROP TABLE log; -- \u{202e}\u{1f600}\\"),
        8 => json!(""),
        9 => json!([odd(numbers, depth - 1), odd(numbers, depth - 1)]),
        _ => {
            let key = odd(numbers, 0).to_string();
            json!({key: odd(numbers, depth - 1)})
        }
    }
}
