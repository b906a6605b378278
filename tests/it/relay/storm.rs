//! Many upgrades at once, and what was just found out: the database is asked a few times, and nobody gets in by an old answer.

use crate::support::world::World;
use crate::support::{Login, Request, Upgrade, play_with, soon};
use serde_json::json;
use std::time::Duration;
use uuid::Uuid;

/// The periodic look comes after an hour, so that only what is said counts.
const FAR: [(&str, &str); 2] = [("AUTHORIZATION_RECHECK_SECONDS", "3600"), ("LISTEN_ADMIN", "127.0.0.1:0")];

/// Statements that the server has sent so far.
async fn statements(world: &World) -> f64 {
    world.server.scrape().await.get(r#"compose_relay_db_queries_total{outcome="ok"}"#)
}

/// Until what other processes say is heard nothing is kept.
async fn listens(world: &World) -> i32 {
    let statement = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN compose_relay_rev%'";
    soon("the server listens", async {
        loop {
            if let Some(row) = world.seed.sql.query_opt(statement, &[]).await.unwrap() {
                return row.get(0);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
}

/// Opens home pages until one costs no look at the login: from then on it is known.
async fn known(world: &World, login: &Login) {
    listens(world).await;
    soon("the login is known", async {
        loop {
            let before = statements(world).await;
            drop(world.home(login).await);
            // What the page hears of.
            if statements(world).await - before <= 1.0 {
                return;
            }
        }
    })
    .await;
}

async fn refused(world: &World, login: &Login) {
    Upgrade::home(login, Uuid::new_v4()).refused(world.address(), "brwsr1").await;
}

#[test]
fn two_hundred_sdks_with_one_key_at_once_are_a_few_statements() {
    play_with(&FAR, async |world| {
        let tenant = world.seed.tenant().await;
        let _sdk = world.sdk(&tenant.environment).await;
        let before = statements(world).await;
        let coming: Vec<_> =
            (0..200).map(|_| tokio::spawn(Upgrade::sdk(&tenant.environment).connect(world.address()))).collect();
        for one in coming {
            let refusal = one.await.unwrap().err().expect("the place is taken");
            assert_eq!(refusal.code.as_deref(), Some("srvr9"));
        }
        let sent = statements(world).await - before;
        assert!(sent <= 40.0, "{sent} statements for 200 SDKs");
    });
}

#[test]
fn two_hundred_pages_of_two_hundred_people_at_once_are_a_few_statements() {
    play_with(&FAR, async |world| {
        let tenant = world.seed.tenant().await;
        world.seed.share(&tenant.environment, "hello", "ALL").await;
        let mut people = Vec::new();
        for _ in 0..200 {
            people.push(world.seed.visitor("ALL").await);
        }
        let before = statements(world).await;
        let coming: Vec<_> = people
            .iter()
            .map(|login| Upgrade::page(login, Uuid::new_v4(), tenant.environment.id, "hello"))
            .map(|upgrade| tokio::spawn(upgrade.connect(world.address())))
            .collect();
        let mut pages = Vec::new();
        for one in coming {
            pages.push(one.await.unwrap().expect("the app is open to everybody"));
        }
        let sent = statements(world).await - before;
        assert!(sent <= 200.0, "{sent} statements for 200 pages");
        for page in &mut pages {
            page.next_is("11").await;
        }
    });
}

#[test]
fn what_was_just_found_out_about_a_login_ends_with_it() {
    play_with(&FAR, async |world| {
        let tenant = world.seed.tenant().await;
        let company = tenant.environment.company;
        let (leaves, weaker, removed) = (
            world.seed.member(company, "member").await,
            world.seed.member(company, "member").await,
            world.seed.member(company, "member").await,
        );
        let ask = async |by: &Login, method: &str, path: String, body: serde_json::Value| {
            let request = Request::new(method, &path).login(&by.session).header("Content-Type", "application/json");
            let answer = request.body(body.to_string()).send(world.address()).await;
            assert_eq!(answer.status, 200, "{answer:?}");
        };
        known(world, &leaves).await;
        let logout = Request::get("/api/v1/auth/logout").login(&leaves.session).send(world.address()).await;
        assert_eq!(logout.status, 200);
        refused(world, &leaves).await;

        known(world, &weaker).await;
        let path = format!("/api/v1/user/{}/permission", weaker.user.unwrap());
        ask(&tenant.owner, "PUT", path, json!({"newPermission": "guest"})).await;
        let page = Upgrade::page(&weaker, Uuid::new_v4(), tenant.environment.id, "hello");
        page.refused(world.address(), "brwsr1").await;

        known(world, &removed).await;
        ask(&tenant.owner, "DELETE", format!("/api/v1/user/{}", removed.user.unwrap()), json!({})).await;
        refused(world, &removed).await;
        // Nobody else has lost anything.
        world.home(&tenant.owner).await;
    });
}

#[test]
fn what_was_just_found_out_about_a_key_ends_with_it() {
    play_with(&FAR, async |world| {
        let tenant = world.seed.tenant().await;
        let mut environment = tenant.environment.clone();
        listens(world).await;
        for _ in 0..5 {
            let unknown =
                Upgrade::sdk(&environment).header("x-compose-api-key", &format!("ck_prod_{}", "0".repeat(128)));
            unknown.refused(world.address(), "srvr8").await;
            let mut sdk = world.sdk(&environment).await;
            sdk.close(4000).await;
            sdk.ended_within(crate::support::PATIENCE).await;
            let path = format!("/api/v1/environment/{}/refresh-api-key", environment.id);
            let answer = Request::post(&path, &json!({})).login(&tenant.owner.session).send(world.address()).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            Upgrade::sdk(&environment).refused(world.address(), "srvr8").await;
            environment.key = answer.json()["environment"]["key"].as_str().unwrap().to_owned();
        }
        world.sdk(&environment).await.ping(b"in").await;
    });
}

#[test]
fn nothing_is_believed_while_nobody_listens_to_the_other_processes() {
    play_with(&FAR, async |world| {
        let tenant = world.seed.tenant().await;
        known(world, &tenant.owner).await;
        let listener = listens(world).await;
        world.seed.sql.query_one("SELECT pg_terminate_backend($1)", &[&listener]).await.unwrap();
        world.server.says("revocations by other processes are not heard for now").await;
        // As another process would do it whose notice is lost.
        world.seed.run("DELETE FROM session WHERE id = $1", &[&tenant.owner.session]).await;
        refused(world, &tenant.owner).await;
    });
}

#[test]
fn a_share_counts_for_the_next_page_however_many_have_just_asked() {
    play_with(&FAR, async |world| {
        let tenant = world.seed.tenant().await;
        listens(world).await;
        let anna = world.seed.visitor("anna@x.test").await;
        let page = || Upgrade::page(&anna, Uuid::new_v4(), tenant.environment.id, "hello");
        for _ in 0..5 {
            page().refused(world.address(), "brwsr1").await;
            world.seed.share(&tenant.environment, "hello", "anna@x.test").await;
            drop(page().accepted(world.address()).await);
            world.seed.run(r#"DELETE FROM "externalAppUser" WHERE email = 'anna@x.test'"#, &[]).await;
        }
        page().refused(world.address(), "brwsr1").await;
    });
}
