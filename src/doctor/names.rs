//! Whether the names that people type lead here.

use std::net::IpAddr;
use std::time::Duration;

use tokio::net::{UdpSocket, lookup_host};
use tokio::time::timeout;
use url::{Host, Url};

use super::{Finding, Subject, not_looked_at};

const AREA: &str = "name";
/// For one name.
const DEADLINE: Duration = Duration::from_secs(5);

pub(super) async fn look(subject: &Subject) -> Vec<Finding> {
    if let Some(name) = subject.wrong(&["PUBLIC_ORIGINS", "DOMAIN"]) {
        return not_looked_at(AREA, name);
    }
    let mut findings = Vec::new();
    for name in public_names(subject) {
        findings.push(one(&name).await);
    }
    findings
}

/// The host names under which people reach this server, as far as the settings tell.
pub(super) fn public_names(subject: &Subject) -> Vec<String> {
    let mut names = subject.config.tls.acme.as_ref().map(|acme| acme.domains.clone()).unwrap_or_default();
    let origins = subject.config.server.public_origins.iter().filter_map(|origin| Url::parse(origin).ok());
    for url in origins {
        if let Some(Host::Domain(name)) = url.host()
            && name != "localhost"
            && !names.contains(&name.to_owned())
        {
            names.push(name.to_owned());
        }
    }
    names
}

async fn one(name: &str) -> Finding {
    let found = match timeout(DEADLINE, lookup_host((name, 443))).await {
        Ok(Ok(found)) => found.map(|address| address.ip().to_canonical()).collect::<Vec<_>>(),
        Ok(Err(_)) => return nowhere(name, "is unknown to the name service"),
        Err(_) => return nowhere(name, "was not answered for by the name service"),
    };
    let mut foreign = Vec::new();
    let mut addresses: Vec<IpAddr> = Vec::new();
    for address in found {
        if addresses.contains(&address) {
            continue;
        }
        if !is_ours(address).await {
            foreign.push(address.to_string());
        }
        addresses.push(address);
    }
    let all: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    if foreign.is_empty() {
        return Finding::ok(AREA, format!("{name} leads to this machine ({})", all.join(", ")));
    }
    let what = format!("{name} leads to {}, which is no address of this machine", foreign.join(", "));
    Finding::warning(AREA, what, "right behind NAT or a proxy; else let its A and AAAA records name this machine")
}

fn nowhere(name: &str, why: &str) -> Finding {
    Finding::failure(AREA, format!("{name} {why}"), "make an A or AAAA record for it, and wait until it is known")
}

/// The system lets a program use none but its own addresses.
async fn is_ours(address: IpAddr) -> bool {
    UdpSocket::bind((address, 0)).await.is_ok()
}
