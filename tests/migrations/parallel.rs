//! Two or more at once give the same result as one.

use compose_relay::store::migrate::{self, Outcome};

use crate::catalog::assert_migrated;
use crate::old;
use crate::postgres::Database;
use crate::start_states::run_script;

async fn eight_at_once(database: &Database) -> Vec<Outcome> {
    let runners: Vec<_> = (0..8)
        .map(|_| {
            let settings = database.settings();
            tokio::spawn(async move { migrate::run(&settings, &mut |_| {}).await })
        })
        .collect();
    let mut outcomes = Vec::new();
    for runner in runners {
        outcomes.push(runner.await.expect("no panic").expect("every run succeeds"));
    }
    outcomes
}

#[tokio::test]
async fn eight_runners_on_an_empty_database() {
    let database = old::database_at(0).await;
    let outcomes = eight_at_once(&database).await;
    assert_eq!(outcomes.iter().filter(|o| **o == Outcome::Created).count(), 1, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|o| **o == Outcome::UpToDate).count(), 7, "{outcomes:?}");
    assert_migrated(&database).await;
}

#[tokio::test]
async fn eight_runners_on_old_step_13() {
    let database = old::database_at(13).await;
    let outcomes = eight_at_once(&database).await;
    assert_eq!(outcomes.iter().filter(|o| **o == Outcome::Migrated).count(), 1, "{outcomes:?}");
    assert_migrated(&database).await;
    old::assert_rows_kept(&database.client().await, 13).await;
}

async fn beside_the_script(step: usize) {
    let database = old::database_at(step).await;
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| run_script(&database));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        scope.spawn({
            let database = &database;
            move || runtime.block_on(eight_at_once(database))
        });
    });
    assert_migrated(&database).await;
    old::assert_rows_kept(&database.client().await, step).await;
}

#[tokio::test]
async fn runners_beside_the_script_on_an_empty_database() {
    beside_the_script(0).await;
}

#[tokio::test]
async fn runners_beside_the_script_on_old_step_13() {
    beside_the_script(13).await;
}

/// Whoever finds the lock taken says so, and goes on when it is free.
#[tokio::test]
async fn a_runner_waits_for_the_lock() {
    let database = old::database_at(13).await;
    let holder = database.client().await;
    holder.batch_execute("SELECT pg_advisory_lock(8243113858876402023)").await.expect("the lock");
    // Ends the other session, which frees the lock, once the runner has seen it taken.
    let mut holder = Some(holder);
    let outcome = migrate::run(&database.settings(), &mut |progress| {
        if progress == migrate::Progress::Waiting {
            holder = None;
        }
    })
    .await
    .expect("a run");
    assert_eq!(outcome, Outcome::Migrated);
    assert!(holder.is_none(), "it has waited");
    assert_migrated(&database).await;
}

/// A table that the old server is using: the runner steps back, lets others pass, and comes again.
#[tokio::test]
async fn a_runner_steps_back_from_a_table_in_use() {
    let database = old::database_at(13).await;
    let user = database.client().await;
    user.batch_execute(r#"BEGIN; SELECT "id" FROM "user""#).await.expect("a long transaction");
    let mut user = Some(user);
    let outcome = migrate::run(&database.settings(), &mut |progress| {
        if matches!(progress, migrate::Progress::Busy { .. }) {
            user = None;
        }
    })
    .await
    .expect("a run");
    assert_eq!(outcome, Outcome::Migrated);
    assert!(user.is_none(), "it has stepped back");
    assert_migrated(&database).await;
}
