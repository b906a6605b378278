//! D-39 to D-43: INITIALIZE and the audit log.

use crate::support::{Message, Running, World, message, play, play_with};
use serde_json::{Value, json};
use uuid::Uuid;

#[test]
fn d39_a_bad_initialize_changes_nothing() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        let with = |key: &str, value: Value| {
            let mut body = json!({"type": "ab", "navs": [], "apps": [message::app("good")], "theme": null});
            body[key] = value;
            message::initialize_body(body)
        };
        let app_with = |key: &str, value: Value| {
            let mut app = message::app("good");
            app[key] = value;
            with("apps", json!([app]))
        };
        let child = |route: &str, parent: &str| json!({"name": "x", "route": route, "description": null, "parentAppRoute": parent});
        let nav = |items: Value| json!([{"id": Uuid::new_v4().to_string(), "items": items}]);
        let bad = [
            with("apps", json!({})),
            with("apps", json!("x")),
            with("apps", json!([5])),
            with("apps", json!([message::app("twice"), message::app("twice")])),
            with("apps", json!([child("kid", "nobody")])),
            with("apps", json!([child("one", "two"), child("two", "one")])),
            with("apps", json!([child("self", "self")])),
            with("apps", json!((0..20_000).map(|index| message::app(&format!("a{index}"))).collect::<Vec<_>>())),
            app_with("route", json!("Has Capitals")),
            app_with("route", json!("-x")),
            app_with("route", json!("")),
            app_with("route", json!("x".repeat(251))),
            app_with("route", json!(5)),
            app_with("name", json!(null)),
            app_with("name", json!("x".repeat(100_000))),
            app_with("description", json!(7)),
            app_with("hidden", json!("yes")),
            with("theme", json!({"primaryColor": "red"})),
            with("theme", json!("dark")),
            with("navs", json!({})),
            with("navs", nav(json!("x"))),
            with("navs", json!([{"id": 5, "items": ["good"]}])),
            [message::initialize(json!([message::app("good")])), vec![b' '; 2 << 20], b"}".to_vec()].concat(),
        ];
        for frame in bad {
            running.sdk.send(frame.clone()).await;
            running.works().await;
            let routes = world.seed.stored_routes(tenant.environment.id).await;
            assert_eq!(routes, crate::support::seed::ROUTES, "{:?}", Message::from(frame));
        }
        // All of them have been looked at when this one is stored.
        running.sdk.send(message::initialize(json!([message::app("last")]))).await;
        running.page.peer.next_is("14").await;
        assert_eq!(world.seed.stored_routes(tenant.environment.id).await, ["last"]);
    });
}

/// Shares of an environment that inherit from a parent: route, value, and whether an SDK made it.
async fn inherited(world: &World, environment: Uuid) -> Vec<(String, String, bool)> {
    let statement = r#"SELECT "appRoute", email, "createdBySdk" FROM "externalAppUser"
        WHERE "environmentId" = $1 AND email LIKE 'INHERIT%' ORDER BY 1, 2, 3"#;
    let rows = world.seed.sql.query(statement, &[&environment]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
}

#[test]
fn d39_inherited_rows_follow_the_apps_and_those_of_people_stay() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let environment = tenant.environment.id;
        let parent = |route: &str| format!("INHERIT_PERMISSIONS_FROM_APP:::{route}");
        world.seed.share(&tenant.environment, "kid", &parent("by-hand")).await;
        world.seed.share(&tenant.environment, "hello", "keep@x.test").await;
        let mut running = world.running(&tenant).await;
        let kid = |value: Value| {
            let mut app = message::app("kid");
            app["parentAppRoute"] = value;
            message::initialize(json!([message::app("p"), message::app("q"), app]))
        };
        let by_hand = ("kid".to_owned(), parent("by-hand"), false);
        let by_sdk = |route: &str| ("kid".to_owned(), parent(route), true);
        for (value, expected) in [
            (json!("p"), vec![by_hand.clone(), by_sdk("p")]),
            (json!("p"), vec![by_hand.clone(), by_sdk("p")]),
            (json!("q"), vec![by_hand.clone(), by_sdk("q")]),
            // Null is as good as absent.
            (json!(null), vec![by_hand.clone()]),
        ] {
            running.sdk.send(kid(value)).await;
            running.page.peer.next_is("14").await;
            assert_eq!(inherited(world, environment).await, expected);
        }
        let kept = world.seed.sql.query(r#"SELECT 1 FROM "externalAppUser" WHERE email = 'keep@x.test'"#, &[]).await;
        assert_eq!(kept.unwrap().len(), 1);
    });
}

