//! Routes 7, 13 and 14: invites.

use crate::support::{Login, Request, Response, World, play};
use serde_json::{Value, json};
use uuid::Uuid;

const INVITES: &str = "/api/v1/invite-code";

async fn create(world: &World, login: &Login, body: &Value) -> Response {
    Request::post(INVITES, body).login(&login.session).send(world.address()).await
}

async fn show(world: &World, id: &str) -> Response {
    Request::get(&format!("{INVITES}/{id}")).send(world.address()).await
}

async fn delete(world: &World, login: &Login, id: &str) -> Response {
    Request::new("DELETE", &format!("{INVITES}/{id}")).login(&login.session).send(world.address()).await
}

fn offer(email: &str, role: &str) -> Value {
    json!({"email": email, "accountType": "developer", "permission": role})
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn http_d11_the_link_tells_no_more_than_the_invited_person_needs() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let answer = create(world, &tenant.owner, &offer("Ann@x.test", "admin")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let invite = answer.json();
        assert_eq!(keys(&invite), ["companyId", "createdAt", "email", "expiresAt", "id", "metadata"]);
        assert_eq!(invite["companyId"], tenant.environment.company.to_string());
        let metadata = json!({"purpose": "JOIN_COMPANY", "accountType": "developer", "permission": "admin"});
        assert_eq!((&invite["email"], &invite["metadata"]), (&json!("Ann@x.test"), &metadata));
        let id = invite["id"].as_str().unwrap();
        let answer = show(world, id).await;
        assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
        let shown = answer.json();
        assert_eq!(keys(&shown), ["company", "createdAt", "email", "expiresAt", "id", "metadata"]);
        assert_eq!(shown["metadata"], json!({"purpose": "JOIN_COMPANY", "accountType": "developer"}));
        assert_eq!(keys(&shown["company"]), ["name"]);
        for key in ["createdAt", "email", "expiresAt", "id"] {
            assert_eq!(shown[key], invite[key]);
        }
        let life = r#"SELECT extract(epoch FROM "expiresAt" - now())::float8 FROM "emailCode" WHERE id::text = $1"#;
        let life: f64 = world.seed.sql.query_one(life, &[&id]).await.unwrap().get(0);
        assert!((259_200.0 - life).abs() < 30.0, "{life}");
        // Ended ones are shown, whatever their metadata; unknown ones are not found.
        let end =
            r#"UPDATE "emailCode" SET "expiresAt" = now() - interval '1 day', "companyId" = NULL, metadata = '[]'"#;
        world.seed.run(end, &[]).await;
        let shown = show(world, id).await.json();
        assert_eq!((&shown["company"], &shown["metadata"]), (&Value::Null, &json!({})));
        for unknown in [&Uuid::new_v4().to_string(), "", "x", "%00", &format!("%7B{id}%7D"), &id.replace('-', "")] {
            let answer = show(world, unknown).await;
            assert_eq!(answer.status, 404, "{unknown}");
            assert!(!answer.message().is_empty());
        }
        assert!(!world.server.log().contains(id), "an invite's id is no text for the log");
    });
}

#[test]
fn http_d04_nobody_invites_somebody_stronger_than_they_may_make() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let company = tenant.environment.company;
        let roles = ["owner", "admin", "app-manager", "member", "guest"];
        for (inviter, allowed) in [
            ("owner", vec!["owner", "admin", "app-manager", "member", "guest"]),
            ("admin", vec!["admin", "app-manager", "member"]),
            ("app-manager", vec![]),
            ("member", vec![]),
            ("guest", vec![]),
            ("superuser", vec![]),
        ] {
            let login = world.seed.member(company, inviter).await;
            for role in roles {
                let status = create(world, &login, &offer("ann@x.test", role)).await.status;
                assert_eq!(status, if allowed.contains(&role) { 200 } else { 403 }, "{inviter} invites {role}");
            }
        }
        for role in ["", "Owner", "superuser", "owner "] {
            assert_eq!(create(world, &tenant.owner, &offer("ann@x.test", role)).await.status, 400, "{role}");
        }
        let visitor = world.seed.visitor("v@x.test").await;
        assert_eq!(create(world, &visitor, &offer("ann@x.test", "member")).await.status, 401);
        let nobody = Request::post(INVITES, &offer("ann@x.test", "member")).send(world.address()).await;
        assert_eq!(nobody.status, 401);
    });
}

#[test]
fn invites_need_a_whole_address_that_nobody_has() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let other = world.seed.tenant().await;
        let mut messages = Vec::new();
        for taken in [tenant.owner.email.to_uppercase(), other.owner.email.clone()] {
            let answer = create(world, &tenant.owner, &offer(&taken, "member")).await;
            assert_eq!(answer.status, 400);
            messages.push(answer.message());
        }
        assert_eq!(messages[0], messages[1], "D-28: the text does not tell whose account it is");
        let mut bodies = vec![json!({}), json!(null), json!([]), json!({"email": "a@x.test", "permission": "member"})];
        for email in
            [json!("a"), json!("a@b"), json!("a@b.c d"), json!("a\0@b.c"), json!(5), json!(null), json!(["a@b.c"])]
        {
            bodies.push(json!({"email": email, "accountType": "developer", "permission": "member"}));
        }
        bodies.push(offer(&format!("{}@x.test", "a".repeat(320)), "member"));
        bodies.push(json!({"email": "a@x.test", "accountType": "robot", "permission": "member"}));
        for body in bodies {
            let answer = create(world, &tenant.owner, &body).await;
            assert_eq!(answer.status, 400, "{body}");
            assert!(!answer.message().is_empty());
        }
        let rows: i64 = world.seed.sql.query_one(r#"SELECT count(*) FROM "emailCode""#, &[]).await.unwrap().get(0);
        assert_eq!(rows, 0);
        // Several open invites for one address are fine.
        for _ in 0..2 {
            assert_eq!(create(world, &tenant.owner, &offer("ann@x.test", "member")).await.status, 200);
        }
    });
}

#[test]
fn invites_are_taken_back_by_their_own_company() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let other = world.seed.tenant().await;
        let invite = create(world, &tenant.owner, &offer("ann@x.test", "member")).await.json();
        let id = invite["id"].as_str().unwrap();
        for role in ["app-manager", "member", "guest"] {
            let login = world.seed.member(tenant.environment.company, role).await;
            assert_eq!(delete(world, &login, id).await.status, 403, "{role}");
        }
        let foreign = delete(world, &other.owner, id).await;
        let unknown = delete(world, &other.owner, &Uuid::new_v4().to_string()).await;
        assert_eq!(
            (foreign.status, foreign.json()),
            (400, unknown.json()),
            "a foreign invite looks like an unknown one"
        );
        for bad in ["", "x", "%00"] {
            assert_eq!(delete(world, &tenant.owner, bad).await.status, 400, "{bad}");
        }
        assert_eq!(delete(world, &tenant.owner, id).await.json(), json!({}));
        assert_eq!(delete(world, &tenant.owner, id).await.status, 400);
        let admin = world.seed.member(tenant.environment.company, "admin").await;
        let invite = create(world, &admin, &offer("ann@x.test", "member")).await.json();
        let path = format!("{INVITES}/{}", invite["id"].as_str().unwrap());
        let request = Request::new("DELETE", &path).login(&admin.session).header("Content-Type", "application/json");
        assert_eq!(request.body("{}").send(world.address()).await.status, 200);
    });
}
