//! One line for each request and one for each socket, and no secret in any of them.

use crate::support::raw::{Outgoing, TEXT};
use crate::support::running::start;
use crate::support::server::{DEV_API_KEY_SECRET, PROD_API_KEY_SECRET};
use crate::support::world::DATABASE_PASSWORD;
use crate::support::{Request, Server, Upgrade, World, message, play_with, soon};
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

const JSON: [(&str, &str); 2] = [("LOG_FORMAT", "json"), ("LOG_LEVEL", "info")];

/// The lines with this message, each an object.
fn lines(server: &Server, message: &str) -> Vec<Value> {
    let log = server.log();
    let all = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap_or_else(|e| panic!("{e}: {line}")));
    all.filter(|line| line["message"] == message).collect()
}

/// The same once there are so many: the log is read by a thread of its own.
async fn lines_soon(world: &World, message: &str, number: usize) -> Vec<Value> {
    soon(&format!("{number} lines {message:?}"), async {
        loop {
            let lines = lines(&world.server, message);
            if lines.len() >= number {
                return lines;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
}

/// The last lines of the sockets that have ended.
async fn lives(world: &World, number: usize) -> Vec<Value> {
    lines_soon(world, "socket ended", number).await
}

#[test]
fn a_request_has_one_line_without_what_the_client_wrote() {
    play_with(&JSON, async |world| {
        let login = world.seed.tenant().await.owner;
        Request::get("/api/v1/invite-code/a-secret-code?token=another").send(world.address()).await;
        Request::get("/api/v1/auth/check").login(&login.session).send(world.address()).await;
        Request::get("/health-check").send(world.address()).await;
        let requests = lines_soon(world, "request", 2).await;
        let of = |line: &Value| {
            let text = |name: &str| line[name].as_str().unwrap().to_owned();
            (text("http.method"), text("http.route"), line["http.status"].as_u64().unwrap())
        };
        let expected = [("/api/v1/invite-code/:id", 404), ("/api/v1/auth/check", 200)];
        assert_eq!(
            requests.iter().map(of).collect::<Vec<_>>(),
            expected.map(|(route, status)| ("GET".to_owned(), route.to_owned(), status)),
            "health checks are left out at this level"
        );
        for line in &requests {
            assert!(line["http.ms"].as_f64().unwrap() > 0.0 && line["http.bytes"].as_u64().unwrap() > 0, "{line}");
            assert_eq!(line["net.client"], "127.0.0.1", "{line}");
        }
    });
}

#[test]
fn behind_a_trusted_proxy_the_line_names_the_client() {
    play_with(&[&JSON[..], &[("TRUSTED_PROXIES", "127.0.0.1")]].concat(), async |world| {
        Request::get("/api/v1/auth/check").header("X-Forwarded-For", "198.51.100.7").send(world.address()).await;
        assert_eq!(lines_soon(world, "request", 1).await[0]["net.client"], "198.51.100.7");
    });
}

#[test]
fn a_socket_has_one_line_at_its_end_that_says_why() {
    play_with(&JSON, async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        let environment = tenant.environment.id;

        // A page that says good-bye, after some traffic.
        running.works().await;
        let frame = message::click(environment, running.execution, "x");
        running.page.peer.send(frame.clone()).await;
        running.sdk.expect(&frame).await;
        running.page.peer.close(1000).await;
        running.page.peer.closed().await;
        drop(running.page);
        let line = lives(world, 1).await.remove(0);
        assert_eq!(
            (&line["socket.kind"], &line["socket.environment"], &line["socket.reason"], &line["socket.code"]),
            (&json!("app"), &json!(environment.to_string()), &json!("peer"), &json!(1000)),
            "{line}"
        );
        // A start and two clicks; a status frame and a toast.
        assert_eq!(
            (&line["socket.received.messages"], &line["socket.sent.messages"]),
            (&json!(3), &json!(2)),
            "{line}"
        );
        assert!(line["socket.received.bytes"].as_u64().unwrap() > 3 * 110, "{line}");
        assert!(line["socket.seconds"].as_f64().is_some(), "{line}");

        // A home page whose connection just ends.
        let (home, _) = world.home(&tenant.owner).await;
        drop(home);
        // One that sends text.
        let mut wrong = Upgrade::home(&tenant.owner, Uuid::new_v4()).raw(world.address()).await;
        wrong.write(&Outgoing::new(TEXT, *b"hello").bytes()).await;
        assert_eq!(wrong.closed().await, Some(1003));
        drop(wrong);
        // A page that is opened a second time.
        let session = Uuid::new_v4();
        let page = || Upgrade::page(&tenant.owner, session, environment, "hello");
        let mut old = page().accepted(world.address()).await;
        let new = page().accepted(world.address()).await;
        assert_eq!(old.closed().await, 4001);
        drop((old, new));
        let told: Vec<Value> = lives(world, 5).await.into_iter().skip(1).collect();
        let mut told: Vec<(String, Value)> = told
            .iter()
            .map(|line| (line["socket.reason"].as_str().unwrap().to_owned(), line["socket.code"].clone()))
            .collect();
        told.sort_by(|one, other| one.0.cmp(&other.0));
        assert_eq!(
            told,
            [("lost", Value::Null), ("lost", Value::Null), ("protocol", json!(1003)), ("replaced", json!(4001))]
                .map(|(reason, code)| (reason.to_owned(), code))
        );

        // The SDK, when the server ends.
        world.server.terminate();
        world.ended = true;
        assert_eq!(running.sdk.closed().await, 3782);
        assert!(world.server.exited(Duration::from_secs(20)).await.success());
        let last = lives(world, 6).await;
        let last = last.last().unwrap();
        let seen = (&last["socket.kind"], &last["socket.reason"], &last["socket.code"]);
        assert_eq!(seen, (&json!("sdk"), &json!("update"), &json!(3782)), "{last}");
    });
}

#[test]
fn no_line_at_any_level_holds_a_secret_a_query_or_a_message() {
    play_with(
        &[("LOG_LEVEL", "trace,hyper=trace,rustls=trace,mio=trace"), ("SESSION_GRACE_SECONDS", "1")],
        async |world| {
            let tenant = world.seed.tenant().await;
            let environment = &tenant.environment;
            let secrets: Vec<String> = [
                tenant.owner.session.as_str(),
                environment.key.as_str(),
                "ck_prod_not-a-key-of-ours",
                "a-cookie-of-nobody",
                "a-code-in-the-path",
                "a-word-in-the-query",
                "a-word-in-a-message",
                "a-token-in-a-body",
                "a-header-of-the-client",
                PROD_API_KEY_SECRET,
                DEV_API_KEY_SECRET,
                DATABASE_PASSWORD,
                "test-client-secret",
            ]
            .map(str::to_owned)
            .into();
            let address = world.address();

            // People.
            for path in [
                "/api/v1/invite-code/a-code-in-the-path?x=a-word-in-the-query",
                "/sign-up/a-code-in-the-path",
                "/auth/google-oauth/redirect?code=a-word-in-the-query&state=a-word-in-the-query",
                "/demo/sign-in?token=a-word-in-the-query",
                "/api/v1/auth/check",
            ] {
                Request::get(path)
                    .login(&tenant.owner.session)
                    .header("X-Own", secrets[8].as_str())
                    .send(address)
                    .await;
                Request::get(path).login("a-cookie-of-nobody").send(address).await;
            }
            for path in ["/api/v1/auth/google-oauth/redirect", "/api/v1/auth/login-to-app", "/api/v1/log-error"] {
                let body =
                    json!({"accessToken": "a-token-in-a-body", "code": "a-token-in-a-body", "x": "a-token-in-a-body"});
                Request::post(path, &body).login(&tenant.owner.session).send(address).await;
                Request::post(path, &json!(null)).body("{a-token-in-a-body").send(address).await;
            }
            // Programs.
            let unknown = Upgrade::sdk(environment).header("x-compose-api-key", "ck_prod_not-a-key-of-ours");
            assert!(unknown.connect(address).await.is_err());
            let mut running = world.running(&tenant).await;
            let click = message::click(environment.id, running.execution, "a-word-in-a-message");
            running.page.peer.send(click.clone()).await;
            running.sdk.expect(&click).await;
            let data =
                json!({"severity": "info", "message": "a-word-in-a-message", "data": {"x": "a-word-in-a-message"}});
            running.sdk.send(message::with_header("av", running.session(), running.execution, data.to_string())).await;
            running.page.peer.until("av").await;
            // What breaks the rules, on both sides.
            for frame in [&b"a-word-in-a-message"[..], b"zz-a-word-in-a-message"] {
                running.page.peer.send(frame.to_vec()).await;
                running.sdk.send(frame.to_vec()).await;
            }
            start(&mut running.page, &mut running.sdk, "hello").await;
            let mut raw = Upgrade::home(&tenant.owner, Uuid::new_v4()).raw(address).await;
            raw.write(&Outgoing::new(TEXT, *b"a-word-in-a-message").bytes()).await;
            raw.closed().await;
            // A log-out closes what the login had opened.
            Request::get("/api/v1/auth/logout").login(&tenant.owner.session).send(address).await;
            assert_eq!(running.page.peer.closed().await, 4002);

            world.server.terminate();
            world.ended = true;
            assert!(world.server.exited(Duration::from_secs(20)).await.success());
            let log = world.server.log();
            for line in ["request", "a sign-in was refused", "an SDK was refused", "frame dropped", "socket ended"] {
                assert!(log.contains(line), "the log is as long as it can be, and holds: {line}");
            }
            for secret in &secrets {
                let found = log.lines().find(|line| line.contains(secret.as_str()));
                assert!(found.is_none(), "{secret} stands in the log: {found:?}");
            }
        },
    );
}
