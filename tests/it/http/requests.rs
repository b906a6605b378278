//! Transport rules: what is parsed, what is refused, and in which words.

use crate::support::http::exchange;
use crate::support::{Request, Upgrade, play};
use serde_json::json;
use uuid::Uuid;

const LOG: &str = "/api/v1/log";

#[test]
fn every_answer_of_an_api_path_is_json() {
    play(async |world| {
        let address = world.address();
        let tenant = world.seed.tenant().await;
        let login = &tenant.owner.session;
        let good = json!({"event": "DASHBOARD_PAGE_VIEW", "data": {}});
        let post =
            |body: &str| Request::new("POST", LOG).login(login).header("Content-Type", "application/json").body(body);
        let cases = [
            (Request::post(LOG, &good).login(login), 200),
            (post("{"), 400),
            (post(""), 400),
            (post("null"), 400),
            (post("[]"), 400),
            (post(r#"{"event":5,"data":{}}"#), 400),
            (post(r#"{"data":{}}"#), 400),
            (post("{\"event\":\"\u{feff}\",\"data\":{}}"), 200),
            (post("\u{feff}{\"event\":\"x\",\"data\":{}}"), 200),
            (Request::new("POST", LOG).login(login).header("Content-Type", "text/plain").body("{}"), 415),
            (Request::new("POST", LOG).login(login).header("Content-Type", "application/xml").body("{}"), 415),
            (Request::get("/api/v1/nothing"), 404),
            (Request::get("/api/v1/auth/check/").login(login), 404),
            (Request::get("/api/v1//auth/check").login(login), 404),
            (Request::get("/API/v1/auth/check").login(login), 404),
            (Request::new("PATCH", "/api/v1/auth/check").login(login), 404),
            (Request::new("OPTIONS", "/api/v1/auth/check"), 404),
            (Request::get("/api/v1/%zz"), 400),
            (Request::get("/api/v1/auth/check"), 401),
            (Request::get("/api/v1/auth/check").login(&"a".repeat(40)), 401),
            (Request::get("/api/v1/auth/check?x=1").login(login), 200),
            (Request::get("/api/v1/%61uth/check").login(login).header("Content-Type", "application/json"), 200),
        ];
        for (index, (request, status)) in cases.into_iter().enumerate() {
            let answer = request.send(address).await;
            if answer.status == 404 && index == 13 {
                continue;
            }
            assert_eq!(answer.status, status, "case {index}: {answer:?}");
            let kind = answer.header("content-type").unwrap_or_else(|| panic!("case {index}: {answer:?}"));
            assert!(kind.starts_with("application/json"), "case {index}: {answer:?}");
            if status >= 400 {
                assert!(!answer.message().is_empty());
            } else {
                answer.json();
            }
            assert!(answer.header("access-control-allow-origin").is_none());
        }
        let check = Request::get("/api/v1/auth/check").login(login).send(address).await;
        assert_eq!(check.text(), "null");
    });
}

#[test]
fn a_body_may_have_exactly_one_mebibyte() {
    play(async |world| {
        let address = world.address();
        let tenant = world.seed.tenant().await;
        let sized = |size: usize| {
            let frame = r#"{"event":"x","data":{"d":""}}"#;
            frame.replace("\"\"}", &format!("\"{}\"}}", "y".repeat(size - frame.len())))
        };
        let request = |size| {
            let request = Request::new("POST", LOG).login(&tenant.owner.session);
            request.header("Content-Type", "application/json; charset=utf-8").body(sized(size))
        };
        assert_eq!(request(1_048_576).send(address).await.status, 200);
        let answer = request(1_048_577).send(address).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (413, Some("Payload Too Large")));
        // The same in chunks, where no header tells the size.
        for (size, status) in [(1_048_576, 200), (1_048_577, 413)] {
            let head = format!(
                "POST {LOG} HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nCookie: auth_session={}\r\n\
                 Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
                tenant.owner.session
            );
            let body = sized(size);
            let mut bytes = head.into_bytes();
            for chunk in body.as_bytes().chunks(100_000) {
                bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                bytes.extend_from_slice(chunk);
                bytes.extend_from_slice(b"\r\n");
            }
            bytes.extend_from_slice(b"0\r\n\r\n");
            assert_eq!(exchange(address, &bytes).await.unwrap().status, status);
        }
    });
}

#[test]
fn the_origin_rule_holds_for_every_request_that_changes_something() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let body = json!({"event": "x", "data": {}});
        let cases = [
            ("http://localhost:8082", "localhost:8082", true),
            ("https://LOCALHOST:8082", "localhost:8082", true),
            ("https://x.test", "x.test:443", true),
            ("https://x.test:443", "x.test", true),
            ("http://x.test", "x.test:443", true),
            ("http://x.test", "x.test:80", false),
            ("https://a.x.test", "x.test", false),
            ("https://x.test.", "x.test", false),
            ("null", "x.test", false),
            ("x.test", "x.test", false),
            ("", "x.test", false),
        ];
        for (origin, host, fine) in cases {
            let request = Request::post(LOG, &body).login(&tenant.owner.session);
            let answer = request.header("Origin", origin).header("Host", host).send(world.address()).await;
            assert_eq!(answer.status, if fine { 200 } else { 403 }, "{origin} to {host}: {answer:?}");
            if !fine {
                assert!(!answer.message().is_empty());
                assert_eq!(answer.cookies(), ["auth_session=; HttpOnly; Max-Age=0; Path=/; SameSite=Lax; Secure"]);
            }
        }
        // GET and HEAD change nothing.
        for method in ["GET", "HEAD"] {
            let request = Request::new(method, "/api/v1/auth/check").login(&tenant.owner.session);
            let answer = request.header("Origin", "http://evil.test").send(world.address()).await;
            assert_eq!(answer.status, 200, "{answer:?}");
        }
    });
}

