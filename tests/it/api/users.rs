//! Role changes, removal, metadata.

use super::company::{Company, ROLES, USER, ask, assert_keys, delete, get, ok, post, refused};
use crate::support::peer::assert_good_for_an_sdk;
use crate::support::{Login, Response, World, play, play_with};
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

async fn change(world: &World, actor: &Login, target: &Login, role: impl Into<Value>) -> Response {
    let path = format!("/api/v1/user/{}/permission", target.user.unwrap());
    ask(world, actor, "PUT", &path, Some(json!({"newPermission": role.into()}))).await
}

async fn remove(world: &World, actor: &Login, target: &Login) -> Response {
    delete(world, actor, &format!("/api/v1/user/{}", target.user.unwrap())).await
}

async fn stored_role(world: &World, user: &Login) -> Option<String> {
    let statement = r#"SELECT permission FROM "user" WHERE id = $1"#;
    world.seed.sql.query_opt(statement, &[&user.user]).await.unwrap().map(|row| row.get(0))
}

#[test]
fn role_changes_follow_the_matrix_and_keep_an_owner() {
    play(async |world| {
        let (company, other) = (Company::new(world).await, Company::new(world).await);
        let (owner, member) = (company.owner(), company.of("member"));
        let stranger = other.of("member");
        refused(&change(world, owner, stranger, "admin").await, 400);
        let unknown = Login { user: Some(Uuid::new_v4()), ..owner.clone() };
        refused(&change(world, owner, &unknown, "admin").await, 400);
        refused(&change(world, owner, member, "member").await, 400);
        for bad in [json!("king"), json!("Owner"), json!(""), json!(null), json!(5), json!(["admin"])] {
            refused(&change(world, owner, member, bad).await, 400);
        }
        refused(&change(world, company.of("admin"), member, "owner").await, 403);
        refused(&change(world, company.of("admin"), company.of("guest"), "member").await, 403);
        refused(&change(world, member, company.of("guest"), "member").await, 403);
        refused(&change(world, owner, owner, "admin").await, 400);

        let body = ok(&change(world, company.of("admin"), member, "admin").await);
        assert_keys(&body, &["updatedUser"]);
        assert_keys(&body["updatedUser"], &USER);
        assert_eq!(body["updatedUser"]["permission"], "admin");
        let unchanged = r#"SELECT FROM "user" WHERE id = $1 AND "updatedAt" = "createdAt""#;
        assert_eq!(world.seed.sql.query(unchanged, &[&member.user]).await.unwrap().len(), 1);
        ok(&change(world, owner, member, "owner").await);
        ok(&change(world, owner, owner, "guest").await);
        assert_eq!(stored_role(world, owner).await.as_deref(), Some("guest"));
        refused(&change(world, owner, member, "guest").await, 403);

        // A role that nobody knows: only owners may change it.
        world
            .seed
            .run(r#"UPDATE "user" SET permission = 'superuser' WHERE id = $1"#, &[&company.of("guest").user])
            .await;
        refused(&change(world, company.of("admin"), company.of("guest"), "member").await, 403);
        ok(&change(world, member, company.of("guest"), "member").await);
    });
}

#[test]
fn http_d30_two_owners_who_demote_or_remove_each_other_leave_one() {
    play(async |world| {
        for round in 0..8 {
            let company = world.seed.company("pro").await;
            let (one, two) = (world.seed.member(company, "owner").await, world.seed.member(company, "owner").await);
            let (a, b) = match round % 2 {
                0 => tokio::join!(change(world, &one, &two, "member"), change(world, &two, &one, "member")),
                _ => tokio::join!(remove(world, &one, &two), remove(world, &two, &one)),
            };
            let mut statuses = [a.status, b.status];
            statuses.sort_unstable();
            // The slower one is no owner any more, or is gone with the session.
            assert!(statuses[0] == 200 && [400, 401, 403].contains(&statuses[1]), "{a:?} {b:?}");
            let owners = r#"SELECT FROM "user" WHERE "companyId" = $1 AND permission = 'owner'"#;
            assert_eq!(world.seed.sql.query(owners, &[&company]).await.unwrap().len(), 1);
        }
    });
}

#[test]
fn http_d30_everybody_who_steps_down_at_once_leaves_an_owner() {
    play(async |world| {
        for _ in 0..6 {
            let company = world.seed.company("pro").await;
            let mut owners = Vec::new();
            for _ in 0..6 {
                owners.push(world.seed.member(company, "owner").await);
            }
            let answers =
                futures_util::future::join_all(owners.iter().map(|owner| change(world, owner, owner, "admin"))).await;
            let done = answers.iter().filter(|answer| answer.status == 200).count();
            assert_eq!(done, 5, "{answers:?}");
            assert!(answers.iter().all(|answer| [200, 400].contains(&answer.status)), "{answers:?}");
        }
    });
}

/// A report by `author`, shared with `reader` by `author`.
async fn report(world: &World, company: Uuid, author: &Login, reader: &Login) -> Uuid {
    let statement = r#"INSERT INTO report ("createdByUserId", "updatedByUserId", "companyId", title, data)
                       VALUES ($1, $1, $2, 'Weekly', '{}') RETURNING id"#;
    let id: Uuid = world.seed.sql.query_one(statement, &[&author.user, &company]).await.unwrap().get(0);
    let share = r#"INSERT INTO "reportUser" ("createdByUserId", "userId", "reportId", "companyId", permission)
                   VALUES ($1, $2, $3, $4, '{"canView": true}')"#;
    world.seed.run(share, &[&author.user, &reader.user, &id, &company]).await;
    id
}

#[test]
fn http_d14_authors_of_reports_and_guests_can_be_deleted() {
    play(async |world| {
        let company = Company::new(world).await;
        let (owner, author, guest) = (company.owner(), company.of("app-manager"), company.of("guest"));
        let by_author = report(world, company.id, author, company.of("member")).await;
        report(world, company.id, owner, author).await;
        let development = company.development(world, author).await;
        let log = r#"INSERT INTO log ("companyId", "environmentId", "userId", "userEmail", "appRoute", message, severity, type, "environmentType")
                     VALUES ($1, $2, $3, $4, 'hello', 'm', 'info', 'user', 'development')"#;
        world.seed.run(log, &[&company.id, &development.id, &author.user, &author.email]).await;
        let share = r#"INSERT INTO "externalAppUser" (email, "environmentId", "appRoute", "companyId", "createdByUserId")
                       VALUES ('s@x.test', $1, 'hello', $2, $3)"#;
        world.seed.run(share, &[&company.environment.id, &company.id, &author.user]).await;

        assert_eq!(ok(&remove(world, company.of("admin"), author).await), json!({}));
        let sql = &world.seed.sql;
        let authors = r#"SELECT "createdByUserId", "updatedByUserId" FROM report WHERE id = $1"#;
        let row = sql.query_one(authors, &[&by_author]).await.unwrap();
        let heir = company.of("admin").user.unwrap();
        assert_eq!((row.get::<_, Uuid>(0), row.get::<_, Uuid>(1)), (heir, heir));
        let shares = sql.query(r#"SELECT "createdByUserId", "userId" FROM "reportUser""#, &[]).await.unwrap();
        assert_eq!(shares.len(), 1, "the share with the removed user is gone");
        assert_eq!(shares[0].get::<_, Uuid>(0), heir);
        let row = sql.query_one(r#"SELECT "userId", "userEmail", "environmentId" FROM log"#, &[]).await.unwrap();
        assert_eq!((row.get::<_, Option<Uuid>>(0), row.get::<_, Option<Uuid>>(2)), (None, None));
        assert_eq!(row.get::<_, &str>(1), author.email);
        let row = sql.query_one(r#"SELECT "createdByUserId" FROM "externalAppUser""#, &[]).await.unwrap();
        assert_eq!(row.get::<_, Option<Uuid>>(0), None);
        assert!(sql.query("SELECT FROM environment WHERE id = $1", &[&development.id]).await.unwrap().is_empty());
        refused(&get(world, author, "/api/v1/initialize").await, 401);

        refused(&remove(world, company.of("member"), guest).await, 403);
        ok(&remove(world, company.of("admin"), guest).await);
        assert_eq!(stored_role(world, guest).await, None);
    });
}

#[test]
fn removal_waits_for_the_log_and_the_log_does_not_wait_for_it() {
    play(async |world| {
        let company = Company::new(world).await;
        let member = company.of("member");
        let development = company.development(world, member).await;
        let writer = crate::support::postgres::connect(&world.database).await;
        let lock = "SELECT id FROM environment WHERE id = $1 FOR KEY SHARE";
        writer.batch_execute("BEGIN").await.unwrap();
        writer.query(lock, &[&development.id]).await.unwrap();
        let log = async {
            // Until the removal waits for the lock.
            let waiting =
                "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
            while world.seed.sql.query(waiting, &[]).await.unwrap().is_empty() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            let user = r#"SELECT id FROM "user" WHERE id = $1 FOR KEY SHARE"#;
            writer.query(user, &[&member.user]).await.expect("no deadlock");
            writer.batch_execute("COMMIT").await.unwrap();
        };
        let (answer, ()) = tokio::join!(remove(world, company.owner(), member), log);
        assert_eq!(ok(&answer), json!({}));
    });
}

#[test]
fn deletion_follows_the_matrix_and_spares_oneself_the_last_owner_and_other_companies() {
    play(async |world| {
        let (company, other) = (Company::new(world).await, Company::new(world).await);
        for role in ROLES {
            refused(&remove(world, company.of(role), company.of(role)).await, 400);
            refused(&remove(world, company.of(role), other.of(role)).await, 400);
            let stranger = Login { user: Some(Uuid::new_v4()), ..company.of(role).clone() };
            refused(&remove(world, company.of(role), &stranger).await, 400);
        }
        refused(&remove(world, company.of("admin"), company.owner()).await, 403);
        refused(&delete(world, company.owner(), "/api/v1/user/dev-environment").await, 400);
        assert_eq!(world.seed.sql.query(r#"SELECT FROM "user""#, &[]).await.unwrap().len(), 10);
        // A role that nobody knows: only owners may delete it.
        world.seed.run(r#"UPDATE "user" SET permission = 'x' WHERE id = $1"#, &[&company.of("member").user]).await;
        refused(&remove(world, company.of("admin"), company.of("member")).await, 403);
        ok(&remove(world, company.owner(), company.of("member")).await);
        // A development environment id that belongs to another company stays.
        let theft = r#"UPDATE "user" SET "developmentEnvironmentId" = $1 WHERE id = $2"#;
        world.seed.run(theft, &[&other.environment.id, &company.of("guest").user]).await;
        ok(&remove(world, company.owner(), company.of("guest")).await);
        ok(&get(world, other.owner(), &format!("/api/v1/environment/{}/details", other.environment.id)).await);
    });
}

#[test]
fn http_d13_removal_on_hobby_never_fails_halfway() {
    play(async |world| {
        let company = Company::new(world).await;
        world.seed.run("UPDATE company SET plan = 'hobby'", &[]).await;
        for role in ["guest", "member", "app-manager"] {
            assert_eq!(ok(&remove(world, company.owner(), company.of(role)).await), json!({}));
        }
        assert_eq!(world.seed.sql.query(r#"SELECT FROM "user""#, &[]).await.unwrap().len(), 2);
    });
}

#[test]
fn http_d21_removal_and_a_weaker_role_close_the_pages_at_once() {
    play_with(&[("AUTHORIZATION_RECHECK_SECONDS", "3600")], async |world| {
        let company = Company::new(world).await;
        let (owner, member, manager) = (company.owner(), company.of("member"), company.of("app-manager"));
        let mut sdk = world.sdk(&company.environment).await;
        let mut own_sdk = world.sdk(&company.development(world, manager).await).await;
        let mut pages = Vec::new();
        for login in [owner, member, manager] {
            pages.push(world.page(login, &company.environment, "hello").await);
        }
        ok(&change(world, owner, member, "guest").await);
        pages[1].peer.closed_within(Duration::from_secs(3)).await;
        ok(&remove(world, owner, manager).await);
        pages[2].peer.closed_within(Duration::from_secs(3)).await;
        assert_good_for_an_sdk(own_sdk.closed_within(Duration::from_secs(3)).await);
        let execution = crate::support::running::start(&mut pages[0], &mut sdk, "hello").await;
        crate::support::running::works(&mut pages[0], &mut sdk, execution).await;
    });
}

#[test]
fn http_d32_metadata_are_small_plain_values() {
    play(async |world| {
        let company = Company::new(world).await;
        let owner = company.owner();
        let path = "/api/v1/user/update-metadata";
        let send = async |metadata: Value| post(world, owner, path, json!({"metadata": metadata})).await;
        let body = ok(&send(json!({"show-onboarding": true, "x": 1})).await);
        assert_keys(&body, &["user"]);
        assert_keys(&body["user"], &USER);
        let body = ok(&send(json!({"show-onboarding": false, "y": "z"})).await);
        assert_eq!(body["user"]["metadata"], json!({"show-onboarding": false, "x": 1, "y": "z"}));
        let many: Value = (0..60).map(|n| (format!("k{n}"), json!(true))).collect::<serde_json::Map<_, _>>().into();
        for bad in [
            json!("text"),
            json!(["a"]),
            json!(null),
            json!({"show-onboarding": "yes"}),
            json!({"has-never-opened-app": null}),
            json!({"x": {}}),
            json!({"x": []}),
            json!({"x": null}),
            json!({"x": "y".repeat(201)}),
            json!({"x\u{0}": true}),
            json!({"k".repeat(9000): true}),
            many,
        ] {
            refused(&send(bad).await, 400);
        }
        for bad in [json!({}), json!(null), json!([{}])] {
            refused(&post(world, owner, path, bad).await, 400);
        }
        // Both of two changes at once last.
        let (one, two) = tokio::join!(send(json!({"one": true})), send(json!({"two": true})));
        ok(&one);
        ok(&two);
        let stored: Value = world
            .seed
            .sql
            .query_one(r#"SELECT metadata FROM "user" WHERE id = $1"#, &[&owner.user])
            .await
            .unwrap()
            .get(0);
        assert_eq!(stored, json!({"show-onboarding": false, "x": 1, "y": "z", "one": true, "two": true}));
    });
}
