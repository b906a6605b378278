//! All faults in one report, and `.env.example` held against the code.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::{AcmeChallenge, Config, Faults, Mode, SslMode, WebClient, database_only};

const HEX64: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const REQUIRED: &[(&str, &str)] = &[
    ("POSTGRES_HOSTNAME", "db.example.com"),
    ("POSTGRES_DB", "compose"),
    ("POSTGRES_USER", "compose"),
    ("POSTGRES_PASSWORD", "hunter2"),
    ("PROD_API_KEY_SECRET", "a-long-secret-from-the-old-installation"),
    ("DEV_API_KEY_SECRET", HEX64),
];

fn read(more: &[(&str, &str)]) -> Result<Config, Faults> {
    let all: BTreeMap<&str, &str> = REQUIRED.iter().chain(more).copied().collect();
    Config::from_env(&|name| all.get(name).map(|value| (*value).to_owned()))
}

fn names(faults: &Faults) -> Vec<&str> {
    faults.0.iter().map(|fault| fault.name).collect()
}

#[test]
fn the_web_client_is_our_own_another_one_or_none() {
    for (value, expected) in [
        ("", WebClient::BuiltIn),
        ("none", WebClient::Nothing),
        ("./none", WebClient::Directory("./none".into())),
        ("/srv/client", WebClient::Directory("/srv/client".into())),
    ] {
        let config = read(&[("DASHBOARD_DIR", value)]).expect("good settings");
        assert_eq!(config.server.web_client, expected, "{value}");
    }
    let policy = |text| read(&[("CONTENT_SECURITY_POLICY", text)]).map(|config| config.server.content_security_policy);
    assert_eq!(policy("").expect("good settings"), None);
    assert_eq!(policy("default-src 'self'").expect("good settings").as_deref(), Some("default-src 'self'"));
    for wrong in ["a\nb", "\u{fc}"] {
        assert_eq!(names(&policy(wrong).expect_err("no header")), ["CONTENT_SECURITY_POLICY"]);
    }
}

#[test]
fn nothing_but_what_is_required() {
    let config = read(&[]).expect("these settings are enough");
    assert_eq!(config.server.mode, Mode::Other);
    let addresses: Vec<String> = config.server.addresses().iter().map(ToString::to_string).collect();
    assert_eq!(addresses, ["127.0.0.1:8080", "[::1]:8080"]);
    assert_eq!(config.server.build_version, "unknown");
    assert_eq!(config.postgres.port, 5432);
    assert_eq!(config.postgres.sslmode, SslMode::Prefer);
    assert_eq!(config.postgres.pool_size, 10);
    assert!(config.google.is_none());
    assert!(config.advice().is_empty());
}

#[test]
fn a_hand_over_without_a_balancer_waits_for_nobody() {
    let delay = |more: &[(&str, &str)]| read(more).expect("good settings").server.drain_delay.as_secs();
    assert_eq!(delay(&[]), 1);
    assert_eq!(delay(&[("HANDOVER", "signal")]), 0);
    assert_eq!(delay(&[("HANDOVER", "deploy"), ("BUILD_VERSION", "a"), ("DRAIN_DELAY_SECONDS", "18")]), 18);
    for build in ["", "unknown"] {
        let faults = read(&[("HANDOVER", "deploy"), ("BUILD_VERSION", build)]).expect_err("no build");
        assert_eq!(names(&faults), ["BUILD_VERSION"], "{build:?}");
    }
    assert_eq!(names(&read(&[("HANDOVER", "on")]).expect_err("no such word")), ["HANDOVER"]);
}

#[test]
fn production_listens_everywhere() {
    let config = read(&[("NODE_ENV", "production"), ("PORT", "80")]).expect("good settings");
    assert_eq!(config.server.addresses(), ["0.0.0.0:80".parse().expect("an address")]);
    assert!(config.advice().iter().any(|line| line.contains("GOOGLE_OAUTH_CLIENT_ID")));
    // Only the exact word counts, as in the old server.
    assert_eq!(read(&[("NODE_ENV", "Production")]).expect("good settings").server.mode, Mode::Other);
}