#[test]
fn health_is_plain_text() {
    play(async |world| {
        let answer = Request::get("/%68ealth-check").send(world.address()).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "success"));
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
        let head =
            exchange(world.address(), b"HEAD /health-check HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
        // Nothing follows the head.
        let head = head.unwrap();
        assert_eq!((head.status, head.body.len()), (200, 0));
    });
}

#[test]
fn large_headers_are_refused_and_the_next_request_is_served() {
    play(async |world| {
        let large = Request::get("/health-check").header("X-Large", &"x".repeat(17_000)).send(world.address()).await;
        assert_eq!(large.status, 431);
        let fine = Request::get("/health-check").header("X-Large", &"x".repeat(15_000)).send(world.address()).await;
        assert_eq!(fine.status, 200);
    });
}

#[test]
fn http_d05_one_request_ends_the_process() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let mut running = world.running(&tenant).await;
        let home = || Upgrade::home(&tenant.owner, Uuid::new_v4());
        let good = String::from_utf8(home().bytes(world.address())).unwrap();
        let session = &tenant.owner.session;
        let host = format!("Host: {}", world.address());
        let requests = [
            good.replace("Cookie: ", "Cookie: bad=%E0%A4%A; "),
            good.replace(session, "%00"),
            good.replace(session, "a\0b"),
            good.replace(&host, "Host: [not a host"),
            good.replace("GET /api", "GET //[/api"),
            good.replace("GET /api", "GET http://[/api"),
            good.replace("GET /", "GET "),
            good.replace("HTTP/1.1", "HTTP/9.9"),
            good.replace("HTTP/1.1", "HTTP/1.0"),
            "\r\n\r\n\r\n".to_owned(),
            "GET\r\n\r\n".to_owned(),
            "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0".to_owned(),
        ];
        for request in requests {
            if let Some(answer) = exchange_or_close(world.address(), &request).await {
                assert!(answer.status == 101 || (400..600).contains(&answer.status), "{request:?}: {answer:?}");
            }
            running.works().await;
        }
    });
}

/// Sends, closes the sending side, and reads an answer if there is one.
async fn exchange_or_close(to: std::net::SocketAddr, request: &str) -> Option<crate::support::Response> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    crate::support::soon("an answer or the end", async {
        let mut stream = tokio::net::TcpStream::connect(to).await.unwrap();
        let _ = stream.write_all(request.as_bytes()).await;
        let mut input = Vec::new();
        loop {
            if let Some(answer) = crate::support::http::parse(&input, false) {
                return Some(answer);
            }
            let _ = stream.shutdown().await;
            if stream.read_buf(&mut input).await.unwrap_or(0) == 0 {
                return crate::support::http::parse(&input, true);
            }
        }
    })
    .await
}

#[test]
fn http_d40_text_with_a_nul_character() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let environment = tenant.environment.id.to_string();
        let start = "/api/v1/initialize-environment-and-authorize-app";
        let session = Uuid::new_v4().to_string();
        let bodies = [
            (start, json!({"environmentId": environment, "appRoute": "a\0b", "sessionId": session})),
            (start, json!({"environmentId": "\0", "appRoute": "hello", "sessionId": session})),
            (start, json!({"environmentId": environment, "appRoute": "hello", "sessionId": "\0"})),
            ("/api/v1/auth/login-to-app", json!({"environmentId": "\0", "appRoute": "hello"})),
        ];
        for (path, body) in bodies {
            let answer = Request::post(path, &body).login(&tenant.owner.session).send(world.address()).await;
            assert_eq!(answer.status, 400, "{body}: {answer:?}");
            answer.message();
        }
        let body = json!({"environmentId": environment, "appRoute": "a\0b"});
        let answer = Request::post("/api/v1/auth/login-to-app", &body).send(world.address()).await;
        assert!(answer.status < 500, "{answer:?}");
    });
}
