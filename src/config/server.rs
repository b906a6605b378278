//! The process and its HTTP side.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;

use super::reader::Reader;
use super::values;

/// What `NODE_ENV` says. The name is the old server's; cookie, `Origin` and bind rules hang on it (`http-api.md` 1.1,
/// 3.3, 3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Exactly `production`: secure cookies, strict `Origin` rule, listens on every network.
    Production,
    /// Exactly `development`: any `Origin` passes, listens on this machine alone.
    Development,
    /// Anything else, or not set: strict `Origin` rule, cookies without `Secure`, listens on this machine alone.
    Other,
}

/// `HANDOVER`: how this process and another one follow each other on the same port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handover {
    /// The port must be free at the start.
    Off,
    /// The port may be that of an older server, which is told to stop by a signal.
    Signal,
    /// As [`Handover::Signal`]; besides, the table `deploy` says who the newest is, and who is not stops by itself.
    Deploy,
}

/// How the proxies in front tell where a connection comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyProtocol {
    /// By `X-Forwarded-For`, or not at all.
    Off,
    /// By the header of the PROXY protocol, version 2, before everything else.
    V2,
}

/// The process and its HTTP side.
#[derive(Clone, Debug)]
pub struct Server {
    /// `NODE_ENV`.
    pub mode: Mode,
    /// `PORT`; never 0.
    pub port: u16,
    /// `BUILD_VERSION`: names this build in the log and, with [`Handover::Deploy`], in the table `deploy`.
    pub build_version: String,
    /// `HANDOVER`.
    pub handover: Handover,
    /// `LISTEN_FDNAMES`: set by systemd, the names of the sockets that it passes.
    pub socket_names: Option<String>,
    /// `PUBLIC_ORIGINS`: the origins (`https://host[:port]`, lower case, default port left out) under which browsers
    /// reach this server. Empty: the `Host` header is the measure, as in the old server.
    pub public_origins: Vec<String>,
    /// `MAX_CONNECTIONS`: most TCP connections open at once.
    pub max_connections: usize,
    /// `MAX_CONNECTIONS_PER_ADDRESS`: most of them from one address; `Some(None)`: no limit; `None`: not set.
    pub max_connections_per_address: Option<Option<usize>>,
    /// `DRAIN_DELAY_SECONDS`: between "not healthy" and the closing of the sockets, so that a proxy can look away.
    pub drain_delay: std::time::Duration,
    /// `TRUSTED_PROXIES`: the networks whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// `PROXY_PROTOCOL`.
    pub proxy_protocol: ProxyProtocol,
    /// `DASHBOARD_DIR`: what is served at the addresses of the web client.
    pub web_client: WebClient,
    /// `CONTENT_SECURITY_POLICY`: stands in for the policy of the web client's pages; fit for a header.
    pub content_security_policy: Option<String>,
}

/// Which web client is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebClient {
    /// The one that was built into this binary.
    BuiltIn,
    /// The built files in this directory.
    Directory(PathBuf),
    /// None: something else serves it, or nobody needs it.
    Nothing,
}

impl Server {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let mode = match reader.text("NODE_ENV").as_deref() {
            Some("production") => Mode::Production,
            Some("development") => Mode::Development,
            _ => Mode::Other,
        };
        let port = port(reader);
        let build_version = reader.text("BUILD_VERSION").unwrap_or_else(|| UNKNOWN_BUILD.to_owned());
        let handover = handover(reader, &build_version);
        let delay = if handover == Handover::Off { 1 } else { 0 };
        Self {
            mode,
            port,
            build_version,
            handover,
            socket_names: reader.text("LISTEN_FDNAMES"),
            public_origins: public_origins(reader),
            max_connections: usize::try_from(reader.number("MAX_CONNECTIONS", 1..=10_000_000, 10_000))
                .unwrap_or(usize::MAX),
            max_connections_per_address: per_address(reader),
            drain_delay: reader.seconds("DRAIN_DELAY_SECONDS", 0..=600, delay),
            trusted_proxies: trusted_proxies(reader),
            proxy_protocol: reader.choice(
                "PROXY_PROTOCOL",
                &[("off", ProxyProtocol::Off), ("v2", ProxyProtocol::V2)],
                ProxyProtocol::Off,
            ),
            web_client: match reader.text("DASHBOARD_DIR").as_deref() {
                None => WebClient::BuiltIn,
                Some("none") => WebClient::Nothing,
                Some(directory) => WebClient::Directory(PathBuf::from(directory)),
            },
            content_security_policy: content_security_policy(reader),
        }
    }

    /// Where to listen when the command line says nothing. The first address must be had; further ones only when this
    /// machine has them (`localhost` may mean either loopback address, depending on who asks).
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        let ips: &[IpAddr] = match self.mode {
            Mode::Production => &[IpAddr::V4(Ipv4Addr::UNSPECIFIED)],
            Mode::Development | Mode::Other => &[IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)],
        };
        ips.iter().map(|ip| SocketAddr::new(*ip, self.port)).collect()
    }
}

