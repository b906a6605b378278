//! nginx: one process that does the work, WebSockets passed on, nothing logged.

use std::fs;

use anyhow::Context as _;

use super::{Runs, Started, free_port, start_on_port, upstream};
use crate::world::World;

pub(super) fn start(world: &World, tls: bool, large: bool) -> Started {
    let (listener, to) = upstream()?;
    let port = free_port()?;
    let directory = world.file(&format!("nginx-{port}"));
    fs::create_dir(&directory).context("a directory for nginx")?;
    let at = directory.display();
    let [chain, key] = world.authority().files();
    let crypt = if tls {
        format!("ssl_certificate {}; ssl_certificate_key {}; ssl_protocols TLSv1.3;", chain.display(), key.display())
    } else {
        String::new()
    };
    let ssl = if tls { " ssl" } else { "" };
    let buffer = if large { "proxy_buffer_size 64k; proxy_buffers 8 64k; proxy_busy_buffers_size 128k;" } else { "" };
    let config = format!(
        "daemon off;
master_process off;
pid {at}/pid;
error_log stderr crit;
events {{ worker_connections 20000; }}
http {{
    access_log off;
    client_body_temp_path {at}/body; proxy_temp_path {at}/proxy; fastcgi_temp_path {at}/fastcgi;
    uwsgi_temp_path {at}/uwsgi; scgi_temp_path {at}/scgi;
    server {{
        listen 127.0.0.1:{port}{ssl};
        {crypt}
        location / {{
            proxy_pass http://{to};
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection \"upgrade\";
            proxy_set_header Host $http_host;
            proxy_read_timeout 1h;
            proxy_send_timeout 1h;
            {buffer}
        }}
    }}
}}
"
    );
    let file = directory.join("nginx.conf");
    fs::write(&file, config).context("writing the configuration")?;
    let file = file.display().to_string();
    let prefix = directory.display().to_string();
    let (address, process) = start_on_port(world, "nginx", &["-e", "stderr", "-p", &prefix, "-c", &file], port)?;
    Ok((address, Some(listener), Runs::Other(process)))
}
