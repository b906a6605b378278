//! `compose-relay doctor` and `keygen`: what they say, what they do not say, and that nobody notices them.

use crate::support::command::{run, text};
use crate::support::server::{DEV_API_KEY_SECRET, PROD_API_KEY_SECRET};
use crate::support::world::DATABASE_PASSWORD;
use crate::support::{Provider, play, play_with};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::path::Path;

/// The findings of a report.
pub struct Report(Value);

impl Report {
    pub async fn of(settings: &[(String, String)]) -> Report {
        let output = run(&["doctor", "--json"], settings).await;
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", text(&output)));
        let expected = i32::from(report["grade"] == "failure");
        assert_eq!(output.status.code(), Some(expected), "{report:#}");
        Report(report)
    }

    /// There is a finding of this area and grade with these words.
    #[track_caller]
    pub fn has(&self, area: &str, grade: &str, words: &str) -> &Self {
        let all = self.0["findings"].as_array().unwrap();
        let found = all.iter().any(|finding| {
            let text =
                format!("{} {}", finding["what"].as_str().unwrap(), finding["next"].as_str().unwrap_or_default());
            finding["area"] == area && finding["grade"] == grade && text.contains(words)
        });
        assert!(found, "no {grade} about {area} with {words:?} in {:#}", self.0);
        self
    }
}

#[test]
fn beside_a_server_that_serves_all_is_well_and_nobody_notices() {
    let provider = Provider::start();
    let providers = [provider.google(), provider.oidc()].concat();
    let mut settings: Vec<(&str, &str)> =
        providers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    settings.push(("LISTEN_ADMIN", "127.0.0.1:0"));
    play_with(&settings, async |world| {
        let mut running = world.running(&world.seed.tenant().await).await;
        running.works().await;
        let admin = world.server.admin().await.to_string();
        let port = world.address().port();
        let all = world.settings(&[("LISTEN_ADMIN", &admin), ("PUBLIC_ORIGINS", &format!("http://localhost:{port}"))]);
        let report = Report::of(&all).await;
        report
            .has("settings", "ok", "every setting makes sense")
            .has("secrets", "ok", "PROD_API_KEY_SECRET has 128 characters")
            .has("database", "ok", "Postgres 1")
            .has("database", "ok", "up to date")
            .has("database", "ok", "s apart")
            .has("port", "ok", "serves already: compose-relay runs")
            .has("port", "ok", "(LISTEN_ADMIN) serves already")
            .has("sign-in", "ok", &format!("http://localhost:{port}/auth/google-oauth/redirect"))
            .has("sign-in", "ok", &format!("http://localhost:{port}/auth/oidc/redirect"))
            .has("sign-in", "ok", "describes itself, and fits")
            .has("machine", "ok", "files may be open");
        assert_eq!(report.0["failures"], 0, "{:#}", report.0);
        running.works().await;

        // People get a table; with --strict the warnings (a client ID that is none of Google's) count.
        let output = run(&["doctor"], &all).await;
        assert!(output.status.success() && text(&output).contains("0 failures, "), "{}", text(&output));
        assert_eq!(run(&["doctor", "--strict"], &all).await.status.code(), Some(1));
        for secret in [PROD_API_KEY_SECRET, DEV_API_KEY_SECRET, DATABASE_PASSWORD] {
            assert!(!text(&output).contains(secret) && !report.0.to_string().contains(secret));
        }
    });
}

#[test]
fn wrong_settings_are_told_and_the_rest_is_looked_at_all_the_same() {
    play(async |world| {
        let wrong = [("PORT", "eighty"), ("RELAY_SHARDS", "0"), ("DEV_API_KEY_SECRET", "5e5a3e-and-more")];
        let report = Report::of(&world.settings(&wrong)).await;
        report
            .has("settings", "failure", "PORT is \"eighty\"")
            .has("settings", "failure", "RELAY_SHARDS=")
            .has("settings", "failure", "DEV_API_KEY_SECRET has a character")
            .has("port", "failure", "not looked at, because PORT is wrong")
            .has("database", "ok", "up to date");
        assert!(!report.0.to_string().contains("5e5a3e"));
        let report = Report::of(&[]).await;
        report.has("settings", "failure", "POSTGRES_HOSTNAME is not set").has("port", "ok", "");
    });
}

#[test]
fn the_database_is_judged() {
    play(async |world| {
        let other_secret = "ff".repeat(32);
        let company = world.seed.company("pro").await;
        let environment = world.seed.environment(company, "development").await;
        // A development key of a server with the secret of the test vectors.
        let keys = compose_relay::auth::Keys::new(
            &compose_relay::secret::Secret::new(PROD_API_KEY_SECRET),
            &compose_relay::secret::Secret::new(DEV_API_KEY_SECRET),
        )
        .unwrap();
        let sealed = keys.seal(&compose_relay::auth::ApiKey::presented(&environment.key)).unwrap();
        let update = r#"UPDATE environment SET "decryptableKey" = $1 WHERE id = $2"#;
        world.seed.sql.execute(update, &[&sealed, &environment.id]).await.unwrap();
        let of = async |more: &[(&str, &str)]| Report::of(&world.settings(more)).await;
        of(&[]).await.has("secrets", "ok", "opens the development keys");
        of(&[("DEV_API_KEY_SECRET", &other_secret)]).await.has("secrets", "failure", "is not the one");
        of(&[("POSTGRES_DB", "nowhere")]).await.has("database", "failure", "nowhere");
        of(&[("POSTGRES_PORT", "1")]).await.has("database", "failure", "is Postgres running");
        of(&[("POSTGRES_POOL_SIZE", "900")]).await.has("database", "warning", "POSTGRES_POOL_SIZE");
        let empty = crate::support::postgres::cluster().fresh_database();
        let name = empty.settings().database;
        of(&[("POSTGRES_DB", &name)]).await.has("database", "ok", "it is empty");
    });
}

