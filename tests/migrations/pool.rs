//! The pool when Postgres misbehaves.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use compose_relay::store::{Configuration, EnvironmentRow, Settings, Store, StoreError, migrate};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::postgres::{OwnCluster, ROLE, cluster, connect};
use crate::tables::{company_with_owner, session};

/// Waits until a query over the activity of the server is true.
pub async fn until(client: &Client, sql: &str) {
    let begin = Instant::now();
    while !client.query_one(sql, &[]).await.expect("a look").get::<_, bool>(0) {
        assert!(begin.elapsed() < Duration::from_secs(20), "never true: {sql}");
        tokio::task::yield_now().await;
    }
}

fn empty_configuration() -> Configuration {
    Configuration { apps: json!([]), theme: None, data: json!({}), parents: Vec::new() }
}

/// Opens every connection that the pool may have.
async fn fill(store: &Store, size: usize) {
    let calls: Vec<_> = (0..size * 2)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.ping().await })
        })
        .collect();
    for call in calls {
        call.await.expect("no panic").expect("an answer");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_of_postgres_is_survived() {
    let own = OwnCluster::start();
    let settings = own.settings("postgres");
    migrate::run(&settings, &mut |_| {}).await.expect("migrations");
    let store = Store::new(settings.clone()).expect("settings");
    let signed_up = company_with_owner(&store, "a@example.test").await;
    let environment = signed_up.environment.expect("an environment");

    for crash in [false, true] {
        fill(&store, settings.pool_size).await;
        let before = own.pid();
        if crash {
            own.kill();
        } else {
            own.stop();
        }
        let error = store.environment(environment).await.expect_err("there is no server");
        assert!(matches!(error, StoreError::Unavailable { .. }) && error.is_transient(), "{error:?}");
        own.resume();
        assert_ne!(own.pid(), before);
        // The first calls work, of every kind, and so do many at once.
        assert!(store.environment(environment).await.expect("reads work again").is_some());
        store.apply_configuration(environment, &empty_configuration()).await.expect("transactions work again");
        store.insert_session(&session(&format!("after-{crash}"))).await.expect("writes work again");
        fill(&store, settings.pool_size).await;
    }

    // Without a moment without a server: all connections break while they rest, and nobody has noticed yet.
    fill(&store, settings.pool_size).await;
    let administrator = connect(&settings).await;
    administrator
        .batch_execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'compose-relay'",
        )
        .await
        .expect("terminated");
    assert!(store.environment(environment).await.expect("a read is repeated").is_some());
    store.apply_configuration(environment, &empty_configuration()).await.expect("a transaction is begun again");
}

/// Passes connections on to Postgres. When `cut` is set, the next bytes of a client end its connection instead.
async fn cutting_proxy(settings: &Settings) -> (Settings, Arc<AtomicBool>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let through = Settings { port: listener.local_addr().expect("its number").port(), ..settings.clone() };
    let cut = Arc::new(AtomicBool::new(false));
    let (address, flag) = ((settings.host.clone(), settings.port), Arc::clone(&cut));
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (address, flag) = (address.clone(), Arc::clone(&flag));
            tokio::spawn(async move {
                let server = TcpStream::connect(address).await.expect("postgres");
                let (mut client_in, mut client_out) = client.into_split();
                let (mut server_in, mut server_out) = server.into_split();
                let back = tokio::spawn(async move { tokio::io::copy(&mut server_in, &mut client_out).await });
                let mut buffer = [0; 4096];
                while let Ok(n @ 1..) = client_in.read(&mut buffer).await {
                    if flag.swap(false, Ordering::SeqCst) || server_out.write_all(&buffer[..n]).await.is_err() {
                        break;
                    }
                }
                back.abort();
            });
        }
    });
    (through, cut)
}

