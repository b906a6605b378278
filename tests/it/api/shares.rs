//! Sharing apps.

use super::company::{Company, ROLES, SHARE, assert_keys, assert_time, delete, get, ok, post, refused};
use crate::support::{Environment, Login, Request, Response, World, play, play_with};
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

const PATH: &str = "/api/v1/external-app-user";

async fn share(world: &World, login: &Login, environment: &Environment, route: &str, email: &str) -> Response {
    let body = json!({"email": email, "environmentId": environment.id.to_string(), "appRoute": route});
    post(world, login, PATH, body).await
}

async fn list(world: &World, login: &Login, environment: Uuid, route: &str) -> Response {
    let body = json!({"environmentId": environment.to_string(), "appRoute": route});
    post(world, login, "/api/v1/external-app-user-for-app", body).await
}

async fn only_id(world: &World, login: &Login, environment: Uuid, route: &str) -> String {
    let rows = ok(&list(world, login, environment, route).await);
    assert_eq!(rows.as_array().unwrap().len(), 1, "{rows}");
    rows[0]["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_share_is_made_shown_and_taken_back() {
    play(async |world| {
        let company = Company::new(world).await;
        let manager = company.of("app-manager");
        // The app need not exist yet.
        for (route, email, stored) in [
            ("hello", " V@X.Test ", "v@x.test"),
            ("second", "X.test", "x.test"),
            ("private", "ALL", "ALL"),
            ("not-there-yet", "INHERIT_PERMISSIONS_FROM_APP:::hello", "INHERIT_PERMISSIONS_FROM_APP:::hello"),
        ] {
            assert_eq!(ok(&share(world, manager, &company.environment, route, email).await), json!({}));
            let rows = ok(&list(world, company.of("member"), company.environment.id, route).await);
            assert_keys(&rows[0], &SHARE);
            assert_time(&rows[0]["createdAt"]);
            assert_eq!(rows[0]["email"], stored);
            assert_eq!(rows[0]["createdByUserId"], manager.user.unwrap().to_string());
            assert_eq!(rows[0]["createdBySdk"], false);
            let path = format!("{PATH}/{}", rows[0]["id"].as_str().unwrap());
            refused(&delete(world, company.of("member"), &path).await, 403);
            assert_eq!(ok(&delete(world, manager, &path).await), json!({}));
            refused(&delete(world, manager, &path).await, 400);
            assert_eq!(ok(&list(world, manager, company.environment.id, route).await), json!([]));
        }
    });
}

#[test]
fn http_d01_nobody_shares_an_environment_of_another_company() {
    play(async |world| {
        let (victim, attacker) = (Company::new(world).await, Company::new(world).await);
        for email in ["ALL", "friend@x.test", "INHERIT_PERMISSIONS_FROM_APP:::hello"] {
            refused(&share(world, attacker.owner(), &victim.environment, "hello", email).await, 400);
        }
        assert!(world.seed.sql.query(r#"SELECT FROM "externalAppUser""#, &[]).await.unwrap().is_empty());

        // A row from the time of the old server lets nobody in, is no obstacle, and can be removed by the victim only.
        world.seed.share_by(attacker.id, &victim.environment, "hello", "ALL").await;
        let opened = world.authorize(attacker.owner(), &victim.environment, "hello", Uuid::new_v4()).await;
        assert_eq!(opened.status, 401);
        let planted = only_id(world, victim.owner(), victim.environment.id, "hello").await;
        refused(&delete(world, attacker.owner(), &format!("{PATH}/{planted}")).await, 400);
        ok(&share(world, victim.owner(), &victim.environment, "hello", "ALL").await);
        ok(&delete(world, victim.owner(), &format!("{PATH}/{planted}")).await);
        let opened = world.authorize(attacker.owner(), &victim.environment, "hello", Uuid::new_v4()).await;
        assert_eq!(opened.status, 200);
        let own = only_id(world, victim.owner(), victim.environment.id, "hello").await;
        refused(&delete(world, attacker.owner(), &format!("{PATH}/{own}")).await, 400);
    });
}

#[test]
fn http_d07_the_list_of_shares_is_for_the_company_s_members() {
    play(async |world| {
        let (company, other) = (Company::new(world).await, Company::new(world).await);
        world.seed.share(&company.environment, "hello", "secret@x.test").await;
        let development = company.development(world, company.of("member")).await;
        world.seed.share(&development, "hello", "secret@x.test").await;
        for role in ROLES {
            let status = if role == "guest" { 403 } else { 200 };
            let own = list(world, company.of(role), company.environment.id, "hello").await;
            assert_eq!(own.status, status, "{role}");
            assert_eq!(own.text().contains("secret@x.test"), status == 200);
            for (login, environment) in [
                (other.of(role), company.environment.id),
                (other.of(role), Uuid::new_v4()),
                (if role == "member" { company.owner() } else { company.of(role) }, development.id),
            ] {
                let answer = list(world, login, environment, "hello").await;
                assert_eq!(answer.status, status, "{role}");
                assert_eq!(answer.text() == "[]", status == 200);
            }
        }
        assert_eq!(ok(&list(world, company.of("member"), development.id, "hello").await)[0]["email"], "secret@x.test");
        refused(&list(world, company.owner(), company.environment.id, "\0").await, 400);
    });
}

#[test]
fn http_d03_and_d38_a_share_names_somebody_and_nothing_is_turned_into_text() {
    play(async |world| {
        let company = Company::new(world).await;
        let good =
            json!({"email": "v@x.test", "environmentId": company.environment.id.to_string(), "appRoute": "hello"});
        for (key, value) in [
            ("email", json!("")),
            ("email", json!("  ")),
            ("email", json!("L")),
            ("email", json!("test")),
            ("email", json!("@x.test")),
            ("email", json!("a@b@x.test")),
            ("email", json!("all")),
            ("email", json!("INHERIT_PERMISSIONS_FROM_APP:::")),
            ("email", json!("v\u{0}@x.test")),
            ("email", json!(format!("{}@x.test", "v".repeat(320)))),
            ("email", json!(5)),
            ("email", json!(["v@x.test"])),
            ("email", json!({"a": 1})),
            ("email", json!(null)),
            ("environmentId", json!("x")),
            ("environmentId", json!(company.environment.id.simple().to_string())),
            ("environmentId", json!(5)),
            ("appRoute", json!("")),
            ("appRoute", json!("r".repeat(201))),
            ("appRoute", json!("r\u{0}")),
            ("appRoute", json!(true)),
        ] {
            let mut body = good.clone();
            body[key] = value;
            refused(&post(world, company.owner(), PATH, body.clone()).await, 400);
            body.as_object_mut().unwrap().remove(key);
            refused(&post(world, company.owner(), PATH, body).await, 400);
        }
        assert!(world.seed.sql.query(r#"SELECT FROM "externalAppUser""#, &[]).await.unwrap().is_empty());
        ok(&post(world, company.owner(), PATH, good).await);
    });
}

#[test]
fn who_has_access_already_needs_no_share_but_guests_do() {
    play(async |world| {
        let company = Company::new(world).await;
        let (owner, environment) = (company.owner(), &company.environment);
        let development = company.development(world, owner).await;
        refused(&share(world, owner, environment, "hello", &owner.email.to_uppercase()).await, 400);
        refused(&share(world, owner, environment, "hello", &company.of("member").email.to_uppercase()).await, 400);
        ok(&share(world, owner, environment, "hello", &company.of("guest").email).await);
        assert_eq!(world.authorize(company.of("guest"), environment, "hello", Uuid::new_v4()).await.status, 200);
        ok(&share(world, owner, &development, "hello", &company.of("member").email).await);
        // A development environment is its user's own, whoever else may share.
        refused(&share(world, company.of("admin"), &development, "hello", "v@x.test").await, 403);
        for role in ["member", "guest"] {
            refused(&share(world, company.of(role), environment, "hello", "v@x.test").await, 403);
            refused(&share(world, company.of(role), environment, "hello", "ALL").await, 403);
        }
    });
}

#[test]
fn http_d30_a_share_is_made_once_however_many_ask() {
    play(async |world| {
        let company = Company::new(world).await;
        for (route, spelling) in [
            ("hello", ["v@x.test", "V@x.test", "v@X.TEST", "V@X.TEST", " v@x.test", "v@x.Test"]),
            ("private", ["x.test", "X.test", "x.TEST", "x.tesT", " x.test", "X.Test"]),
            ("everybody", ["ALL"; 6]),
            ("inherited", ["INHERIT_PERMISSIONS_FROM_APP:::hello"; 6]),
        ] {
            let answers = futures_util::future::join_all(
                spelling.map(|email| share(world, company.owner(), &company.environment, route, email)),
            )
            .await;
            let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 400, 400, 400, 400, 400], "{answers:?}");
            only_id(world, company.owner(), company.environment.id, route).await;
        }
        ok(&share(world, company.owner(), &company.environment, "second", "v@x.test").await);
    });
}

#[test]
fn http_d13_without_a_seat_the_refusal_can_be_read() {
    play(async |world| {
        let company = Company::new(world).await;
        world.seed.run("UPDATE company SET plan = 'hobby'", &[]).await;
        let owner = company.owner();
        refused(&share(world, owner, &company.environment, "hello", "v@x.test").await, 400);
        for email in ["ALL", "x.test", "INHERIT_PERMISSIONS_FROM_APP:::second"] {
            ok(&share(world, owner, &company.environment, "hello", email).await);
        }
        // Taking back never fails, though there are more shares than seats.
        world.seed.share(&company.environment, "private", "v@x.test").await;
        world.seed.share(&company.environment, "second", "v@x.test").await;
        let id = only_id(world, owner, company.environment.id, "private").await;
        ok(&delete(world, owner, &format!("{PATH}/{id}")).await);
        let free = r#"UPDATE company SET flags = '{"FRIENDS_AND_FAMILY_FREE": true}'"#;
        world.seed.run(free, &[]).await;
        ok(&share(world, owner, &company.environment, "hello", "v@x.test").await);
    });
}

#[test]
fn http_d21_a_share_taken_back_closes_the_page_of_who_came_by_it() {
    play_with(&[("AUTHORIZATION_RECHECK_SECONDS", "3600")], async |world| {
        let company = Company::new(world).await;
        let (owner, environment) = (company.owner(), &company.environment);
        let _sdk = world.sdk(environment).await;
        ok(&share(world, owner, environment, "hello", "anna@x.test").await);
        let anna = world.seed.visitor("anna@x.test").await;
        let mut hers = world.page(&anna, environment, "hello").await;
        let mut his = world.page(owner, environment, "hello").await;
        let id = only_id(world, owner, environment.id, "hello").await;
        ok(&delete(world, owner, &format!("{PATH}/{id}")).await);
        hers.peer.closed_within(Duration::from_secs(3)).await;
        his.peer.ping(b"still here").await;
        let answer = world.authorize(&anna, environment, "hello", Uuid::new_v4()).await;
        assert_eq!(answer.status, 401);
    });
}

#[test]
fn ids_that_are_none_and_bodies_that_are_none() {
    play(async |world| {
        let company = Company::new(world).await;
        let owner = company.owner();
        for id in ["", "x", "%00", "00000000-0000-0000-0000-00000000000g"] {
            refused(&delete(world, owner, &format!("{PATH}/{id}")).await, 400);
        }
        let empty = Request::new("DELETE", &format!("{PATH}/{}", Uuid::new_v4())).login(&owner.session);
        refused(&empty.header("Content-Type", "application/json").send(world.address()).await, 400);
        let text = Request::new("POST", PATH).login(&owner.session).header("Content-Type", "text/plain").body("{}");
        assert_eq!(text.send(world.address()).await.status, 415);
        let nothing = Request::new("POST", PATH).login(&owner.session).send(world.address()).await;
        refused(&nothing, 400);
        assert_eq!(get(world, owner, &format!("{PATH}/{}", Uuid::new_v4())).await.status, 404);
        let rows: Value = ok(&list(world, owner, company.environment.id, "hello").await);
        assert_eq!(rows, json!([]));
    });
}
