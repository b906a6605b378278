//! The methods of the store, table by table.

use compose_relay::store::{
    EnvironmentType, LogEntry, NewCompany, NewEnvironment, NewOwner, SessionRow, SignedUp, Store, StoreError,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::postgres::{Database, cluster};

/// A company with an owner and a development environment whose key hash is the e-mail.
pub async fn company_with_owner(store: &Store, email: &str) -> SignedUp {
    try_company_with_owner(store, email).await.expect("no error").expect("a new e-mail")
}

async fn try_company_with_owner(store: &Store, email: &str) -> Result<Option<SignedUp>, StoreError> {
    store
        .create_company_with_owner(
            &NewCompany { name: "Acme", plan: "pro" },
            &NewOwner { first_name: "Ann", last_name: "Example", email, metadata: &json!({ "show-onboarding": true }) },
            Some(&NewEnvironment { name: "Ann's Dev Environment", api_key_hash: email, decryptable_key: "a:b:c" }),
        )
        .await
}

/// An external session that lasts.
pub fn session(id: &str) -> SessionRow {
    SessionRow {
        id: id.to_owned(),
        user_id: None,
        company_id: None,
        expires_at: Timestamp::now() + SignedDuration::from_hours(24),
        is_external: true,
        email: "ALL".to_owned(),
    }
}

fn store_of(database: &Database) -> Store {
    Store::new(database.settings()).expect("settings")
}

#[tokio::test]
async fn signing_up_makes_everything_or_nothing() {
    let database = cluster().migrated_database();
    let store = store_of(&database);
    let made = company_with_owner(&store, "Ann@example.test").await;
    let company = store.company(made.company).await.expect("a read").expect("a company");
    assert_eq!((company.name.as_str(), company.plan.as_str()), ("Acme", "pro"));
    assert_eq!(company.billing_id, made.company.to_string());
    assert_eq!(company.flags, json!({ "FRIENDS_AND_FAMILY_FREE": false, "AUDIT_LOG_RATE_LIMIT_PER_MINUTE": 200 }));
    let user = store.user(made.user).await.expect("a read").expect("a user");
    assert_eq!((user.permission.as_str(), user.email.as_str()), ("owner", "Ann@example.test"));
    assert_eq!((user.company_id, user.development_environment_id), (made.company, made.environment));
    assert_eq!(user.metadata, json!({ "show-onboarding": true }));
    let keys = ["Ann@example.test".to_owned(), "of nobody".to_owned()];
    let found = store.key_holders(&keys).await.expect("a read");
    let [(hash, holder)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(
        (hash.as_str(), Some(holder.environment), holder.company),
        ("Ann@example.test", made.environment, made.company)
    );
    assert!(holder.company_exists && holder.kind == EnvironmentType::Development);
    let environment = store.environment(holder.environment).await.expect("a read").expect("an environment");
    assert_eq!((Some(environment.id), environment.kind), (made.environment, EnvironmentType::Development));
    assert_eq!((environment.apps, environment.theme, environment.data), (json!([]), None, json!({})));
    assert_eq!(store.sample_decryptable_key().await.expect("a read").as_deref(), Some("a:b:c"));

    // Another spelling of the same address; and a key hash that is taken, which undoes the company too.
    assert_eq!(try_company_with_owner(&store, "ANN@EXAMPLE.TEST").await.expect("no error"), None);
    let error = store
        .create_company_with_owner(
            &NewCompany { name: "Other", plan: "pro" },
            &NewOwner { first_name: "B", last_name: "B", email: "b@example.test", metadata: &json!({}) },
            Some(&NewEnvironment { name: "B", api_key_hash: "Ann@example.test", decryptable_key: "a:b:c" }),
        )
        .await
        .expect_err("the hash is taken");
    assert!(
        matches!(&error, StoreError::Conflict { constraint } if constraint == "environment_apiKey_key"),
        "{error:?}"
    );
    assert!(!format!("{error} {error:?}").contains("example.test"), "no values of rows in errors: {error:?}");
    let count = database.client().await.query_one(r#"SELECT count(*) FROM "company""#, &[]).await.expect("a count");
    assert_eq!(count.get::<_, i64>(0), 1);
}

#[tokio::test]
async fn two_sign_ups_that_differ_in_case_make_one_company() {
    let database = cluster().migrated_database();
    let store = store_of(&database);
    let racers: Vec<_> = ["a@example.test", "A@example.test", "a@Example.test", "A@EXAMPLE.TEST"]
        .map(|email| {
            let store = store.clone();
            tokio::spawn(async move { try_company_with_owner(&store, email).await })
        })
        .into_iter()
        .collect();
    let mut made = 0;
    for racer in racers {
        made += usize::from(racer.await.expect("no panic").expect("no error").is_some());
    }
    assert_eq!(made, 1);
}

#[tokio::test]
async fn the_home_page_hides_the_development_environments_of_others() {
    let database = cluster().migrated_database();
    let store = store_of(&database);
    let ann = company_with_owner(&store, "ann@example.test").await;
    let foreign = company_with_owner(&store, "foreign@example.test").await;
    let client = database.client().await;
    client
        .batch_execute(&format!(
            r#"INSERT INTO "environment" ("companyId", "name", "apiKey", "type", "createdAt") VALUES
                   ('{0}', 'Production', 'p', 'production', now() - interval '1 day'),
                   ('{0}', 'Bob''s Dev Environment', 'bob', 'development', now()),
                   ('{0}', 'Nobody''s', 'nobody', 'development', now());
               INSERT INTO "user" ("companyId", "firstName", "lastName", "email", "permission", "metadata",
                                   "developmentEnvironmentId")
               SELECT '{0}', 'Bob', 'Example', 'bob@example.test', 'member', '{{}}', "id" FROM "environment" WHERE "apiKey" = 'bob'"#,
            ann.company
        ))
        .await
        .expect("rows");
    let names = |rows: Vec<compose_relay::store::EnvironmentRow>| rows.into_iter().map(|e| e.name).collect::<Vec<_>>();
    let home = store.environments_for_home(ann.company, ann.user).await.expect("a read");
    assert_eq!(names(home), ["Production", "Ann's Dev Environment"]);
    let home = store.environments_for_home(ann.company, foreign.user).await.expect("a read");
    assert_eq!(names(home), ["Production"]);
    assert_eq!(store.environments_of_company(ann.company).await.expect("a read").len(), 4);

    let (ann_dev, foreign_dev) = (ann.environment.expect("hers"), foreign.environment.expect("theirs"));
    let mut hashes = store.key_hashes(&[foreign_dev, Uuid::nil(), ann_dev]).await.expect("a read");
    hashes.sort_by(|a, b| a.1.cmp(&b.1));
    assert_eq!(hashes, [(ann_dev, "ann@example.test".to_owned()), (foreign_dev, "foreign@example.test".to_owned())]);
    assert!(store.key_hashes(&[]).await.expect("a read").is_empty());
    assert_eq!(store.users(&[ann.user, foreign.user, Uuid::nil()]).await.expect("a read").len(), 2);
}

#[tokio::test]
async fn a_session_is_renewed_once() {
    let database = cluster().migrated_database();
    let store = store_of(&database);
    let row = session("a-secret-session-id");
    store.insert_session(&row).await.expect("stored");
    let stored = store.session(&row.id).await.expect("a read").expect("there");
    assert!(
        stored.expires_at.duration_since(row.expires_at).abs() < SignedDuration::from_micros(2),
        "to the microsecond"
    );
    assert!(!format!("{stored:?}").contains("secret"), "{stored:?}");
    assert!(matches!(store.insert_session(&row).await, Err(StoreError::Conflict { .. })));

    let new = stored.expires_at + SignedDuration::from_hours(24);
    let racers: Vec<_> = (0..16)
        .map(|_| {
            let (store, id, seen) = (store.clone(), row.id.clone(), stored.expires_at);
            tokio::spawn(async move { store.renew_session(&id, seen, new).await })
        })
        .collect();
    let mut renewed = 0;
    for racer in racers {
        renewed += usize::from(racer.await.expect("no panic").expect("no error"));
    }
    assert_eq!(renewed, 1);
    assert_eq!(store.session(&row.id).await.expect("a read").expect("there").expires_at, new);
    assert!(!store.renew_session("unknown", stored.expires_at, new).await.expect("no error"));

    store.insert_session(&SessionRow { expires_at: Timestamp::UNIX_EPOCH, ..session("old-1") }).await.expect("stored");
    store.insert_session(&SessionRow { expires_at: Timestamp::UNIX_EPOCH, ..session("old-2") }).await.expect("stored");
    let ids = ["old-1", "old-2", "a-secret-session-id", "unknown"].map(str::to_owned);
    assert_eq!(store.sessions(&ids).await.expect("a read").len(), 3);
    let now = Timestamp::now();
    assert_eq!(store.delete_expired_sessions(now, 1).await.expect("purged"), 1);
    assert_eq!(store.delete_expired_sessions(now, 10).await.expect("purged"), 1);
    assert_eq!(store.sessions(&ids).await.expect("a read").len(), 1);
    store.delete_session(&row.id).await.expect("ended");
    store.delete_session(&row.id).await.expect("ended twice");
    assert!(store.session(&row.id).await.expect("a read").is_none());
}

fn entry(company: Uuid, message: &str) -> LogEntry {
    LogEntry {
        company_id: company,
        environment_id: None,
        user_id: None,
        user_email: None,
        app_route: "a".to_owned(),
        message: message.to_owned(),
        data: None,
        severity: "info",
        kind: "user",
        environment_type: EnvironmentType::Production,
        created_at: None,
    }
}

#[tokio::test]
async fn a_batch_of_log_entries() {
    let database = cluster().migrated_database();
    let store = store_of(&database);
    let made = company_with_owner(&store, "a@example.test").await;
    let gone = Uuid::new_v4();
    let happened: Timestamp = "2026-01-02T03:04:05.678901Z".parse().expect("a time");
    let full = LogEntry {
        environment_id: made.environment,
        user_id: Some(made.user),
        user_email: Some("a@example.test".to_owned()),
        data: Some(json!({ "a": [1, "zwei", null] })),
        severity: "fatal",
        kind: "system",
        environment_type: EnvironmentType::Development,
        created_at: Some(happened),
        ..entry(made.company, "full")
    };
    let entries = [
        full,
        entry(made.company, "bare"),
        LogEntry {
            environment_id: Some(gone),
            user_id: Some(gone),
            ..entry(made.company, "environment and user gone")
        },
        entry(gone, "company gone"),
        entry(made.company, &"\u{1F600}".repeat(1024)),
    ];
    assert_eq!(store.insert_logs(&entries).await.expect("stored"), 4);
    assert_eq!(store.insert_logs(&[]).await.expect("nothing to store"), 0);
    let client = database.client().await;
    let rows = client
        .query(
            r#"SELECT "companyId", "environmentId", "userId", "userEmail", "appRoute", left("message", 30), "data", "severity",
                      "type", "environmentType", "createdAt" FROM "log" ORDER BY "id""#,
            &[],
        )
        .await
        .expect("rows");
    type Row = (Option<Uuid>, Option<Uuid>, Option<String>, Option<Value>, String, String, String);
    let seen: Vec<(String, Row)> = rows
        .iter()
        .map(|r| (r.get(5), (r.get(1), r.get(2), r.get(3), r.get(6), r.get(7), r.get(8), r.get(9))))
        .collect();
    let bare: Row = (None, None, None, None, "info".into(), "user".into(), "production".into());
    let expected: Row = (
        made.environment,
        Some(made.user),
        Some("a@example.test".into()),
        Some(json!({ "a": [1, "zwei", null] })),
        "fatal".into(),
        "system".into(),
        "development".into(),
    );
    assert_eq!(seen[0], ("full".to_owned(), expected));
    assert_eq!(seen[1], ("bare".to_owned(), bare.clone()));
    assert_eq!(seen[2], ("environment and user gone".to_owned(), bare.clone()));
    assert_eq!(seen[3].1, bare);
    assert_eq!(rows[0].get::<_, Timestamp>(10), happened);
    assert!(Timestamp::now().duration_since(rows[1].get(10)).abs() < SignedDuration::from_secs(600));

    let many: Vec<LogEntry> = (0..1000).map(|n| entry(made.company, &n.to_string())).collect();
    assert_eq!(store.insert_logs(&many).await.expect("stored"), 1000);
    let order = client
        .query_one(r#"SELECT string_agg("message", ',' ORDER BY "id") FROM "log" WHERE length("message") < 4"#, &[])
        .await
        .expect("an order");
    let expected: Vec<String> = (0..1000).map(|n| n.to_string()).collect();
    assert_eq!(order.get::<_, String>(0), expected.join(","));
}

/// D-40: a NUL never reaches the database, wherever it is; and the error does not repeat the text.
#[tokio::test]
async fn d_40_nul_characters_are_refused() {
    let database = cluster().migrated_database();
    let store = store_of(&database);
    let company = company_with_owner(&store, "a@example.test").await.company;
    let refused = |result: Result<(), StoreError>| match result {
        Err(StoreError::Rejected { sqlstate, .. }) => assert_eq!(sqlstate, "22021"),
        other => panic!("{other:?}"),
    };
    refused(store.session("a\0").await.map(drop));
    refused(store.key_holders(&["a\0".to_owned()]).await.map(drop));
    refused(store.insert_session(&session("a\0")).await);
    refused(store.insert_logs(&[entry(company, "a\0")]).await.map(drop));
    refused(store.insert_logs(&[LogEntry { data: Some(json!({ "a\0": 1 })), ..entry(company, "a") }]).await.map(drop));
    refused(store.insert_error_log(&json!(["\0"])).await);
    store.insert_error_log(&json!({ "type": "UNCATEGORIZED", "message": "m" })).await.expect("stored");
    let row = database
        .client()
        .await
        .query_one(r#"SELECT "status" || ("data" ->> 'message') FROM "errorLog""#, &[])
        .await
        .expect("one row");
    assert_eq!(row.get::<_, String>(0), "PENDINGm");
}

/// `database.md` 6: what other programs left in the JSON columns does not stop us.
#[tokio::test]
async fn strange_rows_are_read() {
    let database = cluster().migrated_database();
    let store = store_of(&database);
    let made = company_with_owner(&store, "a@example.test").await;
    database
        .client()
        .await
        .batch_execute(
            r#"UPDATE "environment" SET "theme" = 'null', "apps" = '{"a": 1e999}', "data" = '"text"';
               UPDATE "company" SET "plan" = 'other', "flags" = '[]';
               UPDATE "user" SET "permission" = 'king', "metadata" = '7'"#,
        )
        .await
        .expect("strange values");
    let environment = store.environment(made.environment.expect("one")).await.expect("a read").expect("a row");
    assert_eq!((environment.theme, environment.apps, environment.data), (None, Value::Null, json!("text")));
    assert_eq!(store.company(made.company).await.expect("a read").expect("a row").plan, "other");
    assert_eq!(store.user(made.user).await.expect("a read").expect("a row").permission, "king");
}