#[test]
fn d39_initializes_right_behind_each_other_do_not_interleave() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        let kids = |generation: usize| {
            let mut apps = vec![message::app("root")];
            for kid in 0..30 {
                let route = format!("kid-{kid}");
                apps.push(json!({"name": generation.to_string(), "route": route, "description": null, "parentAppRoute": "root"}));
            }
            message::initialize(json!(apps))
        };
        for generation in 0..20 {
            running.sdk.send(kids(generation)).await;
        }
        crate::support::soon("the last one is stored", async {
            loop {
                let statement = "SELECT apps->5->>'name' FROM environment WHERE id = $1";
                let row = world.seed.sql.query_one(statement, &[&tenant.environment.id]).await.unwrap();
                if row.get::<_, Option<String>>(0).as_deref() == Some("19") {
                    return;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        })
        .await;
        assert_eq!(inherited(world, tenant.environment.id).await.len(), 30);
    });
}

#[test]
fn d40_a_nul_character_in_what_is_stored() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        let mut app = message::app("bad");
        app["name"] = json!("a\0b");
        running.sdk.send(message::initialize(json!([app]))).await;
        let mut deep = message::app("bad");
        deep["extra"] = json!({"deep": [{"a\0b": 1}]});
        running.sdk.send(message::initialize(json!([deep]))).await;
        running.works().await;
        let (session, execution) = (running.session(), running.execution);
        for body in [
            json!({"message": "a\0b"}),
            json!({"message": "m", "data": {"k": "a\0b"}}),
            json!({"message": "m", "data": {"a\0b": 1}}),
            json!({"message": "m", "data": {"a": [{"b": "\0"}]}}),
        ] {
            running.sdk.send(message::audit_log(session, execution, body)).await;
            let told = running.page.peer.next_is("au").await.json();
            assert_eq!(told["severity"], "info");
            let text = told["errorMessage"].as_str().unwrap().to_lowercase();
            for word in ["postgres", "sql", "22021", "22p05", "unicode", "encoding", "database"] {
                assert!(!text.contains(word), "{text}");
            }
        }
        assert_eq!(world.seed.audit_rows(tenant.environment.company).await, Vec::<Value>::new());
        assert_eq!(world.seed.stored_routes(tenant.environment.id).await, crate::support::seed::ROUTES);
        running.works().await;
    });
}

#[test]
fn d41_an_entry_written_after_the_tab_was_closed_is_kept() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        let (session, execution) = (running.session(), running.execution);
        running.page.peer.close(1001).await;
        running.page.peer.ended_within(crate::support::PATIENCE).await;
        running.sdk.send(message::audit_log(session, execution, json!({"message": "late"}))).await;
        let rows = world.seed.audit_rows_until(tenant.environment.company, 1).await;
        assert_eq!((&rows[0]["message"], &rows[0]["userEmail"]), (&json!("late"), &json!(tenant.owner.email)));
    });
}

/// Sends an entry and tells whether it was stored; if not, the page was told.
async fn is_stored(world: &World, running: &mut Running, company: Uuid, text: &str) -> bool {
    let count = world.seed.audit_rows(company).await.len();
    let entry = message::audit_log(running.session(), running.execution, json!({"message": text}));
    running.sdk.send(entry).await;
    tokio::select! {
        told = running.page.peer.next_is("au") => {
            assert_eq!(told.execution(), running.execution);
            false
        }
        _ = world.seed.audit_rows_until(company, count + 1) => true,
    }
}