#[test]
fn names_ports_and_providers_are_judged() {
    play(async |world| {
        let other = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = other.local_addr().unwrap().port().to_string();
        let settings = [
            ("PUBLIC_ORIGINS", "https://tools.example.invalid"),
            ("PORT", port.as_str()),
            ("LISTEN_ADMIN", &format!("127.0.0.1:{port}")),
            ("GOOGLE_OAUTH_CLIENT_ID", "not-one"),
            ("GOOGLE_OAUTH_TOKEN_URL", "http://127.0.0.1:1/token"),
            ("OIDC_ISSUER_URL", "http://127.0.0.1:1/"),
            ("OIDC_CLIENT_ID", "x"),
            ("DASHBOARD_DIR", "/nonexistent"),
            ("MAX_CONNECTIONS", "9000000"),
            ("MAX_INBOUND_BYTES", "1024GiB"),
        ];
        // Whoever connects to the other program gets no answer.
        Report::of(&world.settings(&settings))
            .await
            .has("name", "failure", "tools.example.invalid is unknown")
            .has("port", "failure", &format!("another program uses 0.0.0.0:{port}"))
            .has("port", "warning", "(LISTEN_ADMIN)")
            .has("sign-in", "warning", "does not look like one of Google's")
            .has("sign-in", "failure", "http://127.0.0.1:1 cannot be asked: the server cannot be reached")
            .has("sign-in", "ok", "https://tools.example.invalid/auth/google-oauth/redirect")
            .has("web client", "failure", "/nonexistent")
            .has("machine", "warning", "MAX_CONNECTIONS needs 90000")
            .has("machine", "warning", "MAX_INBOUND_BYTES");
        // A name that leads elsewhere, as behind NAT.
        let provider = Provider::start();
        provider.set_discovery(json!({"issuer": "http://127.0.0.1:2"}));
        let oidc = provider.oidc();
        let more: Vec<(&str, &str)> = oidc.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Report::of(&world.settings(&more)).await.has("sign-in", "failure", "gives itself another name");
    });
}

/// A certificate for `name` from a test authority, for so many days from now, and what belongs to it.
fn certificate(folder: &Path, name: &str, days: i64, with_issuer: bool) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.distinguished_name.push(rcgen::DnType::CommonName, "Test authority");
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let now = std::time::SystemTime::now();
    let seconds = |days: i64| std::time::Duration::from_secs(days.unsigned_abs() * 86_400 + 60);
    params.not_before = (now - seconds(400)).into();
    params.not_after = if days < 0 { now - seconds(days) } else { now + seconds(days) }.into();
    let key = KeyPair::generate().unwrap();
    let leaf = params.signed_by(&key, &authority).unwrap().pem();
    let chain = if with_issuer { format!("{leaf}{}", authority.pem()) } else { leaf };
    std::fs::write(folder.join("chain.pem"), chain).unwrap();
    std::fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
}

#[test]
fn the_certificate_is_judged() {
    play(async |world| {
        let folder = tempfile::tempdir().unwrap();
        let (chain, key) = (folder.path().join("chain.pem"), folder.path().join("key.pem"));
        let settings = [
            ("TLS_CERT_FILE", chain.to_str().unwrap()),
            ("TLS_KEY_FILE", key.to_str().unwrap()),
            ("LISTEN_HTTPS", "127.0.0.1:0"),
            ("LISTEN_HTTP", "off"),
            ("PUBLIC_ORIGINS", "https://localhost,https://tools.test"),
        ];
        let report = async || Report::of(&world.settings(&settings)).await;
        report().await.has("certificate", "failure", "cannot be read");
        certificate(folder.path(), "tools.test", 90, true);
        report()
            .await
            .has("certificate", "ok", "good for 90 more days")
            .has("certificate", "ok", "holds together")
            .has("certificate", "ok", "it is for tools.test")
            .has("certificate", "warning", "everybody on this machine can read the key");
        certificate(folder.path(), "tools.test", 5, false);
        report().await.has("certificate", "warning", "good for 5 more days").has(
            "certificate",
            "warning",
            "stands alone",
        );
        certificate(folder.path(), "other.test", -3, true);
        report().await.has("certificate", "failure", "its time is over").has(
            "certificate",
            "failure",
            "it is for other.test and not for tools.test",
        );
        std::fs::write(&key, KeyPair::generate().unwrap().serialize_pem()).unwrap();
        report().await.has("certificate", "failure", "the key does not belong to the certificate");
    });
}

#[test]
fn new_secrets_are_two_lines_that_a_server_takes() {
    play(async |world| {
        let output = run(&["keygen"], &[]).await;
        assert!(output.status.success());
        let lines = String::from_utf8(output.stdout).unwrap();
        let secrets: Vec<(&str, &str)> = lines.lines().map(|line| line.split_once('=').unwrap()).collect();
        let [("PROD_API_KEY_SECRET", prod), ("DEV_API_KEY_SECRET", dev)] = secrets[..] else { panic!("{lines}") };
        assert_eq!((prod.len(), dev.len()), (128, 64));
        assert!(lines.ends_with('\n') && !String::from_utf8_lossy(&output.stderr).contains(prod));
        Report::of(&world.settings(&secrets)).await.has("settings", "ok", "every setting makes sense");
        assert_ne!(run(&["keygen"], &[]).await.stdout, lines.as_bytes(), "never the same twice");
    });
}
