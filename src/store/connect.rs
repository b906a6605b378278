//! From [`Settings`] to a connection.

use std::time::Duration;

use tokio_postgres::Config;

use super::{Settings, SslMode};

/// Shown in `pg_stat_activity`.
pub(super) const APPLICATION_NAME: &str = "compose-relay";

/// The driver's form of the settings.
pub(super) fn config(settings: &Settings) -> Config {
    let mut config = Config::new();
    // `[::1]` is how people write the address next to a port; the resolver wants it bare.
    let host = settings.host.trim_start_matches('[').trim_end_matches(']');
    config
        .host(host)
        .port(settings.port)
        .user(&settings.user)
        .dbname(&settings.database)
        .application_name(APPLICATION_NAME)
        .connect_timeout(settings.connect_timeout)
        .keepalives(true)
        .keepalives_idle(Duration::from_secs(30))
        .keepalives_interval(Duration::from_secs(5))
        .keepalives_retries(3)
        // A cable that was pulled: written bytes that nobody confirms end the connection.
        .tcp_user_timeout(Duration::from_secs(15))
        .ssl_mode(match settings.sslmode {
            _ if settings.is_unix_socket() => tokio_postgres::config::SslMode::Disable,
            SslMode::Disable => tokio_postgres::config::SslMode::Disable,
            SslMode::Prefer => tokio_postgres::config::SslMode::Prefer,
            SslMode::Require | SslMode::VerifyFull => tokio_postgres::config::SslMode::Require,
        });
    let password = settings.password.expose();
    if !password.is_empty() {
        config.password(password);
    }
    config
}

/// Statements that every new connection runs first. Not sent as start-up options: connection proxies refuse those.
pub(super) fn session_setup(statement_timeout: Duration) -> String {
    format!(
        "SET TIME ZONE 'UTC'; SET statement_timeout = {}; SET default_transaction_isolation = 'read committed'; \
         SET client_min_messages = 'warning'",
        milliseconds(statement_timeout)
    )
}

/// For a setting in milliseconds, where 0 would mean "no limit".
pub(super) fn milliseconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis()).unwrap_or(i32::MAX).max(1)
}
