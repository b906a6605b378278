//! The published SDK at a hand-over, on its own schedule.

use super::{all_settings, hand_over, settings};
use crate::sdk::{process::SdkProcess, script::Script};
use crate::support::tls::Terminator;
use crate::support::{Server, play_with};
use std::time::Duration;

/// The SDK waits 10 s after close code 3782; the rest is for a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn a_run_of_the_published_sdk_goes_on_in_the_newer_process() {
    play_with(&settings(&[("BUILD_VERSION", "one")]), async |world| {
        let terminator = Terminator::before(world.address()).await;
        let tenant = world.seed.tenant().await;
        let _sdk = SdkProcess::through(&terminator, &tenant.environment);
        let mut script = Script::open(world, &tenant).await;
        script.sdk_is_there(world, LIMIT).await;
        script.run().await;
        script.press(1).await;
        let newer = Server::start(world.address(), all_settings(world, &[("BUILD_VERSION", "two")])).await;
        script.press(2).await;
        hand_over(world, newer).await;
        assert_eq!(script.page.peer.closed().await, 3782);
        script.reconnect(world, &tenant).await;
        script.online(LIMIT).await;
        // The same run: it goes on counting.
        script.check().await;
        script.press(3).await;
        script.press(4).await;
        world.assert_healthy().await;
    });
}
