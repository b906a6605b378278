//! From the settings to what each room wants to know.

use std::time::Duration;

use crate::auth::{PublicOrigin, PublicOriginError};
use crate::http::{Client, NoTls};
use crate::relay::Limits;
use crate::sign_in::{Google, GoogleSettings, Oidc, OidcSettings};
use crate::{api, config, store};

/// Longest wait for a database connection, and longest run of a statement.
const CONNECT: Duration = Duration::from_secs(5);
const STATEMENT: Duration = Duration::from_secs(10);

/// The database settings in the words of the store.
#[must_use]
pub fn store_settings(postgres: &config::Postgres) -> store::Settings {
    store::Settings {
        host: postgres.host.clone(),
        port: postgres.port,
        user: postgres.user.clone(),
        password: postgres.password.clone(),
        database: postgres.database.clone(),
        sslmode: match postgres.sslmode {
            config::SslMode::Disable => store::SslMode::Disable,
            config::SslMode::Prefer => store::SslMode::Prefer,
            config::SslMode::Require => store::SslMode::Require,
            config::SslMode::VerifyFull => store::SslMode::VerifyFull,
        },
        root_cert: postgres.root_cert.clone(),
        pool_size: postgres.pool_size,
        connect_timeout: CONNECT,
        statement_timeout: STATEMENT,
    }
}

pub(super) fn relay(relay: &config::Relay) -> Limits {
    Limits {
        shards: relay.shards,
        session_grace: relay.session_grace,
        browser_frames_per_second: relay.browser_frames_per_second,
        browser_bytes_per_second: relay.browser_bytes_per_second,
        max_message: relay.max_message,
        max_inbound: relay.max_inbound,
        max_outbound: relay.max_outbound,
        browser_outbox: relay.browser_outbox,
        sdk_outbox: relay.sdk_outbox,
        replay: relay.replay,
        ..Limits::default()
    }
}

pub(super) fn mode(mode: config::Mode) -> api::Mode {
    match mode {
        config::Mode::Production => api::Mode::Production,
        config::Mode::Development => api::Mode::Development,
        config::Mode::Other => api::Mode::Other,
    }
}

pub(super) fn public_origins(server: &config::Server) -> Result<Vec<PublicOrigin>, PublicOriginError> {
    server.public_origins.iter().map(|origin| origin.parse()).collect()
}

pub(super) fn rate_limits(limits: &config::Limits) -> api::RateLimits {
    api::RateLimits { address_per_minute: limits.address_per_minute, session_per_minute: limits.session_per_minute }
}

/// The providers. Reads the root certificates of the system when there is one.
pub(super) fn sign_in(config: &config::Config) -> Result<api::SignIn, NoTls> {
    if config.google.is_none() && config.oidc.is_none() {
        return Ok(api::SignIn::default());
    }
    let client = Client::new()?;
    let google = config.google.as_ref().map(|google| Google::new(google_settings(google), client.clone()));
    let oidc = config.oidc.as_ref().map(|oidc| {
        let settings = OidcSettings {
            issuer: oidc.issuer.clone(),
            client_id: oidc.client_id.clone(),
            client_secret: oidc.client_secret.clone(),
        };
        Oidc::new(settings, client.clone())
    });
    Ok(api::SignIn::new(google, oidc))
}

fn google_settings(google: &config::Google) -> GoogleSettings {
    GoogleSettings {
        client_id: google.client_id.clone(),
        client_secret: google.client_secret.clone(),
        auth_url: google.auth_url.clone(),
        token_url: google.token_url.clone(),
        tokeninfo_url: google.tokeninfo_url.clone(),
        userinfo_url: google.userinfo_url.clone(),
    }
}

pub(super) fn registration(sign_up: &config::SignUp) -> api::Registration {
    api::Registration {
        allowed_domains: sign_up.allowed_domains.clone(),
        first_company_only: sign_up.first_company_only,
        starts_on_pro: sign_up.plan == config::Plan::Pro,
    }
}
