//! Two processes on one port: the newer takes over from the older, and nobody notices.

mod http;
mod load;
mod notify;
mod sdk;
mod state;
mod successor;
mod systemd;
mod table;

use crate::support::{PATIENCE, Server, World};
use load::Load;
use std::time::Duration;

/// Clients come back 10 s after they were told to.
const COMES_BACK: Duration = Duration::from_secs(10);

/// Settings under which the old process and the new one differ by their builds alone.
fn settings(more: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let mut settings = vec![
        ("HANDOVER", "signal"),
        ("REQUESTS_PER_MINUTE_PER_LOGIN", "1000000"),
        ("REQUESTS_PER_MINUTE_PER_ADDRESS", "1000000"),
        ("LOG_LEVEL", "info,compose_relay::net=debug,compose_relay::app=debug"),
    ];
    settings.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    settings.extend_from_slice(more);
    settings
}

/// All settings for a process on the database of this world.
fn all_settings(world: &World, more: &[(&'static str, &'static str)]) -> Vec<(String, String)> {
    crate::support::world::server_settings(&world.database, &settings(more))
}

/// Stops the process of the world, which must end well, and puts the newer one in its place.
async fn hand_over(world: &mut World, newer: Server) {
    world.server.terminate();
    replaced(world, newer).await;
}

/// The process of the world ends well; the newer one takes its place.
async fn replaced(world: &mut World, newer: Server) {
    let status = world.server.exited(PATIENCE * 2).await;
    assert_eq!(status.code(), Some(0), "the old process ends well");
    world.server = newer;
    world.ended = true;
}
