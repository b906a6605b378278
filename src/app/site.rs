//! The web client that is served: our own, one in a directory, or none.

use super::Error;
use crate::api::Site;
use crate::config::{Server, WebClient};
use crate::dashboard::Dashboard;
use crate::http::HeaderValue;

/// Reads its files, on a thread that may wait for a disk.
pub(super) async fn read(server: &Server) -> Result<Site, Error> {
    let policy = server.content_security_policy.as_deref().map(HeaderValue::from_str).transpose();
    let policy = policy.map_err(std::io::Error::other)?;
    let web_client = server.web_client.clone();
    let read = tokio::task::spawn_blocking(move || match web_client {
        WebClient::Directory(directory) => Dashboard::read(&directory, policy).map(Site::Client),
        WebClient::BuiltIn => Ok(Dashboard::built_in(policy).map_or(Site::NotBuilt, Site::Client)),
        WebClient::Nothing => Ok(Site::Nothing),
    });
    let site = read.await.map_err(std::io::Error::other)??;
    if matches!(site, Site::NotBuilt) {
        tracing::warn!("this program was built without the dashboard: `./dev dashboard` builds it, then build again");
    }
    Ok(site)
}
