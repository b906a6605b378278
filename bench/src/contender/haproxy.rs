//! HAProxy: one thread, http mode, nothing logged.

use std::fs;

use anyhow::Context as _;

use super::{Runs, Started, free_port, start_on_port, upstream};
use crate::world::World;

pub(super) fn start(world: &World, tls: bool) -> Started {
    let (listener, to) = upstream()?;
    let port = free_port()?;
    let crypt =
        if tls { format!(" ssl crt {} alpn http/1.1", world.authority().bundle().display()) } else { String::new() };
    let config = format!(
        "global
    nbthread 1
    maxconn 4000
defaults
    mode http
    timeout connect 10s
    timeout client 60s
    timeout server 60s
    timeout tunnel 1h
    timeout client-fin 1s
    timeout server-fin 1s
frontend browsers
    bind 127.0.0.1:{port}{crypt}
    default_backend upstream
backend upstream
    server one {to}
"
    );
    let file = world.file(&format!("haproxy-{port}.cfg"));
    fs::write(&file, config).context("writing the configuration")?;
    let file = file.display().to_string();
    // -db: stays in the foreground, one process.
    let (address, process) = start_on_port(world, "haproxy", &["-db", "-f", &file], port)?;
    Ok((address, Some(listener), Runs::Other(process)))
}