#[test]
fn port_zero_and_no_port_are_the_default() {
    for port in ["", "0", "00"] {
        assert_eq!(read(&[("PORT", port)]).expect("good settings").server.port, 8080, "{port:?}");
    }
    for port in ["eighty", "65536", "-1", "80 "] {
        assert_eq!(names(&read(&[("PORT", port)]).expect_err("no port")), ["PORT"], "{port:?}");
    }
}

#[test]
fn a_postgres_url_stands_in_for_what_is_not_set() {
    let all: BTreeMap<&str, &str> = BTreeMap::from([
        ("POSTGRES_URL", "postgresql://ann:hunter2@db.example.com:5433/tools?sslmode=require"),
        ("POSTGRES_DB", "other"),
        ("PROD_API_KEY_SECRET", "a-long-secret-from-the-old-installation"),
        ("DEV_API_KEY_SECRET", HEX64),
    ]);
    let config = Config::from_env(&|name| all.get(name).map(|value| (*value).to_owned())).expect("good settings");
    let postgres = &config.postgres;
    assert_eq!((postgres.host.as_str(), postgres.port), ("db.example.com", 5433));
    assert_eq!((postgres.user.as_str(), postgres.password.expose()), ("ann", "hunter2"));
    assert_eq!(postgres.database, "other", "a setting of its own goes before the URL");
    assert_eq!(postgres.sslmode, SslMode::Require);

    let faults = read(&[("POSTGRES_URL", "mysql://ann:hunter2@db")]).expect_err("not Postgres");
    assert_eq!(names(&faults), ["POSTGRES_URL"]);
    assert!(!faults.to_string().contains("hunter2"), "{faults}");
}

#[test]
fn every_mistake_is_in_one_report() {
    let nothing = Config::from_env(&|_| None).expect_err("nothing is set");
    let required: Vec<&str> = REQUIRED.iter().map(|(name, _)| *name).collect();
    assert_eq!(names(&nothing), required);

    let faults = read(&[
        ("PORT", "eighty"),
        ("PUBLIC_ORIGINS", "https://a.example,b.example"),
        ("TRUSTED_PROXIES", "127.0.0.1,proxy.example"),
        ("POSTGRES_PORT", "0"),
        ("POSTGRES_SSLMODE", "maybe"),
        ("POSTGRES_SSLROOTCERT", "/nowhere/ca.pem"),
        ("DEV_API_KEY_SECRET", "0011zz"),
        ("GOOGLE_OAUTH_TOKENINFO_URL", "http://a.test/"),
        ("OIDC_ISSUER_URL", "https://a.test"),
        ("SIGNUP_ALLOWED_DOMAINS", "a.test,,b"),
        ("SIGNUP_FIRST_COMPANY_ONLY", "yes"),
        ("SELF_HOSTED_PLAN", "enterprise"),
        ("RELAY_SHARDS", "0"),
        ("MAX_INBOUND_BYTES", "20MiB"),
        ("REPLAY_BYTES", "2 MB"),
        ("REQUESTS_PER_MINUTE_PER_ADDRESS", "many"),
        ("AUDIT_LOG_RETENTION_DAYS", "-1"),
        ("LOG_LEVEL", "verbose"),
        ("LOG_FORMAT", "xml"),
    ])
    .expect_err("all of these are wrong");
    assert_eq!(
        names(&faults),
        [
            "PORT",
            "PUBLIC_ORIGINS",
            "TRUSTED_PROXIES",
            "POSTGRES_PORT",
            "POSTGRES_SSLMODE",
            "POSTGRES_SSLROOTCERT",
            "DEV_API_KEY_SECRET",
            "GOOGLE_OAUTH_TOKENINFO_URL",
            "OIDC_CLIENT_ID",
            "SIGNUP_ALLOWED_DOMAINS",
            "SIGNUP_FIRST_COMPANY_ONLY",
            "SELF_HOSTED_PLAN",
            "RELAY_SHARDS",
            "MAX_INBOUND_BYTES",
            "REPLAY_BYTES",
            "REQUESTS_PER_MINUTE_PER_ADDRESS",
            "AUDIT_LOG_RETENTION_DAYS",
            "LOG_LEVEL",
            "LOG_FORMAT",
        ]
    );
    let report = faults.to_string();
    for fault in &faults.0 {
        assert!(report.contains(&format!("\n  {}\n      {}\n", fault.name, fault.wrong)), "{report}");
        assert!(report.contains(&format!("example: {}={}\n", fault.name, fault.example)), "{report}");
    }
}

