//! Where the operator's tools ask.

use std::net::{Ipv4Addr, SocketAddr};

use super::reader::Reader;
use super::values;

/// On this machine alone, beside the default of `PORT`.
const DEFAULT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8079);

/// Where the operator's tools ask.
#[derive(Clone, Debug)]
pub struct Admin {
    /// `LISTEN_ADMIN`: metrics and health; `None` when it is `off`. Port 0 lets the system choose.
    pub listen: Option<SocketAddr>,
}

impl Admin {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        const NAME: &str = "LISTEN_ADMIN";
        let listen = match reader.text(NAME).as_deref() {
            None => Some(DEFAULT),
            Some("off") => None,
            Some(text) => text.parse().ok().or_else(|| {
                let wrong = format!("is {}, neither ADDRESS:PORT nor off", values::shown(text));
                reader.fault(NAME, wrong, &DEFAULT.to_string());
                None
            }),
        };
        Self { listen }
    }

    /// Hints for the log.
    pub(super) fn advice(&self) -> Option<String> {
        let address = self.listen.filter(|address| !address.ip().is_loopback())?;
        Some(format!("LISTEN_ADMIN is {address}: other machines may reach it, and nobody has to log in there"))
    }
}
