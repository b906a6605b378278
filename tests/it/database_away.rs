//! Postgres is killed and restarted under traffic.

use crate::support::attempt::assert_readable;
use crate::support::http::exchange;
use crate::support::postgres::{self, OwnCluster};
use crate::support::world::World;
use crate::support::{Request, Running, Upgrade, message, play, play_on_cluster, soon, within};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Postgres is there again: the test needs a connection of its own, too.
async fn resume(world: &mut World, cluster: &Arc<OwnCluster>) {
    let starting = cluster.clone();
    tokio::task::spawn_blocking(move || starting.resume()).await.unwrap();
    world.seed.sql = postgres::connect(&cluster.settings("postgres")).await;
}

#[test]
fn sockets_relay_on_without_a_database_and_new_ones_get_a_readable_no() {
    let cluster = Arc::new(OwnCluster::start());
    // The periodic look at rights finds nobody to ask, again and again.
    play_on_cluster(&cluster, &[("AUTHORIZATION_RECHECK_SECONDS", "1")], async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        let (mut home, _) = world.home(&tenant.owner).await;
        let waiting = world.seed.tenant().await;
        for _ in 0..2 {
            // The test clusters do not sync; what is in the database now must be there after the crash.
            world.seed.run("CHECKPOINT", &[]).await;
            cluster.kill();
            let began = Instant::now();
            // Frames that need the database are no reason to close anything.
            running.sdk.send(message::initialize(json!([message::app("hello"), message::app("second")]))).await;
            let entry = message::audit_log(running.session(), running.execution, json!({"message": "away"}));
            running.sdk.send(entry).await;
            let sdk = Upgrade::sdk(&waiting.environment).bytes(world.address());
            let page = Upgrade::page(&waiting.owner, Uuid::new_v4(), waiting.environment.id, "hello");
            let page = page.bytes(world.address());
            let refusals = async {
                let (sdk, page) = tokio::join!(exchange(world.address(), &sdk), exchange(world.address(), &page));
                for (answer, code) in [(sdk, "srvr11"), (page, "brwsr4")] {
                    let answer = answer.expect("an answer");
                    assert_eq!(answer.status, 503, "{answer:?}");
                    assert_eq!(answer.header("x-compose-error-code"), Some(code));
                    assert_readable(answer.header("x-compose-error-reason"), answer.header("x-compose-error-code"));
                    assert!(began.elapsed() < Duration::from_secs(9), "after {:?}", began.elapsed());
                }
            };
            let traffic = async {
                let (mut count, mut told) = (0, false);
                while began.elapsed() < Duration::from_secs(4) {
                    let mark = message::click(tenant.environment.id, running.execution, "marker");
                    running.page.peer.send(mark.clone()).await;
                    running.sdk.expect(&mark).await;
                    let toast = message::toast(running.page.session, running.execution, "marker");
                    running.sdk.send(toast.clone()).await;
                    loop {
                        let message = running.page.peer.message().await;
                        if message == toast {
                            break;
                        }
                        // An INITIALIZE of the last round may have been stored late. The audit entry may be refused, and
                        // then its author is told.
                        assert!(["14", "au"].contains(&message.code()), "{message:?}");
                        told |= message.code() == "au";
                    }
                    count += 1;
                }
                (count, told)
            };
            let ((), (count, told)) = tokio::join!(within(Duration::from_secs(12), "the refusals", refusals), traffic);
            assert!(count > 20, "{count} round trips while the database was away");
            world.assert_healthy().await;
            // A START whose rights cannot be looked at is delivered from what is known, or its page is told; both soon.
            let fresh = Uuid::new_v4();
            let start = message::start(tenant.environment.id, fresh, running.page.session, "private");
            running.page.peer.send(start.clone()).await;
            soon("the start or its refusal", async {
                tokio::select! {
                    arrived = running.sdk.message() => assert_eq!(arrived, start),
                    () = async { while running.page.peer.until("au").await.execution() != fresh {} } => {}
                }
            })
            .await;
            let rest = Request::get("/api/v1/auth/check").login(&tenant.owner.session).send(world.address()).await;
            assert!((500..600).contains(&rest.status), "{rest:?}");
            assert!(!rest.message().to_lowercase().contains("postgres"), "{rest:?}");

            resume(world, &cluster).await;
            if !told {
                // Entries that were accepted are written when it is there again.
                world.seed.audit_rows_until(tenant.environment.company, 1).await;
            }
            // A Node SDK sends INITIALIZE once in its life, so it must not be lost either.
            home.next_is("14").await;
            assert_eq!(world.seed.stored_routes(tenant.environment.id).await, ["hello", "second"]);
            let recovered = soon("new sockets are let in again", async {
                loop {
                    if let Ok(sdk) = Upgrade::sdk(&waiting.environment).connect(world.address()).await {
                        return sdk;
                    }
                }
            })
            .await;
            let mut page = world.page(&waiting.owner, &waiting.environment, "hello").await;
            let mut sdk = recovered;
            let execution = crate::support::running::start(&mut page, &mut sdk, "hello").await;
            Running { sdk, page, execution }.works().await;
        }
    });
}

#[test]
fn an_upgrade_is_held_while_the_database_restarts() {
    let cluster = Arc::new(OwnCluster::start());
    play_on_cluster(&cluster, &[], async |world| {
        let tenant = world.seed.tenant().await;
        cluster.stop();
        let sdk = Upgrade::sdk(&tenant.environment).connect(world.address());
        let page =
            Upgrade::page(&tenant.owner, Uuid::new_v4(), tenant.environment.id, "hello").connect(world.address());
        let starting = cluster.clone();
        let resume = tokio::task::spawn_blocking(move || starting.resume());
        let (sdk, page, resumed) = tokio::join!(sdk, page, resume);
        resumed.unwrap();
        let mut sdk = sdk.unwrap_or_else(|refusal| panic!("the SDK was refused: {refusal:?}"));
        sdk.ping(b"in").await;
        page.unwrap_or_else(|refusal| panic!("the page was refused: {refusal:?}")).until_status(true).await;
    });
}

#[test]
fn terminated_backends_are_replaced() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        for _ in 0..5 {
            let statement = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()";
            world.seed.sql.query_one(statement, &[]).await.unwrap();
            let page = world.page(&tenant.owner, &tenant.environment, "hello").await;
            drop(page);
            let answer = Request::get("/api/v1/auth/check").login(&tenant.owner.session).send(world.address()).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            let other = world.seed.tenant().await;
            world.sdk(&other.environment).await;
            running.works().await;
        }
    });
}
