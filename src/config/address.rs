//! Addresses of sign-in providers.

use url::{Host, Url};

use super::reader::Reader;
use super::values;

/// The address in a variable or, when that is not set, another: an HTTPS one; plain HTTP only to this machine, for tests
/// and for proxies on it. `None` when it cannot be used, which is a fault then.
pub(super) fn address(reader: &mut Reader<'_>, name: &'static str, default: &str) -> Option<Url> {
    let value = reader.text(name);
    judged(reader, name, value.as_deref().unwrap_or(default), default)
}

/// The same without a default, as it is written.
pub(super) fn optional_address(reader: &mut Reader<'_>, name: &'static str, example: &str) -> Option<String> {
    let value = reader.text(name)?;
    judged(reader, name, &value, example)?;
    Some(value)
}

fn judged(reader: &mut Reader<'_>, name: &'static str, value: &str, example: &str) -> Option<Url> {
    judge(value)
        .map_err(|wrong| reader.fault(name, format!("is {}, which {wrong}", values::shown(value)), example))
        .ok()
}

fn judge(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "is not an address that begins with https://")?;
    let here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => return Err("has no host"),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a user name or a password");
    }
    if url.fragment().is_some() {
        return Err("has a part behind #");
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if here => Ok(url),
        "http" => Err("is not encrypted (http:// is only for this machine)"),
        _ => Err("does not begin with https://"),
    }
}

#[cfg(test)]
mod tests {
    use super::judge;

    #[test]
    fn tokens_are_never_sent_in_the_clear() {
        for good in ["https://a.test/x?y=z", "http://127.0.0.1:9/x", "http://localhost/x", "http://[::1]:9"] {
            assert!(judge(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a.test",
            "http://a.test/",
            "ftp://a.test",
            "https://u:p@a.test",
            "https://a.test#x",
            "http://10.0.0.1/",
        ] {
            assert!(judge(bad).is_err(), "{bad}");
        }
    }
}
