//! The API over real sockets, with a relay that runs and a database that does not: what must be answered without it, and
//! what is said while it is away.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use super::*;
use crate::auth::Keys;
use crate::control::{Control, Handover, REQUESTS};
use crate::http::{Closing, serve};
use crate::net::{Admission, Entrance, Listener};
use crate::relay::Limits;
use crate::secret::Secret;
use crate::store::{Settings, SslMode};

struct Rig {
    address: SocketAddr,
    healthy: watch::Sender<bool>,
}

fn rig_of(mode: Mode, demo: Option<DemoSignIn>, site: Site) -> Rig {
    let database = Settings {
        host: "/nonexistent".into(),
        port: 5432,
        user: "x".into(),
        password: Secret::new(""),
        database: "x".into(),
        sslmode: SslMode::Disable,
        root_cert: None::<PathBuf>,
        pool_size: 2,
        connect_timeout: Duration::from_secs(1),
        statement_timeout: Duration::from_secs(1),
    };
    let store = Store::new(database.clone()).unwrap();
    let tasks = Tasks::new();
    let (requests, received) = tokio::sync::mpsc::channel(REQUESTS);
    let (hub, _threads) = Hub::start(&Limits::default(), &requests).unwrap();
    let control = Control::start(&store, database, &hub, &tasks, received, Duration::from_secs(3600));
    let keys = Keys::new(&Secret::new("prod"), &Secret::new("00".repeat(32))).unwrap();
    let (healthy, phase) = watch::channel(true);
    let mut api = Api::new(Parts {
        store: store.clone(),
        hub: hub.clone(),
        keys: Arc::new(keys),
        audit: control.audit().clone(),
        revocations: control.revocations().clone(),
        handover: Handover::new(&store, &hub, &tasks),
        lookups: control.lookups().clone(),
        mode,
        encrypted: false,
        hsts: None,
        public_origins: Vec::new(),
        demo,
        sign_in: SignIn::default(),
        registration: Registration::default(),
        healthy: phase,
        tasks: tasks.clone(),
        limits: RateLimits { address_per_minute: None, session_per_minute: None },
        site,
        proxies: TrustedProxies::default(),
        requests: Requests::default(),
    });
    Arc::get_mut(&mut api).unwrap().patience =
        sockets::Patience { database: Duration::from_millis(600), total: Duration::from_millis(800) };
    let listener = Listener::bind(SocketAddr::from(([127, 0, 0, 1], 0)), Admission::new(64)).unwrap();
    let address = listener.address();
    tasks.spawn(
        "http.serve",
        serve(listener, Entrance::open(), api, tasks.clone(), Closing::new(), oneshot::channel().0),
    );
    Rig { address, healthy }
}

fn rig() -> Rig {
    rig_with(Mode::Production, None)
}

fn rig_with(mode: Mode, demo: Option<DemoSignIn>) -> Rig {
    rig_of(mode, demo, Site::Nothing)
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

impl Rig {
    async fn raw(&self, request: impl AsRef<[u8]>) -> Answer {
        let mut tcp = TcpStream::connect(self.address).await.unwrap();
        let _ = tcp.write_all(request.as_ref()).await;
        let mut bytes = Vec::new();
        timeout(Duration::from_secs(10), tcp.read_to_end(&mut bytes)).await.expect("an answer in time").unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    async fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        self.raw(format!(
            "{method} {path} HTTP/1.1\r\nHost: x.test\r\nConnection: close\r\n{length}{headers}\r\n{body}"
        ))
        .await
    }

    async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "", "").await
    }

    async fn upgrade(&self, path: &str, headers: &str) -> Answer {
        self.raw(format!(
            "GET {path} HTTP/1.1\r\nHost: x.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
        ))
        .await
    }
}

const JSON: &str = "Content-Type: application/json\r\n";
const SDK: &str = "x-compose-package-name: compose-python\r\nx-compose-package-version: 0.27.8\r\n";

#[tokio::test]
async fn health_follows_the_phase_and_not_the_database() {
    let rig = rig();
    let answer = rig.get("/%68ealth-check").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "success"));
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    rig.healthy.send(false).unwrap();
    let answer = rig.get("/health-check").await;
    assert_eq!((answer.status, answer.body.as_str()), (503, "failure"));
    let answer = rig.send("HEAD", "/health-check", "", "").await;
    assert_eq!((answer.status, answer.body.as_str()), (503, ""));
}

