//! End to end with the published Python SDK: the real package as a child process, and a scripted browser.

pub mod process;
pub mod script;

use crate::support::tls::Terminator;
use crate::support::{Environment, PATIENCE, World, play, play_on, play_over_tls};
use process::SdkProcess;
use script::Script;
use std::time::Duration;

/// The SDK waits 5 s after a lost connection and 10 s after close code 3782; the rest is for a busy machine.
pub const COMES_BACK: Duration = Duration::from_secs(30);

async fn development_environment(world: &World) -> (crate::support::Tenant, Environment) {
    let mut tenant = world.seed.tenant().await;
    let environment = world.seed.environment(tenant.environment.company, "development").await;
    tenant.environment = environment.clone();
    (tenant, environment)
}

#[test]
fn an_app_in_development_mode_is_used_and_survives_a_crash_of_the_server() {
    // The port is fixed in the SDK.
    let _port = process::lock_port_8080();
    play_on("127.0.0.1:8080", &[], async |world| {
        let (tenant, environment) = development_environment(world).await;
        let sdk = SdkProcess::in_development_mode(&environment);
        let mut script = Script::open(world, &tenant).await;
        script.sdk_is_there(world, COMES_BACK).await;
        script.run().await;
        script.use_everything(world).await;

        world.server.kill();
        world.server.start_again().await;
        world.ended = true;
        script.reconnect(world, &tenant).await;
        script.online(COMES_BACK).await;
        script.run().await;
        script.use_everything(world).await;
        world.assert_healthy().await;
        drop(sdk);
        script.offline().await;
    });
}

#[test]
fn an_app_behind_tls_is_used_and_survives_an_orderly_restart_of_the_server() {
    play(async |world| {
        let terminator = Terminator::before(world.address()).await;
        let tenant = world.seed.tenant().await;
        let _sdk = SdkProcess::through(&terminator, &tenant.environment);
        let mut script = Script::open(world, &tenant).await;
        script.sdk_is_there(world, COMES_BACK).await;
        script.run().await;
        script.use_everything(world).await;

        world.server.terminate();
        assert_eq!(script.page.peer.closed().await, 3782);
        assert!(world.server.exited(PATIENCE).await.success());
        world.server.start_again().await;
        world.ended = true;
        script.reconnect(world, &tenant).await;
        script.online(COMES_BACK).await;
        script.run().await;
        script.use_everything(world).await;
        world.assert_healthy().await;
    });
}

#[test]
fn an_app_over_tls_of_the_server_itself_is_used_and_survives_a_crash() {
    play_over_tls(async |world| {
        let tenant = world.seed.tenant().await;
        let _sdk = SdkProcess::over_tls(world.server.address().port(), world.authority(), &tenant.environment);
        let mut script = Script::open(world, &tenant).await;
        script.sdk_is_there(world, COMES_BACK).await;
        script.run().await;
        script.use_everything(world).await;

        world.server.kill();
        world.server.start_again().await;
        world.ended = true;
        script.reconnect(world, &tenant).await;
        script.online(COMES_BACK).await;
        script.run().await;
        script.use_everything(world).await;
        world.assert_healthy().await;
    });
}

#[test]
fn a_page_goes_on_when_the_process_with_the_sdk_is_restarted() {
    play(async |world| {
        let terminator = Terminator::before(world.address()).await;
        let tenant = world.seed.tenant().await;
        let sdk = SdkProcess::through(&terminator, &tenant.environment);
        let mut script = Script::open(world, &tenant).await;
        script.sdk_is_there(world, COMES_BACK).await;
        script.run().await;
        script.press(1).await;
        drop(sdk);
        script.offline().await;
        // What is sent now goes nowhere, and the page is told so.
        script.click("press").await;
        script.offline().await;

        let _sdk = SdkProcess::through(&terminator, &tenant.environment);
        script.online(COMES_BACK).await;
        // The new process knows nothing of the run; the page hears that and starts again.
        script.check_is_denied().await;
        script.run().await;
        script.use_everything(world).await;
    });
}

#[test]
fn a_wrong_key_is_told_to_the_developer_and_harms_nobody() {
    play(async |world| {
        let terminator = Terminator::before(world.address()).await;
        let tenant = world.seed.tenant().await;
        let mut environment = tenant.environment.clone();
        environment.key = format!("ck_prod_{}", "0".repeat(128));
        let mut wrong = SdkProcess::through(&terminator, &environment);
        wrong.says("key", COMES_BACK).await;
        assert!(wrong.is_running(), "a refused SDK tries again");
        let mut running = world.running(&tenant).await;
        running.works().await;
    });
}

#[test]
fn the_sdk_process_survives_a_second_one_with_the_same_key() {
    play(async |world| {
        let terminator = Terminator::before(world.address()).await;
        let tenant = world.seed.tenant().await;
        let _first = SdkProcess::through(&terminator, &tenant.environment);
        let mut script = Script::open(world, &tenant).await;
        script.sdk_is_there(world, COMES_BACK).await;
        script.run().await;
        let mut second = SdkProcess::through(&terminator, &tenant.environment);
        second.says("refus|already|connected|connection", COMES_BACK).await;
        script.press(1).await;
        script.press(2).await;
    });
}
