//! Every state that a database can be in leads to the same end state, and no row is lost (`database.md` 9.1).

use compose_relay::store::migrate::{self, Outcome};

use crate::catalog::{assert_migrated, everything, is_end_state};
use crate::old;
use crate::postgres::{Database, cluster, psql};

pub async fn run(database: &Database) -> Outcome {
    migrate::run(&database.settings(), &mut |_| {}).await.unwrap_or_else(|error| panic!("{error:?}"))
}

/// Runs our script, from a directory that is not its own.
pub fn run_script(database: &Database) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/db-migrations/all.sql");
    let output = psql().arg("-f").arg(script).arg(database.url()).current_dir("/").output().expect("psql starts");
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{text}");
    assert!(!text.contains("ERROR"), "{text}");
}

async fn assert_how(database: &Database, how: &str) {
    let client = database.client().await;
    let row = client
        .query_one("SELECT string_agg(DISTINCT how, ',') FROM relay_migration WHERE id <= 20", &[])
        .await
        .expect("version rows");
    assert_eq!(row.get::<_, String>(0), how);
}

async fn from_old_steps(steps: std::ops::RangeInclusive<usize>) {
    for step in steps {
        let database = old::database_at(step).await;
        let outcome = run(&database).await;
        assert_eq!(outcome, if step == 0 { Outcome::Created } else { Outcome::Migrated }, "from step {step}");
        assert_migrated(&database).await;
        assert_how(&database, if step == 0 { "created" } else { "adopted" }).await;
        let client = database.client().await;
        old::assert_rows_kept(&client, step).await;
        let before = everything(&client).await;
        assert_eq!(run(&database).await, Outcome::UpToDate, "from step {step}");
        assert_eq!(everything(&client).await, before, "from step {step}: the second run changed something");
        if step % 4 == 0 {
            old::insert_as_the_old_server_does(&client).await;
        }
    }
}

#[tokio::test]
async fn old_steps_0_to_6() {
    from_old_steps(0..=6).await;
}

#[tokio::test]
async fn old_steps_7_to_13() {
    from_old_steps(7..=13).await;
}

#[tokio::test]
async fn old_steps_14_to_20() {
    from_old_steps(14..=20).await;
}

/// The script does the same work with the same file; so not all steps again, but those where something special is done.
#[tokio::test]
async fn by_script_from_old_steps() {
    for step in [0, 1, 5, 7, 8, 13, 16, 20] {
        let database = old::database_at(step).await;
        run_script(&database);
        assert_migrated(&database).await;
        assert_how(&database, if step == 0 { "created" } else { "adopted" }).await;
        let client = database.client().await;
        old::assert_rows_kept(&client, step).await;
        let before = everything(&client).await;
        run_script(&database);
        assert_eq!(run(&database).await, Outcome::UpToDate, "the program takes over from the script");
        assert_eq!(everything(&client).await, before);
    }
}

#[tokio::test]
async fn the_script_after_the_program_changes_nothing() {
    let database = cluster().migrated_database();
    let client = database.client().await;
    let before = everything(&client).await;
    run_script(&database);
    assert_eq!(everything(&client).await, before);
}

/// The old server's own upgrade of a database at step 5 with sessions: 6, 8 and 9 fail, all others succeed.
#[tokio::test]
async fn half_state_of_an_upgrade_with_sessions() {
    let database = old::database_at(5).await;
    let client = database.client().await;
    let failed = old::apply_all(&client).await;
    assert_eq!(failed, [6, 8, 9]);
    assert!(!is_end_state(&client).await);
    assert_eq!(run(&database).await, Outcome::Migrated);
    assert_migrated(&database).await;
    old::assert_rows_kept(&client, 5).await;
}

/// A step 8 that stopped between adding the column and filling it, and columns that lost their NOT NULL.
#[tokio::test]
async fn half_state_with_nullable_columns() {
    let database = old::database_at(7).await;
    let client = database.client().await;
    client
        .batch_execute(
            r#"ALTER TABLE "externalAppUser" ADD COLUMN "companyId" uuid REFERENCES "company" ON DELETE CASCADE ON UPDATE CASCADE;
               ALTER TABLE "company" ADD COLUMN "plan" text"#,
        )
        .await
        .expect("a half state");
    assert_eq!(run(&database).await, Outcome::Migrated);
    assert_migrated(&database).await;
    old::assert_rows_kept(&client, 7).await;
}

/// The program of an earlier version, or one that was stopped while it built indexes.
#[tokio::test]
async fn indexes_missing_and_invalid() {
    let database = old::database_at(20).await;
    run(&database).await;
    let client = database.client().await;
    client
        .batch_execute(
            r#"DELETE FROM relay_migration WHERE id = 21;
               DROP INDEX "relay_log_page_idx";
               UPDATE pg_index SET indisvalid = false WHERE indexrelid = '"relay_session_expiresAt_idx"'::regclass"#,
        )
        .await
        .expect("an earlier state");
    let by_script = {
        drop(client);
        cluster().copy_of(&database)
    };
    let mut built = Vec::new();
    let outcome = migrate::run(&database.settings(), &mut |progress| {
        if let migrate::Progress::BuildingIndex { name } = progress {
            built.push(name);
        }
    })
    .await
    .expect("a run");
    assert_eq!(outcome, Outcome::Migrated);
    assert_eq!(built, ["relay_session_expiresAt_idx", "relay_log_page_idx"]);
    assert_migrated(&database).await;
    run_script(&by_script);
    assert_migrated(&by_script).await;
}

/// Somebody restored an old dump over a migrated database.
#[tokio::test]
async fn an_old_dump_restored_over_it() {
    let database = cluster().migrated_database();
    let client = database.client().await;
    client
        .batch_execute(
            r#"DROP TABLE "reportUser"; ALTER TABLE "user" DROP COLUMN "metadata"; DROP INDEX "user_id_idx""#,
        )
        .await
        .expect("an older state");
    assert_eq!(run(&database).await, Outcome::Migrated);
    let client = database.client().await;
    assert!(client.query("SELECT \"metadata\" FROM \"user\"", &[]).await.is_ok());
    // The indexes of our own on the table that was gone are the business of whoever restores; the look-ups work.
    assert!(is_end_state(&client).await);
}

/// Another schema with a type of the same name, and tables of other people in ours.
#[tokio::test]
async fn only_the_current_schema_counts() {
    let database = cluster().fresh_database();
    let client = database.client().await;
    client
        .batch_execute(&format!(
            r#"CREATE SCHEMA other; CREATE TYPE other."environmentType" AS ENUM ('x'); CREATE TABLE other."company" (a int);
               CREATE SCHEMA "Our schema"; ALTER DATABASE {} SET search_path = "Our schema", other, public;
               CREATE TABLE "Our schema"."deployment" (id int, mine text);
               CREATE TABLE public."session" (b int)"#,
            database.name()
        ))
        .await
        .expect("a busy database");
    assert_eq!(run(&database).await, Outcome::Migrated, "the table deployment was there");
    assert_eq!(run(&database).await, Outcome::UpToDate);
    let client = database.client().await;
    let tables = client
        .query_one(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'Our schema' AND tablename NOT LIKE 'relay%'",
            &[],
        )
        .await
        .expect("a count");
    assert_eq!(tables.get::<_, i64>(0), 12, "11 tables, and a table deployment of another form");
    run_script(&database);
}