#[tokio::test]
async fn unknown_addresses_are_404_in_json_and_api_answers_are_never_stored() {
    let rig = rig();
    for (method, path) in [
        ("GET", "/api/v1/nothing"),
        ("GET", "/api/v1/auth/check/"),
        ("GET", "/API/v1/auth/check"),
        ("POST", "/health-check"),
        ("OPTIONS", "/api/v1/auth/check"),
        ("PATCH", "/api/v1/log"),
        ("BREW", "/"),
        ("GET", "/"),
        ("GET", "/demo"),
        ("GET", "/demo/sign-in?token=x"),
        ("GET", "//["),
    ] {
        let answer = rig.send(method, path, "", "").await;
        assert_eq!(answer.status, 404, "{method} {path}");
        assert_eq!(answer.json()["statusCode"], 404);
        assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert!(!answer.head.to_lowercase().contains("access-control"), "{}", answer.head);
    }
}

#[tokio::test]
async fn broken_escapes_in_a_path_are_told() {
    let answer = rig().get("/api/v1/%zz").await;
    assert_eq!((answer.status, answer.json()["code"].as_str()), (400, Some("FST_ERR_BAD_URL")));
}

#[tokio::test]
async fn bodies_are_judged_before_logins() {
    let rig = rig();
    let path = "/api/v1/initialize-environment-and-authorize-app";
    for (headers, body, status, code) in [
        (JSON, "{\"a\":", 400, None),
        (JSON, "", 400, Some("FST_ERR_CTP_EMPTY_JSON_BODY")),
        ("", "", 400, Some("FST_ERR_CTP_EMPTY_JSON_BODY")),
        ("Content-Type: text/plain\r\n", "{}", 415, Some("FST_ERR_CTP_INVALID_MEDIA_TYPE")),
        ("", "{}", 415, Some("FST_ERR_CTP_INVALID_MEDIA_TYPE")),
    ] {
        let answer = rig.send("POST", path, headers, body).await;
        let json = answer.json();
        assert_eq!((answer.status, json["code"].as_str()), (status, code), "{headers}{body}");
        assert_eq!(json["statusCode"], status);
        assert!(json["message"].is_string() && json["error"].is_string());
    }
}

#[tokio::test]
async fn the_gate_refuses_and_clears_without_the_database() {
    let rig = rig();
    let clear = Some("auth_session=; HttpOnly; Max-Age=0; Path=/; SameSite=Lax; Secure");
    for cookie in ["", "Cookie: auth_session=\r\n", "Cookie: auth_session=%zz; x=%00\r\n"] {
        let answer = rig.send("GET", "/api/v1/auth/check", &format!("{JSON}{cookie}"), "").await;
        assert_eq!((answer.status, answer.header("set-cookie")), (401, clear), "{cookie}");
        assert!(answer.json()["message"].is_string());
    }
    for origin in ["", "Origin: null\r\n", "Origin: https://evil.test\r\n"] {
        let headers = format!("{JSON}{origin}Cookie: auth_session={}\r\n", "a".repeat(40));
        let answer = rig.send("POST", "/api/v1/log", &headers, "{}").await;
        assert_eq!((answer.status, answer.header("set-cookie")), (403, clear), "{origin}");
    }
    let answer = rig_with(Mode::Other, None).get("/api/v1/auth/logout").await;
    assert_eq!(answer.header("set-cookie"), Some("auth_session=; HttpOnly; Max-Age=0; Path=/; SameSite=Lax"));
}

#[tokio::test]
async fn no_line_of_the_table_answers_without_its_login_and_our_origin() {
    let rig = rig();
    let clear = Some("auth_session=; HttpOnly; Max-Age=0; Path=/; SameSite=Lax; Secure");
    for rule in routes::ROUTES.iter().filter(|rule| rule.access != routes::Access::Socket) {
        let (method, path) = (rule.method.as_str(), rule.path.replace(':', "x"));
        let ask = async |headers: &str| {
            let body = if rule.body == routes::Body::Unread { "" } else { "{}" };
            rig.send(method, &path, &format!("{JSON}{headers}"), body).await
        };
        let gated = rule.access != routes::Access::Open;
        if gated {
            let answer = ask("Origin: https://x.test\r\n").await;
            assert_eq!((answer.status, answer.header("set-cookie")), (401, clear), "{method} {path}");
        }
        if method != "GET" {
            let cookie = format!("Cookie: auth_session={}\r\n", "a".repeat(40));
            for origin in ["Origin: https://evil.test\r\n", "Origin: null\r\n"] {
                let answer = ask(&format!("{origin}{cookie}")).await;
                assert_eq!(answer.status, 403, "{method} {path}");
                assert_eq!(answer.header("set-cookie"), clear.filter(|_| gated), "{method} {path}");
            }
        }
    }
}

