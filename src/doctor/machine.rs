//! What the machine gives: file descriptors, memory, and the files of the web client.

use super::{Finding, Subject};
use crate::config::WebClient;
use crate::dashboard::Dashboard;
use crate::metrics;

const AREA: &str = "machine";
/// Descriptors that are no connection of a client: listeners, epoll, logs, and some to spare.
const OTHER_FILES: u64 = 64;

pub(super) async fn look(subject: &Subject) -> Vec<Finding> {
    let mut findings = vec![files(subject), memory(subject)];
    findings.extend(web_client(subject).await);
    findings
}

fn files(subject: &Subject) -> Finding {
    let config = &subject.config;
    let needed = (config.server.max_connections + config.postgres.pool_size) as u64 + OTHER_FILES;
    let Some(most) = metrics::most_files() else {
        return Finding::ok(AREA, "the number of open files is not limited");
    };
    let what = format!("{most} files may be open; MAX_CONNECTIONS needs {needed}");
    if most < needed {
        let next = format!(
            "ulimit -n {needed}, or LimitNOFILE={needed} under systemd (this is the limit of this shell; that of the service \
             may be another one)"
        );
        return Finding::warning(AREA, what, next);
    }
    Finding::ok(AREA, what)
}

/// What peers can take at the most, against what the machine has.
fn memory(subject: &Subject) -> Finding {
    const MIB: u64 = 1 << 20;
    let relay = &subject.config.relay;
    let bound = (relay.max_inbound + relay.max_outbound) as u64;
    let about = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total =
        about.lines().find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    let Some(total) = total.map(|kib| kib * 1024) else {
        return Finding::ok(AREA, format!("peers can take {} MiB at the most", bound / MIB));
    };
    let what = format!("peers can take {} MiB at the most, of {} MiB that the machine has", bound / MIB, total / MIB);
    if bound > total / 4 * 3 {
        return Finding::warning(
            AREA,
            what,
            "lower MAX_INBOUND_BYTES and MAX_OUTBOUND_BYTES, or take a larger machine",
        );
    }
    Finding::ok(AREA, what)
}

async fn web_client(subject: &Subject) -> Option<Finding> {
    const AREA: &str = "web client";
    let directory = match &subject.config.server.web_client {
        WebClient::Nothing => return None,
        WebClient::BuiltIn if Dashboard::built_in(None).is_some() => {
            return Some(Finding::ok(AREA, "the dashboard is part of this program"));
        }
        WebClient::BuiltIn => {
            let next = "`./dev dashboard` builds it, then build again; or DASHBOARD_DIR names another web client";
            return Some(Finding::warning(AREA, "this program was built without the dashboard", next));
        }
        WebClient::Directory(directory) => directory.clone(),
    };
    let shown = directory.display().to_string();
    let read = tokio::task::spawn_blocking(move || Dashboard::read(&directory, None).map(drop));
    Some(match read.await {
        Ok(Ok(())) => Finding::ok(AREA, format!("the files in {shown} can be served")),
        Ok(Err(error)) => {
            Finding::failure(AREA, error.to_string(), "DASHBOARD_DIR must hold index.html and what belongs to it")
        }
        Err(_) => Finding::failure(AREA, format!("{shown} cannot be read"), "look at the directory"),
    })
}
