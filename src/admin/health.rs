//! `/health`: whether this process serves, in more words than `/health-check` on the public port.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::Admin;
use crate::http::{Reply, StatusCode, json as json_reply};
use crate::lifecycle::Phase;

/// How long the database may take for a sign of life. Who asks often gives up after a few seconds itself.
const SIGN_OF_LIFE: Duration = Duration::from_secs(2);

/// 200 while serving, 503 while starting and draining. A database that is away is told and changes nothing: open sockets
/// work on without it, and a restart would not bring it back.
pub(super) async fn answer(admin: &Admin) -> Reply {
    let phase = admin.phase.phase();
    let status = if phase == Phase::Serving { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let uptime = Timestamp::now().duration_since(admin.began).as_secs();
    let body = json!({
        "status": phase.to_string(),
        "version": env!("CARGO_PKG_VERSION"),
        "build": admin.build,
        "uptimeSeconds": uptime,
        "database": database(admin).await,
    });
    json_reply(status, &body)
}

async fn database(admin: &Admin) -> Value {
    let began = Instant::now();
    match timeout(SIGN_OF_LIFE, admin.store.ping()).await {
        Ok(Ok(())) => json!({"reachable": true, "milliseconds": began.elapsed().as_micros() as f64 / 1000.0}),
        Ok(Err(error)) => json!({"reachable": false, "reason": error.to_string()}),
        Err(_) => json!({"reachable": false, "reason": "the database did not answer in time"}),
    }
}