#[tokio::test]
async fn while_the_database_is_away_requests_are_told_so_and_logins_are_kept() {
    let rig = rig();
    let cookie = format!("{JSON}Origin: https://x.test\r\nCookie: auth_session={}\r\n", "a".repeat(40));
    let answer = rig.send("GET", "/api/v1/auth/check", &cookie, "").await;
    assert_eq!((answer.status, answer.header("set-cookie")), (503, None));
    assert!(answer.json()["message"].as_str().unwrap().contains("database"));
    // Anything but 400 and 500 would send the visitor through the log-in of the app.
    let answer = rig.send("POST", "/api/v1/initialize-environment-and-authorize-app", &cookie, "{}").await;
    assert_eq!((answer.status, answer.header("set-cookie")), (500, None));
}

#[tokio::test]
async fn app_login_refuses_in_its_own_shape() {
    let rig = rig();
    let path = "/api/v1/auth/login-to-app";
    for body in ["{}", "null", "[]", r#"{"appRoute":1,"environmentId":2}"#, r#"{"appRoute":"a","environmentId":"abc"}"#]
    {
        let answer = rig.send("POST", path, JSON, body).await;
        let json = answer.json();
        assert_eq!((answer.status, &json["isValid"], &json["code"]), (400, &Value::Bool(false), &400.into()), "{body}");
        assert!(json["message"].is_string());
    }
    let answer = rig.send("POST", path, &format!("{JSON}Origin: https://evil.test\r\n"), "{}").await;
    assert_eq!((answer.status, answer.header("set-cookie")), (403, None));
}

#[tokio::test]
async fn every_answer_to_an_sdk_carries_a_reason_and_a_code() {
    let rig = rig();
    let long = format!("{SDK}X-Fill: {}\r\n", "x".repeat(20_000));
    for answer in [
        rig.get("/api/v1/sdk/ws").await,
        rig.get("/api/v1/sdk/ws/").await,
        rig.get("/api/v1/sdk/wsx?key=1").await,
        rig.get("/api/v1/sdk/%zz").await,
        rig.send("POST", "/api/v1/sdk/ws", JSON, "{}").await,
        rig.upgrade("/api/v1/sdk/ws", &long).await,
        rig.upgrade("/api/v1/sdk/ws", "").await,
        rig.upgrade("/", SDK).await,
        rig.raw("GET /api/v1/sdk/ws HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n").await,
        rig.raw("GET /api/v1/sdk/ws HTTP/1.1\r\nbad header\r\n\r\n").await,
    ] {
        assert!((400..600).contains(&answer.status), "{}", answer.head);
        let reason = answer.header("x-compose-error-reason").unwrap_or_else(|| panic!("no reason: {}", answer.head));
        assert!(reason.bytes().all(|byte| byte == b'%' || byte.is_ascii_alphanumeric()), "{reason}");
        assert!(answer.header("x-compose-error-code").is_some());
    }
    let answer = rig.upgrade("/api/v1/sdk/ws", "Sec-WebSocket-Version: 8\r\n").await;
    assert_eq!((answer.status, answer.header("sec-websocket-version")), (426, Some("13")));
    assert!(rig.get("/api/v1/nothing").await.header("x-compose-error-reason").is_none());
}

#[tokio::test]
async fn sdk_refusals_that_need_no_database() {
    let rig = rig();
    for (headers, code) in [
        (String::new(), "srvr4"),
        ("x-compose-package-name: compose-node\r\n".into(), "srvr5"),
        (SDK.into(), "srvr6"),
        (format!("{SDK}x-compose-api-key: API_KEY_HERE\r\n"), "srvr10"),
        (format!("{SDK}x-compose-api-key: a\r\nX-Compose-Api-Key: b\r\n"), "srvr7"),
    ] {
        let answer = rig.upgrade("/api/v1/sdk/ws", &headers).await;
        assert_eq!((answer.status, answer.header("x-compose-error-code")), (400, Some(code)), "{headers}");
    }
}

#[tokio::test]
async fn upgrades_wait_for_the_database_and_then_say_that_it_is_away() {
    let rig = rig();
    let began = Instant::now();
    let answer = rig.upgrade("/api/v1/sdk/ws", &format!("{SDK}x-compose-api-key: ck_prod_00\r\n")).await;
    assert_eq!((answer.status, answer.header("x-compose-error-code")), (503, Some("srvr11")));
    assert!(began.elapsed() >= Duration::from_millis(300), "refused at once");
    let headers = format!("Origin: https://x.test\r\nCookie: auth_session={}\r\n", "a".repeat(40));
    let path = "/api/v1/browser/ws?sessionId=22222222-2222-4222-8222-222222222222";
    let answer = rig.upgrade(path, &headers).await;
    assert_eq!((answer.status, answer.header("x-compose-error-code")), (503, Some("brwsr4")));
}

#[tokio::test]
async fn pages_are_refused_in_the_order_of_the_checks() {
    let rig = rig();
    let code = async |query: &str, headers: &str| {
        let answer = rig.upgrade(&format!("/api/v1/browser/ws{query}"), headers).await;
        assert_eq!(answer.status, 400);
        answer.header("x-compose-error-code").map(str::to_owned).unwrap()
    };
    for query in ["", "?sessionId=", "?sessionId=not-a-uuid", "?sessionid=22222222-2222-4222-8222-222222222222"] {
        assert_eq!(code(query, "Origin: https://x.test\r\n").await, "brwsr2", "{query}");
    }
    let query = "?sessionId=22222222-2222-4222-8222-222222222222";
    assert_eq!(code(query, "").await, "brwsr1");
    assert_eq!(code(query, "Origin: https://evil.test\r\n").await, "brwsr1");
    assert_eq!(code(query, "Origin: https://x.test\r\n").await, "brwsr1", "nobody is logged in");
}

#[tokio::test]
async fn the_four_requests_that_ended_the_old_server_get_one_refusal_each() {
    let rig = rig();
    let path = "/api/v1/browser/ws?sessionId=22222222-2222-4222-8222-222222222222";
    for cookie in ["x=%zz; auth_session=%", "auth_session=a%00b", "auth_session=\u{1}"] {
        let answer = rig.upgrade(path, &format!("Origin: https://x.test\r\nCookie: {cookie}\r\n")).await;
        assert_eq!(answer.status, 400, "{cookie}");
    }
    let answer = rig.raw("GET / HTTP/1.1\r\nHost: a b\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n").await;
    assert_eq!(answer.status, 400);
    assert_eq!(rig.upgrade("//[", "Connection: close\r\n").await.status, 404);
    assert_eq!(rig.get("/health-check").await.status, 200);
}

#[tokio::test]
async fn the_demo_link_needs_its_token_and_this_machine() {
    let rig = rig_with(Mode::Development, Some(DemoSignIn::new(Secret::new("t0ken"), uuid::Uuid::nil())));
    assert_eq!(rig.get("/").await.header("location"), Some("/demo"));
    let answer = rig.get("/demo").await;
    assert_eq!(answer.status, 401);
    assert!(answer.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    for path in ["/demo/sign-in", "/demo/sign-in?token=", "/demo/sign-in?token=wrong"] {
        assert_eq!(rig.get(path).await.status, 403, "{path}");
    }
    let answer = rig.send("GET", "/demo/sign-in?token=t0ken", "X-Forwarded-For: 10.0.0.1\r\n", "").await;
    assert_eq!(answer.status, 403);
    // The database is away: the link is not used up by that.
    for _ in 0..2 {
        assert_eq!(rig.get("/demo/sign-in?token=t0ken").await.status, 503);
    }
}

#[tokio::test]
async fn without_a_built_dashboard_people_learn_how_to_build_it_and_programs_get_the_usual_refusal() {
    let rig = rig_of(Mode::Production, None, Site::NotBuilt);
    for path in ["/", "/home", "/app/11111111-1111-4111-8111-111111111111/hello?a=1"] {
        let answer = rig.send("GET", path, "Accept: text/html,*/*;q=0.8\r\n", "").await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.body.contains("./dev dashboard") && answer.body.contains("DASHBOARD_DIR"), "{}", answer.body);
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(answer.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
        assert_eq!(rig.get(path).await.json()["statusCode"], 404, "{path}");
    }
    for (method, path) in [("GET", "/api/v1/nothing"), ("GET", "/assets/a.js"), ("POST", "/home")] {
        let answer = rig.send(method, path, "Accept: text/html\r\n", "").await;
        assert_eq!(answer.json()["statusCode"], 404, "{method} {path}");
    }
}

#[tokio::test]
async fn the_demo_leads_to_the_dashboard_where_there_is_one() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("index.html"), "<!doctype html><title>Compose</title>").unwrap();
    let site = Site::Client(Dashboard::read(folder.path(), None).unwrap());
    let demo = DemoSignIn::new(Secret::new("t0ken"), uuid::Uuid::nil());
    let rig = rig_of(Mode::Development, Some(demo), site);
    assert_eq!(rig.get("/").await.body, "<!doctype html><title>Compose</title>");
    assert_eq!(rig.get("/demo").await.header("location"), Some("/home"));
    assert_eq!(rig.get("/demo/sign-in?token=wrong").await.status, 403);
}
