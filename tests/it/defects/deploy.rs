//! D-44 to D-47, as far as they do not belong to the hand-over between two processes.

use crate::support::attempt::assert_readable;
use crate::support::http::exchange;
use crate::support::{Running, Upgrade, play, play_with, soon, within};
use std::time::{Duration, Instant};
use uuid::Uuid;

#[test]
fn d44_a_server_without_a_build_version_serves_and_is_not_ended_by_a_newer_deploy() {
    play_with(&[("BUILD_VERSION", "")], async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        let insert = r#"INSERT INTO deploy ("deployId", "createdAt") VALUES ('unknown', now() + interval '1 minute')"#;
        world.seed.run(insert, &[]).await;
        running.works().await;
    });
}

#[test]
fn d46_an_sdk_that_comes_while_the_server_drains_gets_an_answer_it_understands() {
    play_with(&[("DRAIN_DELAY_SECONDS", "3")], async |world| {
        let tenant = world.seed.tenant().await;
        world.server.terminate();
        soon("the server says that it drains", async {
            loop {
                match exchange(world.address(), b"GET /health-check HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                    .await
                {
                    Some(answer) if answer.status == 503 => return assert_eq!(answer.text(), "failure"),
                    _ => tokio::time::sleep(Duration::from_millis(10)).await,
                }
            }
        })
        .await;
        let request = Upgrade::sdk(&tenant.environment).bytes(world.address());
        if let Some(answer) = exchange(world.address(), &request).await
            && answer.status != 101
        {
            assert_readable(answer.header("x-compose-error-reason"), answer.header("x-compose-error-code"));
        }
        assert!(world.server.exited(Duration::from_secs(20)).await.success());
        world.ended = true;
    });
}

#[test]
fn d47_everybody_comes_back_at_the_same_moment() {
    play(async |world| {
        const TENANTS: usize = 40;
        let mut tenants = Vec::new();
        for _ in 0..TENANTS {
            tenants.push(world.seed.tenant().await);
        }
        let began = Instant::now();
        // An SDK, a home page and three app pages of every tenant.
        let burst = tenants.iter().map(async |tenant| {
            let page = || Upgrade::page(&tenant.owner, Uuid::new_v4(), tenant.environment.id, "hello");
            let (sdk, home, one, two, three) = tokio::join!(
                Upgrade::sdk(&tenant.environment).accepted(world.address()),
                Upgrade::home(&tenant.owner, Uuid::new_v4()).accepted(world.address()),
                page().accepted(world.address()),
                page().accepted(world.address()),
                page().accepted(world.address()),
            );
            (sdk, vec![home, one, two, three])
        });
        let limit = Duration::from_secs(10);
        let all = within(limit, "everybody is back", futures_util::future::join_all(burst)).await;
        eprintln!("{} sockets in {:?}", TENANTS * 5, began.elapsed());
        for (sdk, pages) in all {
            drop(sdk);
            for mut page in pages {
                soon("everybody hears of their SDK", async { while page.message().await.code() != "11" {} }).await;
            }
        }
        let mut running: Running = world.running(&world.seed.tenant().await).await;
        running.works().await;
    });
}
