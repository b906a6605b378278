//! TLS to Postgres, with the meanings of libpq's `sslmode`.

use std::path::{Path, PathBuf};

use compose_relay::store::{Settings, SslMode, Store, StoreError, migrate};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::postgres::{OwnCluster, cluster, connect};

/// A certificate authority.
fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a certificate")
}

/// A cluster that speaks TLS only, as `localhost`, and the file with its root certificate.
fn cluster_with_tls() -> (OwnCluster, PathBuf) {
    let authority = authority("the right one");
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new(vec!["localhost".to_owned()])
        .expect("a name")
        .signed_by(&key, &authority)
        .expect("a certificate");
    let own = OwnCluster::start();
    own.write_private("server.crt", &certificate.pem());
    own.write_private("server.key", &key.serialize_pem());
    own.write_private("pg_hba.conf", "local all all trust\nhostssl all all all trust\n");
    own.configure("ssl = on\n");
    own.stop();
    own.resume();
    let root = root_file(own.directory(), "right.pem", &authority.pem());
    (own, root)
}

fn root_file(directory: &Path, name: &str, pem: &str) -> PathBuf {
    let file = directory.join(name);
    std::fs::write(&file, pem).expect("a file");
    file
}

async fn try_ping(settings: Settings) -> Result<(), StoreError> {
    Store::new(settings)?.ping().await
}

fn cause(error: &StoreError) -> String {
    std::error::Error::source(error).map(ToString::to_string).unwrap_or_default()
}

#[tokio::test]
async fn modes_against_a_server_with_tls() {
    let (own, right) = cluster_with_tls();
    let wrong = root_file(own.directory(), "wrong.pem", &authority("the wrong one").pem());
    let settings = |host: &str, sslmode: SslMode, root: Option<&Path>| Settings {
        host: host.to_owned(),
        sslmode,
        root_cert: root.map(Path::to_path_buf),
        ..own.settings("postgres")
    };

    let error = try_ping(settings("localhost", SslMode::Disable, None)).await.expect_err("plain text is refused");
    assert!(matches!(&error, StoreError::Rejected { sqlstate, .. } if sqlstate == "28000"), "{error:?}");

    try_ping(settings("127.0.0.1", SslMode::Prefer, None)).await.expect("encrypted, unchecked");
    try_ping(settings("127.0.0.1", SslMode::Require, None)).await.expect("encrypted, unchecked");

    try_ping(settings("127.0.0.1", SslMode::Require, Some(&right))).await.expect("a known root, any name");
    let error = try_ping(settings("127.0.0.1", SslMode::Require, Some(&wrong))).await.expect_err("an unknown root");
    assert!(cause(&error).contains("UnknownIssuer"), "{error:?}");

    try_ping(settings("localhost", SslMode::VerifyFull, Some(&right))).await.expect("a known root, the right name");
    let error = try_ping(settings("127.0.0.1", SslMode::VerifyFull, Some(&right))).await.expect_err("another name");
    assert!(cause(&error).contains("not valid for name"), "{error:?}");
    let error = try_ping(settings("localhost", SslMode::VerifyFull, Some(&wrong))).await.expect_err("an unknown root");
    assert!(cause(&error).contains("UnknownIssuer"), "{error:?}");

    migrate::run(&settings("localhost", SslMode::VerifyFull, Some(&right)), &mut |_| {}).await.expect("migrations too");

    // What the server saw of it: only encrypted connections.
    let store = Store::new(settings("localhost", SslMode::Prefer, None)).expect("settings");
    store.ping().await.expect("an answer");
    let look = connect(&Settings { host: own.directory().display().to_string(), ..own.settings("postgres") }).await;
    let encrypted = look
        .query_one(
            "SELECT bool_and(s.ssl) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid)
              WHERE a.application_name = 'compose-relay'",
            &[],
        )
        .await
        .expect("a look");
    assert!(encrypted.get::<_, bool>(0));
}

#[tokio::test]
async fn modes_against_a_server_without_tls() {
    let settings = cluster().fresh_database().settings();
    let with = |sslmode| Settings { database: "postgres".to_owned(), sslmode, ..settings.clone() };
    try_ping(with(SslMode::Disable)).await.expect("plain text");
    try_ping(with(SslMode::Prefer)).await.expect("plain text, for want of better");
    let error = try_ping(with(SslMode::Require)).await.expect_err("never plain text");
    assert!(cause(&error).contains("TLS"), "{error:?}");
}

#[test]
fn root_certificates_that_cannot_be_used() {
    let directory = tempfile::tempdir().expect("a directory");
    let settings = |file: PathBuf| Settings {
        host: "localhost".to_owned(),
        port: 1,
        user: String::new(),
        password: compose_relay::secret::Secret::new(""),
        database: String::new(),
        sslmode: SslMode::VerifyFull,
        root_cert: Some(file),
        pool_size: 1,
        connect_timeout: std::time::Duration::from_secs(1),
        statement_timeout: std::time::Duration::from_secs(1),
    };
    for file in [directory.path().join("missing.pem"), root_file(directory.path(), "empty.pem", "no certificate\n")] {
        let error = Store::new(settings(file.clone())).expect_err("not usable");
        assert!(matches!(error, StoreError::Settings(_)), "{error:?}");
        assert!(error.to_string().contains(file.to_str().expect("text")), "it names the file: {error}");
    }
}
