//! Which test shows what a setting does. A new setting needs a line here, and a test that deserves it.

use std::path::Path;

/// Setting, file below `tests/it` or `src`, test function in it. In the order of `.env.example`.
const SHOWN: &[(&str, &str, &str)] = &[
    ("NODE_ENV", "tests/it/http/cookies.rs", "in_development_the_cookie_is_not_bound_to_tls_and_any_origin_passes"),
    ("PORT", "tests/cli.rs", "serve_on_a_port_in_use_is_69_and_names_it"),
    ("BUILD_VERSION", "tests/it/admin/metrics.rs", "every_metric_moves"),
    (
        "HANDOVER",
        "tests/it/handover/table.rs",
        "d44_a_newer_build_in_the_table_ends_the_older_one_and_nothing_else_does",
    ),
    ("LISTEN_FDNAMES", "tests/it/handover/systemd.rs", "a_newer_process_takes_over_an_inherited_socket_under_load"),
    ("PUBLIC_ORIGINS", "tests/it/api/code_flow.rs", "the_address_that_is_registered_is_the_public_one"),
    ("MAX_CONNECTIONS", "tests/it/process.rs", "more_connections_than_allowed_are_turned_away_and_room_comes_back"),
    (
        "MAX_CONNECTIONS_PER_ADDRESS",
        "tests/it/settings/doors.rs",
        "the_proxy_protocol_tells_the_client_and_each_client_has_a_limit",
    ),
    ("DRAIN_DELAY_SECONDS", "tests/it/admin/listener.rs", "health_says_when_the_server_drains"),
    ("TRUSTED_PROXIES", "tests/it/api/limits.rs", "http_d39_strangers_are_counted_by_address"),
    ("PROXY_PROTOCOL", "tests/it/settings/doors.rs", "the_proxy_protocol_tells_the_client_and_each_client_has_a_limit"),
    ("DASHBOARD_DIR", "tests/it/api/site.rs", "http_d23_pages_are_the_index_and_api_paths_are_json"),
    ("CONTENT_SECURITY_POLICY", "tests/it/api/site.rs", "the_policy_of_pages_can_be_set"),
    ("TLS_CERT_FILE", "tests/it/tls/reload.rs", "a_new_certificate_is_shown_to_new_connections_and_no_old_one_notices"),
    ("TLS_KEY_FILE", "tests/it/tls/reload.rs", "a_new_certificate_is_shown_to_new_connections_and_no_old_one_notices"),
    ("DOMAIN", "tests/it/acme/orders.rs", "two_names_are_proved_over_tls_while_nonces_are_rejected"),
    ("ACME_EMAIL", "tests/it/acme/misbehaviour.rs", "an_authority_that_is_broken_is_asked_again"),
    ("ACME_DIRECTORY_URL", "tests/it/acme/misbehaviour.rs", "an_authority_that_is_broken_is_asked_again"),
    ("ACME_CA_FILE", "tests/it/acme/orders.rs", "two_names_are_proved_over_tls_while_nonces_are_rejected"),
    ("ACME_CHALLENGES", "tests/it/acme/orders.rs", "a_name_is_proved_over_http"),
    (
        "STATE_DIRECTORY",
        "tests/it/acme/orders.rs",
        "files_keep_the_certificate_when_database_and_authority_have_lost_it",
    ),
    (
        "ACME_CACHE_DIR",
        "tests/it/acme/orders.rs",
        "files_keep_the_certificate_when_database_and_authority_have_lost_it",
    ),
    ("LISTEN_HTTPS", "tests/it/tls/door.rs", "one_listener_takes_both_families_and_the_log_knows_them_apart"),
    ("LISTEN_HTTP", "tests/it/settings/doors.rs", "https_tells_browsers_to_stay_and_http_leads_there"),
    ("HSTS_SECONDS", "tests/it/settings/doors.rs", "https_tells_browsers_to_stay_and_http_leads_there"),
    ("POSTGRES_URL", "tests/it/settings/effects.rs", "postgres_url_stands_in_for_the_settings_that_it_holds"),
    (
        "POSTGRES_HOSTNAME",
        "tests/it/settings/effects.rs",
        "sslmode_root_certificate_role_and_password_decide_who_is_believed",
    ),
    ("POSTGRES_PORT", "tests/it/admin/doctor.rs", "the_database_is_judged"),
    ("POSTGRES_DB", "tests/it/admin/doctor.rs", "the_database_is_judged"),
    (
        "POSTGRES_USER",
        "tests/it/settings/effects.rs",
        "sslmode_root_certificate_role_and_password_decide_who_is_believed",
    ),
    (
        "POSTGRES_PASSWORD",
        "tests/it/settings/effects.rs",
        "sslmode_root_certificate_role_and_password_decide_who_is_believed",
    ),
    (
        "POSTGRES_SSLMODE",
        "tests/it/settings/effects.rs",
        "sslmode_root_certificate_role_and_password_decide_who_is_believed",
    ),
    (
        "POSTGRES_SSLROOTCERT",
        "tests/it/settings/effects.rs",
        "sslmode_root_certificate_role_and_password_decide_who_is_believed",
    ),
    ("POSTGRES_POOL_SIZE", "tests/it/settings/effects.rs", "pool_size_and_shards_are_as_they_are_set"),
    ("PROD_API_KEY_SECRET", "tests/it/process.rs", "no_secret_gets_into_the_log"),
    ("DEV_API_KEY_SECRET", "tests/it/admin/doctor.rs", "the_database_is_judged"),
    (
        "GOOGLE_OAUTH_CLIENT_ID",
        "tests/it/api/sign_in.rs",
        "http_d02_tokens_of_others_and_unproven_addresses_are_refused",
    ),
    ("GOOGLE_OAUTH_CLIENT_SECRET", "tests/it/api/sign_in_page.rs", "the_page_leads_to_each_provider_that_is_set_up"),
    (
        "GOOGLE_OAUTH_AUTH_URL",
        "tests/it/api/code_flow.rs",
        "people_with_an_account_end_on_the_page_that_they_asked_for",
    ),
    (
        "GOOGLE_OAUTH_TOKEN_URL",
        "tests/it/api/code_flow.rs",
        "people_with_an_account_end_on_the_page_that_they_asked_for",
    ),
    ("GOOGLE_OAUTH_TOKENINFO_URL", "tests/it/api/sign_in.rs", "people_with_an_account_are_logged_in"),
    ("GOOGLE_OAUTH_USERINFO_URL", "tests/it/api/code_flow.rs", "new_people_sign_up_without_a_token"),
    ("OIDC_ISSUER_URL", "tests/it/api/oidc.rs", "people_sign_in_with_any_openid_provider"),
    ("OIDC_CLIENT_ID", "tests/it/api/oidc.rs", "people_sign_in_with_any_openid_provider"),
    ("OIDC_CLIENT_SECRET", "tests/it/api/oidc.rs", "people_sign_in_with_any_openid_provider"),
    ("SIGNUP_ALLOWED_DOMAINS", "tests/it/api/sign_up.rs", "http_d35_the_operator_may_close_the_door"),
    ("SIGNUP_FIRST_COMPANY_ONLY", "tests/it/api/sign_up.rs", "http_d35_the_operator_may_close_the_door"),
    ("SELF_HOSTED_PLAN", "tests/it/api/sign_up.rs", "a_company_comes_with_its_owner_environment_and_login"),
    ("RELAY_SHARDS", "tests/it/settings/effects.rs", "pool_size_and_shards_are_as_they_are_set"),
    ("SESSION_GRACE_SECONDS", "tests/it/defects/liveness.rs", "d29_the_sdk_is_told_when_a_page_is_gone_for_good"),
    (
        "AUTHORIZATION_RECHECK_SECONDS",
        "tests/it/defects/revocation.rs",
        "d09_a_deleted_login_session_closes_its_sockets",
    ),
    ("BROWSER_FRAMES_PER_SECOND", "tests/it/admin/metrics.rs", "every_metric_moves"),
    ("BROWSER_BYTES_PER_SECOND", "tests/it/settings/effects.rs", "browser_bytes_per_second_makes_a_page_wait"),
    ("MAX_MESSAGE_BYTES", "tests/it/settings/effects.rs", "max_message_bytes_is_the_largest_message"),
    ("MAX_INBOUND_BYTES", "tests/it/settings/effects.rs", "max_inbound_bytes_bounds_what_has_arrived_in_part"),
    ("MAX_OUTBOUND_BYTES", "tests/it/defects/exhaustion.rs", "d18_many_pages_that_read_nothing_share_one_bound"),
    ("BROWSER_OUTBOX_BYTES", "tests/it/settings/effects.rs", "browser_outbox_bytes_is_how_far_a_page_may_be_behind"),
    ("SDK_OUTBOX_BYTES", "tests/it/settings/effects.rs", "sdk_outbox_bytes_is_how_far_an_sdk_may_be_behind"),
    ("REPLAY_BYTES", "tests/it/defects/recovery.rs", "d25_what_does_not_fit_into_the_replay_is_told_to_be_gone"),
    ("REQUESTS_PER_MINUTE_PER_ADDRESS", "tests/it/api/limits.rs", "http_d39_strangers_are_counted_by_address"),
    (
        "REQUESTS_PER_MINUTE_PER_LOGIN",
        "tests/it/api/limits.rs",
        "http_d39_people_are_counted_by_login_and_an_app_start_is_refused_with_400",
    ),
    ("AUDIT_LOG_RETENTION_DAYS", "tests/it/settings/effects.rs", "audit_log_retention_deletes_what_is_older"),
    (
        "LISTEN_ADMIN",
        "tests/it/admin/listener.rs",
        "a_taken_port_does_not_keep_the_server_from_starting_and_is_used_once_it_is_free",
    ),
    ("LOG_LEVEL", "tests/it/admin/logs.rs", "a_request_has_one_line_without_what_the_client_wrote"),
    ("LOG_FORMAT", "tests/it/admin/logs.rs", "a_request_has_one_line_without_what_the_client_wrote"),
];

/// The variables in their order.
fn listed() -> Vec<&'static str> {
    let name = |line: &'static str| {
        let (name, _) = line.strip_prefix('#').unwrap_or(line).split_once('=')?;
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        is_name.then_some(name)
    };
    include_str!("../../../.env.example").lines().filter_map(name).collect()
}

#[test]
fn every_setting_has_a_test_that_shows_what_it_does() {
    let named: Vec<&str> = SHOWN.iter().map(|(setting, ..)| *setting).collect();
    assert_eq!(listed(), named, "left: .env.example, right: the table in tests/it/settings/table.rs");
    for (setting, file, test) in SHOWN {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
        let Some(at) = text.find(&format!("fn {test}(")) else { panic!("{setting}: no test {test} in {file}") };
        let before = text[..at].trim_end().rsplit('\n').next().unwrap_or_default();
        assert!(before.contains("test]"), "{setting}: {test} in {file} is no test, but {before:?}");
    }
}
