//! Certificates by ACME: against Let's Encrypt's own test server, and against an authority that misbehaves.

mod doctor;
mod metrics;
mod misbehaviour;
mod orders;

use crate::support::pebble::{Door, Manner, Pebble, Ports, shown};
use crate::support::postgres::{self, Database};
use crate::support::world::server_settings;
use crate::support::{Server, within};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::rustls::ClientConfig;

/// Far more than an order takes.
const ORDER: Duration = Duration::from_secs(60);

/// What a scene has around it: a database and places, and nothing that runs.
struct Scene {
    ports: Ports,
    door: Door,
    database: Database,
    sql: tokio_postgres::Client,
    folder: tempfile::TempDir,
}

/// Plays a scene.
fn play(scene: impl AsyncFnOnce(&Scene)) {
    let database = postgres::cluster().migrated_database();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(within(Duration::from_secs(150), "the whole scene", async {
        let sql = postgres::connect(&database.settings()).await;
        let folder = tempfile::tempdir().expect("a folder");
        scene(&Scene { ports: Ports::choose(), door: Door::new(), database, sql, folder }).await;
    }));
}

impl Scene {
    async fn pebble(&self, manner: Manner) -> Pebble {
        Pebble::start(self.ports, &self.door, manner).await
    }

    fn directory(&self) -> String {
        format!("https://127.0.0.1:{}/dir", self.ports.acme)
    }

    /// A server on the ports that pebble comes to.
    async fn server(&self, domains: &str, more: &[(&str, &str)]) -> Server {
        self.server_on(self.ports.https, self.ports.http, domains, more).await
    }

    async fn server_on(&self, https: u16, http: u16, domains: &str, more: &[(&str, &str)]) -> Server {
        let (directory, ca, http) = (self.directory(), self.door.root_file(), format!("127.0.0.1:{http}"));
        let directory =
            more.iter().find(|(name, _)| *name == "ACME_DIRECTORY_URL").map_or(directory.as_str(), |(_, url)| url);
        let mut settings = vec![
            ("DOMAIN", domains),
            ("ACME_DIRECTORY_URL", directory),
            ("ACME_CA_FILE", &ca),
            ("ACME_EMAIL", "ops@example.com"),
            ("LISTEN_HTTP", &http),
            ("LISTEN_ADMIN", "127.0.0.1:0"),
        ];
        settings.extend_from_slice(more);
        Server::start(SocketAddr::from(([127, 0, 0, 1], https)), server_settings(&self.database.settings(), &settings))
            .await
    }

    /// Waits for a certificate that the client believes, and that is none of `not`.
    async fn certificate(&self, name: &str, client: &Arc<ClientConfig>, not: &[Vec<u8>]) -> Vec<u8> {
        certificate_at(self.ports.https, name, client, not).await
    }
}

async fn certificate_at(port: u16, name: &str, client: &Arc<ClientConfig>, not: &[Vec<u8>]) -> Vec<u8> {
    within(ORDER, "a certificate", async {
        loop {
            match shown(port, name, client).await {
                Ok(leaf) if !not.contains(&leaf) => return leaf,
                _ => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    })
    .await
}

/// Waits until the log says it, and gives the line.
async fn logged(server: &Server, text: &str) -> String {
    within(ORDER, text, async {
        loop {
            if let Some(line) = server.log().lines().find(|line| line.contains(text)) {
                return line.to_owned();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await
}
