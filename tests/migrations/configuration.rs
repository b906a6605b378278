//! What an SDK's configuration does to the database (`relay-protocol.md` 6.1, D-39).

use std::collections::BTreeSet;

use compose_relay::store::{Applied, Configuration, INHERIT_PREFIX, Store, StoreError};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::postgres::{Database, cluster};
use crate::tables::company_with_owner;

async fn start() -> (Database, Store, Uuid, Uuid) {
    let database = cluster().migrated_database();
    let store = Store::new(database.settings()).expect("settings");
    let made = company_with_owner(&store, "a@example.test").await;
    (database, store, made.company, made.environment.expect("an environment"))
}

fn configuration(parents: &[(&str, Option<&str>)]) -> Configuration {
    Configuration {
        apps: parents.iter().map(|(route, _)| json!({ "route": route })).collect(),
        theme: None,
        data: json!({ "packageName": "compose-python" }),
        parents: parents.iter().map(|(route, parent)| ((*route).to_owned(), parent.map(str::to_owned))).collect(),
    }
}

/// `route <- value (sdk|person)` of every share.
async fn shares(store: &Store, environment: Uuid) -> BTreeSet<String> {
    let rows = store.shares_of_environment(environment).await.expect("a read");
    let lines: BTreeSet<String> = rows
        .iter()
        .map(|s| {
            let value = s.email.strip_prefix(INHERIT_PREFIX).map_or(s.email.clone(), |p| format!("from {p}"));
            format!("{} <- {value} ({})", s.app_route, if s.created_by_sdk { "sdk" } else { "person" })
        })
        .collect();
    assert_eq!(lines.len(), rows.len(), "no duplicates: {rows:?}");
    lines
}

async fn share(database: &Database, company: Uuid, environment: Uuid, route: &str, value: &str, sdk: bool) {
    database
        .client()
        .await
        .execute(
            r#"INSERT INTO "externalAppUser" ("companyId", "environmentId", "appRoute", "email", "createdBySdk")
               VALUES ($1, $2, $3, $4, $5)"#,
            &[&company, &environment, &route, &value, &sdk],
        )
        .await
        .expect("a share");
}

fn set<const N: usize>(lines: [&str; N]) -> BTreeSet<String> {
    lines.map(str::to_owned).into()
}

#[tokio::test]
async fn d_39_inherit_rows_follow_the_configuration() {
    let (database, store, company, environment) = start().await;
    let other = company_with_owner(&store, "other@example.test").await;
    let other_environment = other.environment.expect("an environment");
    let from = |parent: &str| format!("{INHERIT_PREFIX}{parent}");
    // Made by people, for vanished apps, or in other environments: not ours to touch.
    share(&database, company, environment, "child", "bob@example.test", false).await;
    share(&database, company, environment, "child", &from("by-hand"), false).await;
    share(&database, company, environment, "vanished", &from("parent"), true).await;
    share(&database, other.company, other_environment, "child", &from("foreign"), true).await;
    // Ours, and out of date.
    share(&database, company, environment, "child", &from("old"), true).await;
    share(&database, company, environment, "orphan", &from("old"), true).await;
    // What the old server made of a parent that was null.
    share(&database, company, environment, "orphan", &from("null"), true).await;

    let first = configuration(&[("parent", None), ("child", Some("parent")), ("orphan", None)]);
    let untouched =
        ["child <- bob@example.test (person)", "child <- from by-hand (person)", "vanished <- from parent (sdk)"];
    for _ in 0..2 {
        assert_eq!(store.apply_configuration(environment, &first).await.expect("stored"), Applied::Stored);
        let mut expected = set(untouched);
        expected.insert("child <- from parent (sdk)".to_owned());
        assert_eq!(shares(&store, environment).await, expected);
    }
    assert_eq!(shares(&store, other_environment).await, set(["child <- from foreign (sdk)"]));

    // Another parent; then one that a person has already set; then none.
    let second = configuration(&[("child", Some("orphan")), ("orphan", Some("parent"))]);
    store.apply_configuration(environment, &second).await.expect("stored");
    let mut expected = set(untouched);
    expected.extend(set(["child <- from orphan (sdk)", "orphan <- from parent (sdk)"]));
    assert_eq!(shares(&store, environment).await, expected);
    store.apply_configuration(environment, &configuration(&[("child", Some("by-hand"))])).await.expect("stored");
    let mut expected = set(untouched);
    expected.insert("orphan <- from parent (sdk)".to_owned());
    assert_eq!(shares(&store, environment).await, expected, "the row of the person is enough");

    let rows = store.shares_of_environments(&[environment, other_environment]).await.expect("a read");
    let made = rows.iter().find(|s| s.created_by_sdk && s.app_route == "orphan").expect("a row");
    assert_eq!((made.company_id, made.created_by_user_id), (company, None));
}

