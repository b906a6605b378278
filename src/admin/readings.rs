//! What is read at a scrape and not counted as it happens.

use std::time::{Duration, SystemTime};

use super::Admin;
use crate::acme::Acme;
use crate::lifecycle::Phase;
use crate::metrics::{self, Readings};
use crate::relay::{Count, Measured};
use crate::tls::Certificates;

/// How long the shards may take; one that is well answers within a turn of its loop.
const ANSWER: Duration = Duration::from_secs(1);

const PHASES: [Phase; 4] = [Phase::Starting, Phase::Serving, Phase::Draining, Phase::Stopped];

/// Everything. Waits for the shards at the most.
pub(super) async fn read(admin: &Admin) -> Readings {
    let mut readings = Readings::default();
    build(admin, &mut readings);
    connections(admin, &mut readings);
    certificates(admin, &mut readings);
    acme(admin, &mut readings);
    relay(admin, &mut readings);
    shards(admin, &mut readings).await;
    pool(admin, &mut readings);
    metrics::read_process(&mut readings);
    readings
}

fn build(admin: &Admin, readings: &mut Readings) {
    let labels = [("version", env!("CARGO_PKG_VERSION")), ("build", admin.build.as_str())];
    readings.gauge("compose_relay_build_info", "Always 1; the labels tell what runs", [(&labels[..], 1.0)]);
    readings.gauge(
        "process_start_time_seconds",
        "When the process began, in seconds since 1970",
        [(&[][..], admin.began.as_millisecond() as f64 / 1000.0)],
    );
    let now = admin.phase.phase();
    let phases = PHASES.map(|phase| (phase.to_string(), f64::from(u8::from(phase == now))));
    let labels: Vec<_> = phases.iter().map(|(name, _)| [("phase", name.as_str())]).collect();
    readings.gauge(
        "compose_relay_phase",
        "1 for the phase that the process is in, else 0",
        labels.iter().zip(&phases).map(|(labels, (_, value))| (&labels[..], *value)),
    );
}

fn connections(admin: &Admin, readings: &mut Readings) {
    let door = &admin.admission;
    let one = |value: usize| [(&[][..], value as f64)];
    readings.gauge("compose_relay_connections_open", "TCP connections of the public listeners", one(door.open()));
    readings.gauge("compose_relay_connections_limit", "MAX_CONNECTIONS", one(door.limit()));
    readings.counter(
        "compose_relay_connections_admitted",
        "TCP connections that got a place",
        [(&[][..], door.admitted())],
    );
    readings.counter(
        "compose_relay_connections_turned_away",
        "TCP connections that were closed at once, because all places were taken",
        [(&[][..], door.turned_away())],
    );
    readings.counter(
        "compose_relay_connections_turned_away_by_address",
        "TCP connections that were closed at once, because their address had too many",
        [(&[][..], admin.crowd.turned_away())],
    );
    readings.counter(
        "compose_relay_connections_without_proxy_header",
        "TCP connections of proxies that were closed, because no good header of the PROXY protocol came",
        [(&[][..], admin.headerless.count())],
    );
}

fn certificates(admin: &Admin, readings: &mut Readings) {
    let all = admin.certificates.as_ref().map(Certificates::list).unwrap_or_default();
    let ends: Vec<_> = all
        .iter()
        .map(|(source, certificate)| {
            let end = since_1970(certificate.not_after()).unwrap_or_default();
            ((source.label(), certificate.names().join(" ")), end)
        })
        .collect();
    let labels: Vec<_> =
        ends.iter().map(|((source, names), _)| [("source", *source), ("names", names.as_str())]).collect();
    readings.gauge(
        "compose_relay_certificate_not_after_seconds",
        "When a certificate ends, in seconds since 1970",
        labels.iter().zip(&ends).map(|(labels, (_, end))| (&labels[..], *end)),
    );
}

/// How each name stands whose certificate is ordered.
fn acme(admin: &Admin, readings: &mut Readings) {
    let all = admin.acme.as_ref().map(Acme::statuses).unwrap_or_default();
    let labels: Vec<_> = all.iter().map(|status| [("domain", status.domain.as_str())]).collect();
    let failing = all.iter().map(|status| f64::from(u8::from(status.last_error.is_some())));
    readings.gauge(
        "compose_relay_acme_failing",
        "1 when the last attempt to get a certificate for this name failed, else 0",
        labels.iter().zip(failing).map(|(labels, failing)| (&labels[..], failing)),
    );
    let next = all.iter().map(|status| status.next_attempt.and_then(since_1970));
    readings.gauge(
        "compose_relay_acme_next_attempt_seconds",
        "When a certificate for this name is ordered next, in seconds since 1970",
        labels.iter().zip(next).filter_map(|(labels, next)| Some((&labels[..], next?))),
    );
}

fn since_1970(moment: SystemTime) -> Option<f64> {
    Some(moment.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs_f64())
}

