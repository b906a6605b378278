//! `POSTGRES_URL`: the whole way to the database in one value, as providers hand it out.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use url::Url;

/// What a connection URL says, under the names of the settings that it stands in for.
pub(super) type Parts = BTreeMap<&'static str, String>;

/// Takes a connection URL apart (libpq, "Connection URIs"). The error completes the sentence "POSTGRES_URL …" and never
/// shows the value, which holds a password.
pub(super) fn parts(text: &str) -> Result<Parts, String> {
    let url = Url::parse(text).map_err(|_| "is not of the form postgresql://user:password@host/database".to_owned())?;
    if !matches!(url.scheme(), "postgres" | "postgresql") {
        return Err("begins with neither postgresql:// nor postgres://".to_owned());
    }
    let mut parts = Parts::new();
    let mut put = |name, value: &str| -> Result<(), String> {
        let value =
            percent_decode_str(value).decode_utf8().map_err(|_| "has a % escape that is not UTF-8".to_owned())?;
        if !value.is_empty() {
            parts.insert(name, value.into_owned());
        }
        Ok(())
    };
    let host = url.host_str().unwrap_or_default();
    // An IPv6 address stands in brackets in a URL and nowhere else.
    put("POSTGRES_HOSTNAME", host.trim_start_matches('[').trim_end_matches(']'))?;
    put("POSTGRES_PORT", &url.port().map(|port| port.to_string()).unwrap_or_default())?;
    put("POSTGRES_USER", url.username())?;
    put("POSTGRES_PASSWORD", url.password().unwrap_or_default())?;
    put("POSTGRES_DB", url.path().trim_start_matches('/'))?;
    for (key, value) in url.query_pairs() {
        let name = match &*key {
            "host" => "POSTGRES_HOSTNAME",
            "sslmode" => "POSTGRES_SSLMODE",
            "sslrootcert" => "POSTGRES_SSLROOTCERT",
            // Providers add these; none of them changes how this program connects.
            "application_name" | "channel_binding" | "connect_timeout" | "pgbouncer" => continue,
            other => return Err(format!("has the parameter {other:?}, which is not known here")),
        };
        parts.insert(name, value.into_owned());
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn every_part_is_found_and_unescaped() {
        let parts = parts("postgres://a%40b:p%2Fw%25@db.example.com:5433/tools?sslmode=verify-full&connect_timeout=5")
            .expect("a good URL");
        let all: Vec<(&str, &str)> = parts.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(
            all,
            [
                ("POSTGRES_DB", "tools"),
                ("POSTGRES_HOSTNAME", "db.example.com"),
                ("POSTGRES_PASSWORD", "p/w%"),
                ("POSTGRES_PORT", "5433"),
                ("POSTGRES_SSLMODE", "verify-full"),
                ("POSTGRES_USER", "a@b"),
            ]
        );
    }

    #[test]
    fn a_unix_socket_and_an_ipv6_address() {
        let socket = parts("postgresql:///tools?host=/run/postgresql").expect("a good URL");
        assert_eq!(socket["POSTGRES_HOSTNAME"], "/run/postgresql");
        assert!(!socket.contains_key("POSTGRES_PORT"));
        assert_eq!(parts("postgresql://u@[::1]/d").expect("a good URL")["POSTGRES_HOSTNAME"], "::1");
    }

    #[test]
    fn what_is_wrong_is_said_without_the_value() {
        for wrong in [
            "db.example.com/tools",
            "mysql://u:hunter2@h/d",
            "postgres://u:hunter2@h/d?options=-c",
            "postgres://u:%ff@h/d",
        ] {
            let said = parts(wrong).expect_err(wrong);
            assert!(!said.contains("hunter2"), "{said}");
        }
    }
}