/// What a start counts of shares made by another company.
async fn strangers(store: &Store) -> u64 {
    let found = store.oddities().await.expect("a count");
    found.iter().filter(|(what, _)| what.contains("another company")).map(|(_, number)| number).sum()
}

/// A planted row of another company (D-01) does not count as the inherit row.
#[tokio::test]
async fn a_planted_row_does_not_stand_in_for_ours() {
    let (database, store, _, environment) = start().await;
    let attacker = company_with_owner(&store, "attacker@example.test").await.company;
    assert_eq!(strangers(&store).await, 0);
    share(&database, attacker, environment, "child", &format!("{INHERIT_PREFIX}parent"), false).await;
    store.apply_configuration(environment, &configuration(&[("child", Some("parent"))])).await.expect("stored");
    let lines = shares(&store, environment).await;
    assert_eq!(lines, set(["child <- from parent (person)", "child <- from parent (sdk)"]));
    assert_eq!(strangers(&store).await, 1);
}

#[tokio::test]
async fn the_environment_holds_what_the_sdk_said() {
    let (database, store, _, environment) = start().await;
    let before = store.environment(environment).await.expect("a read").expect("a row");
    let full = Configuration { theme: Some(json!({ "textColor": "#000000" })), ..configuration(&[("a", None)]) };
    store.apply_configuration(environment, &full).await.expect("stored");
    let after = store.environment(environment).await.expect("a read").expect("a row");
    assert_eq!((&after.apps, &after.theme, &after.data), (&full.apps, &full.theme, &full.data));
    assert!(after.updated_at > before.updated_at);
    assert_eq!((after.created_at, after.name), (before.created_at, before.name));

    // No theme is JSON null, as the old server stores it.
    store.apply_configuration(environment, &configuration(&[])).await.expect("stored");
    let row = database
        .client()
        .await
        .query_one(r#"SELECT "theme"::text FROM "environment" WHERE "id" = $1"#, &[&environment])
        .await
        .expect("a row");
    assert_eq!(row.get::<_, Option<String>>(0).as_deref(), Some("null"));
    assert_eq!(
        store.apply_configuration(Uuid::nil(), &full).await.expect("no error"),
        Applied::EnvironmentGone,
        "an environment that was deleted meanwhile"
    );
}

#[tokio::test]
async fn d_39_two_at_once_do_not_mix() {
    let (_database, store, _, environment) = start().await;
    let routes: Vec<String> = (0..50).map(|n| format!("app-{n}")).collect();
    let racers: Vec<_> = (0..8)
        .map(|n| {
            let parent = format!("parent-{n}");
            let configuration = Configuration {
                apps: json!([parent]),
                theme: None,
                data: json!({}),
                parents: routes.iter().map(|r| (r.clone(), Some(parent.clone()))).collect(),
            };
            let store = store.clone();
            tokio::spawn(async move { store.apply_configuration(environment, &configuration).await })
        })
        .collect();
    for racer in racers {
        racer.await.expect("no panic").expect("stored");
    }
    let apps = store.environment(environment).await.expect("a read").expect("a row").apps;
    let Value::Array(apps) = apps else { panic!("{apps}") };
    let winner = apps[0].as_str().expect("text");
    let expected: BTreeSet<String> = routes.iter().map(|r| format!("{r} <- from {winner} (sdk)")).collect();
    assert_eq!(shares(&store, environment).await, expected);
}

/// D-40: refused as a whole; what was there stays.
#[tokio::test]
async fn d_40_a_nul_in_a_configuration_changes_nothing() {
    let (_database, store, _, environment) = start().await;
    store.apply_configuration(environment, &configuration(&[("a", Some("b"))])).await.expect("stored");
    let before = store.environment(environment).await.expect("a read");
    let good = configuration(&[("a", None)]);
    for bad in [
        Configuration { apps: json!([{ "name": "\0" }]), ..good.clone() },
        Configuration { theme: Some(json!({ "\0": 1 })), ..good.clone() },
        Configuration { data: json!("\0"), ..good.clone() },
        configuration(&[("a\0", None)]),
        configuration(&[("a", Some("\0"))]),
    ] {
        let error = store.apply_configuration(environment, &bad).await.expect_err("refused");
        assert!(matches!(error, StoreError::Rejected { .. }), "{error:?}");
    }
    assert_eq!(store.environment(environment).await.expect("a read"), before);
    assert_eq!(shares(&store, environment).await, set(["a <- from b (sdk)"]));
}
