//! The audit log while the database is away: what was accepted is written later, once and in order; what is not accepted is
//! told.

use crate::support::message::audit_log;
use crate::support::postgres::{self, OwnCluster};
use crate::support::{Event, play_on_cluster, soon};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const BEFORE: usize = 20;
const AWAY: usize = 400;

#[test]
fn an_accepted_entry_outlives_the_database_and_a_refused_one_is_told() {
    let cluster = Arc::new(OwnCluster::start());
    play_on_cluster(&cluster, &[], async |world| {
        let tenant = world.seed.tenant().await;
        let company = tenant.environment.company;
        let flags = r#"UPDATE company SET flags = '{"AUDIT_LOG_RATE_LIMIT_PER_MINUTE": 100000}' WHERE id = $1"#;
        world.seed.run(flags, &[&company]).await;
        let mut running = world.running(&tenant).await;
        let entry = |number: usize| {
            audit_log(running.page.session, running.execution, json!({"message": format!("m{number:04}")}))
        };
        let entries: Vec<_> = (0..BEFORE + AWAY).map(entry).collect();
        for entry in &entries[..BEFORE] {
            running.sdk.send(entry.clone()).await;
        }
        world.seed.audit_rows_until(company, BEFORE).await;
        // The test clusters do not sync; what is in the database now must be there after the crash.
        world.seed.run("CHECKPOINT", &[]).await;
        cluster.kill();
        for entry in &entries[BEFORE..] {
            running.sdk.send(entry.clone()).await;
            tokio::time::sleep(Duration::from_millis(8)).await;
        }
        let starting = cluster.clone();
        tokio::task::spawn_blocking(move || starting.resume()).await.unwrap();
        world.seed.sql = postgres::connect(&cluster.settings("postgres")).await;
        let mut told = 0;
        soon("every entry is in the log or was told to be refused", async {
            loop {
                told += running.page.peer.arrived().iter().filter(|event| is_refusal(event)).count();
                if world.seed.audit_rows(company).await.len() + told >= BEFORE + AWAY {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
        .await;
        let rows = world.seed.audit_rows(company).await;
        assert_eq!(rows.len() + told, BEFORE + AWAY, "none twice");
        assert!(told < AWAY, "all of {AWAY} were refused");
        let messages: Vec<_> = rows.iter().map(|row| row["message"].as_str().unwrap()).collect();
        assert!(messages.is_sorted(), "{messages:?}");
    });
}

fn is_refusal(event: &Event) -> bool {
    matches!(event, Event::Message(message) if message.code() == "au")
}