/// A connection that breaks at the moment of its use, which no check before it can see.
#[tokio::test]
async fn what_is_repeated_on_a_new_connection() {
    let database = cluster().migrated_database();
    let (settings, cut) = cutting_proxy(&database.settings()).await;
    let store = Store::new(Settings { pool_size: 1, ..settings }).expect("settings");
    let environment = company_with_owner(&store, "a@example.test").await.environment.expect("an environment");
    let was_cut = || assert!(!cut.load(Ordering::SeqCst), "the connection was cut");

    cut.store(true, Ordering::SeqCst);
    assert!(store.environment(environment).await.expect("a read is repeated").is_some());
    was_cut();

    cut.store(true, Ordering::SeqCst);
    store.apply_configuration(environment, &empty_configuration()).await.expect("a transaction is begun again");
    was_cut();

    cut.store(true, Ordering::SeqCst);
    let error = store.insert_session(&session("once")).await.expect_err("a write is not sent twice");
    assert!(matches!(error, StoreError::Unavailable { .. }) && error.is_transient(), "{error:?}");
    was_cut();
    store.insert_session(&session("once")).await.expect("the next one is fine");
}

#[tokio::test]
async fn a_server_that_never_answers() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let settings = Settings {
        port: listener.local_addr().expect("its number").port(),
        connect_timeout: Duration::from_millis(200),
        ..cluster().fresh_database().settings()
    };
    let store = Store::new(settings.clone()).expect("settings");
    let begin = Instant::now();
    let error = store.ping().await.expect_err("nobody answers");
    assert!(matches!(error, StoreError::Timeout) && error.is_transient(), "{error:?}");
    let error = migrate::run(&settings, &mut |_| {}).await.expect_err("nobody answers");
    assert!(error.is_transient(), "{error:?}");
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn a_port_where_nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("its number").port();
    drop(listener);
    let store = Store::new(Settings { port, ..cluster().fresh_database().settings() }).expect("settings");
    let error = store.ping().await.expect_err("nobody listens");
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    let cause = std::error::Error::source(&error).expect("a cause").to_string();
    assert!(cause.contains("refused"), "{cause}");
}

#[tokio::test]
async fn a_database_that_does_not_exist() {
    let settings = Settings { database: "nowhere".to_owned(), ..cluster().fresh_database().settings() };
    let error = Store::new(settings).expect("settings").ping().await.expect_err("no such database");
    assert!(matches!(&error, StoreError::Rejected { sqlstate, .. } if sqlstate == "3D000"), "{error:?}");
    assert!(!error.is_transient());
    let cause = std::error::Error::source(&error).expect("a cause").to_string();
    assert!(cause.contains("nowhere"), "it says which: {cause}");
}

#[tokio::test]
async fn a_statement_that_waits_too_long_is_ended_by_the_server() {
    let database = cluster().migrated_database();
    let settings = Settings { statement_timeout: Duration::from_millis(300), pool_size: 1, ..database.settings() };
    let store = Store::new(settings).expect("settings");
    let environment = company_with_owner(&store, "a@example.test").await.environment.expect("an environment");
    let other = database.client().await;
    other.batch_execute(r#"BEGIN; SELECT "id" FROM "environment" FOR UPDATE"#).await.expect("a lock");
    let begin = Instant::now();
    let error = store.apply_configuration(environment, &empty_configuration()).await.expect_err("locked");
    assert!(matches!(error, StoreError::Timeout), "{error:?}");
    assert!(begin.elapsed() < Duration::from_secs(2), "the server's limit, not ours: {:?}", begin.elapsed());
    other.batch_execute("ROLLBACK").await.expect("free");
    store.apply_configuration(environment, &empty_configuration()).await.expect("the only connection is usable");
}

#[tokio::test]
async fn a_pool_without_a_free_place() {
    let database = cluster().migrated_database();
    let settings = Settings { connect_timeout: Duration::from_millis(300), pool_size: 1, ..database.settings() };
    let store = Store::new(settings).expect("settings");
    let environment = company_with_owner(&store, "a@example.test").await.environment.expect("an environment");
    let other = database.client().await;
    other.batch_execute(r#"BEGIN; SELECT "id" FROM "environment" FOR UPDATE"#).await.expect("a lock");
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { store.apply_configuration(environment, &empty_configuration()).await }
    });
    let look = database.client().await;
    until(
        &look,
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')",
    )
    .await;
    let error = store.ping().await.expect_err("no free place");
    assert!(matches!(error, StoreError::Timeout), "{error:?}");
    other.batch_execute("ROLLBACK").await.expect("free");
    waiting.await.expect("no panic").expect("stored after all");
    store.ping().await.expect("free again");
}

