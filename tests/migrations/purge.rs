//! What has had its time is deleted, and nothing else.

use compose_relay::control;
use compose_relay::store::Store;
use compose_relay::tasks::Tasks;
use std::num::NonZeroU32;
use std::time::Duration;
use tokio_postgres::Client;

use crate::postgres::{cluster, connect};
use crate::tables::company_with_owner;

async fn count(client: &Client, table: &str) -> i64 {
    client.query_one(&format!(r#"SELECT count(*) FROM "{table}""#), &[]).await.expect("a count").get(0)
}

async fn fill(client: &Client) {
    let statement = r#"
        INSERT INTO session (id, email, "isExternal", "expiresAt")
            SELECT 'old' || n, 'ALL', true, now() - interval '1 second' FROM generate_series(1, 1200) n;
        INSERT INTO session (id, email, "isExternal", "expiresAt") VALUES ('good', 'ALL', true, now() + interval '1 minute');
        INSERT INTO deploy ("deployId", "createdAt")
            SELECT 'd' || n, now() - n * interval '20 days' FROM generate_series(2, 700) n;
        INSERT INTO log ("companyId", "appRoute", message, severity, type, "environmentType", "createdAt")
            SELECT c.id, 'a', 'm', 'info', 'user', 'production', now() - n * interval '1 hour'
              FROM company c, generate_series(0, 1300) n;"#;
    client.batch_execute(statement).await.expect("the rows can be written");
}

#[tokio::test]
async fn the_clean_up_takes_what_is_over_in_batches_and_leaves_the_rest() {
    let database = cluster().migrated_database();
    let store = Store::new(database.settings()).expect("settings");
    company_with_owner(&store, "a@x.test").await;
    company_with_owner(&store, "b@x.test").await;
    let client = connect(&database.settings()).await;
    fill(&client).await;
    // Without a retention the log is kept.
    let purged = control::purge_once(&store, None).await.expect("no error");
    assert_eq!((purged.sessions, purged.deploys, purged.logs), (1200, 698, 0));
    assert_eq!(count(&client, "session").await, 1);
    assert_eq!(count(&client, "deploy").await, 1, "the newest row stays although it is old");
    assert_eq!(count(&client, "log").await, 2 * 1301);
    let purged = control::purge_once(&store, NonZeroU32::new(2)).await.expect("no error");
    assert_eq!((purged.sessions, purged.deploys), (0, 0));
    // 0 to 47 hours old, of each company; the row that is 48 hours old was so a moment ago.
    assert_eq!((purged.logs, count(&client, "log").await), (2 * 1253, 2 * 48));
}

#[tokio::test]
async fn two_servers_clean_up_at_once_without_waiting_for_each_other() {
    let database = cluster().migrated_database();
    let store = Store::new(database.settings()).expect("settings");
    company_with_owner(&store, "a@x.test").await;
    let client = connect(&database.settings()).await;
    fill(&client).await;
    // Somebody works on one of the rows: it is left for the next time.
    client.batch_execute("BEGIN; SELECT 1 FROM session WHERE id = 'old7' FOR UPDATE").await.expect("a lock");
    let days = NonZeroU32::new(2);
    let (first, second) = tokio::join!(control::purge_once(&store, days), control::purge_once(&store, days));
    let (first, second) = (first.expect("no error"), second.expect("no error"));
    assert_eq!(first.sessions + second.sessions, 1199);
    assert_eq!(first.logs + second.logs, 1253);
    client.batch_execute("COMMIT").await.expect("the lock is gone");
    assert_eq!(control::purge_once(&store, days).await.expect("no error").sessions, 1);
}

#[tokio::test]
async fn pages_that_did_not_come_back_in_time_are_forgotten() {
    let database = cluster().migrated_database();
    let store = Store::new(database.settings()).expect("settings");
    let client = connect(&database.settings()).await;
    let statement = r#"
        INSERT INTO relay_kept_session ("environmentId", "sessionId", login, "appRoute", executions, frames, "expiresAt")
            SELECT gen_random_uuid(), gen_random_uuid(), 'l', 'a', '[]', '', now() + (n - 1200) * interval '1 second'
              FROM generate_series(1, 1500) n;"#;
    client.batch_execute(statement).await.expect("the rows can be written");
    let purged = control::purge_once(&store, None).await.expect("no error");
    // Some more while this is running.
    assert!((1199..1400).contains(&purged.kept), "{purged:?}");
    assert_eq!(count(&client, "relay_kept_session").await, 1500 - purged.kept as i64);
}

#[tokio::test]
async fn the_clean_up_ends_when_it_is_told_to() {
    let database = cluster().migrated_database();
    let store = Store::new(database.settings()).expect("settings");
    let tasks = Tasks::new();
    tasks.spawn("purge", control::purge(store, tasks.clone(), None));
    tasks.stop();
    tokio::time::timeout(Duration::from_secs(5), tasks.ended()).await.expect("it ends");
}