/// A line of printable ASCII, which is what a header takes.
fn content_security_policy(reader: &mut Reader<'_>) -> Option<String> {
    const NAME: &str = "CONTENT_SECURITY_POLICY";
    let policy = reader.text(NAME)?;
    if !policy.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
        let wrong = format!("is {}, not one line of printable ASCII characters", values::shown(&policy));
        reader.fault(NAME, wrong, "frame-ancestors 'self'");
    }
    Some(policy)
}

/// What the old server calls a build without a name.
const UNKNOWN_BUILD: &str = "unknown";

fn handover(reader: &mut Reader<'_>, build: &str) -> Handover {
    let words = [("off", Handover::Off), ("signal", Handover::Signal), ("deploy", Handover::Deploy)];
    let handover = reader.choice("HANDOVER", &words, Handover::Off);
    if handover == Handover::Deploy && build == UNKNOWN_BUILD {
        let wrong = "is not set, but HANDOVER=deploy tells builds apart by it".to_owned();
        reader.fault("BUILD_VERSION", wrong, "2026-01-31-a1b2c3d");
    }
    handover
}

/// 0 means the default, as in the old server; a text that is no number is a mistake, where the old server took 8080.
fn port(reader: &mut Reader<'_>) -> u16 {
    const DEFAULT: u16 = 8080;
    match u16::try_from(reader.number("PORT", 0..=65_535, DEFAULT.into())) {
        Ok(0) | Err(_) => DEFAULT,
        Ok(port) => port,
    }
}

fn per_address(reader: &mut Reader<'_>) -> Option<Option<usize>> {
    const NAME: &str = "MAX_CONNECTIONS_PER_ADDRESS";
    reader.text(NAME)?;
    let most = usize::try_from(reader.number(NAME, 0..=10_000_000, 0)).unwrap_or(usize::MAX);
    Some((most > 0).then_some(most))
}

fn public_origins(reader: &mut Reader<'_>) -> Vec<String> {
    const NAME: &str = "PUBLIC_ORIGINS";
    let Some(list) = reader.text(NAME) else { return Vec::new() };
    let mut origins = Vec::new();
    for part in list.split(',').map(str::trim) {
        match origin(part) {
            Ok(origin) if origins.contains(&origin) => {}
            Ok(origin) => origins.push(origin),
            Err(wrong) => {
                let wrong = format!("holds {}, which {wrong}", values::shown(part));
                reader.fault(NAME, wrong, "https://compose.example.com,https://compose.example.com:8443");
            }
        }
    }
    origins
}

fn origin(text: &str) -> Result<String, &'static str> {
    if text.is_empty() {
        return Err("is empty (is there a comma too many?)");
    }
    let url = url::Url::parse(text).map_err(|_| "is not of the form scheme://host or scheme://host:port")?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("begins with neither https:// nor http://");
    }
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    if !bare || !url.username().is_empty() || url.password().is_some() {
        return Err("has more than scheme, host and port");
    }
    Ok(url.origin().ascii_serialization())
}

/// A bare address is a network of one.
fn trusted_proxies(reader: &mut Reader<'_>) -> Vec<IpNet> {
    const NAME: &str = "TRUSTED_PROXIES";
    let Some(list) = reader.text(NAME) else { return Vec::new() };
    let mut networks = Vec::new();
    for part in list.split(',').map(str::trim) {
        match part.parse().or_else(|_| part.parse::<IpAddr>().map(IpNet::from)) {
            Ok(network) => networks.push(network),
            Err(_) => {
                let wrong = format!("holds {}, which is neither an IP address nor a network", values::shown(part));
                reader.fault(NAME, wrong, "127.0.0.1,10.0.0.0/8,fd00::/8");
            }
        }
    }
    networks
}

#[cfg(test)]
mod tests {
    use super::origin;

    #[test]
    fn origins_are_normalised_as_browsers_write_them() {
        for (text, expected) in [
            ("https://Compose.Example.com", "https://compose.example.com"),
            ("https://compose.example.com:443/", "https://compose.example.com"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://[::1]:80", "http://[::1]"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
        ] {
            assert_eq!(origin(text).as_deref(), Ok(expected), "{text}");
        }
        for wrong in
            ["", "*", "compose.example.com", "localhost:8080", "https://a/b", "https://a?b", "https://u@a", "null"]
        {
            assert!(origin(wrong).is_err(), "{wrong}");
        }
    }
}