#[test]
fn proxies_are_addresses_and_networks() {
    let config = read(&[("TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8,::1")]).expect("good settings");
    let networks: Vec<String> = config.server.trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(networks, ["127.0.0.1/32", "10.0.0.0/8", "::1/128"]);
}

#[test]
fn a_certificate_brings_its_listeners() {
    let tls = read(&[]).expect("good settings").tls;
    assert!(!tls.is_on() && tls.https.is_empty() && tls.http.is_empty());

    let files = [("TLS_CERT_FILE", "/x/chain.pem"), ("TLS_KEY_FILE", "/x/key.pem")];
    let with = |more: &[(&str, &str)]| read(&[&files, more].concat()).expect("good settings").tls;
    let shown =
        |addresses: &[std::net::SocketAddr]| addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let tls = with(&[]);
    assert_eq!((shown(&tls.https), shown(&tls.http)), ("[::]:443".to_owned(), "[::]:80".to_owned()));
    let tls = with(&[("LISTEN_HTTPS", "127.0.0.1:8443, [::1]:8443"), ("LISTEN_HTTP", "off")]);
    assert_eq!((shown(&tls.https), shown(&tls.http)), ("127.0.0.1:8443 [::1]:8443".to_owned(), String::new()));

    let alone = read(&[("LISTEN_HTTPS", "127.0.0.1:8443")]).expect("good settings");
    assert!(alone.tls.https.is_empty());
    assert!(alone.advice().iter().any(|line| line.starts_with("LISTEN_HTTPS ")), "{:?}", alone.advice());
    for (settings, wrong) in [
        (&files[..1], "TLS_KEY_FILE"),
        (&files[1..], "TLS_CERT_FILE"),
        (&[("LISTEN_HTTPS", "localhost:443")], "LISTEN_HTTPS"),
        (&[("LISTEN_HTTPS", "off")], "LISTEN_HTTPS"),
        (&[("LISTEN_HTTP", ":80")], "LISTEN_HTTP"),
    ] {
        assert_eq!(names(&read(settings).expect_err("wrong")), [wrong]);
    }
}

#[test]
fn a_domain_is_a_source_of_certificates() {
    let config =
        read(&[("DOMAIN", "Tools.Example.com, b.test,tools.example.com."), ("STATE_DIRECTORY", "/s/one:/s/two")]);
    let tls = config.expect("good settings").tls;
    assert!(tls.is_on() && tls.https.len() == 1 && tls.http.len() == 1);
    let acme = tls.acme.expect("names");
    assert_eq!(acme.domains, ["tools.example.com", "b.test"]);
    assert_eq!(acme.directory, "https://acme-v02.api.letsencrypt.org/directory");
    assert_eq!(acme.challenges, [AcmeChallenge::TlsAlpn01, AcmeChallenge::Http01]);
    assert_eq!(acme.cache.as_deref(), Some("/s/one/acme".as_ref()));
    let own = read(&[
        ("DOMAIN", "a.test"),
        ("STATE_DIRECTORY", "/s"),
        ("ACME_CACHE_DIR", "/c"),
        ("ACME_CHALLENGES", "http-01"),
        ("ACME_EMAIL", "ops@a.test"),
    ]);
    let acme = own.expect("good settings").tls.acme.expect("names");
    assert_eq!((acme.cache.as_deref(), acme.email.as_deref()), (Some("/c".as_ref()), Some("ops@a.test")));
    assert_eq!(acme.challenges, [AcmeChallenge::Http01]);
    let uncached = read(&[("DOMAIN", "a.test")]).expect("good settings");
    assert!(uncached.advice().iter().any(|line| line.starts_with("ACME_CACHE_DIR ")), "{:?}", uncached.advice());

    for (settings, wrong) in [
        (&[("DOMAIN", "*.example.com")][..], "DOMAIN"),
        (&[("DOMAIN", "a.test,,b.test")], "DOMAIN"),
        (&[("DOMAIN", "a.test"), ("TLS_CERT_FILE", "/c"), ("TLS_KEY_FILE", "/k")], "DOMAIN"),
        (&[("DOMAIN", "a.test"), ("ACME_EMAIL", "ops")], "ACME_EMAIL"),
        (&[("DOMAIN", "a.test"), ("ACME_DIRECTORY_URL", "http://ca.test/dir")], "ACME_DIRECTORY_URL"),
        (&[("DOMAIN", "a.test"), ("ACME_CHALLENGES", "dns-01")], "ACME_CHALLENGES"),
    ] {
        assert_eq!(names(&read(settings).expect_err("wrong")), [wrong]);
    }
}

