//! A runner that dies between any two statements leaves either the old state or the new one, and the next run ends where
//! an undisturbed one does.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use compose_relay::store::{Settings, migrate};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::catalog::{assert_migrated, everything, is_end_state};
use crate::old;
use crate::postgres::cluster;

/// Passes on a connection to Postgres, and cuts it instead of passing on statement number `fatal` (from 0).
async fn cut_before(settings: &Settings, fatal: usize) -> (Settings, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let through = Settings { port: listener.local_addr().expect("its number").port(), ..settings.clone() };
    let seen = Arc::new(AtomicUsize::new(0));
    let (server, count) = ((settings.host.clone(), settings.port), Arc::clone(&seen));
    tokio::spawn(async move {
        let (client, _) = listener.accept().await.expect("the runner connects");
        let server = TcpStream::connect(server).await.expect("postgres");
        // Postgres and its clients do so too; otherwise every small message waits for a delayed acknowledgement.
        client.set_nodelay(true).expect("an option");
        server.set_nodelay(true).expect("an option");
        let (mut client_in, mut client_out) = client.into_split();
        let (mut server_in, mut server_out) = server.into_split();
        let back = tokio::spawn(async move { tokio::io::copy(&mut server_in, &mut client_out).await });
        // The first message has no type byte.
        let mut head = 4;
        loop {
            let mut message = vec![0; head];
            if client_in.read_exact(&mut message).await.is_err() {
                break;
            }
            let length = u32::from_be_bytes(message[head - 4..].try_into().expect("four bytes")) as usize;
            message.resize(head - 4 + length, 0);
            if client_in.read_exact(&mut message[head..]).await.is_err() {
                break;
            }
            // A simple query is a statement of ours; everything else only looks.
            if head == 5 && message[0] == b'Q' && count.fetch_add(1, Ordering::SeqCst) == fatal {
                break;
            }
            if server_out.write_all(&message).await.is_err() {
                break;
            }
            head = 5;
        }
        back.abort();
    });
    (through, seen)
}

async fn crash_everywhere(parity: usize) {
    let original = old::database_at(13).await;
    let before = everything(&original.client().await).await;
    let mut fatal = parity;
    loop {
        let database = cluster().copy_of(&original);
        let (settings, seen) = cut_before(&database.settings(), fatal).await;
        let result = migrate::run(&settings, &mut |_| {}).await;
        let statements = seen.load(Ordering::SeqCst);
        if statements <= fatal {
            result.expect("nobody cut it");
            assert!(statements > 40, "a run has more than {statements} statements");
            break;
        }
        let client = database.client().await;
        // The backend of the dead runner has rolled back when its lock is free.
        client
            .batch_execute(
                "SELECT pg_advisory_lock(8243113858876402023); SELECT pg_advisory_unlock(8243113858876402023)",
            )
            .await
            .expect("the lock");
        let after = everything(&client).await;
        if after != before {
            assert!(is_end_state(&client).await, "cut before statement {fatal}: neither old nor new\n{after:#?}");
            old::assert_rows_kept(&client, 13).await;
        }
        migrate::run(&database.settings(), &mut |_| {}).await.expect("the next run");
        assert_migrated(&database).await;
        old::assert_rows_kept(&client, 13).await;
        fatal += 2;
    }
}

#[tokio::test]
async fn before_every_even_statement() {
    crash_everywhere(0).await;
}

#[tokio::test]
async fn before_every_odd_statement() {
    crash_everywhere(1).await;
}

/// The backend dies in the middle of the transaction, at the hand of an administrator.
#[tokio::test]
async fn a_terminated_backend() {
    let database = old::database_at(5).await;
    let administrator = database.client().await;
    let before = everything(&administrator).await;
    // Holds the baseline at its first statement on this table.
    let holder = database.client().await;
    holder.batch_execute(r#"BEGIN; LOCK TABLE "session" IN ACCESS EXCLUSIVE MODE"#).await.expect("a lock");
    let settings = database.settings();
    let runner = tokio::spawn(async move { migrate::run(&settings, &mut |_| {}).await });
    let terminate = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                      WHERE datname = current_database() AND application_name = 'compose-relay' AND wait_event_type = 'Lock'";
    while administrator.query_one(terminate, &[]).await.expect("a look").get::<_, i64>(0) == 0 {
        tokio::task::yield_now().await;
    }
    let error = runner.await.expect("no panic").expect_err("it was terminated");
    assert!(error.is_transient(), "{error:?}");
    drop(holder);
    assert_eq!(everything(&administrator).await, before);
    migrate::run(&database.settings(), &mut |_| {}).await.expect("the next run");
    assert_migrated(&database).await;
}