/// A backend that is frozen, as behind a network that swallows everything: our own deadline ends the call, and the
/// connection is not used again.
#[tokio::test]
async fn a_frozen_connection_is_thrown_away() {
    let database = cluster().migrated_database();
    let settings = Settings { statement_timeout: Duration::from_millis(100), pool_size: 1, ..database.settings() };
    let store = Store::new(settings).expect("settings");
    store.ping().await.expect("a connection");
    let look = database.client().await;
    let backend: i32 = look
        .query_one(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'compose-relay'",
            &[],
        )
        .await
        .expect("one backend")
        .get(0);
    let signal = |name: &str| {
        let status = Command::new("kill").args([name, &backend.to_string()]).status().expect("kill starts");
        assert!(status.success());
    };
    signal("-STOP");
    let begin = Instant::now();
    let result = store.ping().await;
    let took = begin.elapsed();
    let next = store.ping().await;
    signal("-CONT");
    let error = result.expect_err("frozen");
    assert!(matches!(error, StoreError::Timeout), "{error:?}");
    assert!(took < Duration::from_secs(5), "{took:?}");
    next.expect("a new connection");
}

/// A call that its caller gave up leaves the pool in order.
#[tokio::test]
async fn dropped_calls_do_no_harm() {
    let database = cluster().migrated_database();
    let store = Store::new(Settings { pool_size: 1, ..database.settings() }).expect("settings");
    let environment = company_with_owner(&store, "a@example.test").await.environment.expect("an environment");
    let other = database.client().await;
    other.batch_execute(r#"BEGIN; SELECT "id" FROM "environment" FOR UPDATE"#).await.expect("a lock");
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { store.apply_configuration(environment, &empty_configuration()).await }
    });
    let look = database.client().await;
    until(
        &look,
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')",
    )
    .await;
    waiting.abort();
    assert!(waiting.await.expect_err("aborted").is_cancelled());
    other.batch_execute("ROLLBACK").await.expect("free");
    let row: EnvironmentRow = store.environment(environment).await.expect("works").expect("there");
    assert_eq!(row.updated_at, row.created_at, "the dropped transaction changed nothing");
    assert!(store.environment(Uuid::nil()).await.expect("works").is_none());
}

#[tokio::test]
async fn sessions_of_the_pool_are_set_up() {
    let database = cluster().migrated_database();
    let look = database.client().await;
    // A column that keeps what the session of the writer was like.
    look.batch_execute(&format!(
        r#"ALTER ROLE {ROLE} IN DATABASE {} SET timezone = 'Asia/Kolkata';
           ALTER TABLE "errorLog" ADD COLUMN "seen" text DEFAULT concat_ws(' ', current_setting('TimeZone'),
               current_setting('statement_timeout'), current_setting('application_name'))"#,
        database.name()
    ))
    .await
    .expect("a setting");
    let settings = Settings { statement_timeout: Duration::from_secs(7), ..database.settings() };
    Store::new(settings).expect("settings").insert_error_log(&json!({})).await.expect("stored");
    let row = look.query_one(r#"SELECT "seen" FROM "errorLog""#, &[]).await.expect("a row");
    assert_eq!(row.get::<_, String>(0), "UTC 7s compose-relay");
}

#[tokio::test]
async fn over_a_unix_socket() {
    let own = OwnCluster::start();
    let settings = Settings { host: own.directory().display().to_string(), ..own.settings("postgres") };
    assert!(settings.is_unix_socket());
    // Encryption is for networks: not even the strictest mode minds.
    let settings = Settings { sslmode: compose_relay::store::SslMode::VerifyFull, ..settings };
    migrate::run(&settings, &mut |_| {}).await.expect("migrations");
    Store::new(settings).expect("settings").ping().await.expect("an answer");
}
