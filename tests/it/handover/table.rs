//! The table `deploy` as the trigger (relay-protocol 7; D-44, D-45).

use super::{all_settings, replaced, settings};
use crate::support::postgres::{self, OwnCluster};
use crate::support::{Running, Server, World, play_on_cluster, play_with};
use std::sync::Arc;
use std::time::Duration;

const ONE: &[(&str, &str)] = &[("HANDOVER", "deploy"), ("BUILD_VERSION", "one")];
/// More than two looks at the table.
const LOOKS: Duration = Duration::from_secs(5);

async fn builds(world: &World) -> Vec<String> {
    let rows = world.seed.sql.query(r#"SELECT "deployId" FROM "deploy" ORDER BY "id""#, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

async fn builds_until(world: &World, expected: &[&str]) {
    crate::support::soon("the row is there", async {
        while builds(world).await != expected {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
}

#[test]
fn d44_a_newer_build_in_the_table_ends_the_older_one_and_nothing_else_does() {
    play_with(&settings(ONE), async |world| {
        builds_until(world, &["one"]).await;
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        // The same build once more is not newer, and neither is an older row of another one.
        world.seed.run(r#"INSERT INTO deploy ("deployId") VALUES ('one')"#, &[]).await;
        let older = r#"INSERT INTO deploy ("deployId", "createdAt") VALUES ('zero', now() - interval '1 hour')"#;
        world.seed.run(older, &[]).await;
        tokio::time::sleep(LOOKS).await;
        running.works().await;

        let newer =
            Server::start(world.address(), all_settings(world, &[("HANDOVER", "deploy"), ("BUILD_VERSION", "two")]))
                .await;
        assert_eq!(running.page.peer.closed().await, 3782);
        assert_eq!(running.sdk.closed().await, 3782);
        replaced(world, newer).await;
        builds_until(world, &["one", "one", "zero", "two"]).await;
        let mut running: Running = world.running(&tenant).await;
        running.works().await;
    });
}

#[test]
fn d44_who_only_takes_the_signal_writes_no_row_and_is_not_ended_by_one() {
    play_with(&settings(&[("BUILD_VERSION", "one")]), async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        world.seed.run(r#"INSERT INTO deploy ("deployId") VALUES ('two')"#, &[]).await;
        tokio::time::sleep(LOOKS).await;
        running.works().await;
        assert_eq!(builds(world).await, ["two"]);
    });
}

#[test]
fn d45_a_database_that_is_away_ends_nothing_and_the_table_is_looked_at_when_it_is_back() {
    let cluster = Arc::new(OwnCluster::start());
    play_on_cluster(&cluster, &settings(ONE), async |world| {
        builds_until(world, &["one"]).await;
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        world.seed.run("CHECKPOINT", &[]).await;
        cluster.kill();
        world.server.says("the table `deploy` cannot be used").await;
        running.works().await;
        let starting = cluster.clone();
        tokio::task::spawn_blocking(move || starting.resume()).await.unwrap();
        world.seed.sql = postgres::connect(&cluster.settings("postgres")).await;
        world.seed.run(r#"INSERT INTO deploy ("deployId") VALUES ('two')"#, &[]).await;
        assert_eq!(running.page.peer.closed_within(Duration::from_secs(40)).await, 3782);
        assert_eq!(running.sdk.closed().await, 3782);
        assert_eq!(world.server.exited(Duration::from_secs(30)).await.code(), Some(0));
        world.ended = true;
    });
}

#[test]
fn d44_a_build_without_a_name_cannot_take_part() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_compose-relay"))
        .arg("serve")
        .env_clear()
        .env("HANDOVER", "deploy")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(64), "{text}");
    assert!(text.contains("BUILD_VERSION"), "{text}");
}
