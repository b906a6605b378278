//! `login-to-app` and `initialize-environment-and-authorize-app`: the two calls that open an app page.

use crate::support::{Request, World, message, play};
use serde_json::{Value, json};
use uuid::Uuid;

async fn log_in(world: &World, environment: &str, route: &str) -> crate::support::Response {
    let body = json!({"environmentId": environment, "appRoute": route});
    Request::post("/api/v1/auth/login-to-app", &body).send(world.address()).await
}

#[test]
fn a_public_app_gives_a_login_and_others_do_not() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let id = tenant.environment.id.to_string();
        world.seed.share(&tenant.environment, "hello", "ALL").await;
        world.seed.share(&tenant.environment, "second", "anna@x.test").await;
        for route in ["second", "private", "nothing"] {
            let answer = log_in(world, &id, route).await;
            assert_eq!((answer.status, answer.json()), (200, json!({"success": false, "requiresLogin": true})));
            assert_eq!(answer.cookies(), Vec::<&str>::new());
        }
        let answer = log_in(world, &id, "hello").await;
        assert_eq!((answer.status, answer.json()), (200, json!({"success": true, "requiresLogin": false})));
        let cookies = answer.cookies();
        let session = cookies[0].strip_prefix("auth_session=").unwrap().split(';').next().unwrap();
        assert_eq!(
            cookies,
            [format!("auth_session={session}; HttpOnly; Max-Age=2592000; Path=/; SameSite=Lax; Secure")]
        );
        assert!(session.len() == 40 && session.bytes().all(|byte| b"abcdefghijklmnopqrstuvwxyz234567".contains(&byte)));
        let statement = r#"SELECT "userId", "companyId", email, "isExternal" FROM session WHERE id = $1"#;
        let row = world.seed.sql.query_one(statement, &[&session]).await.unwrap();
        assert_eq!((row.get::<_, Option<Uuid>>(0), row.get::<_, Option<Uuid>>(1)), (None, None));
        assert_eq!((row.get::<_, &str>(2), row.get::<_, bool>(3)), ("ALL", true));

        let unknown = log_in(world, &Uuid::new_v4().to_string(), "hello").await;
        assert_eq!(unknown.status, 400);
        assert_eq!((&unknown.json()["isValid"], &unknown.json()["code"]), (&json!(false), &json!(400)));
        for (environment, route) in [("abc", "hello"), ("", "hello")] {
            let answer = log_in(world, environment, route).await;
            assert_eq!(answer.status, 400, "{answer:?}");
            assert_eq!(answer.json()["isValid"], false);
        }
        for body in [json!({}), json!({"environmentId": id}), json!({"environmentId": id, "appRoute": 5}), json!(null)]
        {
            let answer = Request::post("/api/v1/auth/login-to-app", &body).send(world.address()).await;
            assert_eq!(answer.status, 400, "{body}: {answer:?}");
            answer.message();
        }
    });
}

#[test]
fn http_d39_one_address_cannot_make_logins_without_end() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        world.seed.share(&tenant.environment, "hello", "ALL").await;
        let id = tenant.environment.id.to_string();
        let mut made = 0;
        let refused = loop {
            let answer = log_in(world, &id, "hello").await;
            if answer.status != 200 {
                break answer;
            }
            made += 1;
            assert!(made < 1000, "{made} logins from one address within a minute");
        };
        assert_eq!(refused.status, 429, "{refused:?}");
        assert!(!refused.message().is_empty() && refused.cookies().is_empty());
        let rows = world.seed.sql.query_one("SELECT count(*) FROM session WHERE email = 'ALL'", &[]).await.unwrap();
        assert_eq!(rows.get::<_, i64>(0), made);
        // What people with a login do is not touched by it.
        let answer = world.authorize(&tenant.owner, &tenant.environment, "hello", Uuid::new_v4()).await;
        assert_eq!(answer.status, 200);
    });
}

