//! D-44 to D-47. The hand-over between two processes is in `handover`, and D-44 and D-45 with it.

use crate::support::attempt::assert_readable;
use crate::support::http::exchange;
use crate::support::{Event, Running, Server, Upgrade, play, play_with, soon, within};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
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
fn d46_pages_and_their_sdk_go_together_and_no_page_is_told_that_its_sdk_is_away() {
    play(async |world| {
        world.ended = true;
        let tenant = world.seed.tenant().await;
        let (mut home, _) = world.home(&tenant.owner).await;
        let mut running = world.running(&tenant).await;
        home.status(true).await;
        let mut second = world.page(&tenant.owner, &tenant.environment, "hello").await;
        // A page that does not answer the close frame does not keep the others' SDK for long.
        let silent = Upgrade::page(&tenant.owner, Uuid::new_v4(), tenant.environment.id, "hello");
        let _silent = silent.raw(world.address()).await;
        world.server.terminate();
        let mut told = Vec::new();
        for peer in [&mut running.page.peer, &mut second.peer, &mut home, &mut running.sdk] {
            loop {
                match peer.event().await {
                    Event::Closed(Some((3782, _))) => break told.push(Instant::now()),
                    Event::Ping | Event::Pong(_) => {}
                    other => panic!("{other:?} before the close frame"),
                }
            }
        }
        assert!(*told.last().unwrap() - told[0] < Duration::from_secs(3), "{told:?}");
        assert!(world.server.exited(Duration::from_secs(20)).await.success());
    });
}

#[test]
fn d46_a_socket_that_comes_when_the_others_are_being_closed_is_let_in_and_told_to_come_back() {
    play_with(&[("HANDOVER", "signal")], async |world| {
        world.ended = true;
        let tenants = [world.seed.tenant().await, world.seed.tenant().await];
        // It does not answer, so the server has to wait for it.
        let _silent = Upgrade::sdk(&tenants[0].environment).raw(world.address()).await;
        // A connection that is open already; its request comes later.
        let mut late = TcpStream::connect(world.address()).await.unwrap();
        let ask = b"GET /health-check HTTP/1.1\r\nHost: x\r\n\r\n";
        late.write_all(ask).await.unwrap();
        assert!(late.read(&mut [0; 1024]).await.unwrap() > 0);
        let newer = Server::start(
            world.address(),
            crate::support::world::server_settings(&world.database, &[("HANDOVER", "signal")]),
        )
        .await;
        world.server.terminate();
        world.server.says("a second signal").await;
        late.write_all(&Upgrade::sdk(&tenants[1].environment).bytes(world.address())).await.unwrap();
        let mut bytes = Vec::new();
        soon("the end of the connection", late.read_to_end(&mut bytes)).await.unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.starts_with("HTTP/1.1 101 "), "{text}");
        // The ping that every socket gets first, then the close frame with 3782.
        let frames = &bytes[text.find("\r\n\r\n").unwrap() + 4..];
        assert_eq!(frames[..2], [0x89, 0]);
        assert_eq!((frames[2], &frames[4..6]), (0x88, &3782_u16.to_be_bytes()[..]));
        assert!(world.server.exited(Duration::from_secs(20)).await.success());
        drop(newer);
    });
}

#[test]
fn d47_many_sockets_are_closed_over_a_second_or_more_and_those_of_an_environment_together() {
    play_with(&[("RELAY_SHARDS", "1")], async |world| {
        const TENANTS: usize = 24;
        world.ended = true;
        let mut all = Vec::new();
        for _ in 0..TENANTS {
            let tenant = world.seed.tenant().await;
            let mut peers = vec![world.sdk(&tenant.environment).await];
            for _ in 0..4 {
                peers.push(world.page(&tenant.owner, &tenant.environment, "hello").await.peer);
            }
            all.push(peers);
        }
        world.server.terminate();
        let mut ends = Vec::new();
        for peers in &mut all {
            let mut of_one = Vec::new();
            for peer in peers {
                assert_eq!(peer.closed().await, 3782);
                of_one.push(peer.ended.expect("it has ended"));
            }
            ends.push(of_one);
        }
        let spread = |times: &[Instant]| *times.iter().max().unwrap() - *times.iter().min().unwrap();
        let whole = spread(&ends.concat());
        assert!(whole > Duration::from_millis(600), "all within {whole:?}");
        assert!(whole < Duration::from_secs(6), "{whole:?}");
        // The median, because a busy machine may be late with some.
        let mut together: Vec<Duration> = ends.iter().map(|times| spread(times)).collect();
        together.sort_unstable();
        assert!(together[TENANTS / 2] < whole / 3, "{together:?} of {whole:?}");
        assert!(world.server.exited(Duration::from_secs(20)).await.success());
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
                // A home page that came after its SDK finds it in the first frame.
                let hears = async |page: &mut crate::support::Peer| {
                    let message = page.message().await;
                    message.code() == "11" || message.code() == "12" && message.contains(":true")
                };
                soon("everybody hears of their SDK", async { while !hears(&mut page).await {} }).await;
            }
        }
        let mut running: Running = world.running(&world.seed.tenant().await).await;
        running.works().await;
    });
}
