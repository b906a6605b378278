//! The hand-over by way of the table `deploy` (relay-protocol 7; D-44, D-45): this build says there that it serves, and ends
//! when a newer one says so.

use std::time::Duration;

use jiff::Timestamp;

use crate::store::{DeployRow, Store, StoreError};

/// Between two looks. The old server looks every 10 s.
const EVERY: Duration = Duration::from_secs(2);
/// At most one line in this time about a database that is away.
const COMPLAINT_EVERY: Duration = Duration::from_secs(60);

/// Writes the row of this build, then resolves when a newer row of another build is there. To be called once this build
/// serves. Goes on for as long as the database is away. Cancel-safe, but for a second row when it is called again.
pub async fn superseded(store: &Store, build: &str) {
    let mut own = None;
    let mut complained: Option<tokio::time::Instant> = None;
    loop {
        match look(store, build, &mut own).await {
            Ok(Some(newer)) => {
                tracing::info!(build = newer.build, "a newer build serves");
                return;
            }
            Ok(None) => {}
            Err(error) => {
                if complained.is_none_or(|at| at.elapsed() >= COMPLAINT_EVERY) {
                    tracing::warn!(%error, "the table `deploy` cannot be used, trying again");
                    complained = Some(tokio::time::Instant::now());
                }
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn look(store: &Store, build: &str, own: &mut Option<Timestamp>) -> Result<Option<DeployRow>, StoreError> {
    let own = match *own {
        Some(own) => own,
        None => *own.insert(store.insert_deploy(build).await?),
    };
    Ok(store.newest_deploy().await?.filter(|newest| supersedes(newest, build, own)))
}

/// The same text is the same build, however often it was started.
fn supersedes(newest: &DeployRow, build: &str, own: Timestamp) -> bool {
    newest.created_at > own && newest.build != build
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_newer_row_of_another_build_counts() {
        let own = Timestamp::from_second(1_000).unwrap();
        let row = |build: &str, second| DeployRow {
            build: build.into(),
            created_at: Timestamp::from_second(second).unwrap(),
        };
        assert!(supersedes(&row("b", 1_001), "a", own));
        assert!(!supersedes(&row("a", 1_001), "a", own), "the same build");
        assert!(!supersedes(&row("b", 1_000), "a", own), "not newer");
        assert!(!supersedes(&row("b", 999), "a", own), "older");
    }
}
