//! A scene: one server process on one fresh database, with a deadline and a last look at the server.

use super::postgres::{self, OwnCluster};
use super::server::{DEV_API_KEY_SECRET, PROD_API_KEY_SECRET};
use super::{Authority, Environment, Login, Peer, Request, Response, Seed, Server, Tunnel, Upgrade, within};
use compose_relay::store::Settings;
use serde_json::json;
use std::net::SocketAddr;
use std::time::Duration;
use uuid::Uuid;

/// What a scene has around it.
pub struct World {
    pub server: Server,
    pub seed: Seed,
    /// How the database is reached.
    pub database: Settings,
    /// What clients of the tests go through when the server speaks TLS.
    pub front: Option<Front>,
    /// Set by scenes that end the server on purpose, so that nobody looks whether it is well.
    pub ended: bool,
}

/// TLS between the tests and the server.
pub struct Front {
    pub authority: Authority,
    pub tunnel: Tunnel,
}

/// Plays a scene with the settings of an ordinary production server.
pub fn play(scene: impl AsyncFnOnce(&mut World)) {
    play_with(&[], scene);
}

/// Plays a scene with these settings on top.
pub fn play_with(settings: &[(&str, &str)], scene: impl AsyncFnOnce(&mut World)) {
    play_on("127.0.0.1:0", settings, scene);
}

/// The same with an address to listen on.
pub fn play_on(listen: &str, settings: &[(&str, &str)], scene: impl AsyncFnOnce(&mut World)) {
    let database = postgres::cluster().migrated_database();
    let connection = database.settings();
    let all = server_settings(&connection, settings);
    let listen = listen.parse().expect("an address");
    act(listen, connection, all, None, scene);
    drop(database);
}

/// The same with a server that speaks TLS itself; all clients of the tests come over TLS.
pub fn play_over_tls(scene: impl AsyncFnOnce(&mut World)) {
    play_tls_with(&[], scene);
}

/// The same with these settings on top.
pub fn play_tls_with(settings: &[(&str, &str)], scene: impl AsyncFnOnce(&mut World)) {
    let database = postgres::cluster().migrated_database();
    let connection = database.settings();
    let authority = Authority::new();
    authority.install(&authority.issue());
    let [chain, key] = authority.files();
    let mut all = server_settings(&connection, settings);
    all.push(("TLS_CERT_FILE".to_owned(), chain.to_str().unwrap().to_owned()));
    all.push(("TLS_KEY_FILE".to_owned(), key.to_str().unwrap().to_owned()));
    if settings.iter().all(|(name, _)| *name != "LISTEN_HTTP") {
        all.push(("LISTEN_HTTP".to_owned(), "off".to_owned()));
    }
    act("127.0.0.1:0".parse().unwrap(), connection, all, Some(authority), scene);
    drop(database);
}

/// The same on a cluster that the scene may stop; its database `postgres` is empty at first.
pub fn play_on_cluster(cluster: &OwnCluster, settings: &[(&str, &str)], scene: impl AsyncFnOnce(&mut World)) {
    let connection = cluster.settings("postgres");
    let all = server_settings(&connection, settings);
    act("127.0.0.1:0".parse().unwrap(), connection, all, None, scene);
}

fn act(
    listen: SocketAddr,
    database: Settings,
    all: Vec<(String, String)>,
    authority: Option<Authority>,
    scene: impl AsyncFnOnce(&mut World),
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(within(Duration::from_secs(150), "the whole scene", async {
        let server = Server::start(listen, all).await;
        let sql = postgres::connect(&database).await;
        let front = match authority {
            Some(authority) => {
                let tunnel = Tunnel::to(server.address(), authority.client()).await;
                Some(Front { authority, tunnel })
            }
            None => None,
        };
        let mut world = World { front, server, seed: Seed { sql }, database, ended: false };
        let pid = world.server.pid();
        scene(&mut world).await;
        if !world.ended {
            assert!(world.server.is_running(), "the server process has ended");
            assert_eq!(world.server.pid(), pid, "the server is another process");
            world.assert_healthy().await;
        }
    }));
}

impl World {
    /// Where clients of the tests connect, in the clear.
    pub fn address(&self) -> SocketAddr {
        self.front.as_ref().map_or_else(|| self.server.address(), |front| front.tunnel.address)
    }

    /// The authority behind the server's certificate.
    pub fn authority(&self) -> &Authority {
        &self.front.as_ref().expect("a server that speaks TLS").authority
    }

    pub async fn assert_healthy(&self) {
        let answer = Request::get("/health-check").send(self.address()).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "success"));
    }

    /// Connects as the Python SDK of an environment.
    pub async fn sdk(&self, environment: &Environment) -> Peer {
        Upgrade::sdk(environment).accepted(self.address()).await
    }

    /// Opens an app page and reads its first status frame.
    pub async fn page(&self, login: &Login, environment: &Environment, route: &str) -> Page {
        let session = Uuid::new_v4();
        let mut peer = Upgrade::page(login, session, environment.id, route).accepted(self.address()).await;
        let status = peer.next_is("11").await;
        assert_eq!(status.first_id(), session);
        assert_eq!(status.json()["environmentId"], json!(environment.id.to_string()));
        Page { peer, session, environment: environment.id }
    }

    /// Opens a home page and reads its first report.
    pub async fn home(&self, login: &Login) -> (Peer, Uuid) {
        let session = Uuid::new_v4();
        let mut peer = Upgrade::home(login, session).accepted(self.address()).await;
        peer.next_is("12").await;
        (peer, session)
    }

    /// The REST half of opening an app page (5.2).
    pub async fn authorize(&self, login: &Login, environment: &Environment, route: &str, session: Uuid) -> Response {
        let body =
            json!({"environmentId": environment.id.to_string(), "appRoute": route, "sessionId": session.to_string()});
        let request = Request::post("/api/v1/initialize-environment-and-authorize-app", &body);
        request.login(&login.session).send(self.address()).await
    }
}

/// An open app page.
pub struct Page {
    pub peer: Peer,
    pub session: Uuid,
    pub environment: Uuid,
}

/// The variables of the old server with secrets that are in no other place, and `more` on top.
pub fn server_settings(database: &Settings, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let port = database.port.to_string();
    let mut settings = vec![
        ("NODE_ENV", "production"),
        // The same answers, whether the dashboard was built before the binary or not.
        ("DASHBOARD_DIR", "none"),
        ("POSTGRES_USER", &database.user),
        ("POSTGRES_PASSWORD", DATABASE_PASSWORD),
        ("POSTGRES_DB", &database.database),
        ("POSTGRES_HOSTNAME", &database.host),
        ("POSTGRES_PORT", &port),
        ("POSTGRES_SSLMODE", "disable"),
        ("PROD_API_KEY_SECRET", PROD_API_KEY_SECRET),
        ("DEV_API_KEY_SECRET", DEV_API_KEY_SECRET),
        ("GOOGLE_OAUTH_CLIENT_ID", "test-client"),
        ("GOOGLE_OAUTH_CLIENT_SECRET", "test-client-secret"),
        ("BUILD_VERSION", "test"),
        // Where it is wanted it is set to port 0: many servers run at once.
        ("LISTEN_ADMIN", "off"),
        ("LOG_LEVEL", "debug"),
        ("RELAY_SHARDS", "2"),
    ];
    settings.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    settings.extend_from_slice(more);
    settings.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Not looked at by the test clusters, which trust everybody who reaches them.
pub const DATABASE_PASSWORD: &str = "a-password-that-is-not-looked-at";
