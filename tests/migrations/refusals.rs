//! When the runner must not do anything, and what it says then.

use compose_relay::store::Settings;
use compose_relay::store::migrate::{self, MigrateError, Outcome};
use compose_relay::store::structure::Fault;

use crate::catalog::everything;
use crate::old;
use crate::postgres::{Database, cluster};
use crate::start_states::run;

async fn refused(database: &Database) -> MigrateError {
    let client = database.client().await;
    let before = everything(&client).await;
    let error = migrate::run(&database.settings(), &mut |_| {}).await.expect_err("a refusal");
    assert_eq!(everything(&client).await, before, "a refusal changes nothing: {error}");
    assert!(!error.is_transient(), "{error}");
    error
}

/// A role of this database that may read and write rows and nothing else.
async fn weak_role(database: &Database) -> Settings {
    let role = format!("weak_{}", database.name());
    let client = database.client().await;
    client
        .batch_execute(&format!(
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC; CREATE ROLE {role} LOGIN;
             GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"
        ))
        .await
        .expect("a role");
    Settings { user: role, ..database.settings() }
}

#[tokio::test]
async fn a_role_without_rights_on_an_up_to_date_database() {
    let database = cluster().migrated_database();
    let settings = weak_role(&database).await;
    assert_eq!(migrate::run(&settings, &mut |_| {}).await.expect("nothing to do"), Outcome::UpToDate);
}

#[tokio::test]
async fn a_role_without_rights_on_an_old_database() {
    let database = old::database_at(20).await;
    let settings = weak_role(&database).await;
    let error = migrate::run(&settings, &mut |_| {}).await.expect_err("no rights");
    let text = error.to_string();
    assert!(matches!(error, MigrateError::Rights { .. }), "{text}");
    assert!(text.contains(&settings.user) && text.contains("may not create") && text.contains("company"), "{text}");
    assert!(text.contains("compose-relay migrate"), "it says what to do: {text}");
}

#[tokio::test]
async fn a_database_of_a_newer_version() {
    let database = cluster().migrated_database();
    let client = database.client().await;
    client
        .batch_execute("INSERT INTO relay_migration (id, name, checksum, how) VALUES (9999, 'future', 'x', 'applied')")
        .await
        .expect("a row");
    let before = everything(&client).await;
    assert_eq!(run(&database).await, Outcome::Newer);
    assert_eq!(everything(&client).await, before);

    // And one that this version cannot live with.
    client.batch_execute(r#"ALTER TABLE "session" DROP COLUMN "email""#).await.expect("a change");
    let error = refused(&database).await;
    assert!(error.to_string().contains(r#"column "session"."email" is missing"#), "{error}");
}

#[tokio::test]
async fn an_edited_migration() {
    let database = cluster().migrated_database();
    let client = database.client().await;
    client.batch_execute("UPDATE relay_migration SET checksum = 'other' WHERE id = 21").await.expect("an edit");
    let error = refused(&database).await;
    assert!(matches!(error, MigrateError::Edited { id: 21, .. }), "{error}");
}

#[tokio::test]
async fn unknown_columns_that_must_be_given_are_named() {
    for migrated in [true, false] {
        let database = if migrated { cluster().migrated_database() } else { old::database_at(0).await };
        let client = database.client().await;
        if !migrated {
            old::apply_all(&client).await;
        }
        client
            .batch_execute(
                r#"ALTER TABLE "company" ADD COLUMN "region" text NOT NULL;
                   ALTER TABLE "log" ADD COLUMN "trace" uuid NOT NULL;
                   ALTER TABLE "log" ADD COLUMN "harmless" text, ADD COLUMN "harmlessToo" int NOT NULL DEFAULT 1;
                   CREATE TABLE "somebodyElses" (a int NOT NULL)"#,
            )
            .await
            .expect("a newer structure");
        let error = refused(&database).await;
        let MigrateError::Structure { faults } = &error else { panic!("{error}") };
        let unknown = |table: &str, column: &str| Fault::UnknownRequired { table: table.into(), column: column.into() };
        assert_eq!(*faults, [unknown("company", "region"), unknown("log", "trace")]);
        assert!(error.to_string().contains(r#""company"."region""#), "{error}");

        client
            .batch_execute(r#"ALTER TABLE "company" DROP COLUMN "region"; ALTER TABLE "log" DROP COLUMN "trace""#)
            .await
            .expect("back");
        assert_eq!(run(&database).await, if migrated { Outcome::UpToDate } else { Outcome::Migrated });
    }
}

#[tokio::test]
async fn rows_that_forbid_a_unique_column() {
    let database = old::database_at(13).await;
    let client = database.client().await;
    client
        .batch_execute(
            r#"ALTER TABLE "user" DROP CONSTRAINT "user_email_key";
               INSERT INTO "user" ("companyId", "firstName", "lastName", "email")
               SELECT "companyId", 'Twin', 'Example', "email" FROM "user""#,
        )
        .await
        .expect("two with one e-mail");
    let error = refused(&database).await;
    let text = error.to_string();
    assert!(text.contains(r#"1 rows of table "user""#) && text.contains(r#""email""#), "{text}");
    assert!(!text.contains("example.test"), "no values of rows in messages: {text}");

    client.batch_execute(r#"DELETE FROM "user" WHERE "firstName" = 'Twin'"#).await.expect("mended");
    assert_eq!(run(&database).await, Outcome::Migrated);
    crate::catalog::assert_migrated(&database).await;
}

#[tokio::test]
async fn a_column_of_another_type() {
    let database = cluster().migrated_database();
    let client = database.client().await;
    client.batch_execute(r#"ALTER TABLE "log" ALTER COLUMN "message" TYPE varchar(9)"#).await.expect("a change");
    let error = refused(&database).await;
    assert!(
        error.to_string().contains(r#"column "log"."message" has type character varying instead of text"#),
        "{error}"
    );
}

#[tokio::test]
async fn a_search_path_that_leads_nowhere() {
    let database = cluster().fresh_database();
    let client = database.client().await;
    client
        .batch_execute(&format!("ALTER DATABASE {} SET search_path = nowhere", database.name()))
        .await
        .expect("a setting");
    let error = migrate::run(&database.settings(), &mut |_| {}).await.expect_err("no schema");
    assert!(matches!(error, MigrateError::NoSchema), "{error}");
}

/// An index that cannot be built is a warning; the server starts, and the next run tries again.
#[tokio::test]
async fn an_index_that_cannot_be_built() {
    let database = cluster().migrated_database();
    let client = database.client().await;
    client
        .batch_execute(r#"DELETE FROM relay_migration WHERE id = 21; DROP INDEX "relay_log_page_idx""#)
        .await
        .expect("an earlier state");
    let settings = weak_role(&database).await;
    let mut warnings = Vec::new();
    let outcome = migrate::run(&settings, &mut |progress| {
        if progress.is_warning() {
            warnings.push(progress.to_string());
        }
    })
    .await
    .expect("a run");
    assert_eq!(outcome, Outcome::Migrated);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("relay_log_page_idx"), "{warnings:?}");
    assert_eq!(run(&database).await, Outcome::Migrated);
    crate::catalog::assert_migrated(&database).await;
}