#[test]
fn zero_switches_a_limit_off() {
    let off = [
        ("REQUESTS_PER_MINUTE_PER_ADDRESS", "0"),
        ("REQUESTS_PER_MINUTE_PER_LOGIN", "0"),
        ("AUDIT_LOG_RETENTION_DAYS", "0"),
    ];
    let limits = read(&off).expect("good settings").limits;
    assert_eq!(
        (limits.address_per_minute, limits.session_per_minute, limits.audit_log_retention_days),
        (None, None, None)
    );
}

#[test]
fn no_secret_is_shown() {
    let config = read(&[("GOOGLE_OAUTH_CLIENT_ID", "id"), ("GOOGLE_OAUTH_CLIENT_SECRET", "GOCSPX-x")]);
    let shown = format!("{config:#?}");
    for secret in ["hunter2", "a-long-secret", HEX64, "GOCSPX-x"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    let faults = read(&[("DEV_API_KEY_SECRET", "c0ffee-and-more"), ("POSTGRES_PASSWORD", "h\u{fffd}")]);
    let report = faults.expect_err("both are wrong").to_string();
    assert!(!report.contains("c0ffee") && !report.contains("h\u{fffd}"), "{report}");
}

#[test]
fn a_unix_socket_needs_no_password() {
    let config = read(&[("POSTGRES_HOSTNAME", "/run/postgresql"), ("POSTGRES_PASSWORD", "")]);
    assert!(config.expect("good settings").postgres.password.is_empty());
    let faults = read(&[("POSTGRES_PASSWORD", "")]).expect_err("over TCP it is needed");
    assert_eq!(names(&faults), ["POSTGRES_PASSWORD"]);
}

#[test]
fn migrate_asks_for_the_database_alone() {
    let database: BTreeMap<&str, &str> = REQUIRED[..4].iter().copied().collect();
    let lookup = |name: &str| database.get(name).map(|value| (*value).to_owned());
    assert_eq!(database_only(&lookup).expect("enough for migrate").0.host, "db.example.com");
    assert!(Config::from_env(&lookup).is_err());
}

/// A line of `.env.example` that names a variable: required ones stand open, all others behind `#`.
struct Line<'a> {
    name: &'a str,
    value: &'a str,
    optional: bool,
}

fn env_example(text: &str) -> Vec<Line<'_>> {
    let line = |line| {
        let (optional, assignment) = match str::strip_prefix(line, "#") {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let (name, value) = assignment.split_once('=')?;
        let is_name = name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_') && !name.is_empty();
        is_name.then_some(Line { name, value, optional })
    };
    text.lines().filter_map(line).collect()
}

#[test]
fn env_example_lists_every_variable_and_no_other() {
    let text = include_str!("../../.env.example");
    let listed: Vec<&str> = env_example(text).iter().map(|line| line.name).collect();
    let asked = RefCell::new(Vec::new());
    let _ = Config::from_env(&|name| {
        if !asked.borrow().iter().any(|known| known == name) {
            asked.borrow_mut().push(name.to_owned());
        }
        None
    });
    assert_eq!(listed, asked.into_inner(), "left: .env.example, right: src/config, both in their order");
}

#[test]
fn env_example_tells_the_defaults() {
    let text = include_str!("../../.env.example");
    let lines = env_example(text);
    let required: Vec<&str> = lines.iter().filter(|line| !line.optional).map(|line| line.name).collect();
    assert_eq!(required, REQUIRED.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    for line in lines.iter().filter(|line| line.optional) {
        let with = read(&[(line.name, line.value)]).expect("the default in .env.example is a good value");
        let without = read(&[]).expect("good settings");
        assert_eq!(format!("{with:?}"), format!("{without:?}"), "{} has another default", line.name);
    }
}