/// The same again and again until the answer is this one: a change of the plan may take a moment to be seen.
async fn until_stored(world: &World, running: &mut Running, company: Uuid, stored: bool) {
    crate::support::soon(&format!("entries are stored: {stored}"), async {
        while is_stored(world, running, company, "m").await != stored {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    })
    .await;
}

#[test]
fn d42_plan_and_limit_are_read_live() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let company = tenant.environment.company;
        let set = async |plan: &str, limit: i64| {
            let flags = json!({"AUDIT_LOG_RATE_LIMIT_PER_MINUTE": limit});
            world.seed.run("UPDATE company SET plan = $2, flags = $3 WHERE id = $1", &[&company, &plan, &flags]).await;
        };
        set("pro", 4).await;
        let mut running = world.running(&tenant).await;
        // Entries that are no good do not use up the limit.
        for _ in 0..10 {
            assert!(!is_stored(world, &mut running, company, &"x".repeat(1025)).await);
        }
        for index in 0..4 {
            assert!(is_stored(world, &mut running, company, &index.to_string()).await, "entry {index} of 4");
        }
        until_stored(world, &mut running, company, false).await;
        let rows = world.seed.audit_rows(company).await.len();
        assert!(rows <= 8, "{rows} entries with a limit of 4 in a minute");

        set("pro", 100_000).await;
        until_stored(world, &mut running, company, true).await;
        set("hobby", 100_000).await;
        until_stored(world, &mut running, company, false).await;
        set("pro", 100_000).await;
        until_stored(world, &mut running, company, true).await;
        running.works().await;
    });
}

#[test]
fn d43_a_route_that_the_environment_does_not_have() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        let (session, execution) = (running.session(), running.execution);
        let long = "x".repeat(300);
        for route in [json!("second"), json!("nothing"), json!(long), json!(""), json!("a\0b")] {
            let body = json!({"message": "m", "appRoute": route});
            running.sdk.send(message::audit_log(session, execution, body)).await;
        }
        running.sdk.send(message::audit_log(session, execution, json!({"message": "end"}))).await;
        let company = tenant.environment.company;
        crate::support::soon("the last entry", async {
            while world.seed.audit_rows(company).await.last().is_none_or(|row| row["message"] != "end") {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        })
        .await;
        let rows = world.seed.audit_rows(company).await;
        assert_eq!(rows[0]["appRoute"], "second");
        assert!(rows[1..].iter().all(|row| row["appRoute"] == "hello"), "{rows:?}");
    });
}

#[test]
fn audit_entries_are_stored_with_all_their_fields() {
    play_with(&[], async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        let (session, execution) = (running.session(), running.execution);
        let largest = json!({"d": "x".repeat(4096 - 8)});
        let body = json!({"message": "clické", "severity": "warn", "data": {"k": 1, "n": null}, "appRoute": "hello"});
        for body in [
            body,
            json!({"message": "defaults"}),
            json!({"message": "m".repeat(1024), "data": largest}),
            json!({"message": "é".repeat(1024), "severity": "fatal"}),
        ] {
            running.sdk.send(message::audit_log(session, execution, body)).await;
        }
        let rows = world.seed.audit_rows_until(tenant.environment.company, 4).await;
        let row = &rows[0];
        assert_eq!((&row["message"], &row["severity"]), (&json!("clické"), &json!("warn")));
        assert_eq!((&row["data"], &row["appRoute"]), (&json!({"k": 1, "n": null}), &json!("hello")));
        assert_eq!((&row["userEmail"], &row["environmentType"]), (&json!(tenant.owner.email), &json!("production")));
        assert_eq!(row["userId"], tenant.owner.user.unwrap().to_string());
        assert_eq!(row["environmentId"], tenant.environment.id.to_string());
        assert_eq!((&rows[1]["severity"], &rows[1]["data"]), (&json!("info"), &Value::Null));
        for body in [
            json!({"message": "m".repeat(1025)}),
            json!({"message": "😀".repeat(512) + "x"}),
            json!({"message": "m", "data": {"d": "x".repeat(4097 - 8)}}),
            json!({"message": "m", "severity": "loud"}),
            json!({"message": 5}),
            json!({}),
            json!({"message": "m", "data": [1]}),
        ] {
            running.sdk.send(message::audit_log(session, execution, body.clone())).await;
            let told = running.page.peer.next_is("au").await;
            assert_eq!((told.first_id(), told.execution()), (session, execution), "{body}");
        }
        running.works().await;
        assert_eq!(world.seed.audit_rows(tenant.environment.company).await.len(), 4);
        let errors = r#"SELECT 1 FROM "errorLog" WHERE data->>'type' = 'AUDIT_LOG_WRITE_ERROR'"#;
        assert!(!world.seed.sql.query(errors, &[]).await.unwrap().is_empty(), "a violation leaves an errorLog row");
    });
}
