//! The old server goes on living on the migrated database (`database.md` 7).

use crate::catalog::{assert_migrated, everything};
use crate::old;
use crate::postgres::cluster;

#[tokio::test]
async fn the_old_steps_run_again_leave_our_additions_alone() {
    let database = old::database_at(20).await;
    crate::start_states::run(&database).await;
    let client = database.client().await;
    let before = everything(&client).await;
    let failed = old::apply_all(&client).await;
    assert_eq!(failed, [6, 9, 15], "as on the old server's own databases");
    assert_eq!(everything(&client).await, before);
    assert_migrated(&database).await;
    old::assert_rows_kept(&client, 20).await;
}

#[tokio::test]
async fn old_inserts_work_on_a_created_database() {
    let database = cluster().migrated_database();
    old::insert_as_the_old_server_does(&database.client().await).await;
}