#[test]
fn opening_an_app_tells_all_that_the_page_needs() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let answer = world.authorize(&tenant.owner, &tenant.environment, "hello", Uuid::new_v4()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let body = answer.json();
        let app = json!({"name": "HELLO", "route": "hello", "description": null, "hidden": false});
        assert_eq!(body["app"], app);
        assert_eq!(body["companyName"], format!("Company {}", tenant.environment.company));
        let environment = &body["environment"];
        assert_eq!((&environment["type"], &environment["theme"]), (&json!("production"), &Value::Null));
        assert_eq!(environment["apps"].as_array().unwrap().len(), 3);
        assert_eq!(environment["navs"], json!([]));
        assert!(environment.get("sdkPackageName").is_none() && environment.get("apiKey").is_none());
        let user = &body["user"];
        assert_eq!((&user["email"], &user["isExternal"]), (&json!(tenant.owner.email), &json!(false)));
        assert_eq!(user["id"], tenant.owner.user.unwrap().to_string());
        let created = user["createdAt"].as_str().unwrap();
        assert!(created.len() == 24 && created.ends_with('Z'), "{created}");

        let statement =
            r#"SELECT message, severity, type, "appRoute", "userEmail", data FROM log WHERE "companyId" = $1"#;
        let company = &tenant.environment.company;
        let rows = crate::support::soon("the audit row", async {
            loop {
                // Written behind the answer, together with others.
                let rows = world.seed.sql.query(statement, &[company]).await.unwrap();
                if !rows.is_empty() {
                    return rows;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        })
        .await;
        assert_eq!(rows.len(), 1);
        let texts: Vec<&str> = (0..5).map(|column| rows[0].get(column)).collect();
        assert_eq!(texts, ["App initialized", "info", "system", "hello", tenant.owner.email.as_str()]);
    });
}

#[test]
fn the_plan_hobby_has_no_row_for_an_opened_app() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let paying = world.seed.tenant().await;
        let company = tenant.environment.company;
        world.seed.run("UPDATE company SET plan = 'hobby' WHERE id = $1", &[&company]).await;
        for tenant in [&tenant, &paying] {
            let answer = world.authorize(&tenant.owner, &tenant.environment, "hello", Uuid::new_v4()).await;
            assert_eq!(answer.status, 200, "{answer:?}");
        }
        // Rows are written in their order, so the later one of the other company is the marker.
        let companies = crate::support::soon("the row of the other company", async {
            loop {
                let rows = world.seed.sql.query(r#"SELECT "companyId" FROM log"#, &[]).await.unwrap();
                if !rows.is_empty() {
                    return rows.iter().map(|row| row.get(0)).collect::<Vec<Uuid>>();
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        })
        .await;
        assert_eq!(companies, [paying.environment.company]);
    });
}

#[test]
fn http_d26_the_permission_is_recorded_after_all_checks_and_only_for_a_uuid() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let path = "/api/v1/initialize-environment-and-authorize-app";
        let good = json!({"environmentId": tenant.environment.id.to_string(), "appRoute": "hello",
                          "sessionId": Uuid::new_v4().to_string()});
        let cases = [
            ("sessionId", json!("not-a-uuid"), 400),
            ("sessionId", json!(5), 400),
            ("sessionId", json!(null), 400),
            ("environmentId", json!("abc"), 400),
            ("environmentId", json!(Uuid::new_v4().to_string()), 400),
            ("appRoute", json!("nothing"), 400),
            ("appRoute", json!("constructor"), 400),
            ("appRoute", json!(["hello"]), 400),
        ];
        for (key, value, status) in cases {
            let mut body = good.clone();
            body[key] = value;
            let answer = Request::post(path, &body).login(&tenant.owner.session).send(world.address()).await;
            assert_eq!(answer.status, status, "{body}: {answer:?}");
            answer.message();
        }
        for body in [json!(null), json!([]), json!({})] {
            let answer = Request::post(path, &body).login(&tenant.owner.session).send(world.address()).await;
            assert_eq!(answer.status, 400, "{body}: {answer:?}");
        }
        let anonymous = Request::post(path, &good).send(world.address()).await;
        assert_eq!(anonymous.status, 401);
        // Twice the same route in the list: nobody can say which app is meant.
        let twice = json!([message::app("hello"), message::app("hello")]);
        world.seed.run("UPDATE environment SET apps = $1", &[&twice]).await;
        let answer = Request::post(path, &good).login(&tenant.owner.session).send(world.address()).await;
        assert_eq!(answer.status, 400);
    });
}

#[test]
fn http_d27_a_visitor_does_not_get_the_list_of_hidden_apps() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut hidden = message::app("secret");
        hidden["hidden"] = json!(true);
        let mut current = message::app("hello");
        current["hidden"] = json!(true);
        let apps = json!([current, hidden]);
        world.seed.run("UPDATE environment SET apps = $1", &[&apps]).await;
        world.seed.share(&tenant.environment, "hello", "ALL").await;
        let visitor = world.seed.visitor("ALL").await;
        let answer = world.authorize(&visitor, &tenant.environment, "hello", Uuid::new_v4()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(!answer.text().contains("secret"), "{answer:?}");
        assert_eq!(answer.json()["app"]["route"], "hello");
        assert_eq!(answer.json()["user"], json!({"isExternal": true}));
        let answer = world.authorize(&tenant.owner, &tenant.environment, "hello", Uuid::new_v4()).await;
        assert!(answer.text().contains("secret"), "the owner sees all: {answer:?}");
    });
}