/// What the shards say themselves. One that does not answer is told by its delay; the sums are those of the others.
async fn shards(admin: &Admin, readings: &mut Readings) {
    let answers = admin.hub.measure(ANSWER).await;
    let numbers: Vec<String> = (0..answers.len()).map(|number| number.to_string()).collect();
    let delays = answers.iter().map(|answer| answer.map_or(ANSWER, |(_, delay)| delay).as_secs_f64());
    let labels: Vec<_> = numbers.iter().map(|number| [("shard", number.as_str())]).collect();
    readings.gauge(
        "compose_relay_shard_delay_seconds",
        "How long a shard took to answer this scrape; 1 when it did not",
        labels.iter().zip(delays).map(|(labels, delay)| (&labels[..], delay)),
    );
    let sum = |part: fn(&Measured) -> usize| answers.iter().flatten().map(|(measured, _)| part(measured) as f64).sum();
    readings.gauge(
        "compose_relay_outbox_bytes",
        "Bytes that wait to be sent; those for browsers with what is kept for pages that are away",
        [
            (&[("to", "sdk")][..], sum(|it| it.waiting_for_sdks)),
            (&[("to", "browser")][..], sum(|it| it.waiting_for_browsers)),
        ],
    );
    let inbox = [(&[][..], admin.hub.arriving() as f64)];
    readings.gauge("compose_relay_inbox_bytes", "Bytes of messages that have arrived in part", inbox);
    readings.gauge(
        "compose_relay_browser_sessions",
        "Pages, with those that may still come back",
        [(&[][..], sum(|it| it.sessions))],
    );
    readings.gauge("compose_relay_executions", "Executions of apps", [(&[][..], sum(|it| it.executions))]);
}

fn relay(admin: &Admin, readings: &mut Readings) {
    let count = |count| admin.hub.count(count);
    let open = |opened, gone| count(opened).saturating_sub(count(gone)) as f64;
    readings.gauge(
        "compose_relay_sockets",
        "WebSockets that are open",
        [
            (&[("kind", "sdk")][..], open(Count::SdkOpened, Count::SdkGone)),
            (&[("kind", "app")][..], open(Count::AppOpened, Count::AppGone)),
            (&[("kind", "home")][..], open(Count::HomeOpened, Count::HomeGone)),
        ],
    );
    let to = [[("to", "sdk")], [("to", "browser")]];
    let by_direction = |sdk, browser| [(&to[0][..], count(sdk)), (&to[1][..], count(browser))];
    readings.counter(
        "compose_relay_messages",
        "Messages handed on",
        by_direction(Count::MessagesToSdk, Count::MessagesToBrowser),
    );
    readings.counter(
        "compose_relay_message_bytes",
        "Their bytes",
        by_direction(Count::BytesToSdk, Count::BytesToBrowser),
    );
    readings.counter(
        "compose_relay_messages_replayed",
        "Messages that were kept for a page that was away, and sent when it came back",
        [(&[][..], count(Count::Replayed))],
    );
    readings.counter(
        "compose_relay_executions_started",
        "Executions of apps that were started",
        [(&[][..], count(Count::ExecutionBound))],
    );
    readings.counter(
        "compose_relay_executions_restored",
        "Executions that were taken over from the process before this one",
        [(&[][..], count(Count::Restored))],
    );
    readings.counter(
        "compose_relay_allocations",
        "Blocks of memory that the relay's threads have asked for; a small message on its way needs none",
        [(&[][..], count(Count::Allocation))],
    );
    readings.counter("compose_relay_panics", "Mistakes of ours that cost one socket", [(&[][..], count(Count::Panic))]);
    by_reason(admin, readings, "compose_relay_drops", "Messages that were not handed on", "drop_");
    by_reason(admin, readings, "compose_relay_closes", "WebSockets that ended", "close_");
    by_reason(admin, readings, "compose_relay_holds", "Times a page had to wait before it could send on", "held_for_");
}

/// The counters whose labels begin with `prefix`; what is behind it is the reason.
fn by_reason(admin: &Admin, readings: &mut Readings, name: &'static str, help: &'static str, prefix: &str) {
    let counts: Vec<_> = Count::ALL
        .iter()
        .filter_map(|count| Some(([("reason", count.label().strip_prefix(prefix)?)], admin.hub.count(*count))))
        .collect();
    readings.counter(name, help, counts.iter().map(|(labels, value)| (&labels[..], *value)));
}

fn pool(admin: &Admin, readings: &mut Readings) {
    let pool = admin.store.connections();
    let states = [("busy", pool.busy), ("idle", pool.idle)];
    let labels = states.map(|(state, _)| [("state", state)]);
    readings.gauge(
        "compose_relay_db_connections",
        "Connections to Postgres",
        labels.iter().zip(states).map(|(labels, (_, number))| (&labels[..], number as f64)),
    );
    let one = |value: usize| [(&[][..], value as f64)];
    readings.gauge("compose_relay_db_connections_limit", "POSTGRES_POOL_SIZE", one(pool.most));
    readings.gauge("compose_relay_db_waiting", "Calls that wait for a connection to Postgres", one(pool.waiting));
}
