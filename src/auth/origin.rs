//! The Origin rule (http-api 3.5), which keeps other sites from using a visitor's login.

use url::{Origin, Url};

/// An origin under which people reach this server, set by the operator because a proxy changes `Host`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicOrigin(Origin);

/// The text is not an origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an origin; write it like https://apps.example.com")]
pub struct PublicOriginError(pub String);

impl std::str::FromStr for PublicOrigin {
    type Err = PublicOriginError;

    /// Reads `http(s)://host[:port]` without anything after it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || PublicOriginError(text.to_owned());
        let url = Url::parse(text).map_err(|_| refused())?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let plain = url.username().is_empty() && url.password().is_none();
        if matches!(url.scheme(), "http" | "https") && bare && plain { Ok(Self(url.origin())) } else { Err(refused()) }
    }
}

/// Which origins may use the logins of this server.
#[derive(Clone, Debug, Default)]
pub struct OriginRule {
    any_well_formed: bool,
    public: Vec<PublicOrigin>,
}

impl OriginRule {
    /// `development`: any well-formed origin passes, for the client's development server on another port. `public` is
    /// accepted besides the host that the request was sent to.
    #[must_use]
    pub fn new(development: bool, public: Vec<PublicOrigin>) -> Self {
        Self { any_well_formed: development, public }
    }

    /// Judges the raw `Origin` and `Host` headers; both must be there. The scheme is not compared, because the proxy
    /// that ends TLS changes it.
    #[must_use]
    pub fn allows(&self, origin: Option<&[u8]>, host: Option<&[u8]>) -> bool {
        let (Some(origin), Some(host)) = (origin.and_then(url_with_host), host) else { return false };
        if self.any_well_formed || self.public.iter().any(|public| public.0 == origin.origin()) {
            return true;
        }
        host_url(host).is_some_and(|host| host_and_port(&host) == host_and_port(&origin))
    }
}

impl OriginRule {
    /// The origin under which the sender of a request reaches this server, without a slash at its end: the public one with
    /// the request's `Host`, else the first public one, else `Host` itself. `None` when that is no host.
    #[must_use]
    pub fn own(&self, host: Option<&[u8]>, encrypted: bool) -> Option<String> {
        let host = host?;
        if let Some(first) = self.public.first() {
            let asked = host_url(host);
            let fits = |public: &&PublicOrigin| {
                let url = Url::parse(&public.0.ascii_serialization()).ok();
                url.is_some_and(|url| asked.as_ref().is_some_and(|asked| host_and_port(asked) == host_and_port(&url)))
            };
            return Some(self.public.iter().find(fits).unwrap_or(first).0.ascii_serialization());
        }
        let scheme: &[u8] = if encrypted { b"https://" } else { b"http://" };
        let url = url_with_host(&[scheme, host].concat())?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        bare.then(|| url.origin().ascii_serialization())
    }
}

fn url_with_host(text: &[u8]) -> Option<Url> {
    let url = Url::parse(std::str::from_utf8(text).ok()?).ok()?;
    url.host_str().is_some_and(|host| !host.is_empty()).then_some(url)
}

fn host_url(host: &[u8]) -> Option<Url> {
    if host.starts_with(b"http://") || host.starts_with(b"https://") {
        return url_with_host(host);
    }
    url_with_host(&[b"https://", host].concat())
}

/// The port is `None` when it is the default of the URL's own scheme.
fn host_and_port(url: &Url) -> (Option<&str>, Option<u16>) {
    (url.host_str(), url.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strict(origin: &str, host: &str) -> bool {
        OriginRule::default().allows(Some(origin.as_bytes()), Some(host.as_bytes()))
    }

    #[test]
    fn the_table_of_the_specification() {
        for (origin, host) in [
            ("http://localhost:8082", "localhost:8082"),
            ("https://LOCALHOST:8082", "localhost:8082"),
            ("https://x.test", "x.test"),
            ("https://x.test", "x.test:443"),
            ("https://x.test:443", "x.test"),
            ("http://x.test", "x.test:443"),
            ("https://X.TEST:8082", "x.test:8082"),
            ("https://bücher.test", "xn--bcher-kva.test"),
            ("http://[::1]:8080", "[0::1]:8080"),
        ] {
            assert!(strict(origin, host), "{origin} against {host}");
        }
        for (origin, host) in [
            ("http://x.test", "x.test:80"),
            ("https://a.x.test", "x.test"),
            ("https://x.test.", "x.test"),
            ("https://x.test.evil.test", "x.test"),
            ("http://x.test:81", "x.test:82"),
            ("null", "x.test"),
            ("x.test", "x.test"),
            ("", "x.test"),
            ("https://", "x.test"),
            ("https://x.test", "a b"),
            ("https://x.test", ""),
            ("https://x.test", "%zz"),
        ] {
            assert!(!strict(origin, host), "{origin} against {host}");
        }
    }

    #[test]
    fn both_headers_are_needed_even_in_development() {
        for rule in [OriginRule::default(), OriginRule::new(true, vec![])] {
            assert!(!rule.allows(None, Some(b"x.test")));
            assert!(!rule.allows(Some(b"https://x.test"), None));
            assert!(!rule.allows(Some(b"null"), Some(b"x.test")));
            assert!(!rule.allows(Some(b"\xff"), Some(b"x.test")));
        }
        assert!(OriginRule::new(true, vec![]).allows(Some(b"http://localhost:5173"), Some(b"localhost:8080")));
    }

    #[test]
    fn public_origins_pass_besides_the_host() {
        let rule = OriginRule::new(false, vec!["https://apps.example.com".parse().unwrap()]);
        assert!(rule.allows(Some(b"https://apps.example.com"), Some(b"relay:8080")));
        assert!(rule.allows(Some(b"https://APPS.example.com:443"), Some(b"relay:8080")));
        assert!(rule.allows(Some(b"http://relay:8080"), Some(b"relay:8080")));
        for origin in ["http://apps.example.com", "https://apps.example.com:444", "https://example.com"] {
            assert!(!rule.allows(Some(origin.as_bytes()), Some(b"relay:8080")), "{origin}");
        }
    }

    #[test]
    fn public_origins_are_origins_and_nothing_more() {
        for text in
            ["", "apps.example.com", "https://a.test/path", "https://a.test?x", "ftp://a.test", "https://u@a.test"]
        {
            assert!(text.parse::<PublicOrigin>().is_err(), "{text}");
        }
        assert!("https://a.test/".parse::<PublicOrigin>().is_ok());
    }

    #[test]
    fn the_own_origin_is_a_public_one_when_there_are_any() {
        let plain = OriginRule::default();
        assert_eq!(plain.own(Some(b"x.test:443"), true).as_deref(), Some("https://x.test"));
        assert_eq!(plain.own(Some(b"localhost:8080"), false).as_deref(), Some("http://localhost:8080"));
        for host in [None, Some(&b""[..]), Some(b"a b"), Some(b"a/b"), Some(b"u@a"), Some(b"a?b")] {
            assert_eq!(plain.own(host, true), None, "{host:?}");
        }
        let public = ["https://a.test", "http://b.test:81"].map(|origin| origin.parse().unwrap());
        let rule = OriginRule::new(false, public.to_vec());
        for (host, own) in
            [("a.test", "https://a.test"), ("B.test:81", "http://b.test:81"), ("relay", "https://a.test")]
        {
            assert_eq!(rule.own(Some(host.as_bytes()), true).as_deref(), Some(own));
        }
    }
}
